"""Whole days of usage: which there are, what each held, and how much a day may differ from the mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from tco.usage.table import SECONDS_PER_HOUR, Floats, Ints, Usage

WEEK_DAYS = 7
LEVEL_DAYS = 28
"""The newest whole days that say how much traffic there is: four weeks, so that each weekday counts alike."""

_HOURS_PER_DAY = 24


class Moments(NamedTuple):
    """Where each cell of a table stands on its clock.

    Attributes:
        day: days since 1970, shape (cells,).
        hour_of_week: Monday 00:00 is 0, shape (cells,).
    """

    day: Ints
    hour_of_week: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Days:
    """Days that lie wholly within the files.

    Attributes:
        dates: one after the other, without a gap.
        requests: that were answered, shape (days,).
        input_tokens: all input [tokens], likewise.
        output_tokens: all output [tokens], likewise.
        cache_read_tokens: input that a cache answered [tokens], likewise.
    """

    dates: tuple[date, ...]
    requests: Floats
    input_tokens: Floats
    output_tokens: Floats
    cache_read_tokens: Floats

    def last(self, count: int) -> Days:
        """The newest of them, at most so many."""
        return Days(
            dates=self.dates[-count:],
            requests=self.requests[-count:],
            input_tokens=self.input_tokens[-count:],
            output_tokens=self.output_tokens[-count:],
            cache_read_tokens=self.cache_read_tokens[-count:],
        )


def moments_of(usage: Usage) -> Moments:
    """Day and hour of the week of each cell, on the clock of the table."""
    hours, place = np.unique(usage.cell_hour, return_inverse=True)
    # The clock is worked out of all cells.
    clock = usage.clock
    local = [datetime.fromtimestamp(hour * SECONDS_PER_HOUR, clock) for hour in hours.tolist()]
    day = np.array([moment.date().toordinal() for moment in local], dtype=np.int64)
    week = np.array([moment.weekday() * _HOURS_PER_DAY + moment.hour for moment in local], dtype=np.int64)
    return Moments(day[place], week[place])


def whole_days(usage: Usage) -> Days:
    """The days that lie wholly within the files, with what each held.

    A file of single requests does not say when its recording began: its first and last day count only where a request came in their first and last hour, or where the user says which days it
    covers.

    Args:
        usage: by hour, or by day.
    """
    dates = _dates(usage)
    if not dates:
        none = np.zeros(0)
        return Days(dates=(), requests=none, input_tokens=none, output_tokens=none, cache_read_tokens=none)
    place = moments_of(usage).day - dates[0].toordinal()
    inside = (place >= 0) & (place < len(dates))

    def by_day(values: Floats) -> Floats:
        return np.asarray(np.bincount(place[inside], weights=values[inside], minlength=len(dates)))

    return Days(
        dates=dates,
        requests=by_day(usage.cells[:, 0]),
        input_tokens=by_day(usage.input_tokens),
        output_tokens=by_day(usage.output_tokens),
        cache_read_tokens=by_day(usage.cells[:, 3]),
    )


def _dates(usage: Usage) -> tuple[date, ...]:
    if usage.grain == "day":
        # Buckets of a day are days of UTC; a span that the user gave on another clock is meant for these.
        first, end = round(usage.first_hour / _HOURS_PER_DAY), round(usage.end_hour / _HOURS_PER_DAY)
        return tuple(date(1970, 1, 1) + timedelta(days=number) for number in range(first, end))
    clock = usage.clock
    first_day = datetime.fromtimestamp(usage.first_hour * SECONDS_PER_HOUR, UTC).astimezone(clock).date()
    last_day = datetime.fromtimestamp(usage.end_hour * SECONDS_PER_HOUR, UTC).astimezone(clock).date()
    starts = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1)]
    hours = [
        datetime(day.year, day.month, day.day, tzinfo=clock).timestamp() / SECONDS_PER_HOUR
        for day in [*starts, last_day + timedelta(days=1)]
    ]
    return tuple(
        day
        for day, begin, end in zip(starts, hours, hours[1:], strict=False)
        if begin >= usage.first_hour and end <= usage.end_hour
    )


def mean_per_day(dates: tuple[date, ...], values: Floats) -> float:
    """Mean of a day in which every weekday that is there counts alike: `mean over weekdays of the mean of that weekday`.

    Of whole weeks it is the plain mean; of ten days, a second Monday does not weigh more than the only Thursday.

    Args:
        dates: of the values.
        values: one a day, shape (days,).

    >>> monday = date(2026, 11, 2)
    >>> mean_per_day((monday, monday + timedelta(days=1), monday + timedelta(days=7)), np.array([10.0, 40.0, 30.0]))
    30.0
    """
    weekday = np.array([day.weekday() for day in dates])
    return float(np.mean([values[weekday == number].mean() for number in sorted(set(weekday.tolist()))]))


def spread_of(values: Floats, per: Floats | None = None) -> tuple[float, float] | None:
    """Smallest and largest mean of seven days in a row; of fewer than eight days, of single days.

    So a quiet weekend does not look like doubt about the mean of a week.

    Args:
        values: one a day, shape (days,).
        per: what they are divided by, likewise; None: by the number of days. Spans in which it is 0 are left out.

    Special cases: None where there is only one day, or nothing to divide by.

    >>> spread_of(np.array([7.0] * 7 + [14.0]))
    (7.0, 8.0)
    """
    length = WEEK_DAYS if values.size > WEEK_DAYS else 1
    if values.size < 2:  # noqa: PLR2004 - one day has no spread
        return None
    window = np.ones(length)
    above = np.convolve(values, window, mode="valid")
    below = np.full(above.shape, float(length)) if per is None else np.convolve(per, window, mode="valid")
    ratios = above[below > 0] / below[below > 0]
    return (float(ratios.min()), float(ratios.max())) if ratios.size else None
