"""A form for any part of a scenario: its fields as widgets, its blocks with a way to add and to remove them.

What is drawn follows from the record (`tco.form_fields`), so an input that is added to one is here without anybody writing it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from pydantic import BaseModel

from tco.field_words import help_of_field, label_of_field
from tco.form_fields import FormField, form_fields, kind_of
from tco.form_starts import start_of
from tco.quantity import Quantity
from tco.result import Assumption
from tco.views import _edit, _fields, _form_values, _state
from tco.words import name as called
from tco.words import plain

_BLOCKS = ("record", "variant", "named", "special")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a form needs beside the record.

    Attributes:
        filled: what the price book and the runs fill in, by path.
        offered: texts to choose from, by name of the field; other texts are written.
        followers: options that may follow the one whose form it is.
    """

    filled: Mapping[str, Assumption] = field(default_factory=dict)
    offered: Mapping[str, Sequence[str]] = field(default_factory=dict)
    followers: tuple[str, ...] = ()


def show(
    value: BaseModel,
    at: str,
    context: Context,
    *,
    only: Collection[str] | None = None,
    leave_out: Collection[str] = (),
) -> None:
    """All fields of a record: numbers, choices and texts in a grid, then the blocks in it, then what may be added.

    Args:
        value: the record.
        at: its path; empty for the scenario itself.
        context: what else is needed.
        only: names of the fields that are shown; None: all.
        leave_out: names of fields that have widgets elsewhere.
    """
    shown = [
        each
        for each in form_fields(type(value))
        if (only is None or each.name in only) and each.name not in {"kind", *leave_out}
    ]
    simple = [each for each in shown if each.kind not in _BLOCKS]
    siblings = {_path(at, each): each for each in form_fields(type(value)) if each.kind not in _BLOCKS}
    if simple:
        with st.grid(3, min_column_width=220, gap="medium"):
            for each in simple:
                with st.container(gap="xsmall"):
                    _form_values.widget(
                        each, getattr(value, each.attribute), _path(at, each), siblings, context.filled, context.offered
                    )
    for each in shown:
        _block(each, getattr(value, each.attribute), _path(at, each), context)
    _additions([each for each in shown if _is_absent(each, getattr(value, each.attribute))], at, context)


def _is_absent(each: FormField, value: Any) -> bool:
    return (each.kind == "record" and value is None) or (each.kind == "named" and not value)


def _path(at: str, each: FormField) -> str:
    return f"{at}.{each.name}" if at else each.name


def _block(each: FormField, value: Any, path: str, context: Context) -> None:
    if each.kind == "record" and value is not None:
        with st.container(border=True):
            _title(path, each)
            show(value, path, context)
    elif each.kind == "variant":
        _variant(each, value, path, context)
    elif each.kind == "named" and value:
        _named(each, value, path, context)


def _title(path: str, each: FormField) -> None:
    """The block's name, and the way to be rid of it where it may be left out."""
    words, gone = st.columns([4, 1], vertical_alignment="center")
    words.markdown(f"**{plain(label_of_field(path))}**", help=help_of_field(path))
    if each.may_be_null:
        with gone.container(horizontal=True, horizontal_alignment="right"):
            remove(path)


def remove(path: str, words: str = "Remove") -> None:
    """A button that takes a block out of the scenario, so that its defaults count again.

    Args:
        path: of the block.
        words: on the button.
    """
    st.button(
        words,
        icon=":material/delete:",
        type="tertiary",
        key=_state.key(f"{path} remove"),
        on_click=_set,
        args=(path, None),
    )
    _fields.problem(path)


def add(path: str, start: Mapping[str, Any], words: str | None = None) -> None:
    """A button that puts a block into the scenario.

    Args:
        path: of the block.
        start: what it begins with.
        words: on the button; None: the block's name.
    """
    st.button(
        plain(words or label_of_field(path)),
        icon=":material/add:",
        help=help_of_field(path),
        key=_state.key(f"{path} add"),
        on_click=_set,
        args=(path, dict(start)),
    )


