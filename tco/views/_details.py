"""Range, evidence, source and date of one quantity, chosen from a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from pricing import Evidence
from tco.quantity import Distribution
from tco.views import _edit, _fields, _look, _state
from tco.words import label

if TYPE_CHECKING:
    from tco import Quantity

_USUAL = "triangular, as where nobody says"
_MEANINGS = "Best first: measured, invoice, contract, listed, literature, expert, assumption."


def show(place: str, given: dict[str, Quantity]) -> None:
    """A form for everything of a quantity but its value.

    Args:
        place: where on the page, for the widgets' keys.
        given: the quantities to choose from, by path.
    """
    if not given:
        return
    with st.popover("Ranges and sources", icon=":material/edit_note:"):
        path = st.selectbox("Input", list(given), format_func=label, key=_state.key(f"{place}.details"))
        kept = _state.rejected(f"{path}.details")
        values = kept[0] if kept else given[path].model_dump()
        with st.form(_state.key(f"{path}.details form"), border=False):
            new = _form(path, values)
            if st.form_submit_button("Keep", type=_look.emphasis()):
                _state.attempt(f"{path}.details", lambda scenario: _edit.set_details(scenario, path, new), new)
                if _state.rejected(f"{path}.details") is None:
                    st.rerun()
        _fields.problem(f"{path}.details")


def _form(path: str, values: dict[str, Any]) -> dict[str, Any]:
    evidence = list(get_args(Evidence))
    low, high = st.columns(2)
    lowest = low.number_input("Low", value=values.get("low"), format="%g", key=_state.key(f"{path}.low"))
    highest = high.number_input("High", value=values.get("high"), format="%g", key=_state.key(f"{path}.high"))
    spread = _distribution(path, values)
    chosen = st.selectbox(
        "Evidence", evidence, evidence.index(values["evidence"]), key=_state.key(f"{path}.evidence"), help=_MEANINGS
    )
    source = st.text_input("Source (link or document)", values.get("source") or "", key=_state.key(f"{path}.source"))
    day = st.date_input("As of", values.get("as_of"), key=_state.key(f"{path}.as_of"))
    return {
        "low": lowest,
        "high": highest,
        "distribution": spread,
        "evidence": chosen,
        "source": source,
        "as_of": day.isoformat() if day else None,
    }


def _distribution(path: str, values: dict[str, Any]) -> str | None:
    """How values spread between the ends; samples come from files only, so `empirical` is offered where it is."""
    now = values.get("distribution")
    offered = [_USUAL, *(each for each in get_args(Distribution) if each != "empirical" or now == each)]
    chosen = st.selectbox(
        "Spread",
        offered,
        offered.index(now or _USUAL),
        key=_state.key(f"{path}.distribution"),
        help="How likely the values between low and high are; a log-normal one has 95 % of its values between them.",
    )
    return None if chosen == _USUAL else chosen
