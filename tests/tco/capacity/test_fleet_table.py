"""Fleets of draws are looked up in a table: they must be those that each draw has alone."""

from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.fleet_table import MOST_STEPS, steps_up_to
from tco.capacity.replicas.needed import MAX_REPLICAS, replicas_for
from tco.register import with_value
from tco.workload.demand import demand
from tests.factories import OWN, RENT, replica, scenario

UPGRADED = {"upgrades": {"upgrades_per_month": 2}, "scaling": {"start_up_minutes": 10}}
FLEETS = {
    "fixed": (RENT, {}),
    "a commitment": (RENT, {"price": {"commitment": "reserved-1y"}}),
    "scheduled": (RENT, {"scaling": {"policy": "scheduled", "start_up_minutes": 20}}),
    "reactive": (RENT, {"scaling": {"policy": "reactive", "start_up_minutes": 5, "cool_down_minutes": 10}}),
    "upgraded": (RENT, UPGRADED),
    "owned": (OWN, {}),
    "owned and upgraded": (OWN, UPGRADED),
    "owned, with servers that fail": (OWN, {"failures": {"server_availability_fraction": 0.99}}),
}
BY_MONTH = ("replicas", "least_replicas", "paid_replicas", "serving_replicas", "surge_replica_hours", "servers")
VOLUMES = np.array([0.0, 900.0, 86_400 * 1.6, 86_400 * 3.2, 500_000.0, 3_000_000.0, 7_123_456.0])


def fleet(kind: str, requests_per_day, factor) -> Fleet:
    base, changes = FLEETS[kind]
    asked = scenario(
        options=[{**base, **changes, "availability_target_fraction": 0.999}],
        baseline=base["name"],
        workload__growth_per_month_fraction=0.05,
        workload__profile="office-hours",
        workload__batchable_fraction=0.1,
        workload__peak_headroom_fraction=0.2,
    )
    held = replica(asked, base["name"])
    asked = with_value(asked, "workload.requests_per_day", requests_per_day)
    asked = with_value(asked, f"options.{base['name']}.throughput_factor", factor)
    return size_fleet(asked.options[0], held, asked.workload, demand(asked))


@pytest.mark.parametrize("kind", FLEETS)
def test_a_draws_fleet_is_the_one_it_has_alone(kind):
    factors = np.linspace(0.7, 1.2, VOLUMES.size)
    many = fleet(kind, VOLUMES[:, None], factors[:, None])

    for row, (volume, factor) in enumerate(zip(VOLUMES.tolist(), factors.tolist(), strict=True)):
        alone = fleet(kind, volume, factor)
        for name in BY_MONTH:
            assert getattr(many, name)[row] == pytest.approx(getattr(alone, name)), (name, volume)
    assert not many.too_large.any()


def test_a_draw_beyond_any_fleet_is_told_and_the_others_are_served():
    many = fleet("fixed", np.array([[86_400.0], [1e13]]), np.ones((2, 1)))

    assert [False, True] == many.too_large.tolist()
    assert many.replicas[0] == pytest.approx(fleet("fixed", 86_400.0, 1.0).replicas)


def test_a_limit_of_ones_own_is_by_draw():
    asked = scenario(options=[{**RENT, "scaling": {"max_replicas": 5}}], baseline="rent")
    held = replica(asked, "rent")
    asked = with_value(asked, "workload.requests_per_day", np.array([[86_400.0], [20 * 86_400.0]]))

    assert [False, True] == size_fleet(asked.options[0], held, asked.workload, demand(asked)).too_large.tolist()


@pytest.mark.parametrize("weights", [np.array([1.0]), np.array([0.3, 1.0, 2.55]), np.linspace(0.1, 3, 24)])
def test_every_step_is_where_an_hour_needs_one_more(weights):
    steps = steps_up_to(40.0, weights)
    loads = np.random.default_rng(1).uniform(0, 40, 5000)

    table = replicas_for(steps.middles[:, None] * weights, 1.0)
    assert np.array_equal(replicas_for(loads[:, None] * weights, 1.0), table[steps.of(loads)])


def test_a_load_of_exactly_so_many_replicas_is_not_one_more():
    steps = steps_up_to(5.0, np.array([1.0]))

    assert [0.0, 1.0, 2.0, 3.0] == [
        float(replicas_for(steps.middles[at], 1.0)) for at in steps.of(np.array([0.0, 1.0, 2.0, 2.0 + 1e-6]))
    ]


def test_too_many_steps_are_taken_together_within_half_a_per_cent():
    weights = np.linspace(0.5, 2, 100)
    steps = steps_up_to(5_000.0, weights)
    loads = np.geomspace(1, 4_900, 300)
    found = replicas_for(steps.middles[steps.of(loads)][:, None] * weights, 1.0).mean(axis=1)

    assert steps.middles.size <= MOST_STEPS + 200
    assert found == pytest.approx(replicas_for(loads[:, None] * weights, 1.0).mean(axis=1), rel=6e-3)


def test_beyond_all_fleets_the_table_ends():
    assert steps_up_to(1e12, np.array([1.0])).middles.max() <= MAX_REPLICAS
