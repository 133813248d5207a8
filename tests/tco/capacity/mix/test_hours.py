"""Fleets that stand in all hours: which hours decide, and what such a fleet costs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tco.capacity.mix import Bucket, MachineType, balanced, busiest_hours, cheapest_mix, on_front, rounded_hours
from tco.capacity.mix import cheapest_week as week
from tco.errors import InputError
from tco.workload.profiles import Weights


def asked(*rates: float) -> list[Bucket]:
    return [Bucket(name=f"b{i}", requests_per_s=rate) for i, rate in enumerate(rates)]


def types(*prices: float, **more: object) -> list[MachineType]:
    return [MachineType(name=f"t{j}", price_usd_per_hour=price, **more) for j, price in enumerate(prices)]  # type: ignore[arg-type]


def test_one_profile_has_one_busiest_hour():
    office = np.asarray(Weights.from_profile("office-hours").values)
    found = busiest_hours(office)
    assert 1 == found.size
    assert office.max() == office[found[0]]


def test_an_hour_that_asks_for_less_of_everything_does_not_decide():
    # Hour 2 is below hour 0 in both; hours 0 and 1 each ask for more of one thing.
    assert [0, 1] == busiest_hours([[1.0, 0.5], [0.2, 1.0], [1.0, 0.4]]).tolist()


def test_rounding_keeps_the_largest_and_never_lowers():
    rng = np.random.default_rng(3)
    factors = rng.random((168, 2)) * [1.0, 7.0]
    rounded = rounded_hours(factors)
    assert np.all(rounded >= factors - 1e-12)
    assert np.all(rounded - factors <= factors.max(axis=0) / 50 + 1e-12)
    assert factors.max(axis=0).tolist() == rounded.max(axis=0).tolist()
    assert len(np.unique(rounded[:, 0])) <= 50


def test_a_column_of_nothing_stays_nothing():
    assert [[0.0, 1.0]] == rounded_hours([[0.0, 1.0]]).tolist()


def test_machines_that_two_peaks_share_stand_once():
    # By day 4 replicas of work from one, by night 4 from the other; apart 8, together 4.
    together = cheapest_mix(asked(4.0, 4.0), types(2.0), [[1.0], [1.0]], hour_factors=[[1.0, 0.0], [0.0, 1.0]])
    assert {"t0": 4} == together.counts
    assert 8.0 == together.cost_usd_per_hour
    assert 8.0 == together.bound_usd_per_hour
    assert [[4.0, 0.0], [0.0, 4.0]] == sorted(hour.requests_per_s.tolist() for hour in together.hours)[::-1]
    assert 16.0 == cheapest_mix(asked(4.0, 4.0), types(2.0), [[1.0], [1.0]]).cost_usd_per_hour


@pytest.mark.parametrize("seed", range(4))
def test_a_fleet_for_two_hours_costs_what_trying_all_fleets_finds(seed):
    rng = np.random.default_rng(seed)
    goodput, rates, prices = rng.uniform(0.5, 4, (2, 2)), rng.uniform(1, 4, 2), rng.uniform(1, 3, 2)
    hours = [[1.0, 0.3], [0.2, 1.0]]
    found = cheapest_mix(asked(*rates), types(*prices), goodput, hour_factors=hours)

    def serves(counts):
        # Two buckets, two types: all shares of the first on a grid that holds the corner points of the linear program.
        for factors in hours:
            load = np.array(factors)[:, None] * rates[:, None] / goodput
            if not any(
                load[0, 0] * a + load[1, 0] * b <= counts[0] + 1e-9
                and load[0, 1] * (1 - a) + load[1, 1] * (1 - b) <= counts[1] + 1e-9
                for a in corners(load[0, 0], counts[0], load[0, 1], counts[1], load[1])
                for b in (0.0, 1.0, *limits(load, a, counts))
            ):
                return False
        return True

    def corners(own, count, other, others, second):
        values = [
            0.0,
            1.0,
            count / own,
            1 - others / other,
            (count - second[0]) / own,
            1 - (others - second[1]) / other,
        ]
        return [value for value in values if 0 <= value <= 1]

    def limits(load, a, counts):
        values = [(counts[0] - load[0, 0] * a) / load[1, 0], 1 - (counts[1] - load[0, 1] * (1 - a)) / load[1, 1]]
        return [value for value in values if 0 <= value <= 1]

    cheapest = min(float(np.dot(counts, prices)) for counts in itertools.product(range(12), repeat=2) if serves(counts))
    assert pytest.approx(cheapest) == found.cost_usd_per_hour


def test_one_type_alone_stands_for_the_busiest_hour_of_each():
    mix = cheapest_mix(
        asked(4.0, 3.0), types(2.0, 5.0), [[1.0, 2.0], [1.0, 2.0]], hour_factors=[[1.0, 0.5], [0.25, 1.0]]
    )
    # Replicas of t0: 4 + 1.5 by day, 1 + 3 by night; of t1 half of that.
    assert [(6, 12.0), (3, 15.0)] == [(single.count, single.cost_usd_per_hour) for single in mix.single_types]


def test_a_stock_that_is_too_small_in_one_of_the_hours_is_said():
    mix = cheapest_mix(asked(4.0, 4.0), types(2.0, max_count=3), [[1.0], [1.0]], hour_factors=[[1.0, 0.0], [0.0, 1.0]])
    assert not mix.feasible
    assert "4 t0 where 3 can be had" in mix.reasons[0]


def test_what_is_owned_is_never_taken_for_single_hours():
    machines = [
        MachineType(name="owned", price_usd_per_hour=1.0, reserved_usd_per_hour=1.0, by_the_hour=False),
        MachineType(name="rented", price_usd_per_hour=3.0),
    ]
    # Two replicas in one hour of four: 4 owned hours against 3 rented ones for the second.
    found = week(asked(1.0), machines, [[1.0, 1.0]], [1, 1, 1, 2])
    assert [1, 0] == [use.reserved for use in found.uses]
    assert [(0, 0, 0, 0), (0, 0, 0, 1)] == [use.hourly for use in found.uses]
    assert 7.0 == found.cost_usd
    assert pytest.approx(3.0 * 5) == found.hourly_only_usd


def test_the_front_of_costs():
    assert (True, True, False, True) == on_front([9.0, 7.0, 7.0, 3.0])


def test_no_standing_type_for_a_bucket_is_said():
    with pytest.raises(InputError, match="bucket 2 has no standing type"):
        balanced(np.array([[1.0, 1.0], [np.nan, 1.0]]), [2, 0])


def test_balancing_leaves_the_busiest_type_the_most_room():
    # One bucket of 2 replicas' work on either of 2 and 3 that stand: 0.8 and 1.2 of it, both at 40 %.
    assert [0.4, 0.6] == pytest.approx(balanced(np.array([[2.0, 2.0]]), [2, 3])[0].tolist())
    # A second that only the first type can serve fills that first: 1.5 of 2, and the other takes all of the rest: 2 of 3.
    shares = balanced(np.array([[2.0, 2.0], [1.5, np.inf]]), [2, 3])
    loads = [2.0 * shares[0, 0] + 1.5, 2.0 * shares[0, 1]]
    assert 0.75 == pytest.approx(max(loads[0] / 2, loads[1] / 3))
    assert [1.0, 0.0] == shares[1].tolist()
