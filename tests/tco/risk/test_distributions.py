"""Inverse distribution functions beside those of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tco.quantity import Quantity
from tco.risk.distributions import kind_of, values_at

SHARES = np.array([0.0, 1e-6, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1 - 1e-6, 1.0])
LOW, VALUE, HIGH = 2.0, 3.0, 7.0


def quantity(kind: str | None, **changes: object) -> Quantity:
    return Quantity.model_validate({"value": VALUE, "low": LOW, "high": HIGH, "distribution": kind} | changes)


def test_a_triangle_is_scipys_and_the_default():
    expected = stats.triang.ppf(SHARES, (VALUE - LOW) / (HIGH - LOW), LOW, HIGH - LOW)

    assert expected == pytest.approx(values_at(quantity("triangular"), SHARES))
    assert expected == pytest.approx(values_at(quantity(None), SHARES))


@pytest.mark.parametrize("value", [LOW, HIGH])
def test_a_triangle_may_lean_on_an_end(value):
    expected = stats.triang.ppf(SHARES, (value - LOW) / (HIGH - LOW), LOW, HIGH - LOW)

    assert expected == pytest.approx(values_at(quantity("triangular", value=value), SHARES))


def test_a_uniform_one_is_scipys():
    assert stats.uniform.ppf(SHARES, LOW, HIGH - LOW) == pytest.approx(values_at(quantity("uniform"), SHARES))


@pytest.mark.parametrize("value", [LOW, VALUE, 6.9, HIGH])
def test_a_pert_is_a_beta_of_scipys_to_a_hundred_thousandth_of_its_range(value):
    mode = (value - LOW) / (HIGH - LOW)
    shares = np.linspace(0, 1, 10_001)
    expected = LOW + (HIGH - LOW) * stats.beta.ppf(shares, 1 + 4 * mode, 5 - 4 * mode)

    assert expected == pytest.approx(values_at(quantity("pert", value=value), shares), abs=1e-5 * (HIGH - LOW))


def test_a_log_normal_one_is_scipys_where_both_sides_are_alike():
    """From half to double with 95 % between: sigma is ln 2 / 1.96."""
    even = quantity("lognormal", value=3.0, low=1.5, high=6.0)
    expected = stats.lognorm.ppf(SHARES[1:-1], np.log(2) / stats.norm.ppf(0.975), scale=3.0)

    assert expected == pytest.approx(values_at(even, SHARES[1:-1]))


def test_a_log_normal_one_has_its_value_in_the_middle_and_95_per_cent_in_its_range():
    found = values_at(quantity("lognormal"), np.array([0.025, 0.5, 0.975]))

    assert [LOW, VALUE, HIGH] == pytest.approx(found.tolist())


def test_samples_are_equally_likely():
    told = Quantity(value=2, distribution="empirical", samples=(3.0, 1.0, 2.0, 10.0))

    assert [1.0, 1.0, 2.0, 3.0, 10.0, 10.0] == values_at(told, np.array([0.0, 0.249, 0.25, 0.74, 0.76, 1.0])).tolist()
    assert (1.0, 10.0) == told.bounds


def test_without_a_range_it_is_its_value():
    assert ([5.0, 5.0], None) == (
        values_at(Quantity(value=5), np.array([0.1, 0.9])).tolist(),
        kind_of(Quantity(value=5)),
    )


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"value": 1, "distribution": "triangular"}, "needs a range; give `low` and `high`"),
        ({"value": 1, "low": 1, "high": 1, "distribution": "uniform"}, "not both at 1"),
        ({"value": 1, "low": 0, "high": 2, "distribution": "lognormal"}, "only values above 0"),
        ({"value": 1, "low": -1, "high": 2, "distribution": "lognormal"}, "only values above 0"),
        ({"value": 1, "distribution": "empirical"}, "`samples` go with"),
        ({"value": 1, "low": 0, "high": 2, "samples": [1, 2]}, "`samples` go with"),
        ({"value": 1, "distribution": "empirical", "samples": [1, 1]}, "at least two different values"),
        ({"value": 1, "low": 2, "high": 0}, "does not hold the value"),
        ({"value": 1, "low": 0, "high": 2, "distribution": "normal"}, "Input should be 'triangular'"),
    ],
)
def test_an_impossible_distribution_is_a_sentence(bad, sentence):
    with pytest.raises(ValueError, match=sentence):
        Quantity.model_validate(bad)