def _set(path: str, value: dict[str, Any] | None) -> None:
    _state.attempt(path, lambda scenario: _edit.set_field(scenario, path, value), None, reshapes=True)


def _additions(absent: list[FormField], at: str, context: Context) -> None:
    offered = [each for each in absent if each.kind == "named" or _can_begin(each.name, context)]
    if not offered:
        return
    with st.container(horizontal=True):
        for each in offered:
            if each.kind == "named":
                _one_more(each, _path(at, each), label_of_field(_path(at, each)))
            else:
                add(_path(at, each), start_of(each.name, context.followers))
    for each in offered:
        if each.kind == "record":
            _fields.problem(_path(at, each))


def _can_begin(name: str, context: Context) -> bool:
    try:
        start_of(name)
    except KeyError:
        return False
    return name != "then" or bool(context.followers)


def _variant(each: FormField, value: BaseModel | None, path: str, context: Context) -> None:
    """One of several records: which one, then its fields."""
    now = _form_values.NOT_SAID if value is None else kind_of(type(value))

    def change(scenario: Any, _: str, chosen: str) -> Any:
        return _edit.set_field(scenario, path, None if chosen == _form_values.NOT_SAID else start_of(chosen))

    offered = [*([_form_values.NOT_SAID] if each.may_be_null else []), *each.choices]
    if value is None or len(form_fields(type(value))) == 1:
        _fields.choice(path, label_of_field(path), offered, now, change=change, reshapes=True)
        return
    with st.container(border=True):
        _fields.choice(path, label_of_field(path), offered, now, change=change, reshapes=True)
        show(value, path, context)


def _named(each: FormField, held: Mapping[str, Any], path: str, context: Context) -> None:
    """Several, each by its name: amounts side by side, records one below the other; then a form for one more."""
    with st.container(border=True):
        st.markdown(f"**{plain(label_of_field(path))}**", help=help_of_field(path))
        if each.records == (Quantity,):
            with st.grid(3, min_column_width=220, gap="medium"):
                for name, value in held.items():
                    with st.container(gap="xsmall"):
                        _fields.quantity(f"{path}.{name}", value, context.filled.get(f"{path}.{name}"))
                        remove(f"{path}.{name}", plain(f"Remove {called(name).lower()}"))
        else:
            for name, value in held.items():
                with st.container(border=True):
                    words, gone = st.columns([4, 1], vertical_alignment="center")
                    words.markdown(f"**{plain(name)}**")
                    with gone.container(horizontal=True, horizontal_alignment="right"):
                        remove(f"{path}.{name}")
                    show(value, f"{path}.{name}", context)
        _one_more(each, path, f"Add to {label_of_field(path).partition(' (')[0].lower()}")


def _one_more(each: FormField, path: str, words: str) -> None:
    with (
        st.popover(plain(words), icon=":material/add:", key=_state.key(f"{path} more"), help=help_of_field(path)),
        st.form(_state.key(f"{path} form"), border=False),
    ):
        name = st.text_input("Name", max_chars=120, key=_state.key(f"{path} name"))
        is_amount = each.records == (Quantity,)
        amount = (
            st.number_input(label_of_field(path), value=None, format="%g", key=_state.key(f"{path} amount"))
            if is_amount
            else None
        )
        if st.form_submit_button("Add"):
            if (problem := _problem(name, amount, is_amount=is_amount)) is not None:
                st.error(problem, icon=":material/error:")
            else:
                start = amount if is_amount else start_of(each.name)
                _state.attempt(
                    path,
                    lambda scenario: _edit.set_field(scenario, f"{path}.{name.strip()}", start),
                    None,
                    reshapes=True,
                )
                if _state.rejected(path) is None:
                    st.rerun()
        _fields.problem(path)


def _problem(name: str, amount: float | None, *, is_amount: bool) -> str | None:
    if not name.strip() or "." in name:
        return "Give it a name without a full stop; paths are written with these."
    return "Give an amount; 0 is one too." if is_amount and amount is None else None
