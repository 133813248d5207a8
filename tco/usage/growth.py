"""How traffic grows from month to month, where there are three whole months at least."""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator
from datetime import date

import numpy as np
from scipy import stats

from tco.usage.days import Days, mean_per_day
from tco.usage.table import Floats

LEAST_MONTHS = 3

_LEAST, _MOST = -0.99, 1.0
_SURE_FRACTION = 0.95


def months_of(days: Days, values: Floats) -> list[tuple[str, float]]:
    """Mean of a day of each whole calendar month, by month, oldest first.

    Args:
        days: whole days.
        values: one a day, shape (days,).
    """
    return list(_months(days.dates, values))


def _months(dates: tuple[date, ...], values: Floats) -> Iterator[tuple[str, float]]:
    names = np.array([f"{day:%Y-%m}" for day in dates])
    for name in sorted(set(names.tolist())):
        mine = names == name
        year, month = int(name[:4]), int(name[5:])
        if int(mine.sum()) == calendar.monthrange(year, month)[1]:
            yield (
                name,
                mean_per_day(tuple(day for day, is_mine in zip(dates, mine, strict=True) if is_mine), values[mine]),
            )


def growth_per_month(months: list[tuple[str, float]]) -> tuple[float, float, float] | None:
    """Growth a month with its range: the slope of a straight line through the logarithms of the months, `exp(slope) − 1` [fraction].

    The range is the 95 % interval of the slope, cut to the smallest and largest change from one month to the next.

    Args:
        months: from `months_of`.

    Returns:
        `(value, low, high)`; None with fewer than three months, or one without traffic.

    >>> [round(number, 9) for number in growth_per_month([("2026-07", 100.0), ("2026-08", 110.0), ("2026-09", 121.0)])]
    [0.1, 0.1, 0.1]
    """
    levels = np.array([level for _, level in months])
    if levels.size < LEAST_MONTHS or (levels <= 0).any():
        return None
    line = stats.linregress(np.arange(levels.size), np.log(levels))
    slope = float(line.slope)
    half = float(stats.t.ppf((1 + _SURE_FRACTION) / 2, levels.size - 2)) * float(line.stderr)
    changes = np.diff(np.log(levels))
    value = math.expm1(slope)
    low = math.expm1(max(slope - half, min(slope, float(changes.min()))))
    high = math.expm1(min(slope + half, max(slope, float(changes.max()))))
    return tuple(min(_MOST, max(_LEAST, number)) for number in (value, low, high))  # type: ignore[return-value]
