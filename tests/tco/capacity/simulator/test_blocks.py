"""Blocks of the cache by hand: who holds how many, what common beginnings answer, what others push out. Random loads: `test_step.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.capacity.simulator.blocks import needed_by_decoding, steps_that_fit
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tests.tco.capacity.simulator.reference import replay

# A millisecond a token of a prompt: what the cache answers can be read from the time to first token.
STEP_TIME = StepTime(intercept_s=0.01, per_prefill_token_s=0.001)


def one_by_one(prompts: list[int], groups: list[int], beginning: int | list[int], answer: int = 1) -> Traffic:
    """Requests so far apart that each finds an engine at rest."""
    count = len(prompts)
    return Traffic(
        arrival_s=np.arange(count) * 100.0,
        input_tokens=np.array(prompts, dtype=np.int32),
        output_tokens=np.full(count, answer, dtype=np.int32),
        prefix_group=np.array(groups, dtype=np.int32),
        prefix_tokens=np.broadcast_to(np.array(beginning, dtype=np.int32), (count,)).copy(),
    )


def hits(load: Traffic, limits: EngineLimits) -> list[int]:
    """Tokens of each prompt that were not computed; the plain reference must say the same."""
    found = simulate(load, STEP_TIME, limits)
    assert replay(load, STEP_TIME, limits).pool.hit_tokens == found.use[0].prefix_hit_tokens
    return (load.input_tokens - np.rint((found.ttft_s - 0.01) / 0.001)).astype(int).tolist()


def test_whole_blocks_of_a_beginning_are_computed_once() -> None:
    limits = EngineLimits(kv_blocks=100)
    # 50 tokens are 3 whole blocks; another group and a prompt without one find nothing.
    assert [0, 48, 0, 48, 0] == hits(one_by_one([60, 70, 60, 80, 90], [0, 0, 1, 0, -1], 50), limits)


def test_nothing_is_found_without_a_prefix_cache() -> None:
    assert [0, 0] == hits(one_by_one([60, 60], [0, 0], 50), EngineLimits(kv_blocks=100, prefix_caching=False))


def test_the_last_token_of_a_prompt_is_always_computed() -> None:
    assert [0, 48, 48] == hits(one_by_one([64, 64, 64], [0, 0, 0], 64), EngineLimits(kv_blocks=100))


@pytest.mark.parametrize(("between", "left"), [(0, 64), (96, 64), (97, 48), (112, 48), (113, 32), (145, 0)])
def test_others_push_out_the_end_of_a_beginning_first(between: int, left: int) -> None:
    """Of 10 blocks a beginning has 4 without a user. Others take the 6 that hold nothing, then these from their end on."""
    load = one_by_one([65, between, 65], [0, -1, 0], 64) if between else one_by_one([65, 65], [0, 0], 64)
    assert left == hits(load, EngineLimits(kv_blocks=10))[-1]


def test_the_beginning_that_was_used_longest_ago_is_pushed_out_first() -> None:
    # 10 blocks: beginnings 0 and 1 have 4 each. Beginning 0 is used again. Then a prompt of 3 blocks takes 2 that hold nothing and one of beginning 1, and the
    # last token of the next prompt another one.
    load = one_by_one([65, 65, 65, 48, 65, 65], [0, 1, 0, -1, 0, 1], 64)
    assert [0, 0, 64, 0, 64, 32] == hits(load, EngineLimits(kv_blocks=10))


def test_a_beginning_in_use_stays_however_full_the_cache_is() -> None:
    """The first request decodes all the time; others come and go through the 2 blocks that are left."""
    load = Traffic(
        arrival_s=np.array([0.0, 1.0, 2.0, 3.0]),
        input_tokens=np.array([65, 20, 20, 80], dtype=np.int32),
        output_tokens=np.array([600, 2, 2, 2], dtype=np.int32),
        prefix_group=np.array([0, -1, -1, 0], dtype=np.int32),
        prefix_tokens=np.full(4, 64, dtype=np.int32),
    )
    limits = EngineLimits(kv_blocks=45)
    found = simulate(load, STEP_TIME, limits)
    assert 64 == found.use[0].prefix_hit_tokens == replay(load, STEP_TIME, limits).pool.hit_tokens


def test_who_holds_how_much_at_most() -> None:
    """Two prompts of 40 tokens with 32 in common and answers of 10: 2 blocks together, and for the last of 49 tokens 2 each."""
    load = Traffic(
        arrival_s=np.zeros(2),
        input_tokens=np.full(2, 40, dtype=np.int32),
        output_tokens=np.full(2, 10, dtype=np.int32),
        prefix_group=np.zeros(2, dtype=np.int32),
        prefix_tokens=np.full(2, 32, dtype=np.int32),
    )
    assert 6 == _most(simulate(load, STEP_TIME, EngineLimits(kv_blocks=100)), 100)
    assert 8 == _most(simulate(load, STEP_TIME, EngineLimits(kv_blocks=100, prefix_caching=False)), 100)


def _most(found: Outcome, kv_blocks: int) -> int:
    return round(found.use[0].kv_usage_peak_fraction * kv_blocks)


@dataclass
class Decoding:
    """Sequences by the tokens in their caches, as `needed_by_decoding` sees them."""

    cached: list[int]
    block_tokens: int
    counter: int
    residues: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.residues = [0] * self.block_tokens
        for tokens in self.cached:
            self.residues[(tokens - self.counter) % self.block_tokens] += 1

    @property
    def decoding(self) -> int:
        return len(self.cached)

    def blocks_after(self, steps: int) -> int:
        return sum(-(-(tokens + steps) // self.block_tokens) for tokens in self.cached)


@st.composite
def batches(draw: st.DrawFn) -> Decoding:
    cached = draw(st.lists(st.integers(1, 100), min_size=1, max_size=8))
    return Decoding(cached, draw(st.sampled_from([1, 4, 16])), draw(st.integers(0, 1000)))


@given(batch=batches(), steps=st.integers(0, 100))
def test_blocks_for_many_steps_are_those_that_counting_finds(batch: Decoding, steps: int) -> None:
    counted = batch.blocks_after(steps) - batch.blocks_after(0)
    assert counted == needed_by_decoding.py_func(batch, batch.residues, batch.block_tokens, steps)


@given(batch=batches(), free=st.integers(0, 60), steps=st.integers(0, 100))
def test_as_many_steps_fit_as_find_their_blocks(batch: Decoding, free: int, steps: int) -> None:
    counted = max(n for n in range(steps + 1) if batch.blocks_after(n) - batch.blocks_after(0) <= free)
    assert counted == steps_that_fit.py_func(batch, batch.residues, batch.block_tokens, free, steps)
