"""The compiled simulator and the plain one agree in every request, step, preemption and hit of the prefix cache."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tests.tco.capacity.simulator.reference import replay

# Arithmetic, or files, that take seconds.
pytestmark = pytest.mark.slow

STEP_TIME = StepTime(
    intercept_s=0.0101,
    per_sequence_s=0.00051,
    per_kv_token_s=1.03e-6,
    per_prefill_token_s=0.000107,
    per_attention_pair_s=2.1e-8,
    per_chunk_s=0.0003,
    mixed_step_s=0.0007,
)


def agree(traffic: Traffic, limits: EngineLimits, step_time: StepTime = STEP_TIME) -> int:
    """Asserts that both say the same; returns the preemptions."""
    found, plain = simulate(traffic, step_time, limits), replay(traffic, step_time, limits)
    times = np.array([plain.ended[number] for number in range(traffic.requests)]).T
    latency = np.array([0.0, step_time.latency_s, step_time.latency_s])[:, None]
    np.testing.assert_allclose(
        [found.sent_s, found.first_token_s, found.finish_s], times + latency, rtol=1e-9, atol=1e-9
    )
    use = found.use[0]
    assert (plain.steps, plain.preemptions, plain.pool.hit_tokens) == (
        use.steps,
        use.preemptions,
        use.prefix_hit_tokens,
    )
    return plain.preemptions


def _beginnings(draw: st.DrawFn, rng: np.random.Generator, count: int) -> dict[str, npt.NDArray[np.int32]]:
    """Groups of prompts with a beginning in common, of one length in each group."""
    groups = draw(st.sampled_from([0, 0, 1, 3, 10]))
    if not groups:
        return {}
    group = rng.integers(-1, groups, count).astype(np.int32)
    lengths = rng.integers(1, draw(st.sampled_from([8, 40, 200])) + 1, groups).astype(np.int32)
    return {"prefix_group": group, "prefix_tokens": lengths[np.maximum(group, 0)]}


@st.composite
def loads(draw: st.DrawFn) -> tuple[Traffic, EngineLimits, StepTime]:
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    count = draw(st.integers(1, 60))
    into = rng.integers(1, draw(st.sampled_from([3, 40, 300])) + 1, count).astype(np.int32)
    out = rng.integers(1, draw(st.sampled_from([1, 3, 60])) + 1, count).astype(np.int32)
    beginnings = _beginnings(draw, rng, count)
    into += beginnings.get("prefix_tokens", np.int32(0)) * (beginnings.get("prefix_group", np.int32(-1)) >= 0)
    streams = draw(st.sampled_from([0, 0, 1, 3, 8]))
    gaps = rng.exponential(draw(st.sampled_from([0.001, 0.02, 0.3])), count)
    arrival_s = np.zeros(count) if streams else np.cumsum(gaps)
    traffic = Traffic(arrival_s=arrival_s, input_tokens=into, output_tokens=out, streams=streams, **beginnings)
    block = draw(st.sampled_from([1, 4, 16]))
    least = int(-(-int((into + out).max()) // block))
    sequences = draw(st.sampled_from([1, 2, 7, 32]))
    limits = EngineLimits(
        kv_blocks=least + draw(st.sampled_from([0, 1, 5, 40, 1000])),
        block_tokens=block,
        max_num_batched_tokens=max(sequences, draw(st.sampled_from([8, 64, 2048]))),
        max_num_seqs=sequences,
        prefix_caching=draw(st.booleans()),
        async_scheduling=draw(st.booleans()),
    )
    # Requests that reach the engine in the very instant in which a step ends are a matter of rounding; a way to the engine of odd length keeps them apart.
    step_time = replace(STEP_TIME, latency_s=0.00173, dispatch_s=draw(st.sampled_from([0.0003, 0.0211])))
    return traffic, limits, step_time


@settings(max_examples=200)
@given(load=loads())
def test_any_load_is_scheduled_as_vllm_would(load: tuple[Traffic, EngineLimits, StepTime]) -> None:
    traffic, limits, step_time = load
    agree(traffic, limits, step_time)


def test_a_cache_that_is_too_small_preempts_and_both_engines_preempt_the_same() -> None:
    rng = np.random.default_rng(3)
    traffic = Traffic(
        arrival_s=np.cumsum(rng.exponential(0.02, 200)),
        input_tokens=rng.integers(20, 60, 200).astype(np.int32),
        output_tokens=rng.integers(50, 120, 200).astype(np.int32),
    )
    limits = EngineLimits(kv_blocks=40, max_num_batched_tokens=128, max_num_seqs=32, prefix_caching=False)
    assert agree(traffic, limits) > 20


def test_prompts_are_cut_at_the_steps_tokens_and_share_steps_with_decoding_sequences() -> None:
    traffic = Traffic(
        arrival_s=np.array([0.0, 0.001]),
        input_tokens=np.array([10, 100], dtype=np.int32),
        output_tokens=np.array([5, 2], dtype=np.int32),
    )
    limits = EngineLimits(kv_blocks=100, max_num_batched_tokens=41, max_num_seqs=4, prefix_caching=False)
    found = simulate(traffic, StepTime(intercept_s=1.0, per_prefill_token_s=0.01, per_sequence_s=0.1), limits)
    # Steps: 10 tokens (1.1 s); 1 + 40 (1.5 s); 1 + 40 (1.5 s); 1 + 20 (1.3 s), which ends the second prompt; then both decode and end.
    np.testing.assert_allclose(found.first_token_s, [1.1, 5.4], rtol=1e-12)
    np.testing.assert_allclose(found.finish_s, [6.6, 6.6], rtol=1e-12)
