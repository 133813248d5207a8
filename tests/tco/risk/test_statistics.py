"""What is said of draws: against arithmetic, known Sobol indices, and itself again and again."""

from __future__ import annotations

import numpy as np
import pytest

from tco.risk.statistics import band, histogram, probability, shares_of_layouts, variance_share

GENERATOR = np.random.default_rng(5)


def test_the_standard_error_holds_what_happens_again_and_again():
    """Of 400 simulations of 1,000 runs, the probabilities spread as one of them says."""
    found = [probability(GENERATOR.random(1000) < 0.2, np.arange(1000) % 8) for _ in range(400)]

    assert np.std([each.fraction for each in found]) == pytest.approx((0.2 * 0.8 / 1000) ** 0.5, rel=0.15)
    assert np.median([each.standard_error for each in found]) == pytest.approx((0.2 * 0.8 / 1000) ** 0.5, rel=0.15)


def test_runs_that_share_a_layout_make_the_error_larger():
    """A hit hangs on the layout alone: 8 independent cases, however many runs."""
    layouts = np.arange(8000) % 8
    found = probability(layouts < 4, layouts)

    assert (0.5, pytest.approx((8 / 7 * 0.25 / 8) ** 0.5)) == (found.fraction, found.standard_error)


def test_percentiles_are_values_that_so_many_runs_do_not_exceed():
    found = band(np.arange(1.0, 101.0))

    assert {"5": 5.0, "10": 10.0, "25": 25.0, "50": 50.0, "75": 75.0, "90": 90.0, "95": 95.0} == found.percentiles
    assert (50.5, pytest.approx(np.arange(1.0, 101.0).std() / 10)) == (found.mean, found.standard_error)


def test_never_is_null_and_leaves_no_mean():
    found = band(np.array([10.0] * 80 + [np.inf] * 20))

    assert (None, None, 10.0, None) == (
        found.mean,
        found.standard_error,
        found.percentiles["75"],
        found.percentiles["90"],
    )


def test_a_histogram_holds_every_run():
    found = histogram(GENERATOR.normal(size=5000))

    assert (5000, 41) == (sum(found.counts), len(found.edges_usd))


def test_a_histogram_of_one_value_is_no_error():
    assert 10 == sum(histogram(np.full(10, 3.0)).counts)


def test_shares_of_the_ishigami_function_are_those_of_its_formula():
    """With f = sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1 on [-pi, pi]: S1 0.3139, S2 0.4424, S3 0 (Sobol and Levitan 1999)."""
    x1, x2, x3 = GENERATOR.uniform(-np.pi, np.pi, (3, 200_000))
    outcome = np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)

    assert [0.3139, 0.4424, 0.0] == pytest.approx([variance_share(x, outcome) for x in (x1, x2, x3)], abs=0.01)


def test_shares_of_a_sum_are_those_of_its_variances():
    x, y = GENERATOR.normal(size=(2, 50_000))

    assert [0.8, 0.2] == pytest.approx([variance_share(x, 2 * x + y), variance_share(y, 2 * x + y)], abs=0.01)


def test_an_input_that_does_nothing_has_no_share():
    noise, outcome = GENERATOR.normal(size=(2, 10_000))

    assert variance_share(noise, outcome) < 0.005
    assert 0.0 == variance_share(noise, np.full(10_000, 7.0))


def test_an_input_of_few_values_has_a_group_for_each():
    coin = GENERATOR.integers(0, 2, 10_000).astype(float)

    assert variance_share(coin, coin + GENERATOR.normal(size=10_000) / 2) == pytest.approx(0.5, abs=0.02)


def test_layouts_share_what_they_explain_by_who_moves_with_it():
    layouts = np.arange(32_000) % 32
    first, second = GENERATOR.random((2, 32))
    found = shares_of_layouts(
        np.array([first[layouts], second[layouts]]), layouts, first[layouts] + GENERATOR.normal(size=32_000)
    )

    assert found[0] > 10 * found[1]
    assert sum(found) == pytest.approx(first.var() / (1 + first.var()), abs=0.01)
