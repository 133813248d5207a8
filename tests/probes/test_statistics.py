import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.statistics import interval, percentiles

POSITIVE = st.floats(min_value=0, max_value=1e6, allow_nan=False)


def test_percentiles_are_numpys_linear_ones():
    values = list(range(1, 102))  # 1..101: the q-quantile is 1 + 100 q
    found = percentiles(values)
    assert (found.mean, found.p50, found.p90, found.p95, found.p99) == pytest.approx((51.0, 51.0, 91.0, 96.0, 100.0))


@pytest.mark.parametrize(
    ("samples", "known"),
    [
        (0, [False] * 5),
        (1, [True, False, False, False, False]),
        (2, [True, True, False, False, False]),
        (9, [True, True, False, False, False]),
        (10, [True, True, True, False, False]),
        (19, [True, True, True, False, False]),
        (20, [True, True, True, True, False]),
        (99, [True, True, True, True, False]),
        (100, [True, True, True, True, True]),
    ],
)
def test_a_percentile_is_null_below_its_number_of_samples(samples, known):
    found = percentiles(np.linspace(1, 2, samples))
    assert known == [value is not None for value in (found.mean, found.p50, found.p90, found.p95, found.p99)]


@given(st.lists(POSITIVE, min_size=100, max_size=300))
def test_percentiles_never_fall_from_p50_to_p99(values):
    found = percentiles(values)
    assert sorted([found.p50, found.p90, found.p95, found.p99]) == [found.p50, found.p90, found.p95, found.p99]


def test_the_interval_by_hand():
    # 9, 10, 11: mean 10, s = 1, t(0.975, 2) = 4.302653, half-width 4.302653 / sqrt(3) = 2.484138
    found = interval([9.0, 10.0, 11.0])
    assert (found.mean, found.low, found.high) == pytest.approx((10.0, 7.515862, 12.484138), abs=1e-6)


def test_the_lower_end_is_never_below_zero():
    found = interval([0.0, 10.0])
    assert (found.mean, found.low) == (5.0, 0.0)


def test_one_repeat_knows_its_mean_only_and_none_is_zero():
    assert [(found.mean, found.low, found.high) for found in (interval([7.0]), interval([]))] == [
        (7.0, None, None),
        (0.0, None, None),
    ]


@given(st.lists(POSITIVE, min_size=2, max_size=9))
def test_the_interval_holds_its_mean(values):
    found = interval(values)
    assert found.low <= found.mean * (1 + 1e-12) <= found.high * (1 + 1e-9) + 1e-9
