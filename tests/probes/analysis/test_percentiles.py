import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from probes.analysis.percentiles import QUANTILES, bound_ranks, fewest_for_bounds, percentiles

POSITIVE = st.floats(min_value=0, max_value=1e6, allow_nan=False)


def test_percentiles_are_numpys_linear_ones():
    found = percentiles([float(value) for value in range(1, 102)])  # 1..101: the q-quantile is 1 + 100 q
    assert (51.0, 51.0, 91.0, 96.0, 100.0, 101) == pytest.approx(
        (found.mean, found.p50, found.p90, found.p95, found.p99, found.samples)
    )


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
def test_a_percentile_is_null_below_its_number_of_samples_and_says_why(samples, known):
    found = percentiles(np.linspace(1, 2, samples))
    assert known == [value is not None for value in (found.mean, found.p50, found.p90, found.p95, found.p99)]
    assert set(found.missing) | set(found.bounds) == set(QUANTILES)
    assert all(name in found.missing for name, there in zip(QUANTILES, known[1:], strict=True) if not there)


@pytest.mark.parametrize(("quantile", "floor"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368)])
def test_the_floor_of_the_bounds_is_where_the_largest_sample_is_beyond_the_quantile_with_97_and_a_half_per_cent(
    quantile, floor
):
    # With all samples below it, the quantile has no upper bound: q^n <= 0.025.
    tail = max(quantile, 1 - quantile)
    assert floor == fewest_for_bounds(quantile)
    assert tail**floor <= 0.025 < tail ** (floor - 1)
    assert (None, True) == (bound_ranks(floor - 1, quantile), bound_ranks(floor, quantile) is not None)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("samples", [368, 1000, 20000])
def test_the_ranks_hold_the_quantile_with_95_per_cent_by_scipys_binomial(quantile, samples):
    lower, upper = bound_ranks(samples, quantile)
    held = binom.cdf(upper - 1, samples, quantile) - binom.cdf(lower - 1, samples, quantile)
    narrower = binom.cdf(upper - 2, samples, quantile) - binom.cdf(lower, samples, quantile)
    assert narrower < 0.95 <= held


def test_the_ranks_of_a_published_table():
    # Conover, Practical Nonparametric Statistics: the median of 20 lies between the 6th and the 15th with 95.9 %.
    assert (6, 15) == bound_ranks(20, 0.5)


def _covered(make, true: dict[str, float], samples: int, trials: int = 300) -> dict[str, float]:
    rng, hits, seen = np.random.default_rng(3), dict.fromkeys(true, 0), dict.fromkeys(true, 0)
    for _ in range(trials):
        found = percentiles(make(rng, samples))
        for name, value in true.items():
            if name in found.bounds:
                seen[name] += 1
                hits[name] += found.bounds[name].low <= value <= found.bounds[name].high
    return {name: hits[name] / max(1, seen[name]) for name in true}


def test_bounds_of_a_skewed_distribution_hold_the_truth_in_95_of_100():
    true = {name: float(-np.log(1 - quantile)) for name, quantile in QUANTILES.items()}
    covered = _covered(lambda rng, size: rng.exponential(size=size), true, 500)
    assert all(0.93 <= share <= 1.0 for share in covered.values())


def test_bounds_of_bunched_samples_are_widened():
    # Eight samples at a time are the same, as gaps between tokens of requests in one batch are.
    true = {"p50": float(np.log(2.0)), "p90": float(-np.log(0.1))}
    covered = _covered(lambda rng, size: np.repeat(rng.exponential(size=size // 8), 8), true, 2000)
    assert all(share >= 0.90 for share in covered.values())
    rng = np.random.default_rng(1)
    loose = percentiles(np.repeat(rng.exponential(size=250), 8)).bounds["p50"]
    tight = percentiles(rng.permutation(np.repeat(rng.exponential(size=250), 8))).bounds["p50"]
    assert loose.high - loose.low > 1.5 * (tight.high - tight.low)


def test_samples_that_count_as_too_few_have_a_note_instead_of_bounds():
    found = percentiles(np.repeat([3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0, 5.5, 3.5] * 2, 10))
    assert "neighbours resemble each other: 200 samples count as" in found.missing["p90"]
    assert "bounds of p90 need 36" in found.missing["p90"]


@settings(max_examples=40)
@given(st.lists(POSITIVE, min_size=100, max_size=300))
def test_percentiles_never_fall_and_lie_within_their_bounds(values):
    found = percentiles(values)
    assert sorted([found.p50, found.p90, found.p95, found.p99]) == [found.p50, found.p90, found.p95, found.p99]
    assert all(bound.low <= getattr(found, name) <= bound.high for name, bound in found.bounds.items())
