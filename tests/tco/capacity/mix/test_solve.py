"""The cheapest mix: by hand, by brute force, and what cannot be served."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linprog

from tco.capacity.mix import Bucket, MachineType, cheapest_mix
from tco.capacity.replicas import with_spares
from tco.errors import InputError

NAN = math.nan


def asked(*rates: float) -> list[Bucket]:
    return [Bucket(name=f"b{i}", requests_per_s=rate) for i, rate in enumerate(rates)]


def types(*prices: float, **more: object) -> list[MachineType]:
    return [MachineType(name=f"t{j}", price_usd_per_hour=price, **more) for j, price in enumerate(prices)]  # type: ignore[arg-type]


def test_one_type_is_rounded_up_to_whole_replicas():
    mix = cheapest_mix(asked(7.0, 3.0), types(2.0), [[2.0], [4.0]])
    # 7 / 2 + 3 / 4 = 4.25 replicas
    assert {"t0": 5} == mix.counts
    assert 10.0 == mix.cost_usd_per_hour
    assert pytest.approx(0.85) == mix.uses[0].utilisation_fraction
    assert pytest.approx(4.25) == mix.uses[0].load_replicas
    assert 0.0 == mix.saving_fraction


def test_a_load_of_exactly_two_replicas_is_two():
    assert {"t0": 2} == cheapest_mix(asked(0.1, 0.2), types(1.0), [[0.15], [0.15]]).counts


def test_each_size_goes_where_it_is_cheapest():
    # Short: 10 a replica-hour-dollar on t0, 5 on t1; long: 1 on t0, 4 on t1. Loads 4.0 and 2.0 exactly.
    mix = cheapest_mix(asked(40.0, 16.0), types(1.0, 2.0), [[10.0, 10.0], [1.0, 8.0]])
    assert {"t0": 4, "t1": 2} == mix.counts
    assert [1.0, 0.0, 0.0, 1.0] == pytest.approx(mix.assignment.ravel().tolist())
    # Alone: t0 needs 4 + 16 = 20 at 1, t1 needs 4 + 2 = 6 at 2.
    assert [20.0, 12.0] == [single.cost_usd_per_hour for single in mix.single_types]
    assert pytest.approx(1 - 8 / 12) == mix.saving_fraction


@pytest.mark.parametrize("seed", range(8))
def test_the_cost_is_that_of_trying_every_fleet(seed):
    rng = np.random.default_rng(seed)
    buckets, kinds = 4, 3
    goodput = rng.uniform(0.5, 6.0, (buckets, kinds))
    goodput[rng.random((buckets, kinds)) < 0.15] = NAN
    goodput[:, 0] = np.where(np.isfinite(goodput).any(axis=1), goodput[:, 0], 1.0)
    rates, prices = rng.uniform(0.2, 3.0, buckets), rng.uniform(1.0, 5.0, kinds)
    mix = cheapest_mix(asked(*rates), types(*prices), goodput)
    assert pytest.approx(brute_force(rates, prices, goodput), rel=1e-9) == mix.cost_usd_per_hour
    assert 0.0 == pytest.approx(mix.gap_fraction, abs=1e-6)


def brute_force(rates, prices, goodput):
    """Every vector of counts, cheapest first, until a linear program finds shares for it."""
    loads = rates[:, None] / goodput
    most = [math.ceil(np.nansum(loads[:, j])) for j in range(len(prices))]
    fleets = sorted(itertools.product(*(range(m + 1) for m in most)), key=lambda fleet: np.dot(fleet, prices))
    buckets, kinds = loads.shape
    balance = np.kron(np.eye(buckets), np.ones(kinds))
    work = np.tile(np.eye(kinds), buckets) * np.nan_to_num(loads).ravel()
    bounds = [(0, 1 if ok else 0) for ok in np.isfinite(loads).ravel()]
    for fleet in fleets:
        tried = linprog(np.zeros(loads.size), A_ub=work, b_ub=fleet, A_eq=balance, b_eq=np.ones(buckets), bounds=bounds)
        if tried.status == 0:
            return float(np.dot(fleet, prices))
    raise AssertionError("the fleet of one type is among them")


def test_more_stock_and_faster_machines_never_cost_more():
    rates, goodput = asked(5.0, 2.0, 1.0), np.array([[4.0, 9.0], [2.0, 8.0], [0.5, 3.0]])
    scarce = [
        MachineType(name="t0", price_usd_per_hour=1.0, max_count=2),
        MachineType(name="t1", price_usd_per_hour=3.0),
    ]
    limited = cheapest_mix(rates, scarce, goodput).cost_usd_per_hour
    free = cheapest_mix(rates, types(1.0, 3.0), goodput).cost_usd_per_hour
    faster = cheapest_mix(rates, types(1.0, 3.0), goodput * 2).cost_usd_per_hour
    assert faster <= free <= limited


def test_spares_stand_beside_each_type_that_is_used_and_none_that_is_not():
    machines = [
        MachineType(name="a", price_usd_per_hour=1.0, spares=2),
        MachineType(name="b", price_usd_per_hour=50.0, spares=2),
    ]
    mix = cheapest_mix(asked(3.0), machines, [[1.0, 1.0]])
    assert {"a": 5} == mix.counts
    assert (2, 0) == tuple(use.spares for use in mix.uses)
    assert 5.0 == mix.cost_usd_per_hour


def test_spares_can_make_one_type_cheaper_than_two():
    # Without spares 1 x a + 1 x b = 4 beats 2 x b = 6; with one spare of each, 2 a + 2 b = 8 beats by 3 b = 9; with two, 3 + 9 = 12 ties 4 b = 12.
    goodput = [[1.0, 1.0], [0.0, 1.0]]
    costs = [
        cheapest_mix(asked(1.0, 1.0), types(1.0, 3.0, spares=spares), goodput).cost_usd_per_hour
        for spares in (0, 1, 2, 3)
    ]
    assert [4.0, 8.0, 12.0, 15.0] == costs


@pytest.mark.parametrize("load", [1.0, 4.0, 5.0, 14.0, 30.0])
def test_an_availability_target_gives_the_spares_of_the_binomial(load):
    machine = MachineType(
        name="a", price_usd_per_hour=1.0, replica_availability_fraction=0.99, availability_target_fraction=0.999
    )
    assert {"a": with_spares(int(load), 0.99, 0.999)} == cheapest_mix(asked(load), [machine], [[1.0]]).counts


def test_the_program_knows_that_spares_grow_with_the_fleet():
    # 5 of a at 1.0 need 2 spares each way round; 4 need 1. Moving one replica's work to b at 1.5 saves a whole spare only if b needs none.
    a = MachineType(
        name="a", price_usd_per_hour=1.0, replica_availability_fraction=0.99, availability_target_fraction=0.999
    )
    b = MachineType(name="b", price_usd_per_hour=1.5)
    mix = cheapest_mix(asked(5.0), [a, b], [[1.0, 1.0]])
    # all on a: 5 + 2 = 7.0; 4 + 1 on a and 1 on b: 6.5; all on b: 7.5; 1 + 1 on a and 4 on b: 8
    assert {"a": 5, "b": 1} == mix.counts
    assert 6.5 == mix.cost_usd_per_hour


def test_a_forbidden_pair_is_served_elsewhere():
    mix = cheapest_mix(asked(2.0), types(1.0, 5.0), [[1.0, 1.0]], forbidden=[("b0", "t0")])
    assert {"t1": 2} == mix.counts


def test_a_workload_may_be_barred_from_a_type():
    buckets = [
        Bucket(name="chat short", requests_per_s=1.0, workload="chat"),
        Bucket(name="chat long", requests_per_s=1.0, workload="chat"),
        Bucket(name="batch", requests_per_s=1.0, workload="batch"),
    ]
    mix = cheapest_mix(buckets, types(1.0, 5.0), np.ones((3, 2)), forbidden=[("chat", "t0")])
    assert {"t0": 1, "t1": 2} == mix.counts


def test_two_workloads_share_the_machine_that_neither_fills():
    buckets = [
        Bucket(name="chat", requests_per_s=0.5, workload="chat"),
        Bucket(name="batch", requests_per_s=0.5, workload="batch"),
    ]
    # The promise of chat halves what a replica carries: 0.5 / 1 + 0.5 / 2 = 0.75 of one replica.
    mix = cheapest_mix(buckets, types(4.0), [[1.0], [2.0]])
    assert {"t0": 1} == mix.counts
    assert pytest.approx(0.75) == mix.uses[0].load_replicas


def test_a_minimal_share_is_kept_at_its_price():
    mix = cheapest_mix(asked(10.0), types(1.0, 2.0), [[1.0, 1.0]], min_share_fraction={"t1": 0.25})
    # 2.5 requests/s must go to t1: 3 of them carry 3, and 7 of t0 the rest.
    assert {"t0": 7, "t1": 3} == mix.counts
    assert mix.uses[1].requests_per_s >= 2.5 - 1e-6


def test_at_most_one_type_is_the_best_single_one():
    goodput = [[10.0, 10.0], [1.0, 8.0]]
    free = cheapest_mix(asked(40.0, 16.0), types(1.0, 2.0), goodput)
    one = cheapest_mix(asked(40.0, 16.0), types(1.0, 2.0), goodput, max_types=1)
    assert free.best_single.cost_usd_per_hour == one.cost_usd_per_hour == 12.0


def test_whole_slices_cost_more_than_parts():
    # The example of Mélange's repository: 6.70 in whole buckets, see test_melange.
    buckets, goodput = asked(6.0, 3.0, 15.0, 6.0), [[2.0, 20.0], [1.0, 20.0], [5.0, 40.0], [2.0, 20.0]]
    costs = [cheapest_mix(buckets, types(1.01, 3.67), goodput, slices=n).cost_usd_per_hour for n in (1, 3, None)]
    assert [6.70, 4.68, 4.68] == pytest.approx(costs)


def test_nothing_asked_is_nothing_bought():
    mix = cheapest_mix(asked(0.0, 0.0), types(1.0), [[1.0], [NAN]])
    assert (0.0, {}, "optimal") == (mix.cost_usd_per_hour, mix.counts, mix.status)


def test_a_bucket_without_requests_needs_no_machine():
    mix = cheapest_mix(asked(2.0, 0.0), types(1.0), [[1.0], [NAN]])
    assert {"t0": 2} == mix.counts
    assert [[1.0], [0.0]] == mix.assignment.tolist()


@pytest.mark.parametrize("cannot", [0.0, NAN])
def test_a_bucket_that_no_type_can_serve_is_named(cannot):
    mix = cheapest_mix(asked(1.0, 1.0), types(1.0, 2.0), [[1.0, 1.0], [cannot, cannot]])
    assert not mix.feasible
    assert (("b1",), "infeasible") == (mix.unservable, mix.status)
    assert "no machine type holds the promise for: b1" in mix.reasons[0]
    assert ("t0 cannot hold the promise for: b1",) == mix.single_types[0].reasons


def test_a_stock_that_is_too_small_says_how_much_it_carries():
    machines = [
        MachineType(name="a", price_usd_per_hour=1.0, max_count=2),
        MachineType(name="b", price_usd_per_hour=3.0, max_count=1),
    ]
    mix = cheapest_mix(asked(10.0), machines, [[2.0, 4.0]])
    # 2 x 2 + 1 x 4 = 8 of 10 requests/s; without limits 5 of a are cheapest.
    assert pytest.approx(0.8) == mix.served_fraction
    assert "5 a where 2 can be had" in mix.reasons[0]
    assert "carries 80% of the load" in mix.reasons[0]
    assert ("a: 5 replicas and spares are needed, 2 can be had",) == mix.single_types[0].reasons


def test_demands_that_contradict_each_other_are_named():
    mix = cheapest_mix(asked(1.0, 1.0), types(1.0, 1.0), [[1.0, NAN], [NAN, 1.0]], max_types=1)
    assert not mix.feasible
    assert "loosen" in mix.reasons[0]


def test_out_of_time_is_said_and_the_bound_is_kept():
    rng = np.random.default_rng(1)
    goodput = rng.uniform(0.5, 6.0, (40, 6))
    machines = [MachineType(name=f"t{j}", price_usd_per_hour=p, spares=1) for j, p in enumerate(rng.uniform(1, 5, 6))]
    mix = cheapest_mix(asked(*rng.uniform(0.01, 3.0, 40)), machines, goodput, time_limit_s=1e-3)
    assert mix.status in ("time_limit", "unsolved")
    assert not mix.feasible or mix.gap_fraction is None or 0 <= mix.gap_fraction <= 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"goodput": [[1.0]]}, "shape"),
        ({"goodput": [[-1.0, 1.0]]}, "at least 0"),
        ({"goodput": [[math.inf, 1.0]]}, "at least 0"),
        ({"forbidden": [("b9", "t0")]}, "there are: b0"),
        ({"forbidden": [("b0", "t00")]}, "did you mean 't0'"),
        ({"min_share_fraction": {"t0": 1.5}}, "from 0 to 1"),
        ({"min_share_fraction": {"t0": 0.7, "t1": 0.7}}, "add up to 1.4"),
        ({"slices": 0}, "at least 1 part"),
        ({"max_types": 0}, "at least one type"),
    ],
)
def test_what_does_not_fit_is_said(change, sentence):
    settings = {"goodput": [[1.0, 1.0]], **change}
    with pytest.raises(InputError, match=sentence):
        cheapest_mix(asked(1.0), types(1.0, 1.0), settings.pop("goodput"), **settings)


def test_names_that_are_used_twice_are_refused():
    with pytest.raises(InputError, match="'b' is given twice"):
        cheapest_mix([Bucket(name="b", requests_per_s=1.0)] * 2, types(1.0), [[1.0], [1.0]])


@pytest.mark.parametrize("rate", [-1.0, NAN, math.inf])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(InputError, match="requests_per_s"):
        Bucket(name="b", requests_per_s=rate)


def test_spares_are_given_in_one_way_only():
    with pytest.raises(InputError, match="keep one"):
        MachineType(name="a", price_usd_per_hour=1.0, spares=1, availability_target_fraction=0.99)
