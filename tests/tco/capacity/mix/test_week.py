"""Reserved beside hourly machines over the hours of a week, and the front of cost against latency."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tco.capacity.mix import Bucket, MachineType, Promise, cheapest_mix, cheapest_week, pareto_front
from tco.errors import InputError
from tco.workload.profiles import Weights

ONE = [Bucket(name="all", requests_per_s=1.0)]


def machine(hourly: float, reserved: float | None, **more: object) -> MachineType:
    return MachineType(name="m", price_usd_per_hour=hourly, reserved_usd_per_hour=reserved, **more)  # type: ignore[arg-type]


def test_one_type_reserves_up_to_the_level_that_is_used_often_enough():
    """The newsvendor's rule: reserve level k while its share of hours in use is at least reserved over hourly price."""
    factors = Weights.from_profile("office-hours").values
    demand = np.ceil(np.array(factors) * 10.0 - 1e-9).astype(int)
    week = cheapest_week([Bucket(name="all", requests_per_s=10.0)], [machine(3.0, 1.4)], [[1.0]], factors)
    best = min(
        168 * 1.4 * base + 3.0 * int(np.maximum(demand - base, 0).sum()) for base in range(int(demand.max()) + 1)
    )
    assert pytest.approx(best) == week.cost_usd
    used = [(demand >= level).mean() for level in range(1, demand.max() + 1)]
    assert sum(share >= 1.4 / 3.0 for share in used) == week.uses[0].reserved
    assert demand.tolist() == [week.uses[0].reserved + extra for extra in week.uses[0].hourly]


def test_all_hourly_and_all_reserved_are_the_two_ends():
    factors = [1.0] * 100 + [3.0] * 68
    week = cheapest_week(ONE, [machine(2.0, 1.0)], [[1.0]], factors)
    assert 2.0 * (100 + 3 * 68) == week.hourly_only_usd
    assert 1.0 * 168 * 3 == week.reserved_only_usd
    # 1 reserved + 2 hourly in 68 hours: 168 + 272 = 440
    assert 440.0 == week.cost_usd


def test_a_week_of_equal_hours_is_168_times_the_cheapest_mix():
    buckets = [Bucket(name="a", requests_per_s=7.0), Bucket(name="b", requests_per_s=2.0)]
    machines = [MachineType(name="x", price_usd_per_hour=1.0), MachineType(name="y", price_usd_per_hour=2.7)]
    goodput = [[2.0, 4.0], [0.5, 3.0]]
    hour = cheapest_mix(buckets, machines, goodput)
    week = cheapest_week(buckets, machines, goodput, np.ones(168))
    assert pytest.approx(168 * hour.cost_usd_per_hour) == week.cost_usd
    assert week.reserved_only_usd is None
    assert week.cost_usd == week.hourly_only_usd


@pytest.mark.parametrize("seed", range(3))
def test_two_types_over_three_kinds_of_hours_cost_what_trying_all_fleets_finds(seed):
    rng = np.random.default_rng(seed)
    rates, goodput = rng.uniform(0.5, 2.0, 2), rng.uniform(0.8, 3.0, (2, 2))
    machines = [
        MachineType(name="x", price_usd_per_hour=2.0, reserved_usd_per_hour=1.0),
        MachineType(name="y", price_usd_per_hour=5.0, reserved_usd_per_hour=2.4),
    ]
    factors, hours = np.array([0.4, 1.0, 1.9]), np.array([80, 60, 28])
    week = cheapest_week(
        [Bucket(name=f"{i}", requests_per_s=rate) for i, rate in enumerate(rates)],
        machines,
        goodput,
        np.repeat(factors, hours),
    )
    most = [math.ceil((1.9 * rates / goodput[:, j]).sum()) for j in range(2)]
    best = min(
        168 * (base[0] * 1.0 + base[1] * 2.4)
        + sum(n * cheapest_beside(base, f * rates, goodput) for f, n in zip(factors, hours, strict=True))
        for base in itertools.product(*(range(m + 1) for m in most))
    )
    assert pytest.approx(best) == week.cost_usd


