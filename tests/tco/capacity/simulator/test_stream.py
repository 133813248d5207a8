from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.stream import RATIO, LatencyCounts, simulate_stream
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError

STEP_TIME = StepTime(intercept_s=0.008, per_sequence_s=4e-5, per_kv_token_s=6e-8, per_prefill_token_s=4e-5)
LIMITS = EngineLimits(kv_blocks=20_000, max_num_batched_tokens=8192, max_num_seqs=256)


def traffic(requests: int, start_s: float = 0.0, seed: int = 1, rate: float = 8.0) -> Traffic:
    rng = np.random.default_rng(seed)
    return Traffic(
        arrival_s=start_s + np.cumsum(rng.exponential(1 / rate, requests)),
        input_tokens=rng.integers(50, 1500, requests).astype(np.int32),
        output_tokens=rng.integers(1, 300, requests).astype(np.int32),
        prefix_group=rng.integers(-1, 4, requests).astype(np.int32),
        prefix_tokens=np.full(requests, 48, dtype=np.int32),
    )


def pieces(whole: Traffic, size: int) -> Iterator[Traffic]:
    for first in range(0, whole.requests, size):
        part = slice(first, first + size)
        yield Traffic(
            arrival_s=whole.arrival_s[part],
            input_tokens=whole.input_tokens[part],
            output_tokens=whole.output_tokens[part],
            prefix_group=whole.prefix_group[part],
            prefix_tokens=whole.prefix_tokens[part],
        )


@pytest.mark.parametrize("replicas", [1, 3])
def test_pieces_are_simulated_as_the_whole_is(replicas: int) -> None:
    load = traffic(3000)
    whole = simulate(load, STEP_TIME, LIMITS, replicas=replicas, routing="prefix-aware")
    found = simulate_stream(pieces(load, 170), STEP_TIME, LIMITS, replicas=replicas, routing="prefix-aware", groups=4)
    assert 3000 == found.requests == found.ttft.requests
    assert whole.use == found.use
    assert float(whole.ttft_s.mean()) == pytest.approx(found.ttft.mean_s, rel=1e-12)
    for percent in (50, 95, 99):
        assert np.percentile(whole.e2e_s, percent) == pytest.approx(found.e2e.percentile_s(percent), rel=RATIO - 1)
    assert int(np.isfinite(whole.tpot_s).sum()) == found.tpot.requests


def test_memory_does_not_grow_with_the_traffic() -> None:
    def many(count: int) -> Iterator[Traffic]:
        start_s = 0.0
        for seed in range(count):
            piece = traffic(5_000, start_s, seed)
            start_s = float(piece.arrival_s[-1])
            yield piece

    simulate_stream(many(2), STEP_TIME, LIMITS, groups=4)
    peaks = []
    for count in (4, 40):
        tracemalloc.start()
        simulate_stream(many(count), STEP_TIME, LIMITS, groups=4)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_counts_give_percentiles_within_a_bin() -> None:
    counts = LatencyCounts()
    values = np.random.default_rng(5).lognormal(-2, 1, 50_000)
    counts.add(np.append(values, np.nan))
    assert 50_000 == counts.requests
    assert values.mean() == pytest.approx(counts.mean_s)
    for percent in (1, 50, 99.9):
        assert np.percentile(values, percent) == pytest.approx(counts.percentile_s(percent), rel=RATIO - 1)
    assert np.isnan(LatencyCounts().percentile_s(50))


def test_what_cannot_come_in_pieces_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="there is no piece of traffic"):
        simulate_stream([], STEP_TIME, LIMITS)
    with pytest.raises(InputError, match="a piece begins at"):
        simulate_stream([traffic(10), traffic(10)], STEP_TIME, LIMITS, groups=4)
    with pytest.raises(InputError, match="has beginning 3 and groups is 2"):
        simulate_stream([traffic(100)], STEP_TIME, LIMITS, groups=2)
    ones = np.ones(2, dtype=np.int32)
    with pytest.raises(InputError, match="a closed loop cannot come in pieces"):
        simulate_stream(
            [Traffic(arrival_s=np.zeros(2), input_tokens=ones, output_tokens=ones, streams=1)], STEP_TIME, LIMITS
        )
