from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.state import Records, new_state
from tco.capacity.simulator.timing import MANY_STEPS, decode_steps_s, step_s, steps_until
from tco.capacity.step_time import StepTime

PLAIN = StepTime(
    intercept_s=0.008,
    per_sequence_s=4e-5,
    per_kv_token_s=6e-8,
    per_prefill_token_s=4e-5,
    per_attention_pair_s=1e-9,
    per_chunk_s=3e-4,
    mixed_step_s=7e-4,
)
MIXTURE = StepTime(
    intercept_s=0.004,
    per_kv_token_s=3e-8,
    per_prefill_token_s=2e-5,
    hidden_tokens=200,
    experts_s=0.006,
    experts=64,
    experts_per_token=4,
)
kinds = st.sampled_from([PLAIN, MIXTURE])


def engine(step_time: StepTime) -> Records:
    return new_state(step_time, EngineLimits(kv_blocks=10), replicas=1, groups=0, capacity=1).engine[0]


def one_after_the_other_s(step_time: StepTime, sequences: int, cached: int, steps: int) -> float:
    return math.fsum(step_time.step_s(sequences, cached + number * sequences) for number in range(1, steps + 1))


@given(
    step_time=kinds,
    sequences=st.integers(0, 300),
    cached=st.integers(0, 10**6),
    prefill=st.integers(0, 8192),
    chunks=st.integers(0, 5),
)
def test_a_step_takes_what_the_step_time_says(
    step_time: StepTime, sequences: int, cached: int, prefill: int, chunks: int
) -> None:
    pairs = prefill * 700.0
    said = step_time.step_s(sequences, cached, prefill, pairs, chunks)
    assert said == pytest.approx(step_s(engine(step_time), sequences, cached, prefill, pairs, chunks), rel=1e-12)


@given(step_time=kinds, sequences=st.integers(1, 300), cached=st.integers(0, 10**6), steps=st.integers(0, 400))
def test_many_steps_take_the_sum_of_all(step_time: StepTime, sequences: int, cached: int, steps: int) -> None:
    summed = one_after_the_other_s(step_time, sequences, cached, steps)
    assert summed == pytest.approx(decode_steps_s(engine(step_time), sequences, cached, steps), rel=1e-12)


@given(step_time=kinds, sequences=st.integers(1, 300), cached=st.integers(0, 10**6), seconds=st.floats(1e-6, 5.0))
def test_the_fewest_steps_that_take_a_time_are_those_that_counting_finds(
    step_time: StepTime, sequences: int, cached: int, seconds: float
) -> None:
    times_s = np.cumsum([step_time.step_s(sequences, cached + number * sequences) for number in range(1, 2001)])
    counted = int(np.searchsorted(times_s, seconds)) + 1
    found = steps_until(engine(step_time), sequences, cached, seconds)
    # At the very end of a step the two sums may round to either side.
    near_an_end = np.abs(times_s - seconds).min() < 1e-9
    assert found == counted or (near_an_end and abs(found - counted) == 1)


def test_exactly_so_long_is_long_enough() -> None:
    even = StepTime(intercept_s=0.25)
    assert [1, 1, 2, 4] == [steps_until(engine(even), 3, 100, seconds) for seconds in (0.1, 0.25, 0.26, 1.0)]


def test_steps_that_take_next_to_no_time_are_many() -> None:
    assert MANY_STEPS == steps_until(engine(StepTime(intercept_s=1e-300)), 1, 1, 1.0)
