"""Price tracks and the windows cut from them: what a price became after so many months, or that it was gone."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

MONTHS_PER_YEAR = 12


class Track(NamedTuple):
    """The dated prices of one thing at one seller.

    Attributes:
        seller: who sells it; for a market series, what the series is called.
        item: what is sold.
        days: the days of `prices`, in order.
        prices: the price from each day on [USD].
        gone_on: the day from which it is no longer sold, if known.
        read_until: the last day on which anybody looked.
        fresh_days: a price counts so many days after its reading; null: until the next one.
    """

    seller: str
    item: str
    days: tuple[date, ...]
    prices: tuple[float, ...]
    gone_on: date | None
    read_until: date
    fresh_days: int | None = None

    def price_on(self, day: date) -> float | None:
        """The price on a day [USD]; null before the first reading, after the last, and where no reading is fresh."""
        place = bisect_right(self.days, day) - 1
        if place < 0 or day > self.read_until or self.is_gone(day):
            return None
        if self.fresh_days is not None and (day - self.days[place]).days > self.fresh_days:
            return None
        return self.prices[place]

    def is_gone(self, day: date) -> bool:
        """Whether it is known to be no longer sold on a day."""
        return self.gone_on is not None and day >= self.gone_on


class Window(NamedTuple):
    """One price at the two ends of a span.

    Attributes:
        seller: who sells it.
        item: what is sold.
        start: the first day.
        log_factor: ln(price at the end / price at the start); null where it was gone by then.
    """

    seller: str
    item: str
    start: date
    log_factor: float | None


def windows(tracks: Iterable[Track], *, until: date, months: int = MONTHS_PER_YEAR) -> list[Window]:
    """Every span of so many months that begins on the first of a month and is over by a day.

    Args:
        tracks: the prices.
        until: nothing after this day is looked at, as if it were not known yet.
        months: length of a span.
    """
    found: list[Window] = []
    for track in tracks:
        for start in month_starts(track.days[0], until):
            end = add_months(start, months)
            if end > min(until, track.read_until):
                break
            before = track.price_on(start)
            if before is None:
                continue
            after = track.price_on(end)
            if after is not None:
                found.append(Window(track.seller, track.item, start, math.log(after / before)))
            elif track.is_gone(end):
                found.append(Window(track.seller, track.item, start, None))
    return found


def month_starts(first: date, last: date) -> Iterator[date]:
    """The first days of months from a day to another.

    >>> [day.isoformat() for day in month_starts(date(2025, 11, 15), date(2026, 1, 1))]
    ['2025-12-01', '2026-01-01']
    """
    day = first if first.day == 1 else add_months(first.replace(day=1), 1)
    while day <= last:
        yield day
        day = add_months(day, 1)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it is shorter.

    >>> add_months(date(2025, 1, 31), 1), add_months(date(2026, 3, 1), -4)
    (datetime.date(2025, 2, 28), datetime.date(2025, 11, 1))
    """
    place = day.year * MONTHS_PER_YEAR + day.month - 1 + months
    return min(_first(place) + timedelta(days=day.day - 1), _first(place + 1) - timedelta(days=1))


def _first(place: int) -> date:
    return date(place // MONTHS_PER_YEAR, place % MONTHS_PER_YEAR + 1, 1)
