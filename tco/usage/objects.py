"""Lines of a file as objects, one a row: CSV with a header, JSON lines, or one JSON document. Prompts and answers are dropped while they are parsed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple, NoReturn

from tco.errors import InputError

LONGEST_TEXT = 20_000
"""Characters of a text that is kept until its row is read; a longer one holds prompts or answers and is dropped."""

_LONGEST_CELL = 2**24
_MOST_COLUMNS = 2_000
_MOST_CONTAINERS = 1_000_000
_CONTENT = frozenset({
    "answer", "choices", "completion", "content", "contents", "candidates", "embedding", "input", "inputBodyJson", "inputText", "inputs",
    "instructions", "message", "messages", "output", "outputText", "output_text", "parts", "prompt", "prompts", "proxy_server_request", "reasoning_content", "request",
    "request_body", "RequestMessages", "response", "response_body", "ResponseMessages", "status_message", "statusMessage", "system", "text", "tools", "variables",
})  # fmt: skip
"""Names of what people wrote or read. An object under such a name is looked into, for it may hold the usage; a text or a list is dropped."""

_DELIMITERS = ",;\t"


class Found(NamedTuple):
    """One row or object.

    Attributes:
        where: the file and the line, for messages.
        values: fields by name; texts from CSV, any JSON value from JSON.
        characters: of the text that it was made of, about.
    """

    where: str
    values: dict[str, Any]
    characters: int = 0


def objects_of(lines: Iterable[tuple[int, str]], name: str, notes: list[str]) -> Iterator[Found]:
    """All rows of a file.

    A JSON document that has its rows under `data` (a page of an API) gives these; that more pages follow is noted.

    Args:
        lines: from `tco.usage.lines.lines_of`.
        name: of the file.
        notes: takes what the reader must know.

    Raises:
        InputError: empty, neither CSV nor JSON, nested too deep, or rows that do not fit the header.
    """
    numbered = iter(lines)
    first = next(((number, text) for number, text in numbered if text.strip()), None)
    if first is None:
        raise InputError(f"{name}: empty; there is no usage in it")
    if first[1].lstrip()[0] in "{[":
        yield from _json(first, numbered, name, notes)
    else:
        yield from _csv(first, numbered, name)


def parsed(text: str) -> Any:
    """A JSON text without prompts and answers; NaN and Infinity become texts, which no count takes.

    Raises:
        ValueError: no JSON, a number of thousands of digits, nested too deep, or more than a million objects and lists, which take a hundred times their text.
    """
    if len(text) > _MOST_CONTAINERS and text.count("{") + text.count("[") > _MOST_CONTAINERS:
        raise ValueError(f"more than {_MOST_CONTAINERS:,} objects and lists")
    try:
        return json.loads(text, object_pairs_hook=_without_content, parse_constant=str)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _without_content(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if not isinstance(value, str | list) or _is_kept(key, value)}


def _is_kept(key: str, value: str | list[Any]) -> bool:
    return key not in _CONTENT and (isinstance(value, list) or len(value) <= LONGEST_TEXT)


def _json(first: tuple[int, str], rest: Iterator[tuple[int, str]], name: str, notes: list[str]) -> Iterator[Found]:
    try:
        value = parsed(first[1])
    except ValueError as error:
        yield from _document(first, rest, name, notes, error)
        return
    for number, text in chain([first], rest):
        if not text.strip():
            continue
        if number != first[0]:
            try:
                value = parsed(text)
            except ValueError as error:
                _bad_json(f"{name}, line {number}", error)
        rows = _rows(value, f"{name}, line {number}", notes)
        for item in rows:
            yield Found(f"{name}, line {number}", item, len(text) // len(rows))


def _document(
    first: tuple[int, str], rest: Iterator[tuple[int, str]], name: str, notes: list[str], first_error: ValueError
) -> Iterator[Found]:
    """One JSON document over several lines."""
    second = next(rest, None)
    if second is None:
        _bad_json(name, first_error)
    parts, size = [first[1], second[1]], len(first[1]) + len(second[1])
    for _, text in rest:
        size += len(text)
        if size > _LONGEST_CELL * 2:
            raise InputError(
                f"{name}: a JSON document of more than {_LONGEST_CELL >> 19} MiB; export JSON lines or CSV"
            )
        parts.append(text)
    try:
        value = parsed("".join(parts))
    except ValueError as error:
        _bad_json(name, error)
    for number, item in enumerate(_rows(value, name, notes), start=1):
        yield Found(f"{name}, object {number}", item)


def _rows(value: Any, where: str, notes: list[str]) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        data = value.get("data")
        if not isinstance(data, list) or "usage" in value:
            return [value]
        if value.get("has_more") is True:
            notes.append(f"{where}: more pages follow (`has_more`), and are not in this file; export them too")
        value = data
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InputError(f"{where}: JSON without objects; a row of usage is an object")
    return value


def _bad_json(where: str, error: ValueError) -> NoReturn:
    reason = str(error).split("\n", 1)[0].split(";", 1)[0][:120]
    raise InputError(f"{where}: not valid JSON ({reason}); the file may be cut off") from None


def _csv(first: tuple[int, str], rest: Iterator[tuple[int, str]], name: str) -> Iterator[Found]:
    # One setting for the process: a log may hold a prompt that is longer than csv's 131,072 characters, and is dropped here.
    csv.field_size_limit(_LONGEST_CELL)
    delimiter = max(_DELIMITERS, key=first[1].count)
    at = first[0]

    def texts() -> Iterator[str]:
        nonlocal at
        for at, text in chain([first], rest):  # noqa: B007 - the number is for messages
            yield text

    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    try:
        header = [column.strip() for column in next(reader)]
        _check_header(header, name)
        kept = [(place, column) for place, column in enumerate(header) if column and column not in _CONTENT]
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise InputError(f"{name}, line {at}: {len(cells)} fields where the header has {len(header)}")
            yield Found(
                f"{name}, line {at}",
                {column: cells[place] for place, column in kept if len(cells[place]) <= LONGEST_TEXT},
            )
    except csv.Error as error:
        raise InputError(f"{name}, line {at}: not CSV ({error})") from None


def _check_header(header: list[str], name: str) -> None:
    if len(header) < 2 or len(header) > _MOST_COLUMNS:  # noqa: PLR2004 - a time and a count at least
        raise InputError(f"{name}: a CSV with {len(header)} columns; usage has a header with a time and counts")
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise InputError(f"{name}: the column {twice[0][:60]!r} is there twice; keep one")
