from __future__ import annotations

import math
from datetime import date

import pytest

from benchmarks.price_paths import outcome
from pricing.outlook.paths import History
from pricing.outlook.windows import Track

DAY = date(2025, 11, 1)


def tracks(*later):
    """Prices of 1.0 for two years up to the day; each becomes one of `later` half a year after it, or goes where it is None."""
    days, read_until = (date(2023, 11, 1), date(2026, 5, 1)), date(2026, 11, 1)
    return [
        Track("s", f"m{number}", days[:1], (1.0,), days[1], read_until)
        if price is None
        else Track("s", f"m{number}", days, (1.0, price), None, read_until)
        for number, price in enumerate(later)
    ]


def test_prices_that_stayed_came_as_forecast():
    result = outcome("same-model", History(tracks(1.0, 1.0, 1.0), "jumps"), DAY, 12)
    assert ([1.0, 1.0, 1.0], 1.0, 0.0, 0.0) == (
        result.came,
        result.inside_fraction,
        result.error,
        result.gone_fraction,
    )
    # ln 1 − ln 0.2
    assert pytest.approx(math.log(5)) == result.belief_error


def test_what_came_later_is_not_in_the_forecast():
    # Before the day nothing moved, so the band is 1 to 1; one of four doubles and one is gone.
    result = outcome("same-model", History(tracks(1.0, 1.0, 2.0, None), "jumps"), DAY, 12)
    assert [1.0, 1.0, 2.0] == result.came
    assert (pytest.approx(2 / 3), 0.25) == (result.inside_fraction, result.gone_fraction)
    assert (1.0, 1.0, 0.0) == (result.path.p10_factor, result.path.p90_factor, result.path.rise_fraction)