def cheapest_beside(base, rates, goodput):
    """Hourly machines of 2 and 5 USD beside those that stand, by trying all; what fits is checked by filling the better type first."""
    most = [math.ceil((rates / goodput[:, j]).sum()) for j in range(2)]
    extras = sorted(itertools.product(*(range(m + 1) for m in most)), key=lambda extra: 2 * extra[0] + 5 * extra[1])
    return next(2.0 * a + 5.0 * b for a, b in extras if fits(rates, goodput, base[0] + a, base[1] + b))


def fits(rates, goodput, x, y):
    """Two types: the most work in x goes to it in the order of its advantage; what is left must fit y."""
    left_x, load_y = float(x), 0.0
    for i in np.argsort(goodput[:, 1] / goodput[:, 0]):
        on_x = min(1.0, left_x * goodput[i, 0] / rates[i])
        left_x -= on_x * rates[i] / goodput[i, 0]
        load_y += (1 - on_x) * rates[i] / goodput[i, 1]
    return load_y <= y + 1e-9


def test_workloads_that_peak_at_different_hours_share_machines():
    buckets = [Bucket(name="day", requests_per_s=4.0), Bucket(name="night", requests_per_s=4.0)]
    factors = np.array([[1.0, 0.0]] * 12 + [[0.0, 1.0]] * 12)
    week = cheapest_week(buckets, [machine(3.0, 1.0)], [[1.0], [1.0]], factors)
    assert (4, 24 * 4.0) == (week.uses[0].reserved, week.cost_usd)


def test_spares_are_paid_in_all_hours_at_the_cheaper_price():
    week = cheapest_week(ONE, [machine(3.0, 1.0, spares=1)], [[1.0]], [1.0] * 3 + [2.0])
    # reserved 1 + spare 1 for 4 hours at 1, and 1 by the hour in the last hour at 3
    assert (1, 1, 4 + 4 + 3.0) == (week.uses[0].reserved, week.uses[0].spares, week.cost_usd)


def test_the_stock_counts_reserved_hourly_and_spares_together():
    week = cheapest_week(ONE, [machine(3.0, 1.0, spares=1, max_count=2)], [[1.0]], [1.0, 2.0])
    assert not week.feasible
    assert "2 can be had" in week.reasons[0]


def test_what_no_type_serves_is_named():
    assert ("all",) == cheapest_week(ONE, [machine(3.0, 1.0)], [[0.0]], [1.0]).unservable


@pytest.mark.parametrize(
    ("factors", "sentence"), [([], "shape"), ([[1.0, 2.0]], "shape"), ([-1.0], "negative"), ([math.nan], "negative")]
)
def test_factors_that_are_none_are_refused(factors, sentence):
    with pytest.raises(InputError, match=sentence):
        cheapest_week(ONE, [machine(1.0, None)], [[1.0]], factors)


def test_the_front_keeps_what_no_tighter_promise_offers_as_cheaply():
    machines = [MachineType(name="slow", price_usd_per_hour=1.0), MachineType(name="fast", price_usd_per_hour=4.0)]
    promises = [
        Promise(latency_ms=1000.0, goodput_requests_per_s=[[2.0, 5.0]]),
        Promise(latency_ms=100.0, goodput_requests_per_s=[[0.0, 0.0]]),
        Promise(latency_ms=500.0, goodput_requests_per_s=[[2.0, 4.5]]),
        Promise(latency_ms=200.0, goodput_requests_per_s=[[0.0, 2.0]]),
    ]
    front = pareto_front([Bucket(name="all", requests_per_s=10.0)], machines, promises)
    assert [(100.0, None, False), (200.0, 20.0, True), (500.0, 5.0, True), (1000.0, 5.0, False)] == [
        (point.latency_ms, point.mix.cost_usd_per_hour, point.is_on_front) for point in front
    ]
    assert [{}, {"fast": 5}, {"slow": 5}, {"slow": 5}] == [point.mix.counts for point in front]


def test_a_front_needs_different_promises():
    one = Promise(latency_ms=100.0, goodput_requests_per_s=[[1.0]])
    with pytest.raises(InputError, match="same latency"):
        pareto_front(ONE, [machine(1.0, None)], [one, one])
    with pytest.raises(InputError, match="no promise"):
        pareto_front(ONE, [machine(1.0, None)], [])
    with pytest.raises(InputError, match="above 0"):
        Promise(latency_ms=0.0, goodput_requests_per_s=[[1.0]])
