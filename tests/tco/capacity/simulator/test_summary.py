from __future__ import annotations

import math

import numpy as np
import pytest

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome, ReplicaUse
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.summary import latency, summarise
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError
from tests.tco.capacity.queueing import mmc

# Arithmetic, or files, that take seconds.
pytestmark = pytest.mark.slow

ONE = EngineLimits(kv_blocks=10_000, max_num_seqs=1, prefix_caching=False)


def queue(rate: float, seed: int, requests: int = 10_000) -> Outcome:
    """M/M/1 but for answers in whole steps of a millisecond: mean service 1 s."""
    rng = np.random.default_rng(seed)
    return simulate(
        Traffic(
            arrival_s=np.cumsum(rng.exponential(1 / rate, requests)),
            input_tokens=np.ones(requests, dtype=np.int32),
            output_tokens=np.maximum(1, np.rint(rng.exponential(1000, requests))).astype(np.int32),
        ),
        StepTime(intercept_s=0.001),
        ONE,
    )


def test_figures_of_a_known_outcome_by_hand() -> None:
    use = ReplicaUse(
        steps=4,
        busy_s=6.0,
        span_s=10.0,
        sequences_mean=2.0,
        kv_usage_mean_fraction=0.2,
        kv_usage_peak_fraction=0.5,
        preemptions=1,
        prefix_hit_tokens=32,
    )
    outcome = Outcome(
        sent_s=np.array([0.0, 1.0, 2.0, 3.0]),
        first_token_s=np.array([1.0, 3.0, 5.0, 7.0]),
        finish_s=np.array([2.0, 5.0, 5.0, 10.0]),
        output_tokens=np.array([2, 3, 1, 4], dtype=np.int32),
        replica=np.zeros(4, dtype=np.int32),
        use=(use,),
    )
    found = summarise(outcome, warm_up_fraction=0.0)
    assert (4, 0.4, 1.0) == (found.requests, found.requests_per_s, found.output_tokens_per_s)
    assert (2.5, 2.5) == (found.ttft_s.mean.value, found.ttft_s.p50.value)
    assert found.tpot_s is not None
    assert 1.0 == found.tpot_s.mean.value
    assert (0.6, 0.5, 1, 32) == (
        found.utilisation_fraction,
        found.kv_usage_peak_fraction,
        found.preemptions,
        found.prefix_hit_tokens,
    )
    assert found.ttft_s.p99.standard_error is None
    assert 3.0 == summarise(outcome, warm_up_fraction=0.25).ttft_s.mean.value


def test_an_error_of_batch_means_covers_the_true_mean_as_often_as_it_says() -> None:
    true_s = mmc(0.7, 1.0).response_s
    inside = 0
    for seed in range(40):
        mean = summarise(queue(0.7, seed)).e2e_s.mean
        assert mean.standard_error is not None
        inside += abs(mean.value - true_s) < 1.96 * mean.standard_error
    # 95 % of 40 are 38; independent samples would claim a third of the error and be right in about half of them.
    assert inside >= 33


def test_errors_shrink_with_the_root_of_the_requests() -> None:
    errors = [
        np.mean([summarise(queue(0.5, seed, requests)).ttft_s.p95.standard_error for seed in range(8)])
        for requests in (5_000, 45_000)
    ]
    assert 3.0 == pytest.approx(errors[0] / errors[1], rel=0.35)


def test_a_latency_that_nobody_has_is_none() -> None:
    assert latency(np.array([math.nan, math.nan])) is None


def test_a_warm_up_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"warm_up_fraction 1\.0; give a fraction from 0 to below 1"):
        summarise(queue(0.5, 1, 100), warm_up_fraction=1.0)
