from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tco.capacity.simulator.disaggregated import Pool, simulate_disaggregated
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError

STEP_TIME = StepTime(
    intercept_s=0.010, per_sequence_s=0.001, per_kv_token_s=1e-6, per_prefill_token_s=1e-4, latency_s=0.002
)
LIMITS = EngineLimits(kv_blocks=10_000, max_num_batched_tokens=2048, max_num_seqs=64, prefix_caching=False)
POOL = Pool(step_time=STEP_TIME, limits=LIMITS)


def traffic(requests: int, rate: float, seed: int = 1) -> Traffic:
    rng = np.random.default_rng(seed)
    return Traffic(
        arrival_s=np.cumsum(rng.exponential(1 / rate, requests)),
        input_tokens=rng.integers(200, 1200, requests).astype(np.int32),
        output_tokens=rng.integers(20, 200, requests).astype(np.int32),
    )


def test_one_request_takes_its_prompt_the_way_and_the_steps_of_its_answer() -> None:
    one = Traffic(
        arrival_s=np.array([0.5]),
        input_tokens=np.array([1000], dtype=np.int32),
        output_tokens=np.array([3], dtype=np.int32),
    )
    found = simulate_disaggregated(one, POOL, POOL, transfer_s_per_token=2e-5, transfer_s=0.003)
    prompt_s, way_s = 0.010 + 1000 * 1e-4, 0.003 + 1000 * 2e-5
    first_s = 0.010 + 1e-4  # the prompt's last token, computed once more
    after_s = 2 * 0.011 + (1001 + 1002) * 1e-6
    assert prompt_s + way_s + first_s + 0.002 == pytest.approx(found.ttft_s[0])
    assert prompt_s + way_s + first_s + after_s + 0.002 == pytest.approx(found.e2e_s[0])
    assert (1, 3) == tuple(use.steps for use in found.use)


def test_answers_are_steady_where_no_prompt_comes_between() -> None:
    load = traffic(3000, rate=5.0)
    light = replace(
        STEP_TIME, per_sequence_s=1e-4, per_kv_token_s=1e-8
    )  # a batch of answers costs little more than one
    pool = Pool(step_time=light, limits=LIMITS)
    together = simulate(load, light, LIMITS, replicas=2)
    apart = simulate_disaggregated(load, pool, pool, transfer_s_per_token=1e-6)
    assert np.percentile(apart.tpot_s, 99) < 0.7 * np.percentile(together.tpot_s, 99)
    assert apart.sent_s.tolist() == load.arrival_s.tolist()
    assert np.all(apart.ttft_s > 0)
    assert 3000 == apart.e2e_s.size


def test_every_prompt_is_computed_once_and_every_answer_made_once() -> None:
    load = traffic(500, rate=3.0)
    free = replace(STEP_TIME, intercept_s=1e-9, per_kv_token_s=0.0, latency_s=0.0)
    pool = Pool(step_time=free, limits=LIMITS)
    found = simulate_disaggregated(load, pool, pool, transfer_s_per_token=0.0)
    prefill, decode = found.use
    assert load.input_tokens.sum() * 1e-4 == pytest.approx(prefill.busy_s, rel=1e-4)
    # Each answer's first token is one prompt token here, the others are decoded.
    assert (load.output_tokens - 1).sum() * 0.001 + 500 * 1e-4 == pytest.approx(decode.busy_s, rel=1e-4)


def test_a_decoding_pool_holds_the_whole_prompt_in_its_cache() -> None:
    small = replace(LIMITS, kv_blocks=100)
    found = simulate_disaggregated(traffic(100, rate=50.0), POOL, replace(POOL, limits=small), transfer_s_per_token=0.0)
    assert found.use[1].kv_usage_peak_fraction > 0.9
    assert found.use[1].sequences_mean < found.use[0].sequences_mean + 3


def test_nonsense_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match=r"transfer_s_per_token is -1\.0; it must be a number of at least 0"):
        simulate_disaggregated(traffic(2, 1.0), POOL, POOL, transfer_s_per_token=-1.0)
    closed = replace(traffic(2, 1.0), arrival_s=np.zeros(2), streams=2)
    with pytest.raises(InputError, match="a closed loop"):
        simulate_disaggregated(closed, POOL, POOL, transfer_s_per_token=0.0)
