"""Reads the times of a request log, to the nanosecond."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

from probes.workload.tables import Row, bad_row

TIME_COLUMNS: dict[str, tuple[str, ...]] = {
    "time_s": ("offset_s", "time_s", "timestamp_s", "arrival_s"),
    "time_ms": ("offset_ms", "time_ms", "timestamp_ms", "arrival_ms"),
    "time": ("timestamp", "time", "created_at", "start_time", "arrived_at", "datetime"),
}
"""Accepted names of the time of a request. Those without a unit hold dates, or seconds: since 1970 or since the log's start; milliseconds in Mooncake's
own format, and where the first one is above 10¹¹, which would be the year 5138."""

UNIX_MS_FROM = 1e11

_DATE = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_NS = {"time_s": 10**9, "time_ms": 10**6}


class Clock:
    """Reads the times of one log, which are all of the form of its first."""

    def __init__(self, path: Path, found: dict[str, str], *, mooncake: bool) -> None:
        """Prepares to read.

        Args:
            path: the log.
            found: its columns, one of `TIME_COLUMNS` among them.
            mooncake: whether a time without a unit is in milliseconds.
        """
        self.path = path
        self.column = next(column for column in TIME_COLUMNS if column in found)
        self.name = found[self.column]
        self._form: Literal["date", "number"] | None = None
        self._ns = _NS.get(self.column, 10**6 if mooncake else 10**9)

    def time_ns(self, row: Row) -> int:
        """When a row's request came [ns], since 1970 or since the log's start.

        Raises:
            ProbeError: `bad_arguments`: missing, neither a date nor a number, negative, or not of the form of the first.
        """
        value = row.values.get(self.column)
        if value is None or value == "":
            bad_row(self.path, row.line, f"{self.name} is missing")
        if self._form is None:
            self._settle(value)
        ns = _date_ns(value) if self._form == "date" else self._number_ns(value)
        if ns is None:
            needed = "a date such as 2026-11-24 08:30:00.5" if self._form == "date" else "a number"
            bad_row(self.path, row.line, f"{self.name} is {value!r}; {needed} is needed, as in the row before")
        if ns < 0:
            bad_row(self.path, row.line, f"{self.name} is {value!r}; a time may not be negative")
        return ns

    def _settle(self, first: Any) -> None:
        self._form = "date" if isinstance(first, str) and _date_ns(first) is not None else "number"
        number = _decimal(first)
        if self.column == "time" and number is not None and number >= UNIX_MS_FROM:
            self._ns = 10**6

    def _number_ns(self, value: Any) -> int | None:
        number = _decimal(value)
        return None if number is None else math.floor(number * self._ns)


def _decimal(value: Any) -> Decimal | None:
    """The number as it is written, so that nanoseconds since 1970 are not rounded; None for anything else, NaN and infinity among them."""
    try:
        number = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**15 else None


def _date_ns(value: Any) -> int | None:
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    seconds, fraction, zone = match.groups()
    zone = "+00:00" if zone is None or zone.upper() in ("Z", "UTC") else zone
    try:
        moment = datetime.fromisoformat(seconds + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + int((fraction or "").ljust(9, "0"))
