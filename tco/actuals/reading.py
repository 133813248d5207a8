"""Files of actuals: YAML, a CSV of `month,path,value`, or cost rows as FOCUS has them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pricing.yaml_file import FileError, parse_yaml, read_text
from tco.actuals.focus import focus_rows, is_focus
from tco.actuals.months import calendar_month, first_month_of, month_number
from tco.actuals.records import Actual, Actuals
from tco.errors import InputError
from tco.scenario import Scenario

SCHEMA = 1
"""Number of the format of files of actuals; a file with a larger number is refused."""

_MAX_BYTES = 50_000_000
_FIELDS = {"month", "path", "value", "source"}
_FORM = "`{month: 2026-12, path: workload.requests_per_day, value: 131_000}`"


def read_actuals(
    path: str | Path,
    scenario: Scenario,
    *,
    first_month: str | None = None,
    services: Mapping[str, str] | None = None,
) -> Actuals:
    """Reads a file of actuals.

    Args:
        path: of the file; `.csv` is a CSV, everything else YAML.
        scenario: whose months they are.
        first_month: the calendar month that is the scenario's first; null: the file's own, else the first whole one from the scenario's day on.
        services: for FOCUS rows: which path a service's costs are, by `ServiceName`.

    Raises:
        InputError: not such a file; a month outside the horizon; a value that is no number; the same month and path twice.
    """
    path = Path(path)
    try:
        text = read_text(path, what="a file of actuals (YAML or CSV)", max_bytes=_MAX_BYTES)
        found = _csv(text) if path.suffix.lower() == ".csv" else _yaml(text)
        given = first_month if first_month is not None else found.first_month
        first = first_month_of(scenario.as_of) if given is None else calendar_month(given)
        rows, notes = _rows(found, services or {})
        actuals = [_actual(number, row, first, scenario.horizon_months) for number, row in enumerate(rows, start=1)]
        _refuse_twice(actuals)
    except FileError as error:
        raise InputError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    except csv.Error as error:
        raise InputError(f"{path}: is not a CSV: {error}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}", code=error.code, path=error.path) from None
    if not actuals:
        raise InputError(f"{path}: holds no actuals{f': {notes[0]}' if notes else ''}; a row is {_FORM}")
    return Actuals(rows=tuple(actuals), first_month=first, notes=tuple(notes))


def _rows(found: _Found, services: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    if found.focus:
        return focus_rows(found.rows, services)
    if services:
        raise InputError("--map is for FOCUS rows, with BilledCost and ServiceName among their columns")
    return found.rows, []


class _Found:
    """Rows as they stand in the file."""

    def __init__(self, rows: list[dict[str, Any]], *, focus: bool = False, first_month: str | None = None) -> None:
        self.rows, self.focus, self.first_month = rows, focus, first_month


def _yaml(text: str) -> _Found:
    data = parse_yaml(text, max_bytes=_MAX_BYTES)
    if not isinstance(data, dict) or not isinstance(data.get("actuals"), list):
        raise InputError(f"a file of actuals has a list `actuals` of rows such as {_FORM}")
    unknown = sorted(set(data) - {"schema", "first_month", "actuals"})
    if unknown:
        raise InputError(f"`{unknown[0]}` is not a known key; known here: actuals, first_month, schema")
    schema = data.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise InputError(f"`schema`: {schema!r} is not {SCHEMA}, the newest that this version reads; upgrade the tool")
    first = data.get("first_month")
    return _Found(data["actuals"], first_month=None if first is None else str(first))


def _csv(text: str) -> _Found:
    reader = csv.DictReader(io.StringIO(text))
    header = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = header
    if is_focus(header):
        return _Found(list(reader), focus=True)
    if not {"month", "path", "value"} <= set(header):
        raise InputError(
            f"the columns are {', '.join(header) or 'none'}; a CSV of actuals has month, path and value (and source), or FOCUS's columns"
        )
    rows = [
        {name: value for name, value in row.items() if name in _FIELDS and value not in (None, "")} for row in reader
    ]
    return _Found(rows)


def _actual(number: int, row: Any, first: str, horizon_months: int) -> Actual:
    if not isinstance(row, dict) or not {"month", "path", "value"} <= set(row) <= _FIELDS:
        raise InputError(f"row {number}: has to be {_FORM}, with a `source` if you like")
    month = _month(number, row["month"], first)
    if not 1 <= month <= horizon_months:
        raise InputError(
            f"row {number}: month {row['month']} is month {month} of the scenario, whose first is {first} and which has {horizon_months}; "
            "say which calendar month is its first (`first_month`, --first-month)"
        )
    source = row.get("source")
    return Actual(
        month=month,
        path=str(row["path"]).strip(),
        value=_value(number, row["value"]),
        source=None if source is None else str(source),
    )


def _month(number: int, month: Any, first: str) -> int:
    if isinstance(month, int) and not isinstance(month, bool):
        return month
    text = str(month).strip()
    if text.isdigit() and len(text) <= 3:  # noqa: PLR2004 - a horizon has three digits at most
        return int(text)
    try:
        return month_number(calendar_month(text), first)
    except InputError as error:
        raise InputError(f"row {number}: {error}") from None


def _value(number: int, value: Any) -> float:
    try:
        read = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        read = math.nan
    if not math.isfinite(read):
        raise InputError(
            f"row {number}: the value {value!r} is not a number; write a plain one, the unit is in the path's name"
        )
    return read


def _refuse_twice(actuals: Iterable[Actual]) -> None:
    seen: set[tuple[int, str]] = set()
    for row in actuals:
        if (row.month, row.path) in seen:
            raise InputError(
                f"month {row.month} of {row.path} is given twice; keep one, or their sum where they are parts of a bill"
            )
        seen.add((row.month, row.path))
