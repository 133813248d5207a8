from __future__ import annotations

import math
from datetime import date

import pytest

from pricing.outlook.windows import Track, Window, add_months, month_starts, windows

DOUBLED = Track("s", "m", (date(2024, 1, 1), date(2025, 1, 1)), (1.0, 2.0), None, date(2026, 1, 1))


def test_a_price_holds_from_its_day_until_the_next():
    assert [None, 1.0, 1.0, 2.0] == [
        DOUBLED.price_on(day) for day in (date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1))
    ]


def test_after_the_last_look_there_is_no_price():
    assert [2.0, None] == [DOUBLED.price_on(day) for day in (date(2026, 1, 1), date(2026, 1, 2))]


def test_from_the_day_it_is_gone_there_is_no_price():
    gone = DOUBLED._replace(gone_on=date(2025, 6, 1))
    assert [2.0, None] == [gone.price_on(day) for day in (date(2025, 5, 31), date(2025, 6, 1))]


def test_a_reading_goes_stale():
    monthly = DOUBLED._replace(fresh_days=45)
    assert [1.0, None] == [monthly.price_on(day) for day in (date(2024, 2, 15), date(2024, 2, 16))]


def test_a_model_that_doubled_once_in_24_months_has_13_windows_of_a_year_of_which_12_doubled():
    # Starts 2024-01 to 2025-01. The ends 2025-01 to 2025-12 see the price of 2.0 where the start saw 1.0;
    # the start 2025-01 saw 2.0 itself.
    found = windows([DOUBLED], until=date(2026, 1, 1))
    assert [math.log(2)] * 12 + [0.0] == [window.log_factor for window in found]
    assert Window("s", "m", date(2024, 1, 1), math.log(2)) == found[0]


def test_nothing_after_the_day_is_looked_at():
    # On 2024-12-31 the doubling of the next day is not known, and no year is over yet.
    assert windows([DOUBLED], until=date(2024, 12, 31)) == []
    assert [math.log(2)] == [window.log_factor for window in windows([DOUBLED], until=date(2025, 1, 31))]


def test_a_window_that_ends_after_the_model_is_gone_has_no_factor():
    gone = DOUBLED._replace(gone_on=date(2025, 3, 1))
    found = windows([gone], until=date(2026, 1, 1))
    # Ends 2025-01 and 2025-02 have a price; starts 2024-03 to 2025-01 find it gone; after that there is nothing to start from.
    assert [math.log(2)] * 2 + [None] * 11 == [window.log_factor for window in found]


def test_a_retirement_in_the_future_is_not_known_yet():
    gone = DOUBLED._replace(gone_on=date(2025, 3, 1))
    assert None not in [window.log_factor for window in windows([gone], until=date(2025, 2, 1))]


def test_a_window_without_a_fresh_reading_at_its_end_is_no_window():
    once = Track("landlord", "H100", (date(2024, 1, 1),), (2.0,), None, date(2026, 1, 1), 45)
    assert windows([once], until=date(2026, 1, 1)) == []


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 11, 15), 2, date(2026, 1, 15)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 12, 1), 0, date(2025, 12, 1)),
    ],
)
def test_months_are_calendar_months(day, months, expected):
    assert expected == add_months(day, months)


def test_a_first_of_the_month_is_its_own_start():
    assert [date(2025, 12, 1), date(2026, 1, 1)] == list(month_starts(date(2025, 12, 1), date(2026, 1, 31)))
