import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import t as student

from probes.analysis.batches import batch_means, interval, neighbours_resemble, repeats_interval

POSITIVE = st.floats(min_value=0, max_value=1e6, allow_nan=False)


def _ar1(correlation: float, length: int, rng: np.random.Generator) -> np.ndarray:
    """First-order autoregression of variance 1 around 100: its mean has variance (1 + φ) / (1 - φ) / n for long series."""
    noise = rng.normal(size=length + 200) * np.sqrt(1 - correlation**2)
    return 100 + lfilter([1.0], [1.0, -correlation], noise)[200:]


def _coverage(correlation: float, length: int, trials: int = 400) -> tuple[float, float]:
    """Share of intervals that hold the true mean, and the mean of the effective samples."""
    rng, hits, effective = np.random.default_rng(11), 0, 0.0
    for _ in range(trials):
        found = interval(_ar1(correlation, length, rng))
        hits += found.low is None or found.low <= 100 <= found.high
        effective += found.effective_samples / trials
    return hits / trials, effective


@pytest.mark.parametrize(("length", "at_least"), [(9, 0.93), (64, 0.93), (1000, 0.93)])
def test_intervals_of_independent_samples_hold_the_mean_in_95_of_100(length, at_least):
    covered, effective = _coverage(0.0, length)
    assert at_least <= covered <= 0.98
    assert effective > 0.85 * length


@pytest.mark.parametrize(("correlation", "length"), [(0.3, 200), (0.5, 200), (0.8, 1000), (0.9, 1000)])
def test_intervals_of_correlated_samples_do_so_too(correlation, length):
    covered, effective = _coverage(correlation, length)
    assert 0.92 <= covered <= 0.98
    assert length * (1 - correlation) / (1 + correlation) == pytest.approx(effective, rel=0.2)


def test_students_interval_of_repeats_is_too_narrow_for_correlated_samples_where_batch_means_are_not():
    # The same 200 samples as 20 repeats of 10: neighbouring repeats still resemble each other at φ = 0.9.
    rng, naive, batched = np.random.default_rng(5), 0, 0
    for _ in range(300):
        series = _ar1(0.9, 200, rng)
        repeats = repeats_interval(list(series.reshape(20, 10).mean(axis=1)))
        found = interval(series)
        naive += repeats.low <= 100 <= repeats.high
        batched += found.low is None or found.low <= 100 <= found.high
    assert naive / 300 < 0.80
    assert batched / 300 > 0.89


def test_with_independent_samples_batch_means_are_students_interval():
    values = [9.0, 11.0, 10.0, 9.5, 10.5, 9.2]
    assert repeats_interval(values) == interval(values)


def test_the_interval_by_hand():
    # 9, 11, 10: mean 10, s = 1, t(0.975, 2) = 4.302653, half-width 4.302653 / sqrt(3) = 2.484138
    found = repeats_interval([9.0, 11.0, 10.0])
    assert (10.0, 7.515862, 12.484138) == pytest.approx((found.mean, found.low, found.high), abs=1e-6)


def test_the_quantile_is_scipys():
    values = np.array([3.0, 5.0, 4.0, 6.0, 2.0])
    low, high = student.interval(0.95, 4, values.mean(), values.std(ddof=1) / np.sqrt(5))
    found = interval(values)
    assert (low, high) == pytest.approx((found.low, found.high))


def test_a_better_mean_moves_the_interval():
    found, moved = interval([9.0, 11.0, 10.0]), interval([9.0, 11.0, 10.0], mean=12.0)
    assert (found.low + 2, found.high + 2, 12.0) == pytest.approx((moved.low, moved.high, moved.mean))


def test_equal_samples_have_an_interval_of_no_width():
    assert (7.0, 7.0, 5.0) == (interval([7.0] * 5).low, interval([7.0] * 5).high, interval([7.0] * 5).effective_samples)


@pytest.mark.parametrize(
    ("values", "reason"), [([], "at least 2 rounds, there are 0"), ([3.0], "at least 2 rounds, there is 1")]
)
def test_too_few_samples_have_a_reason_and_no_ends(values, reason):
    found = interval(values, what="rounds")
    assert (None, None, True) == (found.low, found.high, reason in found.reason)


def test_a_series_that_only_climbs_has_no_interval():
    found = interval([100.0 + step for step in range(12)])
    assert (None, True) == (found.low, "resemble each other so much" in found.reason)


def test_von_neumanns_coefficient_by_hand():
    # 1, 2, 3, 4: squared steps 3, squared distances from 2.5: 5; 1 - 3/10.
    assert 0.7 == pytest.approx(neighbours_resemble(np.array([1.0, 2.0, 3.0, 4.0]))[0])


def test_batches_are_doubled_while_neighbours_resemble_each_other():
    found = batch_means(_ar1(0.9, 1000, np.random.default_rng(2)))
    assert (True, True) == (found.batch_size in {16, 32, 64}, found.batches == 1000 // found.batch_size)


@settings(max_examples=40)
@given(st.lists(POSITIVE, min_size=2, max_size=40))
def test_an_interval_holds_its_mean_and_nothing_below_zero(values):
    found = interval(values)
    assert found.low is None or 0 <= found.low <= found.mean * (1 + 1e-9) + 1e-9
    assert found.high is None or found.mean * (1 - 1e-9) - 1e-9 <= found.high
    assert 0 <= found.effective_samples <= len(values)
