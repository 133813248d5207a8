"""Requests that can wait: the demand bound against hand arithmetic and against serving hour by hour."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from tco.workload.batch import least_capacity_weight, served_by_hour
from tco.workload.profiles import Weights

ONE_HOUR = (168.0, *(0.0,) * 167)


@pytest.mark.parametrize(("deadline", "expected"), [(1, 168.0), (2, 84.0), (24, 7.0), (168, 1.0)])
def test_all_work_of_one_hour_is_spread_over_its_deadline(deadline: int, expected: float) -> None:
    assert pytest.approx(expected) == least_capacity_weight(ONE_HOUR, 1.0, deadline)


def test_half_that_cannot_wait_needs_its_own_hour() -> None:
    assert least_capacity_weight(ONE_HOUR, 0.5, 24) == pytest.approx(84.0)


def test_flat_traffic_needs_the_mean_whatever_may_wait() -> None:
    assert least_capacity_weight((1.0,) * 168, 0.7, 24) == pytest.approx(1.0)


def misses_a_deadline(weights: tuple[float, ...], batch: float, deadline: int, capacity: float) -> bool:
    """Serves three weeks hour by hour, urgent first, then the oldest that waits."""
    backlog: deque[list[float]] = deque()
    for hour in range(3 * 168):
        backlog.append([hour, batch * weights[hour % 168]])
        room = capacity - (1 - batch) * weights[hour % 168]
        if room < -1e-9:
            return True
        while backlog and room > 0:
            done = min(room, backlog[0][1])
            backlog[0][1] -= done
            room -= done
            if backlog[0][1] > 1e-12:
                break
            backlog.popleft()
        if backlog and backlog[0][1] > 1e-9 and hour >= backlog[0][0] + deadline - 1:
            return True
    return False


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_is_the_least_capacity_with_which_no_deadline_is_missed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = Weights.from_profile(rng.gamma(0.5, size=168).tolist()).values
    batch, deadline = float(rng.uniform(0.1, 1.0)), int(rng.integers(2, 60))
    least = least_capacity_weight(weights, batch, deadline)
    assert not misses_a_deadline(weights, batch, deadline, least * 1.0001)
    assert least == 1.0 or misses_a_deadline(weights, batch, deadline, least * 0.995)


def test_what_is_served_in_a_week_is_what_came() -> None:
    office = Weights.from_profile("office-hours").values
    least = least_capacity_weight(office, 0.5, 24)
    served = served_by_hour(office, 0.5, least)
    assert served.sum() == pytest.approx(168.0)
    assert served.max() == pytest.approx(least)


def test_without_waiting_work_hours_serve_what_comes() -> None:
    office = Weights.from_profile("office-hours").values
    assert served_by_hour(office, 0.0, max(office)).tolist() == pytest.approx(list(office))
