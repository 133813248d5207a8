"""Hours of the day in UTC as text: `01:00-04:00, 06:00-10:00`. The first minute of a window is in it, the last is not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

DAY_MINUTES = 24 * 60


def in_hours(at: time, hours_utc: str) -> bool:
    """Whether a time lies in one of the windows.

    Args:
        at: the time, UTC.
        hours_utc: windows as above; one may run over midnight.

    >>> in_hours(time(4), "01:00-04:00, 06:00-10:00"), in_hours(time(0, 10), "23:00-01:00")
    (False, True)
    """
    return (at.hour * 60 + at.minute) in minutes_of(hours_utc)


def minutes_of(hours_utc: str) -> set[int]:
    """The minutes of the day in the windows.

    Args:
        hours_utc: windows as above.
    """
    minutes: set[int] = set()
    for window in hours_utc.split(","):
        start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in window.strip().split("-"))
        minutes |= set(range(start, end)) if start <= end else {*range(start, DAY_MINUTES), *range(end)}
    return minutes


def text_of(minutes: Iterable[int]) -> str:
    """Minutes of the day as windows.

    Args:
        minutes: each from 0 to 1439.

    >>> text_of(set(range(24 * 60)) - minutes_of("01:00-04:00, 06:00-10:00"))
    '00:00-01:00, 04:00-06:00, 10:00-24:00'
    """
    held = set(minutes)
    starts = sorted(minute for minute in held if minute - 1 not in held)
    ends = sorted(minute + 1 for minute in held if minute + 1 not in held)
    return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in zip(starts, ends, strict=True))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
