"""The options under comparison: their fields, and adding, copying, removing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

import pricing
from tco.glossary import term
from tco.option_words import KINDS
from tco.register import quantities
from tco.scenario import (
    ElectricityRegion,
    MixedOption,
    OwnOption,
    RentalPrice,
    RentOption,
    Scenario,
    SelfHostedOption,
    TokenOption,
)
from tco.views import _details, _edit, _fields, _look, _option_sections, _options_mixed, _state
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tco.result import Assumption

Option = TokenOption | RentOption | OwnOption | MixedOption

OWN_PRICE = "my own price"
RUNS_SERVER = "the first with the run's GPU"
_FIRST_MODEL = "openai/gpt-5"
_LANDLORDS = get_args(RentalPrice.model_fields["class_"].annotation)
_COMMITMENTS = get_args(RentalPrice.model_fields["commitment"].annotation)


def show(scenario: Scenario, filled: Mapping[str, Assumption]) -> None:
    """All options, the baseline, and a form for one more.

    Args:
        scenario: as written.
        filled: what the price book and the runs fill in, by path; empty where there is no answer.
    """
    names = [option.name for option in scenario.options]
    _fields.choice(
        "baseline",
        "Baseline: what you pay for today",
        names,
        scenario.baseline,
        help=f"All others are compared with it. {term('Baseline')}",
    )
    for option in scenario.options:
        title = f"**{plain(option.name)}** · {KINDS[option.kind]}"
        # Only an option that is open is drawn: all of them together have hundreds of inputs.
        held = st.expander(title, key=opened(option.name), icon=":material/deployed_code:", on_change="rerun")
        if held.open:
            with held:
                _show_option(option, filled, scenario)
    _show_new(names, scenario)


def opened(name: str) -> str:
    """Key of whether an option is open: it stays so when its inputs are reshaped.

    Args:
        name: of the option.
    """
    return f"open.{name}"


def _show_option(option: Option, filled: Mapping[str, Assumption], scenario: Scenario) -> None:
    at = f"options.{option.name}"
    with st.grid(2, min_column_width=240, gap="medium"):
        with st.container():
            _rename(option.name)
        if isinstance(option, MixedOption):
            _options_mixed.choose_parts(option, at, scenario)
        else:
            with st.container():
                _fields.line(f"{at}.model", "Model", option.model)
        if isinstance(option, SelfHostedOption):
            _choose_run(option, at)
        if isinstance(option, RentOption):
            _choose_rental(option.price, at)
        if isinstance(option, OwnOption):
            _choose_server(option, at)
            _choose_electricity(option, at, filled)
    if isinstance(option, SelfHostedOption):
        _fields.flag(
            f"{at}.paid_licence",
            "We hold a licence for this model from its maker",
            option.paid_licence,
            help="What the public licence forbids then rules nothing out.",
        )
    _option_sections.show(option, at, filled, scenario)
    given = {path: value for path, value in quantities(scenario) if path.startswith(f"{at}.")}
    _details.show(at, given)
    _buttons(option.name)


def _rename(name: str) -> None:
    path = f"options.{name}.name"
    kept = _state.rejected(path)
    st.text_input(
        "Name", kept[0] if kept else name, key=_state.key(path), on_change=_renamed, args=(path, name), max_chars=120
    )
    _fields.problem(path)


def _renamed(path: str, old: str) -> None:
    new = st.session_state[_state.key(path)]
    _state.attempt(path, lambda scenario: _edit.rename_option(scenario, old, new), new, reshapes=True)
    if _state.rejected(path) is None:
        st.session_state[opened(new)] = True


def _choose_run(option: RentOption | OwnOption, at: str) -> None:
    runs = _state.known_runs()
    with st.container():
        _fields.choice(
            f"{at}.run",
            "Run: what one replica can do",
            list(runs),
            option.run,
            format_func=lambda name: f"{name} ({runs.get(name, 'from the file')})",
            help="A load curve. Measure one, or upload one, on *Probe*.",
        )
    with st.container():
        _fields.choice(
            f"{at}.gpu",
            "GPU",
            ["from-run", *pricing.gpu_names()],
            option.gpu,
            help="What it runs on: another GPU than the run's has its own price, and a capacity carried over to it.",
        )


def _choose_server(option: OwnOption, at: str) -> None:
    def change(scenario: Scenario, path: str, chosen: str) -> Scenario:
        return _edit.set_field(scenario, path, None if chosen == RUNS_SERVER else chosen)

    with st.container():
        _fields.choice(
            f"{at}.server",
            "Server",
            [RUNS_SERVER, *pricing.server_names()],
            option.server or RUNS_SERVER,
            change=change,
            help="Whose price and power the book gives, where you give none.",
        )


def _choose_rental(price: RentalPrice, at: str) -> None:
    with st.container():
        _fields.choice(
            f"{at}.price.class", "Landlord", _LANDLORDS, price.class_, help="Whose rows of the price book count."
        )
    with st.container():
        _fields.choice(
            f"{at}.price.commitment",
            "Commitment",
            _COMMITMENTS,
            price.commitment,
            help="Spot is cheaper and may be taken back at any time.",
        )


def _choose_electricity(option: OwnOption, at: str, filled: Mapping[str, Assumption]) -> None:
    now, path = option.electricity_usd_per_kwh, f"{at}.electricity_usd_per_kwh"
    regions = sorted({quote.region for quote in pricing.electricity_quotes()})

    def change(scenario: Scenario, _: str, chosen: str) -> Scenario:
        if chosen != OWN_PRICE:
            return _edit.set_field(scenario, path, {"region": chosen})
        return _edit.set_value(scenario, path, filled[path].value if path in filled else 0.0)

    with st.container():
        _fields.choice(
            f"{path}.region",
            "Electricity price of",
            [OWN_PRICE, *regions],
            now.region if isinstance(now, ElectricityRegion) else OWN_PRICE,
            change=change,
            help="An ISO country or a US state of the price book, or the price of your contract.",
        )


def _buttons(name: str) -> None:
    with st.container(horizontal=True):
        for words, icon, change in (
            ("Duplicate", ":material/content_copy:", _edit.duplicate_option),
            ("Remove", ":material/delete:", _edit.remove_option),
        ):
            path = f"options.{name}.{words}"
            st.button(words, icon=icon, key=_state.key(path), on_click=_press, args=(path, change, name))
    for words in ("Duplicate", "Remove"):
        _fields.problem(f"options.{name}.{words}")


def _press(path: str, change: Callable[[Scenario, str], Scenario], name: str) -> None:
    _state.attempt(path, lambda scenario: change(scenario, name), None, reshapes=True)


def _show_new(names: list[str], scenario: Scenario) -> None:
    with st.popover("Add an option", icon=":material/add:"), st.form("new option", border=False):
        kind = st.selectbox("Kind", list(KINDS), format_func=lambda kind: KINDS[kind], key="new_kind")
        name = st.text_input("Name", f"option {len(names) + 1}", max_chars=120, key="new_name")
        st.caption("It starts with defaults; change them in its own section afterwards.")
        if st.form_submit_button("Add", type=_look.emphasis()):
            _state.attempt(
                "options", lambda now: _edit.add_option(now, _new(kind, name, scenario)), None, reshapes=True
            )
            if _state.rejected("options") is None:
                st.rerun()
        _fields.problem("options")


def _new(kind: str, name: str, scenario: Scenario) -> dict[str, Any]:
    if kind in {"hybrid", "cascade"}:
        return _options_mixed.new(kind, name, scenario)
    option: dict[str, Any] = {"name": name, "kind": kind, "model": _FIRST_MODEL}
    if kind in {"rent", "own"}:
        run = next((name for name in _state.known_runs() if _state.open_run(name).gpu), "")
        option |= {"run": run, "model": _state.open_run(run).model.name}
    return option
