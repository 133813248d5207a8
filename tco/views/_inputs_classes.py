"""Kinds of requests: their shares and lengths, which only make sense together and so go in together."""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from tco import Scenario
from tco.field_words import help_of_field, label_of_field
from tco.scenario import RequestClass
from tco.views import _edit, _fields, _look, _state
from tco.words import plain

_AT = "workload.classes"
_LENGTHS = ("input_tokens_per_request", "output_tokens_per_request")
_NUMBERS = ("share_fraction", *_LENGTHS)


class Kind(NamedTuple):
    """One row of the form: the kind's name, and its numbers in the order of `_NUMBERS`; None: not given."""

    name: str
    numbers: tuple[float | None, ...]


def show_classes(scenario: Scenario) -> None:
    """One row a kind, one more for another, and the ways in and out.

    Args:
        scenario: as written.
    """
    st.markdown("**Kinds of requests**", help=help_of_field("workload.classes"))
    held = scenario.workload.classes
    if not held:
        st.button(
            "Tell kinds of requests apart",
            icon=":material/add:",
            key=_state.key("classes split"),
            on_click=_attempt,
            args=(split,),
            help="Each with its share and its lengths; capacity is sized for the mix.",
        )
    else:
        with st.form(_state.key("classes form"), border=False):
            rows = [_row(number, name, kind) for number, (name, kind) in enumerate(held.items())]
            rows.append(_row(len(rows), "", None))
            st.caption("A name that is emptied takes its kind away; the shares of all add up to 1.")
            if st.form_submit_button("Keep the kinds", type=_look.emphasis()):
                _attempt(lambda now: with_kinds(now, list(held), rows))
                if _state.rejected(_AT) is None:
                    st.rerun()
        st.button(
            "One kind again", icon=":material/undo:", key=_state.key("classes join"), on_click=_attempt, args=(joined,)
        )
    _fields.problem(_AT)


def _attempt(change: Any) -> None:
    _state.attempt(_AT, change, None, reshapes=True)


def _row(number: int, name: str, kind: RequestClass | None) -> Kind:
    with st.grid(4, min_column_width=150, gap="small"):
        called = st.text_input(
            f"Kind {number + 1}", name, max_chars=120, key=_state.key(f"{_AT} {number} name"), placeholder="one more"
        )
        numbers = tuple(
            st.number_input(
                plain(label_of_field(field)),
                value=None if kind is None else getattr(kind, field).value,
                format="%g",
                key=_state.key(f"{_AT} {number} {field}"),
                help=help_of_field(field),
            )
            for field in _NUMBERS
        )
    return Kind(called.strip(), numbers)


def split(scenario: Scenario) -> Scenario:
    """All requests as one kind, to begin with.

    Args:
        scenario: without kinds.

    Raises:
        InputError: something else of the scenario does not go with kinds, such as an agent.
    """
    workload = scenario.workload.model_dump(mode="json", exclude_none=True)
    first = {"share_fraction": 1.0} | {field: workload[field] for field in _LENGTHS}
    return _edit.set_together(scenario, {_AT: {"all": first}} | {f"workload.{field}": None for field in _LENGTHS}, {})


def joined(scenario: Scenario) -> Scenario:
    """All requests alike, with the mean lengths of the kinds.

    Args:
        scenario: with kinds.
    """
    workload = scenario.workload
    means = (workload.mean_input_tokens, workload.mean_output_tokens)
    return _edit.set_together(
        scenario, {_AT: None}, {f"workload.{field}": mean for field, mean in zip(_LENGTHS, means, strict=True)}
    )


def with_kinds(scenario: Scenario, before: list[str], rows: list[Kind]) -> Scenario:
    """The kinds as the form has them; what one has beside its numbers (a promise of its own, ranges) stays with its name.

    Args:
        scenario: with kinds.
        before: names of these kinds, in the order of the rows.
        rows: of the form; rows without a name take their kind away.

    Raises:
        InputError: shares that do not add up to 1, a number that is missing.
    """
    kept = {row.name: row.numbers for row in rows if row.name}
    gone = {f"{_AT}.{name}": None for name in before if name not in kept}
    numbers = {
        f"{_AT}.{name}.{field}": value
        for name, values in kept.items()
        for field, value in zip(_NUMBERS, values, strict=True)
    }
    return _edit.set_together(scenario, gone, numbers)
