import math

import numpy as np
import pytest
from scipy import stats

from probes.errors import ProbeError
from probes.run import Lengths, WorkloadShape
from probes.workload.arrivals import realised_rate_per_s, schedule

SHAPE = WorkloadShape(input_tokens=100, output_tokens=20, seed=5)


def offsets(kind="poisson", *, seed=5, burstiness=1.0, **arguments):
    shape = SHAPE.model_copy(update={"seed": seed, "burstiness": burstiness})
    return np.array([arrival.offset_s for arrival in schedule(kind, shape, **arguments)])


def test_constant_arrivals_are_at_even_gaps_from_the_start():
    assert [0, 0.25, 0.5, 0.75] == offsets("constant", rate_per_s=4, duration_s=1).tolist()
    assert [0, 0.5, 1.0] == offsets("constant", rate_per_s=2, count=3).tolist()
    assert [0, 2.0, 4.0] == offsets("constant", rate_per_s=99, count=3, duration_s=6).tolist()


@pytest.mark.parametrize(
    ("rate", "duration", "count"),
    [(0.1, 10, 1), (0.1, 30, 3), (2.2, 25, 55), (3, 1 / 3, 1), (7, 100, 700), (0.3, 0.1, 1)],
)
def test_constant_arrivals_are_as_many_as_rate_times_time(rate, duration, count):
    assert count == len(offsets("constant", rate_per_s=rate, duration_s=duration))


@pytest.mark.parametrize("burstiness", [0.25, 1.0, 4.0])
def test_gaps_follow_a_gamma_distribution_of_that_shape_and_mean(burstiness):
    gaps = np.diff(offsets("gamma", rate_per_s=50, count=20_001, burstiness=burstiness))
    mean, deviation = 1 / 50, 1 / 50 / math.sqrt(burstiness)

    assert mean == pytest.approx(gaps.mean(), abs=4.5 * deviation / math.sqrt(20_000))
    assert 1 / burstiness == pytest.approx((gaps.std() / gaps.mean()) ** 2, rel=0.1)
    assert stats.kstest(gaps, stats.gamma(burstiness, scale=1 / (50 * burstiness)).cdf).pvalue > 1e-4


def test_poisson_gaps_are_exponential_and_do_not_depend_on_each_other():
    gaps = np.diff(offsets(rate_per_s=8, count=20_001))
    assert stats.kstest(gaps, stats.expon(scale=1 / 8).cdf).pvalue > 1e-4
    assert 0 == pytest.approx(np.corrcoef(gaps[1:], gaps[:-1])[0, 1], abs=4.5 / math.sqrt(20_000))


def test_gamma_of_burstiness_one_is_poisson():
    assert offsets("gamma", rate_per_s=8, count=50).tolist() == offsets("poisson", rate_per_s=8, count=50).tolist()


def test_poisson_counts_have_mean_and_variance_rate_times_time():
    counts = np.array([len(offsets(rate_per_s=5, duration_s=4, seed=seed)) for seed in range(400)])
    # Poisson(20): the mean of 400 has a standard error of sqrt(20/400) = 0.22, the variance one of about 20 sqrt(2/400) = 1.4.
    assert 20 == pytest.approx(counts.mean(), abs=4.5 * 0.22)
    assert 20 == pytest.approx(counts.var(), abs=4.5 * 1.5)


@pytest.mark.parametrize("burstiness", [0.1, 5.0])
def test_bursts_do_not_change_how_many_arrive_on_average(burstiness):
    # A process that began at an arrival would have (1/0.1 - 1)/2 = 4.5 more.
    counts = np.array(
        [len(offsets("gamma", rate_per_s=5, duration_s=20, burstiness=burstiness, seed=seed)) for seed in range(1_000)]
    )
    assert 100 == pytest.approx(counts.mean(), abs=4 * counts.std() / math.sqrt(1_000))


def test_a_number_in_a_time_is_a_poisson_process_given_its_number():
    # Given their number, the arrivals of a Poisson process are uniform.
    times = np.concatenate([offsets(rate_per_s=1, count=10, duration_s=30, seed=seed) for seed in range(300)])
    assert (3000, True) == (len(times), times.max() < 30)
    assert stats.kstest(times, stats.uniform(0, 30).cdf).pvalue > 1e-4


def test_arrivals_ascend_within_their_time():
    times = offsets("gamma", rate_per_s=100, duration_s=20, burstiness=0.05)
    assert (True, True, True) == (bool((np.diff(times) >= 0).all()), times[0] >= 0, times[-1] < 20)


def test_each_arrival_has_lengths_of_the_workload():
    shape = SHAPE.model_copy(
        update={"lengths": Lengths(kind="uniform", spread_fraction=0.5), "context_limit_tokens": 130}
    )
    arrivals = schedule("poisson", shape, rate_per_s=100, count=2_000)
    assert (50, 130) == (min(a.input_tokens for a in arrivals), max(a.input_tokens + a.output_tokens for a in arrivals))


def test_the_same_seed_gives_the_same_schedule_and_another_cell_another():
    one, same, other = (schedule("poisson", SHAPE, rate_per_s=5, count=20, cell=cell) for cell in (0, 0, 1))
    assert (True, False) == (one == same, one == other)


def test_the_rate_that_a_schedule_came_to_is_reported():
    assert 4.0 == realised_rate_per_s(schedule("constant", SHAPE, rate_per_s=4, count=9))
    assert 4.0 == pytest.approx(realised_rate_per_s(schedule("poisson", SHAPE, rate_per_s=4, count=20_000)), rel=0.035)
    assert (None, None) == (
        realised_rate_per_s(()),
        realised_rate_per_s(schedule("constant", SHAPE, rate_per_s=4, count=1)),
    )


@pytest.mark.parametrize(
    ("changes", "arguments", "words"),
    [
        ({"seed": None}, {}, "without a seed"),
        ({"turns": 2}, {}, "waits for the answer before"),
        ({}, {"rate_per_s": 0}, "positive number"),
        ({}, {"rate_per_s": math.nan}, "positive number"),
        ({}, {"duration_s": -1}, "positive time"),
        ({}, {"duration_s": math.inf}, "positive time"),
        ({}, {"duration_s": None}, "needs a duration"),
        ({}, {"count": 0}, "from 1 to"),
        ({}, {"duration_s": 1e9}, "from 1 to 1000000"),
        ({}, {"duration_s": 1e-9}, "No request arrives in 1e-09 s"),
        ({"burstiness": 0.001}, {"kind": "gamma"}, "at least 0.01"),
    ],
)
def test_a_schedule_that_cannot_be_had_is_refused_in_a_sentence(changes, arguments, words):
    arguments = {"kind": "poisson", "rate_per_s": 5, "duration_s": 5} | arguments
    with pytest.raises(ProbeError, match=words):
        schedule(shape=SHAPE.model_copy(update=changes), **arguments)
