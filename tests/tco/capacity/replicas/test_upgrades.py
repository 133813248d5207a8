from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.replicas.upgrades import Rollout, extra_replicas, surge_replica_hours

OFFICE = np.array([[4 if 8 <= hour % 24 < 18 else 2 for hour in range(168)]])
"""Fourteen quiet hours in a row that need two of four."""


def rollout(**changes: float) -> Rollout:
    return Rollout(**({"per_month": 2, "max_surge": 1, "max_unavailable": 0, "start_up_hours": 0.25} | changes))


def test_one_at_a_time_beside_the_fleet_is_paid_for_as_long_as_it_takes() -> None:
    """Four replicas, a quarter of an hour each, twice a month: two replica-hours."""
    extra = extra_replicas(rollout(), np.array([4.0]), OFFICE)

    assert ([1.0], [2.0]) == (extra.tolist(), surge_replica_hours(rollout(), np.array([4.0]), extra).tolist())


def test_what_may_miss_costs_nothing_in_quiet_hours() -> None:
    none = rollout(max_surge=0, max_unavailable=2)

    assert [0.0] == extra_replicas(none, np.array([4.0]), OFFICE).tolist()


@pytest.mark.parametrize(
    ("changes", "hours", "expected"),
    [
        ({"max_unavailable": 3}, OFFICE, 3.0),  # only two are idle
        ({"max_unavailable": 1, "start_up_hours": 4}, OFFICE, 1.0),  # sixteen hours, and fourteen are quiet
        ({"max_unavailable": 1, "start_up_hours": 100}, OFFICE, 1.0),  # longer than a week
        ({"max_unavailable": 1}, None, 1.0),  # a fleet that follows the load has no idle hours
    ],
)
def test_what_may_miss_is_replaced_where_nothing_is_idle(
    changes: dict, hours: np.ndarray | None, expected: float
) -> None:
    assert [expected] == extra_replicas(rollout(max_surge=0, **changes), np.array([4.0]), hours).tolist()


def test_a_month_without_replicas_needs_none() -> None:
    extra = extra_replicas(rollout(), np.array([0.0, 4.0]), np.concatenate([0 * OFFICE, OFFICE]))

    assert [0.0, 1.0] == extra.tolist()
