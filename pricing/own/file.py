"""Reading `prices.yaml`: YAML text to `Overrides`, and every mistake as one sentence with its place.

See docs/prices-file.md for the format and examples.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pricing.own.exchange import Rate
from pricing.own.overrides import Overrides
from pricing.own.rows import SCHEMA, Discount, OwnGpu, OwnPrice, PricesFile
from pricing.tables import did_you_mean, near_names
from pricing.yaml_file import FileError, parse_yaml, read_text, shown

WHAT = "a prices file"

_ROWS: dict[str, type[BaseModel]] = {"fx": Rate, "discounts": Discount, "prices": OwnPrice, "gpus": OwnGpu}
_UNKNOWN_KEY = ("extra_forbidden", "invalid_key")
_QUOTED = re.compile("'([^']+)'")


def read_overrides(path: str | Path, today: date | None = None) -> Overrides:
    """The user's own prices, from a file.

    Args:
        path: the YAML file.
        today: the day after which an `as_of` is in the future; null: the machine's day.

    Raises:
        FileError: no such file, too large (1 MB), not YAML, or an entry that is not allowed: with its place, what is given,
            what is allowed and what to do.
    """
    path = Path(path)
    text = read_text(path, what=WHAT)
    try:
        return parse_overrides(text, name=path.name, today=today)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None


def parse_overrides(text: str, *, name: str = "prices.yaml", today: date | None = None) -> Overrides:
    """The user's own prices, from YAML text.

    Args:
        text: the YAML.
        name: the file's name, with which `Price.layer` begins.
        today: see `read_overrides`.

    Raises:
        FileError: see `read_overrides`.

    Example:
        >>> own = parse_overrides('discounts: [{provider: aws, discount_fraction: 0.28, source: EDP}]')
        >>> own.content.discounts[0].discount_fraction
        0.28
    """
    data = parse_yaml(text)
    if data is None:
        raise FileError(f"is empty; {WHAT} begins with `schema: {SCHEMA}` and has {', '.join(_ROWS)}")
    if not isinstance(data, dict):
        raise FileError(f"is not a list of `key: value` lines; {WHAT} has the keys schema, {', '.join(_ROWS)}")
    schema = data.get("schema", SCHEMA)
    if type(schema) is not int or schema < 1:
        raise FileError(f"`schema`: {_given(schema)} is given; allowed: {SCHEMA}, the number of the file's format")
    if schema > SCHEMA:
        raise FileError(
            f"`schema`: {_given(schema)} is newer than {SCHEMA}, the newest that this version reads; upgrade the tool"
        )
    try:
        content = PricesFile.model_validate(data)
    except ValidationError as error:
        raise FileError(_sentence(error, data)) from None
    _refuse_future(content, today or datetime.now(tz=UTC).astimezone().date())
    overrides = Overrides(content=content, name=name)
    overrides.gpus  # noqa: B018 - a GPU that lacks a figure is refused now, not when it is first looked up
    return overrides


def _refuse_future(content: PricesFile, today: date) -> None:
    for part in _ROWS:
        for index, row in enumerate(getattr(content, part)):
            if row.as_of is not None and row.as_of > today:
                raise FileError(
                    f"`{part}[{index}].as_of`: {row.as_of} is in the future, today is {today}; as_of is the day on which "
                    "somebody read the number"
                    + (", valid_from its first day" if part in ("discounts", "prices") else "")
                )


def _sentence(error: ValidationError, data: dict[str, Any]) -> str:
    """The first problem in words: place, what is given, what is allowed. A misspelt key goes before the key that it left out."""
    problems = error.errors(include_url=False)
    problem = next((found for found in problems if found["type"] in _UNKNOWN_KEY), problems[0])
    more = len(problems) - 1
    return _problem(problem, data) + (f" (and {more} more)" if more else "")


def _problem(problem: ErrorDetails, data: dict[str, Any]) -> str:
    loc = problem["loc"]
    place, kind = _place(loc), problem["type"]
    if kind == "rule":
        return f"`{place}`: {problem['msg']}" if place else problem["msg"]
    record = _record(loc)
    key = str(loc[-1])
    if kind == "extra_forbidden":
        return f"`{place}` is not a known key{_near_key(key, record, data, loc)}"
    if kind == "invalid_key":
        return f"`{_place(loc[:-1]) or WHAT}` has the key {shown(key)}; keys are names, and decimals have a point (1.6, not 1,6)"
    allowed = _allowed(loc, record)
    if kind == "missing":
        return f"`{place}` is missing; add it: {allowed}"
    if kind == "string_too_long":
        allowed += f"; at most {problem['ctx']['max_length']} characters"
    if kind == "literal_error":
        allowed += f".{did_you_mean(shown(str(problem['input'])), _QUOTED.findall(problem['ctx']['expected']))}"
    return f"`{place}`: {_given(problem['input'])} is given; allowed: {allowed}"


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def _record(loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The record whose field is wrong: a row of a list, or the file itself."""
    return _ROWS[str(loc[0])] if len(loc) > 2 and loc[0] in _ROWS else PricesFile  # noqa: PLR2004 - list, number, field


def _allowed(loc: tuple[int | str, ...], record: type[BaseModel]) -> str:
    if len(loc) == 2 and loc[0] in _ROWS:  # noqa: PLR2004 - list, number
        return "lines of `key: value` after a dash: " + ", ".join(_keys(_ROWS[str(loc[0])]))
    name = str(loc[0] if record is PricesFile else loc[2])
    field = next(field for key, field in record.model_fields.items() if name in (key, field.alias))
    return str(field.description)


def _near_key(key: str, record: type[BaseModel], data: dict[str, Any], loc: tuple[int | str, ...]) -> str:
    row: Any = data
    for part in loc[:-1]:
        row = row[part]
    near = near_names(shown(key), _keys(record), count=1)
    return (
        f"; did you mean `{near[0]}`?" if near and near[0] not in row else f"; known here: {', '.join(_keys(record))}"
    )


def _keys(record: type[BaseModel]) -> list[str]:
    """The keys of a record, those that it needs first."""
    fields = sorted(record.model_fields.items(), key=lambda item: not item[1].is_required())
    return [field.alias or name for name, field in fields]


def _given(value: object) -> str:
    return shown("nothing" if value is None else str(value).lower() if isinstance(value, bool) else repr(value))
