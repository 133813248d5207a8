"""The widget of one field of a form, and what is in it as a scenario file has it.

Some fields only make sense together (a rating and its measure, one of two ways to pay). An edit that is refused alone is kept beside its widget; it
goes in together with the next edit of the same record that it fits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from tco import InputError, Scenario
from tco.field_words import help_of_field, label_of_field
from tco.form_fields import FormField
from tco.quantity import Quantity
from tco.result import Assumption
from tco.views import _edit, _fields, _state

if TYPE_CHECKING:
    from tco.views._fields import Change

NOT_SAID = "not said"
OWN_NUMBER = "my own number"
_FLAGS: Mapping[str, bool | None] = {NOT_SAID: None, "yes": True, "no": False}
_MOST_CHARS = 500


def widget(
    each: FormField,
    value: Any,
    path: str,
    siblings: Mapping[str, FormField],
    filled: Mapping[str, Assumption],
    offered: Mapping[str, Sequence[str]],
) -> None:
    """The widget of a field, of whatever kind it is.

    Args:
        each: the field; no block.
        value: what the scenario says.
        path: of the field.
        siblings: fields of the same record by path, whose refused edits may go in with this one.
        filled: what the price book and the runs fill in, by path.
        offered: texts to choose from, by name of the field.
    """
    label, change = label_of_field(path), _together(siblings)
    texts = offered.get(each.name)
    if each.kind == "quantity":
        _fields.quantity(path, value, filled.get(path), change=change)
    elif each.kind == "whole":
        _fields.whole(path, label, value, _placeholder(each), change=change)
    elif each.kind == "figure":
        _fields.figure(path, label, value, change=change, placeholder=_placeholder(each))
    elif each.kind == "day":
        _fields.day(path, label, value, change=change)
    elif each.kind == "book":
        _book(each, value, path, filled, change)
    elif each.kind == "choice" or texts is not None or (each.kind == "flag" and each.may_be_null):
        _choice(each, value, path, texts, change)
    elif each.kind == "flag":
        _fields.flag(path, label, value, change=change)
    else:
        _text(each, value, path, change)


def _placeholder(each: FormField) -> str:
    return "not set" if each.may_be_null else "its default"


def _choice(each: FormField, value: Any, path: str, texts: Sequence[str] | None, change: Change) -> None:
    choices = tuple(_FLAGS)[1:] if each.kind == "flag" else tuple(texts) if texts is not None else each.choices
    now = value
    if each.kind == "flag":
        now = next(word for word, meant in _FLAGS.items() if meant is value)
    offered = [*([NOT_SAID] if each.may_be_null else []), *choices]
    _fields.choice(path, label_of_field(path), offered, NOT_SAID if now is None else str(now), change=change)


def _text(each: FormField, value: Any, path: str, change: Change) -> None:
    several = isinstance(value, list)
    shown = ", ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value) if several else value
    hint = "none; several with commas between them" if several or each.kind in ("texts", "figures") else "not set"
    _fields.line(path, label_of_field(path), shown, change=change, max_chars=_MOST_CHARS, placeholder=hint)


def _book(each: FormField, value: Any, path: str, filled: Mapping[str, Assumption], change: Change) -> None:
    """A word of the price book, or a number; a curve that stands in the file is left as it is."""
    if isinstance(value, dict):
        st.text_input(label_of_field(path), "a curve from the file", disabled=True, key=_state.key(path))
        return
    now = NOT_SAID if value is None else OWN_NUMBER if isinstance(value, Quantity) else str(value)
    number = [] if each.name == "resale_fraction" else [OWN_NUMBER]

    def chosen(scenario: Scenario, _: str, word: str) -> Scenario:
        start = filled[path].value if path in filled else 0.0
        return _edit.set_field(scenario, path, None if word == NOT_SAID else start if word == OWN_NUMBER else word)

    offered = [NOT_SAID, *each.choices, *number]
    _fields.choice(
        f"{path} from", label_of_field(path), offered, now, change=chosen, reshapes=True, help=help_of_field(path)
    )
    if isinstance(value, Quantity):
        _fields.quantity(path, value, filled.get(path), change=change)


def _together(siblings: Mapping[str, FormField]) -> Change:
    """Gives a field its value, with the refused edits of its siblings where all of them fit now, else alone."""

    def change(scenario: Scenario, path: str, shown: Any) -> Scenario:
        own = {path: shown}
        kept = {other: held[0] for other in siblings if other != path and (held := _state.rejected(other))}
        if kept:
            try:
                changed = _put(scenario, kept | own, siblings)
            except InputError:
                return _put(scenario, own, siblings)
            for other in kept:
                st.session_state["rejected"].pop(other, None)
            return changed
        return _put(scenario, own, siblings)

    return change


def _put(scenario: Scenario, shown: Mapping[str, Any], siblings: Mapping[str, FormField]) -> Scenario:
    numbers = {path: value for path, value in shown.items() if siblings[path].kind in ("quantity", "book")}
    fields = {path: as_written(siblings[path], value) for path, value in shown.items() if path not in numbers}
    return _edit.set_together(scenario, fields, numbers)


def as_written(each: FormField, shown: Any) -> Any:
    """What a widget holds, as a scenario file has it; None where it is left out.

    Args:
        each: the field.
        shown: by its widget.

    Raises:
        InputError: a list of numbers that is none.
    """
    if shown is None or shown == NOT_SAID:
        return None
    if each.kind == "flag":
        return _FLAGS.get(shown, shown) if isinstance(shown, str) else shown
    if isinstance(shown, date):
        return shown.isoformat()
    if each.kind in ("texts", "figures"):
        parts = [part.strip() for part in str(shown).split(",") if part.strip()]
        return ([_number(part, each) for part in parts] if each.kind == "figures" else parts) or None
    return (shown.strip() or None) if isinstance(shown, str) else shown


def _number(text: str, each: FormField) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"`{each.name}`: {text!r} is no number; write numbers with commas between them, 0.5, 0.3, 0.2")
    return found
