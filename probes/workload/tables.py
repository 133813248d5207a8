"""Reads request logs row by row: CSV with a header, or one JSON object a line; every complaint names the line."""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NoReturn

from probes.errors import ProbeError

MAX_BYTES = 2**30
MAX_LINE_CHARACTERS = 2**20

Columns = Mapping[str, tuple[str, ...]]
"""Accepted names of each column, by what the column means; compared without case, spaces and punctuation."""

TOKEN_COLUMNS: dict[str, tuple[str, ...]] = {
    "input_tokens": (
        "input_tokens",
        "prompt_tokens",
        "ContextTokens",
        "input_length",
        "request_tokens",
        "input_len",
        "isl",
    ),
    "output_tokens": (
        *(
            "output_tokens",
            "completion_tokens",
            "GeneratedTokens",
            "output_length",
            "response_tokens",
            "output_len",
            "osl",
        ),
        "generated_tokens",
    ),
}
"""Names of the two lengths: this tool's, OpenAI's usage, Azure's and Mooncake's traces, BurstGPT's, and the short ones of benchmarks."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a log.

    Attributes:
        line: its line in the file, from 1.
        values: what it holds, by what the column means; text from CSV, any JSON value from JSONL.
    """

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A log that has been opened.

    Attributes:
        path: the file.
        form: `csv` or `jsonl`.
        found: the file's own name of each column that it has, by what the column means.
        headers: all the file's own names, of its first row.
        rows: its rows, read as they are asked for.
    """

    path: Path
    form: Literal["csv", "jsonl"]
    found: dict[str, str]
    headers: tuple[str, ...]
    rows: Iterator[Row]


def open_table(path: str | Path, columns: Columns, *, required: tuple[str, ...]) -> Table:
    """Opens a log and finds its columns.

    Args:
        path: a UTF-8 text file of at most 1 GiB.
        columns: accepted names.
        required: columns that must be there, of the first row.

    Raises:
        ProbeError: `bad_arguments`: no such file, too large, empty, not UTF-8, no header or no JSON objects, a column missing or there twice.
    """
    path = Path(path)
    lines = _lines(path)
    first = next(((line, text) for line, text in lines if text.strip()), None)
    if first is None:
        raise ProbeError("bad_arguments", f"{path} is empty; a log needs a row for each request.")
    lines = chain([first], lines)
    if first[1].lstrip().startswith("{"):
        headers = tuple(_object(path, *first))
        found = _find(path, first[0], headers, columns, required)
        others = frozenset(name for column, names in columns.items() if column not in found for name in names)
        return Table(path, "jsonl", found, headers, _json_rows(path, lines, found, others))
    reader = _csv(path, lines)
    header_line, headers_list = next(reader)
    headers = tuple(name.strip() for name in headers_list)
    found = _find(path, header_line, headers, columns, required)
    return Table(path, "csv", found, headers, _csv_rows(path, reader, headers, found))


def digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hex.

    Raises:
        ProbeError: `bad_arguments`: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ProbeError("bad_arguments", f"{path} cannot be read: {error.strerror or error}.") from None


def whole_tokens(path: Path, row: Row, column: str, *, name: str) -> int:
    """A length of a row: a whole number, 0 or more [tokens].

    Args:
        path: the file, for the complaint.
        row: the row.
        column: what the column means.
        name: the file's own name of it.

    Raises:
        ProbeError: `bad_arguments`: missing, not a whole number, NaN, negative, or above a million million.
    """
    number = number_of(path, row, column, name=name)
    if not number.is_integer() or not 0 <= number <= 1e12:  # noqa: PLR2004 - beyond any prompt
        bad_row(path, row.line, f"{name} is {row.values[column]!r}; a whole number of tokens, 0 or more, is needed")
    return int(number)


def number_of(path: Path, row: Row, column: str, *, name: str) -> float:
    """A finite number of a row.

    Raises:
        ProbeError: `bad_arguments`: missing, no number, NaN or infinite.
    """
    value = row.values.get(column)
    if value is None or value == "":
        bad_row(path, row.line, f"{name} is missing")
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        bad_row(path, row.line, f"{name} is {value!r}; a number is needed")
    return number


def bad_row(path: Path, line: int, complaint: str) -> NoReturn:
    """Says what is wrong with a row."""
    raise ProbeError("bad_arguments", f"{path}, line {line}: {complaint}.")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ProbeError("bad_arguments", f"{path} is not a file; give a CSV or JSONL file.")
        if size > MAX_BYTES:
            raise ProbeError(
                "bad_arguments",
                f"{path} has {size / 2**30:.1f} GiB; at most {MAX_BYTES / 2**30:.0f} GiB is read. Cut out the part that matters, for example with head.",
            )
        with path.open("rb") as file:
            for number, raw in enumerate(iter(lambda: file.readline(MAX_LINE_CHARACTERS + 1), b""), start=1):
                if len(raw) > MAX_LINE_CHARACTERS:
                    bad_row(path, number, f"longer than {MAX_LINE_CHARACTERS} bytes; this is no log of requests")
                yield number, _decoded(path, number, raw)
    except OSError as error:
        raise ProbeError("bad_arguments", f"{path} cannot be read: {error.strerror or error}.") from None


def _decoded(path: Path, number: int, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        bad_row(path, number, "not UTF-8 text; save the log as UTF-8, uncompressed")
    if "\0" in text:
        bad_row(path, number, "has a zero byte, which no text has; save the log as UTF-8, uncompressed")
    return text


def _csv(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    at = 0

    def texts() -> Iterator[str]:
        nonlocal at
        for number, text in lines:
            at = number
            yield text

    try:
        for fields in csv.reader(texts(), strict=True):
            if fields:
                yield at, fields
    except csv.Error as error:
        bad_row(path, at, f"not CSV ({error})")


def _csv_rows(
    path: Path, reader: Iterator[tuple[int, list[str]]], headers: tuple[str, ...], found: dict[str, str]
) -> Iterator[Row]:
    places = {column: headers.index(name) for column, name in found.items()}
    for line, fields in reader:
        if len(fields) != len(headers):
            bad_row(path, line, f"has {len(fields)} fields where the header has {len(headers)}")
        yield Row(line, {column: fields[place].strip() for column, place in places.items()})


def _json_rows(
    path: Path, lines: Iterator[tuple[int, str]], found: dict[str, str], others: frozenset[str]
) -> Iterator[Row]:
    for line, text in lines:
        if text.strip():
            values = _object(path, line, text)
            if not others.isdisjoint(values):
                bad_row(path, line, f"has {', '.join(sorted(others & values.keys()))}, which the first row has not")
            yield Row(line, {column: values[name] for column, name in found.items() if name in values})


def _object(path: Path, line: int, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        bad_row(path, line, "not one JSON object a line")
    return value


def _find(
    path: Path, line: int, headers: tuple[str, ...], columns: Columns, required: tuple[str, ...]
) -> dict[str, str]:
    plain: dict[str, str] = {}
    for header in headers:
        plain.setdefault(_plain(header), header)
    found: dict[str, str] = {}
    for column, names in columns.items():
        have = list(dict.fromkeys(plain[_plain(name)] for name in names if _plain(name) in plain))
        if len(have) > 1:
            bad_row(path, line, f"{' and '.join(have)} both mean {column}; leave one of them")
        if have:
            found[column] = have[0]
    for column in required:
        if column not in found:
            _missing(path, line, column, headers, columns[column])
    return found


def _missing(path: Path, line: int, column: str, headers: tuple[str, ...], names: tuple[str, ...]) -> NoReturn:
    plain = {_plain(header): header for header in headers}
    near = list(
        dict.fromkeys(hit for name in names for hit in difflib.get_close_matches(_plain(name), plain, cutoff=0.7))
    )
    hint = f" Did you mean {' or '.join(plain[hit] for hit in near)}?" if near else ""
    have = ", ".join(headers[:12]) + (", ..." if len(headers) > 12 else "")  # noqa: PLR2004 - what a sentence holds
    raise ProbeError(
        "bad_arguments",
        f"{path}, line {line}: no column for {column}; accepted names are {', '.join(names)}. The file has: {have}.{hint}",
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
