"""Tests of tests: against scipy, and against how often they cry wolf."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from probes.analysis.batches import interval as batch_interval
from probes.analysis.batches import repeats_interval
from probes.analysis.percentiles import percentiles
from probes.record import Bounds, Interval
from probes.significance import Spread, holm, ratio, spread, welch


@pytest.mark.parametrize("seed", range(5))
def test_welch_from_intervals_is_scipys_welch_from_samples(seed):
    draw = np.random.default_rng(seed)
    first, second = draw.normal(100, 3, 4), draw.normal(103, 1, 6)
    expected = stats.ttest_ind(first, second, equal_var=False)
    found = welch(spread(repeats_interval(first), repeats=4), spread(repeats_interval(second), repeats=6))

    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.degrees_of_freedom == pytest.approx(expected.df)


def test_without_an_interval_there_is_no_spread():
    assert spread(Interval(mean=5.0), repeats=1) is None
    assert spread(Interval(mean=5.0, low=5.0, high=5.0), repeats=3) is None
    assert spread(Interval(mean=0.0, low=0.0, high=1.0), repeats=3) is None


def test_an_interval_cut_off_at_zero_loses_no_width():
    # Values 0 and 10: s / √2 = 5 and t(0.975, 1) = 12.7, so the interval would begin far below 0.
    found = spread(repeats_interval([0.0, 10.0]), repeats=2)
    assert found.standard_error == pytest.approx(5.0)


def test_of_batch_means_the_standard_error_is_never_too_small():
    draw = np.random.default_rng(3)
    series = draw.normal(100, 5, 200)
    found = spread(batch_interval(series), repeats=3)

    assert found.standard_error >= series.std(ddof=1) / 200**0.5 * 0.9


@pytest.mark.parametrize("seed", range(3))
def test_holm_is_that_of_an_independent_implementation(seed):
    p_values = np.random.default_rng(seed).random(7) ** 3
    ordered = np.sort(p_values)
    shown = 0
    while shown < 7 and ordered[shown] <= 0.05 / (7 - shown):  # Holm's own words: step down until the first that fails
        shown += 1

    assert sum(value <= 0.05 for value in holm(list(p_values))) == shown


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


def test_bounds_that_just_touch_are_a_difference_and_the_one_way_round_is_the_other():
    # On the log scale the first reaches up by ln 1.2, the second down by ln 1.2: root of two of that, over 1.96, against ln 1.44.
    one, two = (10.0, Bounds(low=9.0, high=12.0)), (14.4, Bounds(low=12.0, high=20.0))
    there, back = ratio(*one, *two), ratio(*two, *one)

    z = np.log(1.44) / (np.sqrt(2) * np.log(1.2) / stats.norm.ppf(0.975))
    assert there.p_value == pytest.approx(2 * stats.norm.sf(z))
    assert back.p_value == pytest.approx(there.p_value)
    assert (there.change_fraction, back.change_fraction) == (pytest.approx(0.44), pytest.approx(1 / 1.44 - 1))


@pytest.mark.parametrize(("low", "high"), [(0.0, 12.0), (10.0, 10.0)])
def test_bounds_that_say_nothing_give_no_test(low, high):
    bounds = Bounds(low=low, high=high)
    assert ratio(10.0, bounds, 10.0, bounds) is None


DRAWS = {
    "lognormal": lambda draw, size: draw.lognormal(0, 1, size),
    "exponential": lambda draw, size: draw.exponential(1, size),
    "pareto": lambda draw, size: 1 + draw.pareto(1.5, size),
    "two humps": lambda draw, size: np.where(draw.random(size) < 0.5, 1, 3) + 0.1 * draw.random(size),
}


@pytest.mark.parametrize("shape", DRAWS)
def test_equal_percentiles_are_called_different_in_at_most_one_of_twenty(shape):
    draw, p_values = np.random.default_rng(11), []
    for _ in range(400):
        first, second = (percentiles(DRAWS[shape](draw, 120)) for _ in range(2))
        for name in sorted(first.bounds.keys() & second.bounds.keys()):
            outcome = ratio(getattr(first, name), first.bounds[name], getattr(second, name), second.bounds[name])
            p_values.append(outcome.p_value)
    assert len(p_values) > 800  # medians, nine tenths, and p95 where the samples seem independent
    assert sum(value <= 0.05 for value in p_values) / len(p_values) <= 0.05


def test_a_difference_of_the_detectable_size_is_seen_four_times_of_five():
    draw, rounds, error = np.random.default_rng(5), 2000, 1.0
    size = welch(
        Spread(mean=100.0, standard_error=error, degrees_of_freedom=9),
        Spread(mean=100.0, standard_error=error, degrees_of_freedom=9),
    )
    apart = 100 * size.detectable_fraction(1)
    seen = 0
    for _ in range(rounds):
        first, second = draw.normal(100, 10**0.5, 10), draw.normal(100 + apart, 10**0.5, 10)
        pair = [spread(repeats_interval(values), repeats=10) for values in (first, second)]
        seen += welch(*pair).p_value <= 0.05
    assert seen / rounds == pytest.approx(0.80, abs=0.03)
