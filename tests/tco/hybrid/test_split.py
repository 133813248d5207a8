from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

from tco.hybrid.split import Week, batch_served, served, split
from tco.hybrid.split import _table as table
from tco.workload.batch import least_capacity_weight
from tco.workload.profiles import HOURS_PER_WEEK, PROFILE_NAMES, Weights

NONE = np.asarray(0.0)


def week(profile: str, batch: float = 0.0, deadline: int = 24, headroom: float = 0.2) -> Week:
    weights = Weights.from_profile(profile).values
    return Week(weights=weights, batch_fraction=batch, deadline_hours=deadline, headroom_fraction=headroom)


def peak_of(asked: Week) -> float:
    urgent = (1 - asked.batch_fraction) * max(asked.weights) * (1 + asked.headroom_fraction)
    return max(urgent, least_capacity_weight(asked.weights, asked.batch_fraction, asked.deadline_hours))


def most_by_linear_program(asked: Week, capacity: float) -> float:
    """The largest share of a repeating week that can be served in time, whatever the order: an oracle that knows no queue."""
    hours, batch = HOURS_PER_WEEK, asked.batch_fraction
    weights, slots = np.array(asked.weights), min(asked.deadline_hours, HOURS_PER_WEEK)
    rows, limits = sp.lil_matrix((2 * hours, hours * (1 + slots))), np.zeros(2 * hours)
    for hour in range(hours):
        rows[hour, hour], limits[hour] = 1, capacity
        limits[hours + hour] = batch * weights[hour]
        for later in range(slots):
            column = hours + hour * slots + later
            rows[(hour + later) % hours, column] = rows[hours + hour, column] = 1
    promised = capacity / (1 + asked.headroom_fraction)
    bounds = [(0, min((1 - batch) * weight, promised)) for weight in weights] + [(0, None)] * (hours * slots)
    found = linprog(-np.ones(len(bounds)), A_ub=rows.tocsr(), b_ub=limits, bounds=bounds, method="highs")
    return float(-found.fun) / hours


def test_two_hours_by_hand() -> None:
    """Half the hours at 0.5 and half at 1.5; a base of 1 with no headroom serves 0.5 and 1."""
    asked = Week(weights=(0.5, 1.5) * 84, batch_fraction=0.0, deadline_hours=24, headroom_fraction=0.0)

    assert served(asked, np.array([0.25, 1.0, 1.5])).urgent == pytest.approx([0.25, 0.75, 1.0])
    # With a quarter of headroom the base of 1 promises 0.8.
    assert served(replace(asked, headroom_fraction=0.25), np.array([1.0])).urgent == pytest.approx([0.65])


def test_what_can_wait_is_served_at_night_by_hand() -> None:
    """All of it can wait an hour past its own: 1.5 comes in every second hour, so a base of 1 serves it over two."""
    asked = Week(weights=(0.5, 1.5) * 84, batch_fraction=1.0, deadline_hours=2, headroom_fraction=0.0)

    assert served(asked, np.array([1.0])).batch == pytest.approx([1.0])
    # With a deadline of the hour itself nothing can be moved.
    assert served(replace(asked, deadline_hours=1), np.array([1.0])).batch == pytest.approx([0.75])


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize(("batch", "deadline"), [(0.3, 24), (0.5, 4), (0.2, 1), (1.0, 12)])
def test_no_order_serves_more_than_this_one(profile: str, batch: float, deadline: int) -> None:
    asked = week(profile, batch, deadline)
    for capacity in (0.4, 1.0, 1.6):
        found = served(asked, np.array([capacity]))

        assert float(found.urgent[0] + found.batch[0]) == pytest.approx(
            most_by_linear_program(asked, capacity), abs=1e-9
        )


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize(("batch", "deadline"), [(0.0, 24), (0.3, 24), (0.6, 300), (1.0, 168)])
def test_the_capacity_that_a_fleet_is_sized_for_serves_all_and_a_little_less_does_not(
    profile: str, batch: float, deadline: int
) -> None:
    asked = week(profile, batch, deadline)
    peak = peak_of(asked)
    base = split(asked, np.array([0.0, 0.99 * peak, peak, 2 * peak, np.inf]), NONE).base

    assert base[0] == 0
    assert base[1] < 1 - 1e-6
    assert base[2:].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("batch", "deadline"), [(0.3, 24), (0.5, 4), (0.6, 300)])
def test_many_draws_are_looked_up_in_a_table_of_the_same_function(batch: float, deadline: int) -> None:
    asked = week("office-hours", batch, deadline)
    knots, values = table(asked)
    capacity = np.random.default_rng(1).uniform(0, 4, 2_000)

    assert np.interp(capacity, knots, values) == pytest.approx(batch_served(asked, capacity), abs=1e-6)
    many = np.tile(capacity, 20)
    assert served(asked, many).batch == pytest.approx(np.tile(served(asked, capacity).batch, 20), abs=1e-6)


def test_the_overflow_holds_what_is_left_of_each_kind() -> None:
    asked = week("office-hours", 0.3, 4)
    capacity = np.array([0.0, 0.5, 1.0, 1.5])
    kept, parts = served(asked, capacity), split(asked, capacity, NONE)

    assert parts.base + parts.overflow == pytest.approx(np.ones(4))
    assert parts.overflow * parts.overflow_batch == pytest.approx(0.3 - kept.batch)
    assert parts.overflow * (1 - parts.overflow_batch) == pytest.approx(0.7 - kept.urgent)


def test_sensitive_requests_that_can_wait_never_leave() -> None:
    asked = week("office-hours", 0.5, 2)
    capacity = np.array([0.6 * peak_of(asked)])
    free, kept = split(asked, capacity, NONE), split(asked, capacity, np.asarray(0.6))

    assert float(kept.base[0]) == float(free.base[0])
    assert float(kept.overflow[0] * kept.overflow_batch[0]) <= 0.4 * 0.5 + 1e-12
    assert float(split(asked, capacity, np.asarray(1.0)).overflow_batch[0]) == 0


def test_any_shape_of_capacities_is_answered_cell_by_cell() -> None:
    asked = week("consumer-evening", 0.2)
    capacity = np.random.default_rng(2).uniform(0, 3, (3, 5, 4))
    found = split(asked, capacity, NONE)

    for at in np.ndindex(capacity.shape):
        alone = split(asked, capacity[at][None], NONE)
        assert float(found.base[at]) == pytest.approx(float(alone.base[0]), abs=1e-12)
