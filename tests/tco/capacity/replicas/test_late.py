from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.replicas.hours import Steps, kept_on, ready
from tco.capacity.replicas.late import late_fraction, sleeping
from tests.tco.capacity.replicas.minutes import by_minute, fluid, window

DAY = np.array([1, 1, 1, 2, 3, 7, 7, 4, 6, 6, 2, 5, 5, 1, 1, 1, 1, 2, 2, 9, 9, 3, 1, 1])


@pytest.mark.parametrize(
    ("start_up", "cool_down", "filled"), [(6, 0, 0.9), (20, 5, 0.8), (45, 30, 0.97), (90, 60, 0.99)]
)
def test_a_backlog_is_that_of_a_step_of_a_minute_at_a_time(start_up: int, cool_down: int, filled: float) -> None:
    load = filled * DAY
    stood = window(by_minute(DAY), cool_down, 0, np.max)
    capacity = window(stood, start_up, 0, np.min).astype(float)
    exact = late_fraction(load, ready(kept_on(DAY, cool_down / 60), start_up / 60), 1.0)

    # A minute in which the backlog ends is split by its own rate in the exact formula, and counted whole or by the rest in the plain one.
    assert fluid(by_minute(load), capacity).tolist() == pytest.approx(exact.tolist(), abs=1.1 / 60)


def test_one_ramp_by_hand() -> None:
    """From 4 to 8 requests/s with one replica of 5 ready and the second after 6 minutes.

    For 0.1 h wait (8 − 5) · 360 s = 1,080 requests; they are worked off at 10 − 8 = 2 a second in 540 s = 0.15 h. So for a quarter of the hour requests are late.
    """
    answering = Steps(starts=(0.0, 0.1), values=np.array([[1, 1], [1, 2]]))

    assert [0.0, 0.25] == pytest.approx(late_fraction(np.array([4.0, 8.0]), answering, 5.0).tolist())


def test_a_backlog_goes_over_midnight_of_sunday_into_monday() -> None:
    answering = Steps(starts=(0.0,), values=np.array([[3, 1]]))

    assert [0.5, 1.0] == pytest.approx(late_fraction(np.array([1.0, 2.0]), answering, 1.0).tolist())


def test_a_fleet_that_is_filled_to_the_last_bit_is_not_late() -> None:
    answering = Steps(starts=(0.0,), values=np.array([[1, 2, 3]]))
    load = np.array([0.1, 0.2, 0.1 + 0.2])

    assert [0.0, 0.0, 0.0] == late_fraction(load, answering, 0.1).tolist()


def test_hours_without_requests_have_none_that_are_late() -> None:
    answering = Steps(starts=(0.0,), values=np.array([[0, 0]]))

    assert [0.0, 0.0] == late_fraction(np.array([0.0, 0.0]), answering, 1.0).tolist()


def test_a_replica_that_sleeps_is_as_thirty_thousand_requests_drawn_one_by_one() -> None:
    """Poisson arrivals, 6 an hour; 10 minutes to start, 12 minutes of quiet before it stops."""
    rate, start, quiet = 6.0, 1 / 6, 0.2
    gaps = np.random.default_rng(7).exponential(1 / rate, 30_000)
    paid, late, ready_at, last = 0.0, 0, -1.0, -np.inf
    clock = 0.0
    for gap in gaps.tolist():
        clock += gap
        if clock > max(ready_at, last) + quiet:
            ready_at = clock + start
            paid += start + quiet
            late += 1
        elif clock < ready_at:
            late += 1
        else:
            paid += clock - max(ready_at, last)
        last = clock
    found = sleeping(np.array([rate / 3600]), start, quiet)

    assert paid / clock == pytest.approx(found.standing_fraction[0], rel=0.01)
    assert late / gaps.size == pytest.approx(found.late_fraction[0], rel=0.01)


def test_a_busy_replica_never_sleeps_and_an_unused_one_never_wakes() -> None:
    found = sleeping(np.array([1000.0, 0.0]), 0.1, 1.0)

    assert ([1.0, 0.0], [0.0, 0.0]) == (found.standing_fraction.tolist(), found.late_fraction.round(12).tolist())
