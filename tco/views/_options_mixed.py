"""The fields of an option that is made of others: its parts, and how many replicas its base has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from tco.hybrid_terms import OPTIMAL
from tco.scenario import HybridOption, MixedOption, Scenario, SelfHostedOption, TokenOption
from tco.views import _edit, _fields

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_OFFERED = 64
_SPARES = {"base": "of the base, for its availability target", "overflow": "none: the overflow steps in"}
_PARTS = {
    "base": ("Base: whose replicas carry the base load", "Rented or owned; it stands around the clock."),
    "overflow": ("Overflow: who takes the rest", "Paid per token."),
    "small": ("Small model: gets every request", "Rented, owned or paid per token."),
    "large": ("Large model: gets what is sent again", "Rented, owned or paid per token."),
}


def choose_parts(option: MixedOption, at: str, scenario: Scenario) -> None:
    """One choice for each part, and the number of replicas of a hybrid.

    Args:
        option: the hybrid or cascade.
        at: its path.
        scenario: with the options that it may be made of.
    """
    for field, part in zip(_fields_of(option), option.parts, strict=True):
        words, told = _PARTS[field]
        with st.container():
            _fields.choice(f"{at}.{field}", words, fitting(field, scenario), part, help=told)
    if isinstance(option, HybridOption):
        with st.container():
            _fields.choice(
                f"{at}.spares",
                "Spares",
                list(_SPARES),
                option.spares,
                format_func=lambda kind: _SPARES[kind],
                help="The overflow can take what a replica that fails does not serve; sensitive requests have spares in any case.",
            )
        now = option.replicas
        if isinstance(now, list):
            st.caption(f"Replicas by month: {', '.join(str(count) for count in now)}")
            return
        offered = [OPTIMAL, *(str(count) for count in range(_MOST_OFFERED + 1))]
        with st.container():
            _fields.choice(
                f"{at}.replicas",
                "Replicas that serve",
                list(dict.fromkeys([*offered, str(now)])),
                str(now),
                change=_set_replicas,
                help="Spares come on top. Optimal: as many as cost least.",
            )


def _set_replicas(scenario: Scenario, path: str, chosen: str) -> Scenario:
    return _edit.set_field(scenario, path, chosen if chosen == OPTIMAL else int(chosen))


def fitting(field: str, scenario: Scenario) -> list[str]:
    """Names of the options that can take a part.

    Args:
        field: of the option.
        scenario: with its options.
    """
    kinds: Any = {"base": SelfHostedOption, "overflow": TokenOption}.get(field, SelfHostedOption | TokenOption)
    return [option.name for option in scenario.options if isinstance(option, kinds)]


def new(kind: str, name: str, scenario: Scenario) -> dict[str, Any]:
    """A new option of such a kind, of the first options that fit; parts that nothing fits are left out, and the scenario says so.

    Args:
        kind: hybrid or cascade.
        name: of the option.
        scenario: with its options.
    """
    if kind == "hybrid":
        parts = {field: next(iter(fitting(field, scenario)), None) for field in ("base", "overflow")}
        return {"name": name, "kind": kind} | {field: part for field, part in parts.items() if part}
    both = _two(fitting("small", scenario))
    return {"name": name, "kind": kind, "escalation_fraction": 0.2} | dict(zip(("small", "large"), both, strict=False))


def _two(names: Iterable[str]) -> list[str]:
    return list(names)[:2]


def _fields_of(option: MixedOption) -> tuple[str, str]:
    return ("base", "overflow") if isinstance(option, HybridOption) else ("small", "large")
