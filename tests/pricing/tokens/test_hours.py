from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.tokens.hours import DAY_MINUTES, in_hours, minutes_of, text_of


@pytest.mark.parametrize(
    ("at", "inside"),
    [(time(0, 29), False), (time(0, 30), True), (time(16, 29), True), (time(16, 30), False)],
)
def test_the_first_minute_is_in_the_window_and_the_last_is_not(at, inside):
    assert in_hours(at, "00:30-16:30") is inside


def test_a_window_may_run_over_midnight_and_to_its_very_end():
    assert minutes_of("23:00-01:00") == {*range(23 * 60, 24 * 60), *range(60)}
    assert len(minutes_of("10:00-24:00")) == 14 * 60


@given(st.sets(st.integers(0, DAY_MINUTES - 1), min_size=1))
def test_minutes_written_as_windows_are_the_same_minutes(minutes):
    assert minutes_of(text_of(minutes)) == minutes
