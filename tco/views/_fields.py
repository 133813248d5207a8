"""Widgets of a scenario's inputs: each writes to the session's scenario, or shows beside itself why it cannot."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from tco import Quantity
from tco.field_words import help_of_field, is_looked_up, label_of_field
from tco.views import _edit, _state
from tco.words import linked, number, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tco import Scenario
    from tco.result import Assumption

    Change = Callable[[Scenario, str, Any], Scenario]


def quantity(
    path: str, value: Quantity | None, filled: Assumption | None = None, *, change: Change = _edit.set_value
) -> None:
    """A number input for one quantity, with its range, evidence and source below.

    Args:
        path: the input.
        value: what the scenario says; None where it is left to the price book or the run.
        filled: what the price book or the run gives there, if there is an answer.
        change: takes the scenario, the path and the number, gives the changed scenario.
    """
    shown = value.value if value else None
    book = "from the price book" if is_looked_up(path.rpartition(".")[2]) else "not set"
    if filled is not None and value is None:
        book = f"from the price book or run: {number(filled.value)}"
    with st.container(gap="xsmall"):
        figure(
            path,
            label_of_field(path),
            shown,
            change=change,
            step=_step(shown if shown is not None else (filled.value if filled else None)),
            placeholder=book,
        )
        if (origin := _origin(value, filled)) is not None:
            # Small rather than a caption: links in a caption's pale grey are too faint to be read.
            st.markdown(f":small[{origin}]")


def figure(
    path: str,
    label: str,
    value: float | None,
    *,
    change: Change = _edit.set_field,
    step: float | None = None,
    placeholder: str | None = None,
) -> None:
    """A number input for a number of the scenario that need not be a quantity.

    Args:
        path: the input.
        label: its name with the unit.
        value: what the scenario says.
        change: takes the scenario, the path and the number, gives the changed scenario.
        step: of the arrows.
        placeholder: shown while it is empty.
    """
    _preset(path, value)
    st.number_input(
        plain(label),
        value=None,
        step=step,
        format="%g",
        key=_state.key(path),
        help=help_of_field(path),
        on_change=_apply,
        args=(path, change),
        placeholder=placeholder,
    )
    problem(path)


def whole(
    path: str,
    label: str,
    value: int | None,
    placeholder: str = "from the run",
    *,
    change: Change = _edit.set_field,
) -> None:
    """A number input for a count.

    Args:
        path: the input.
        label: its name with the unit.
        value: what the scenario says.
        placeholder: shown while it is empty.
        change: takes the scenario, the path and the count, gives the changed scenario.
    """
    _preset(path, value)
    st.number_input(
        plain(label),
        value=None,
        step=1,
        key=_state.key(path),
        help=help_of_field(path),
        on_change=_apply,
        args=(path, change),
        placeholder=placeholder,
    )
    problem(path)


def choice(
    path: str,
    label: str,
    options: Sequence[str],
    value: str,
    *,
    change: Change = _edit.set_field,
    reshapes: bool = False,
    **more: Any,
) -> None:
    """A select box for one field of the scenario.

    Args:
        path: the input.
        label: its name.
        options: what can be chosen; the present value is added where it is missing.
        value: what the scenario says.
        change: takes the scenario, the path and the choice, gives the changed scenario.
        reshapes: other inputs come and go with it; all widgets start afresh.
        more: passed on to `st.selectbox`.
    """
    shown = _last(path, value)
    everything = list(options) if shown in options else [shown, *options]
    st.selectbox(
        label,
        everything,
        index=everything.index(shown),
        key=_state.key(path),
        on_change=_apply,
        args=(path, change, reshapes),
        **({"help": help_of_field(path)} | more),
    )
    problem(path)


def line(path: str, label: str, value: str | None, *, change: Change = _edit.set_text, **more: Any) -> None:
    """A text input for one field of the scenario; emptied, the field is left out.

    Args:
        path: the input.
        label: its name.
        value: what the scenario says.
        change: takes the scenario, the path and the text, gives the changed scenario.
        more: passed on to `st.text_input`.
    """
    st.text_input(
        label,
        _last(path, value),
        key=_state.key(path),
        on_change=_apply,
        args=(path, change),
        **({"max_chars": 120, "help": help_of_field(path)} | more),
    )
    problem(path)


def flag(path: str, label: str, value: bool, *, change: Change = _edit.set_field, **more: Any) -> None:
    """A checkbox for one field of the scenario.

    Args:
        path: the input.
        label: its name.
        value: what the scenario says.
        change: takes the scenario, the path and whether it is ticked, gives the changed scenario.
        more: passed on to `st.checkbox`.
    """
    st.checkbox(
        label,
        _last(path, value),
        key=_state.key(path),
        on_change=_apply,
        args=(path, change),
        **({"help": help_of_field(path)} | more),
    )
    problem(path)


def day(path: str, label: str, value: date | None, *, change: Change) -> None:
    """A date input for one field of the scenario.

    Args:
        path: the input.
        label: its name.
        value: what the scenario says.
        change: takes the scenario, the path and the day, gives the changed scenario.
    """
    st.date_input(
        label,
        _last(path, value),
        key=_state.key(path),
        help=help_of_field(path),
        on_change=_apply,
        args=(path, change),
        min_value=date(2000, 1, 1),
    )
    problem(path)


def _preset(path: str, value: float | None) -> None:
    """Puts the present value, or the last edit, into a number input that can be emptied: one with a default cannot."""
    st.session_state.setdefault(_state.key(path), _last(path, value))


def _last(path: str, value: Any) -> Any:
    """The last edit where it was not accepted, else what the scenario says."""
    kept = _state.rejected(path)
    return value if kept is None else kept[0]


def _apply(path: str, change: Change, reshapes: bool = False) -> None:
    shown = st.session_state[_state.key(path)]
    _state.attempt(path, lambda scenario: change(scenario, path, shown), shown, reshapes=reshapes)


def problem(path: str) -> None:
    """Why the last edit of an input was not accepted, if it was not.

    Args:
        path: the input.
    """
    kept = _state.rejected(path)
    if kept is not None:
        st.error(plain(f"{kept[1]}. The last valid value still counts."), icon=":material/error:")


def _origin(value: Quantity | None, filled: Assumption | None) -> str | None:
    """Range, evidence, date and source of a quantity in one line; None where nobody gives it."""
    known = value or filled
    if known is None:
        return None
    ends = [known.low, known.high]
    parts = [
        " to ".join("?" if end is None else number(end) for end in ends) if ends != [None, None] else "no range",
        known.evidence,
        f"{known.as_of:%d %b %Y}" if known.as_of else None,
        known.source,
    ]
    return linked(" · ".join(part for part in parts if part))


def _step(value: float | None) -> float:
    """A tenth of the number's magnitude, so that an arrow changes it by a visible but small part."""
    return 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 0.01
