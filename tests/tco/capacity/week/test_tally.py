from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from tco.capacity.simulated import AskedClass
from tco.capacity.week.tally import Tally, percentile_s, share_below

NONE = np.zeros(0, dtype=np.int32)


def kind(**limits):
    return AskedClass(input_tokens=10, output_tokens=10, limits_ms=tuple(limits.items()))


def found(ttft, tpot=None, e2e=None):
    ttft = np.asarray(ttft, dtype=float)
    return SimpleNamespace(ttft_s=ttft, tpot_s=ttft if tpot is None else tpot, e2e_s=ttft if e2e is None else e2e)


def test_percentiles_are_those_of_the_values_within_a_thousandth():
    values = np.random.default_rng(1).lognormal(0, 1, 40_000)
    tally = Tally((kind(),), 2)
    tally.add(0, NONE, found(values[:20_000]))
    tally.add(1, NONE, found(values[20_000:]))

    latency = tally.latency(0, "ttft")
    for percent in (50, 90, 95, 99):
        assert getattr(latency, f"p{percent}").value == pytest.approx(np.percentile(values, percent), rel=1e-3)
    assert latency.mean.value == pytest.approx(values.mean(), rel=1e-12)
    assert tally.requests(0) == 40_000


def test_two_strata_weigh_as_the_requests_that_they_stand_for():
    # 100 values of 1 s stand for 300 requests, 200 of 2 s for 100: three of four requests take 1 s.
    fast, slow = Tally((kind(ttft_p95_ms=1500.0),), 2), Tally((kind(ttft_p95_ms=1500.0),), 2)
    for group in (0, 1):
        fast.add(group, NONE, found(np.full(50, 1.0)))
        slow.add(group, NONE, found(np.full(100, 2.0)))
    week = Tally((kind(ttft_p95_ms=1500.0),), 2)
    week.add_tally(fast, 3.0)
    week.add_tally(slow, 0.5)

    assert week.requests(0) == 400
    assert week.latency(0, "ttft").mean.value == pytest.approx(0.75 * 1 + 0.25 * 2)
    assert week.percentile(0, "ttft", 74).value == pytest.approx(1.0, rel=2e-3)
    assert week.percentile(0, "ttft", 76).value == pytest.approx(2.0, rel=2e-3)
    assert week.late_fraction(0, 0).value == pytest.approx(0.25)


def test_percentiles_of_two_strata_are_numpys_weighted_ones():
    rng = np.random.default_rng(2)
    quiet, busy = rng.lognormal(-1, 0.5, 30_000), rng.lognormal(0, 0.7, 10_000)
    tallies = [Tally((kind(),), 2) for _ in range(3)]
    for tally, values in zip(tallies, (quiet, busy), strict=False):
        tally.add(0, NONE, found(values[::2]))
        tally.add(1, NONE, found(values[1::2]))
    tallies[2].add_tally(tallies[0], 1.5)
    tallies[2].add_tally(tallies[1], 9.0)

    weights = np.concatenate([np.full(quiet.size, 1.5), np.full(busy.size, 9.0)])
    expected = np.quantile(np.concatenate([quiet, busy]), [0.5, 0.95, 0.99], weights=weights, method="inverted_cdf")
    assert [tallies[2].percentile(0, "ttft", p).value for p in (50, 95, 99)] == pytest.approx(
        expected.tolist(), rel=2e-3
    )


def test_the_standard_error_of_a_mean_is_the_spread_of_groups_over_the_root_of_their_number():
    tally = Tally((kind(),), 4)
    for group, value in enumerate((1.0, 2.0, 3.0, 6.0)):
        tally.add(group, NONE, found(np.full(100, value)))

    # Mean 3, squared distances 4 + 1 + 0 + 9 = 14, over 3, root, over the root of 4.
    assert tally.latency(0, "ttft").mean.standard_error == pytest.approx(math.sqrt(14 / 3) / 2)


def test_the_standard_error_of_a_percentile_of_independent_values_is_that_of_theory():
    # A uniform distribution has density 1: the error of its median of n values is sqrt(0.25 / n) = 0.005.
    errors = []
    for seed in range(20):
        values, tally = np.random.default_rng(seed).uniform(1, 2, 10_000), Tally((kind(),), 10)
        for group in range(10):
            tally.add(group, NONE, found(values[group::10]))
        errors.append(tally.percentile(0, "ttft", 50).standard_error)

    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(0.005, rel=0.15)


def test_the_error_of_a_percentile_with_too_few_requests_beyond_it_is_not_told():
    tally = Tally((kind(),), 2)
    for group in (0, 1):
        tally.add(group, NONE, found(np.linspace(1, 2, 100)))

    assert tally.percentile(0, "ttft", 99).standard_error is None
    assert tally.percentile(0, "ttft", 95).standard_error is not None


def test_classes_are_told_apart_and_answers_of_one_token_have_no_tpot():
    tally = Tally((kind(tpot_p50_ms=1.0), kind(tpot_p50_ms=250.0)), 2)
    kinds = np.array([0, 1, 1, 0], dtype=np.int32)
    for group in (0, 1):
        tally.add(group, kinds, found([1.0, 5.0, 7.0, 1.0], tpot=np.array([np.nan, 0.2, 0.3, np.nan])))

    assert (4, 4) == (tally.requests(0), tally.requests(1))
    assert tally.latency(0, "tpot") is None
    assert math.isnan(tally.late_fraction(0, 0).value)
    assert tally.late_fraction(1, 0).value == 0.5
    assert tally.latency(1, "ttft").mean.value == pytest.approx(6.0)


def test_requests_that_wait_without_bound_are_later_than_every_limit():
    tally = Tally((kind(ttft_p95_ms=1e9, tpot_p95_ms=1e9),), 2)
    for group in (0, 1):
        tally.add(group, NONE, found(np.full(90, 1.0)))
        tally.add(group, NONE, found(np.full(10, 1.0)), endless=True)

    assert (0.1, 0.0) == (tally.late_fraction(0, 0).value, tally.late_fraction(0, 1).value)
    assert tally.percentile(0, "ttft", 50).value == pytest.approx(1.0, rel=2e-3)
    assert math.isinf(tally.percentile(0, "ttft", 95).value)
    assert tally.percentile(0, "ttft", 95).standard_error is None
    assert math.isinf(tally.latency(0, "e2e").mean.value)
    assert tally.latency(0, "tpot").mean.value == 1.0


def test_the_share_below_a_percentile_is_the_percentile():
    tally = Tally((kind(),), 2)
    values = np.random.default_rng(3).exponential(size=2_000)
    tally.add(0, NONE, found(values))
    counts = tally._counts[0, 0, 0]

    for percent in (1, 37.5, 50, 99):
        assert share_below(counts, percentile_s(counts, percent)) == pytest.approx(percent / 100, abs=1e-9)


def test_nothing_counted_is_not_a_number():
    assert math.isnan(percentile_s(np.zeros(10), 50))
