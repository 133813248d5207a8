"""What a form asks for to fill a record of a scenario: one entry a field, with the kind of widget that it needs. No Streamlit here.

The records are walked, so that an input which is added to one of them is on the page without anybody writing it there.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tco.quantity import Quantity

Kind = Literal[
    "quantity", "whole", "figure", "flag", "choice", "text", "texts", "figures", "day", "record", "variant", "named", "book", "special"
]  # fmt: skip
"""`record`: one record; `variant`: one of several, told apart by `kind`; `named`: several by name; `book`: a quantity, or a word in its place.

`special`: of no such kind; it has a widget that is written for it, or is set in files only.
"""


class FormField(NamedTuple):
    """One field of a record, as a form asks for it.

    Attributes:
        name: as the scenario file has it.
        attribute: as the record has it.
        kind: of its widget.
        is_required: it has no default.
        may_be_null: it may be left out altogether.
        choices: of a `choice`, a `variant` or a `book`.
        records: of a `record` or a `named` the one that it holds; of a `variant` those that it may be, in the order of the choices.
    """

    name: str
    attribute: str
    kind: Kind
    is_required: bool = False
    may_be_null: bool = False
    choices: tuple[str, ...] = ()
    records: tuple[type[BaseModel], ...] = ()


_PLAIN: dict[Any, Kind] = {bool: "flag", int: "whole", float: "figure", str: "text", date: "day", Quantity: "quantity"}


@cache
def form_fields(record: type[BaseModel]) -> tuple[FormField, ...]:
    """Every field of a record, as a form asks for it.

    Args:
        record: a part of a scenario.
    """
    return tuple(_field(name, info) for name, info in record.model_fields.items())


def _field(name: str, info: FieldInfo) -> FormField:
    kind, parts = _kind(tuple(part for part in _parts(info.annotation) if part is not type(None)))
    records = tuple(part for part in parts if isinstance(part, type))
    choices = tuple(str(part) for part in parts if not isinstance(part, type))
    return FormField(
        name=info.alias or name,
        attribute=name,
        kind=kind,
        is_required=info.is_required(),
        may_be_null=type(None) in _parts(info.annotation),
        choices=tuple(map(kind_of, records)) if kind == "variant" else choices,
        records=records,
    )  # fmt: skip


def _kind(parts: tuple[Any, ...]) -> tuple[Kind, tuple[Any, ...]]:
    """The kind, and what it is made of: texts of a choice, or records."""
    literals = tuple(value for part in parts if get_origin(part) is Literal for value in get_args(part))
    others = tuple(part for part in parts if get_origin(part) is not Literal)
    if not others:
        return "choice", literals
    if literals:
        return "book", literals
    if len(others) > 1:
        told_apart = all(_is_record(part) and "kind" in part.model_fields for part in others)
        return ("variant", others) if told_apart else ("special", ())
    return _single(others[0])


def _single(part: Any) -> tuple[Kind, tuple[Any, ...]]:
    if part in _PLAIN:
        return _PLAIN[part], ()
    if _is_record(part):
        return "record", (part,)
    held = next(iter(_parts(get_args(part)[-1]))) if get_origin(part) in (list, dict) else None
    if get_origin(part) is dict and (held is Quantity or _is_record(held)):
        return "named", (held,)
    if get_origin(part) is list and held in (str, float):
        return "texts" if held is str else "figures", ()
    return "special", ()


def kind_of(record: type[BaseModel]) -> str:
    """The `kind` by which one of several records is told apart.

    Args:
        record: with a field `kind` of one value.
    """
    (kind,) = get_args(record.model_fields["kind"].annotation)
    return str(kind)


def _is_record(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel) and part is not Quantity


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The types that an annotation allows, its validators left aside."""
    return tuple(_walk(annotation))


def _walk(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _walk(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _walk(part)
    else:
        yield annotation
