"""Means and ranges of days by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tco.usage.days import mean_per_day, spread_of

MONDAY = date(2026, 11, 2)


def test_a_second_monday_does_not_weigh_more_than_the_only_tuesday():
    dates = tuple(MONDAY + timedelta(days=n) for n in range(8))

    assert mean_per_day(dates, np.array([10.0, 1, 1, 1, 1, 1, 1, 20.0])) == pytest.approx((15 + 6) / 7)


def test_eight_days_have_the_range_of_two_weeks_that_overlap():
    assert spread_of(np.array([8.0, 1, 1, 1, 1, 1, 1, 15.0])) == (2.0, 3.0)


def test_shares_have_the_range_of_their_own_sums():
    above, below = np.array([1.0] * 7 + [8.0]), np.array([10.0] * 7 + [10.0])

    assert spread_of(above, below) == pytest.approx((0.1, 0.2))


def test_one_day_has_no_range_and_days_without_requests_are_left_out():
    assert spread_of(np.array([3.0])) is None
    assert spread_of(np.array([0.0, 6.0, 2.0]), np.array([0.0, 2.0, 1.0])) == (2.0, 3.0)
    assert spread_of(np.zeros(3), np.zeros(3)) is None
