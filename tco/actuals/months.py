"""Months of a scenario and months of the calendar."""

from __future__ import annotations

import re
from datetime import date

from tco.errors import InputError

_CALENDAR = re.compile(r"(\d{4})-(\d{2})(?:-\d{2}(?:[T ].*)?)?")
_MONTHS = 12


def first_month_of(as_of: date) -> str:
    """The calendar month that is a scenario's first one unless somebody says otherwise: the first whole one from its day on.

    >>> first_month_of(date(2026, 11, 23)), first_month_of(date(2026, 11, 1)), first_month_of(date(2026, 12, 2))
    ('2026-12', '2026-11', '2027-01')
    """
    count = as_of.year * _MONTHS + as_of.month - 1 + (as_of.day > 1)
    return f"{count // _MONTHS:04d}-{count % _MONTHS + 1:02d}"


def calendar_month(text: str) -> str:
    """The month of a day, or of a time, as ISO 8601 has it.

    Raises:
        InputError: it is none.

    >>> calendar_month("2026-12-31T23:00:00Z"), calendar_month("2026-12")
    ('2026-12', '2026-12')
    """
    read = _CALENDAR.fullmatch(text.strip())
    if read is None or not 1 <= int(read[2]) <= _MONTHS:
        raise InputError(
            f"{text!r} is no month; write 2026-12, or the number of the month in the scenario, 1 for the first"
        )
    return f"{read[1]}-{read[2]}"


def month_number(month: str, first: str) -> int:
    """Which month of the scenario a calendar month is; 1 for the first, 0 and less before it.

    >>> month_number("2027-01", "2026-12")
    2
    """
    return _count(month) - _count(first) + 1


def _count(month: str) -> int:
    return int(month[:4]) * _MONTHS + int(month[5:7])
