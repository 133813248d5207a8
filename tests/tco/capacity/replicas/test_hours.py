from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.replicas.hours import kept_on, ready, started_ahead
from tests.tco.capacity.replicas.minutes import by_minute, mean_by_hour, window

DAY = np.array([1, 1, 1, 2, 3, 7, 7, 4, 6, 6, 2, 5, 5, 1, 1, 0, 0, 2, 2, 9, 9, 3, 1, 1])


@pytest.mark.parametrize("minutes", [0, 7, 30, 59, 60, 61, 150, 24 * 60])
def test_starting_ahead_is_the_most_of_the_minutes_that_come(minutes: int) -> None:
    counts = by_minute(DAY)
    reach = window(counts, 0, minutes, np.max)

    assert mean_by_hour(reach).tolist() == pytest.approx(started_ahead(DAY, minutes / 60).tolist())


@pytest.mark.parametrize("minutes", [0, 7, 30, 59, 60])
def test_keeping_on_is_the_most_of_the_minutes_before(minutes: int) -> None:
    reach = window(by_minute(DAY), minutes, 0, np.max)

    assert mean_by_hour(reach).tolist() == pytest.approx(kept_on(DAY, minutes / 60).mean.tolist())


@pytest.mark.parametrize("cool_down", [0, 5, 40, 60])
@pytest.mark.parametrize("start_up", [0, 3, 20, 45, 75, 180])
def test_ready_is_the_fewest_of_the_minutes_that_the_start_took(start_up: int, cool_down: int) -> None:
    stood = window(by_minute(DAY), cool_down, 0, np.max)
    answering = window(stood, start_up, 0, np.min)
    found = ready(kept_on(DAY, cool_down / 60), start_up / 60)

    assert mean_by_hour(answering).tolist() == pytest.approx(found.mean.tolist())


def test_a_start_of_six_minutes_pays_a_tenth_of_an_hour_more_for_each_replica_that_is_added() -> None:
    """Up from 1 to 3 once a day: 2 replicas, 0.1 h."""
    counts = np.array([1] * 8 + [3] * 10 + [1] * 6)

    assert started_ahead(counts, 0.1).sum() - counts.sum() == pytest.approx(0.2)


def test_a_gap_shorter_than_the_start_is_stood_through() -> None:
    assert [3, 3, 3, 3] == started_ahead(np.array([3, 1, 3, 3]), 1.0).tolist()


def test_months_are_apart() -> None:
    both = np.stack([DAY, DAY[::-1]])

    assert [started_ahead(DAY, 0.4).tolist(), started_ahead(DAY[::-1], 0.4).tolist()] == started_ahead(
        both, 0.4
    ).tolist()


def test_a_flat_week_changes_nothing() -> None:
    flat = np.full(168, 4)
    kept = kept_on(flat, 0.3)

    assert {4.0} == {*started_ahead(flat, 2.7).tolist(), *kept.mean.tolist(), *ready(kept, 1.7).mean.tolist()}
