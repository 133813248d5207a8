"""The simulator beside queueing theory: lines whose answer is known in closed form.

A mean of the simulation may be off by 4 of its own standard errors, from the means of 50 batches of successive requests: one in 15,000 seeds would fail.
Engines work in steps and theory does not; where that matters, the length of a step is allowed on top, and steps are short beside the service.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tests.tco.capacity.batching_queue import BatchingService, batching_line
from tests.tco.capacity.queueing import md1, mg1, mmc

# Arithmetic, or files, that take seconds.
pytestmark = pytest.mark.slow

REQUESTS, BATCHES, WARM_UP = 300_000, 50, 10_000
ERRORS = 4.0
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


def limits(sequences: int) -> EngineLimits:
    """Nothing but the number of sequences bounds a step."""
    return EngineLimits(
        kv_blocks=10**12,
        max_num_batched_tokens=10**9,
        max_num_seqs=sequences,
        max_model_len=10**9,
        prefix_caching=False,
    )


def open_loop(rate: float, answers: Ints, seed: int) -> Traffic:
    """Random arrivals of prompts of one token."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, answers.size)
    return Traffic(arrival_s=np.cumsum(gaps), input_tokens=np.ones(answers.size, dtype=np.int32), output_tokens=answers)


def geometric(mean: float, seed: int, count: int = REQUESTS) -> Ints:
    """The exponential distribution of whole numbers: squared coefficient of variation 1 − 1 / mean."""
    return np.random.default_rng(seed).geometric(1 / mean, count).astype(np.int32)


def two_lengths(short: int, long: int, long_share: float, seed: int) -> Ints:
    drawn = np.random.default_rng(seed).random(REQUESTS) < long_share
    return np.where(drawn, long, short).astype(np.int32)


def assert_mean(theory: float, values: Floats, *, step_s: float = 0.0, precision: float = 0.02) -> None:
    """Asserts that a mean is within 4 standard errors, and a step, of theory; and that this is no more than a stated precision."""
    batches = values[WARM_UP:][: (values.size - WARM_UP) // BATCHES * BATCHES].reshape(BATCHES, -1).mean(axis=1)
    error = batches.std(ddof=1) / math.sqrt(BATCHES)
    assert error < precision * theory
    assert theory == pytest.approx(batches.mean(), abs=ERRORS * error + step_s)


def test_one_sequence_with_exponential_answers_is_the_line_m_m_1() -> None:
    step_s, rate = 1e-3, 0.7
    found = simulate(open_loop(rate, geometric(1000, 1), 2), StepTime(intercept_s=step_s), limits(1))
    line = mmc(rate, 1.0)
    assert_mean(line.response_s, found.e2e_s, step_s=step_s)
    waits_s = found.ttft_s - step_s
    assert_mean(line.wait_s, waits_s, step_s=step_s)
    assert_mean(line.wait_probability, (waits_s > 1e-9).astype(float))
    # One wait in a hundred is longer than the 99th percentile.
    assert_mean(0.01, (waits_s > line.wait_percentile_s(0.99)).astype(float), precision=0.1)


def test_one_sequence_with_equal_answers_is_the_line_m_d_1() -> None:
    rate, answers = 0.8, np.full(REQUESTS, 100, dtype=np.int32)
    found = simulate(open_loop(rate, answers, 3), StepTime(intercept_s=0.01), limits(1))
    # Exact, for service begins in the instant in which the one before ends.
    assert_mean(md1(rate, 1.0).response_s, found.e2e_s)


def test_one_sequence_with_answers_of_two_lengths_is_the_line_m_g_1() -> None:
    # 1 and 91 tokens, one in ten long: mean 10, variance 0.09 · 90² = 729, so that its coefficient of variation is 2.7.
    rate, answers = 0.06, two_lengths(1, 91, 0.1, 4)
    found = simulate(open_loop(rate, answers, 5), StepTime(intercept_s=1.0), limits(1))
    assert_mean(mg1(rate, 10.0, service_cv=2.7).response_s, found.e2e_s)


@pytest.mark.parametrize("sequences", [2, 8])
def test_steps_that_cost_the_same_for_any_batch_are_the_line_m_m_c(sequences: int) -> None:
    step_s, rate = 1e-3, 0.8 * sequences
    found = simulate(open_loop(rate, geometric(1000, 6), 7), StepTime(intercept_s=step_s), limits(sequences))
    line = mmc(rate, 1.0, sequences)
    assert_mean(line.response_s, found.e2e_s, step_s=step_s)
    # Who finds a free sequence waits for the end of a step, others wait longer.
    assert_mean(line.wait_probability, (found.ttft_s > 2 * step_s).astype(float), step_s=5e-3)


@pytest.mark.parametrize(
    "answers",
    [
        np.full(REQUESTS, 2000, dtype=np.int32),
        geometric(2000, 8),
        # Mean 2000 and coefficient of variation 1.5.
        two_lengths(1000, 11_000, 0.1, 9),
    ],
    ids=["equal", "exponential", "two lengths"],
)
def test_steps_that_cost_by_the_sequence_share_the_machine_whatever_the_lengths(answers: Ints) -> None:
    """M/G/1 with processor sharing: response `S / (1 − ρ)`, and `s / (1 − ρ)` for a request of length s (Kleinrock II, section 4.4)."""
    token_s, load = 1 / 2000, 0.7
    shared = StepTime(intercept_s=0.0, per_sequence_s=token_s, per_chunk_s=token_s)
    found = simulate(open_loop(load, answers, 10), shared, limits(4096))
    # 2.3 requests on average, each with a token a step.
    step_s = load / (1 - load) * token_s
    assert_mean(1 / (1 - load), found.e2e_s, step_s=2 * step_s)
    slowdown = found.e2e_s / (answers * token_s)
    if answers.min() >= 1000:
        # A request waits for the step that runs when it comes: less than 2 mean steps, a part of the shortest one's service.
        assert_mean(1 / (1 - load), slowdown, step_s=2 * step_s / (answers.min() * token_s))


def test_the_published_batching_queue_comes_out() -> None:
    """llm-inferno's example (see `BatchingService`): response 10,231.6 ms, wait 14.22 ms, 30.136 in service at 2.9494622 requests/s.

    Its 513 steps a request are cut into 100 parts each, so that a request begins at once, as it does there.
    """
    service = BatchingService(
        alpha_s=12e-3,
        beta_s=0.05e-3,
        gamma_s=0.0005e-3,
        input_tokens=128,
        output_tokens=512,
        max_num_seqs=48,
        max_waiting=128,
    )
    rate, parts, count = 2.9494622, 100, 1_000_000
    part_s = service.work_s(1) / parts
    assert part_s == service.work_s(48) / parts
    steps = StepTime(intercept_s=service.alpha_s / parts, per_sequence_s=part_s, per_chunk_s=part_s)
    found = simulate(open_loop(rate, geometric(513 * parts, 11, count), 12), steps, limits(48))
    step_s = steps.decode_s(48, 0)
    assert_mean(10.2316, found.e2e_s, step_s=step_s)
    # Until the first token a request waits, and then it is in the batch for one step.
    # Few requests wait, and those for long: a million of them tell the mean wait to 10 %.
    assert_mean(0.01422, found.ttft_s, step_s=2 * step_s, precision=0.11)
    assert_mean(30.136, rate * (found.e2e_s - found.ttft_s), step_s=rate * step_s)
    assert 30.136 == pytest.approx(found.use[0].sequences_mean * found.use[0].utilisation_fraction, rel=0.005)
    assert batching_line(service, rate).wait_s == pytest.approx(0.01422, abs=5e-6)


def in_flight_integral(found: Outcome) -> float:
    """Requests in flight over time, integrated from event to event."""
    times = np.concatenate([found.sent_s, found.finish_s])
    changes = np.concatenate([np.ones(found.sent_s.size), -np.ones(found.sent_s.size)])
    order = np.argsort(times, kind="stable")
    return float(np.cumsum(changes[order])[:-1] @ np.diff(times[order]))


def test_littles_law_holds_in_every_run_to_nine_digits() -> None:
    rng = np.random.default_rng(13)
    answers = rng.integers(1, 400, 20_000).astype(np.int32)
    traffic = open_loop(20.0, answers, 14)
    found = simulate(traffic, StepTime(intercept_s=0.01, per_sequence_s=1e-4), EngineLimits(kv_blocks=2000), replicas=3)
    assert found.e2e_s.sum() == pytest.approx(in_flight_integral(found), rel=1e-9)


def test_a_closed_loop_that_the_engine_holds_whole_is_in_its_batch_all_the_time() -> None:
    """Little's law between two accounts: times of requests, and sequences that the engine counted in its steps."""
    rng = np.random.default_rng(15)
    into, answers = (rng.integers(1, most, 2000).astype(np.int32) for most in (900, 300))
    traffic = Traffic(arrival_s=np.zeros(2000), input_tokens=into, output_tokens=answers, streams=24)
    found = simulate(traffic, StepTime(intercept_s=0.01, per_prefill_token_s=1e-5), EngineLimits(kv_blocks=10**6))
    counted_s = found.use[0].sequences_mean * found.use[0].busy_s
    # A prompt that comes while another one fills the steps waits outside of the batch: that is all that is missing.
    outside_s = found.e2e_s.sum() - counted_s
    assert 0 <= outside_s < 0.02 * counted_s
    roomy = EngineLimits(kv_blocks=10**6, max_num_batched_tokens=10**6)
    found = simulate(traffic, StepTime(intercept_s=0.01, per_prefill_token_s=1e-5), roomy)
    assert found.e2e_s.sum() == pytest.approx(found.use[0].sequences_mean * found.use[0].busy_s, rel=1e-9)


def test_every_token_is_made_once_and_every_prompt_token_computed_once() -> None:
    """With costs by token alone, a machine is busy for exactly the work that came, in whatever steps it was done."""
    rng = np.random.default_rng(16)
    into, answers = (rng.integers(1, most, 20_000).astype(np.int32) for most in (900, 300))
    traffic = Traffic(arrival_s=np.cumsum(rng.exponential(0.05, 20_000)), input_tokens=into, output_tokens=answers)
    costs = StepTime(
        intercept_s=0.0, per_sequence_s=3e-4, per_kv_token_s=2e-8, per_prefill_token_s=2e-5, per_attention_pair_s=1e-9
    )
    found = simulate(traffic, costs, EngineLimits(kv_blocks=10**6, max_num_batched_tokens=512), replicas=2)
    n, m = into.astype(float), answers.astype(float)
    work_s = 3e-4 * (m - 1) + 2e-8 * ((m - 1) * n + (m - 1) * m / 2) + 2e-5 * n + 1e-9 * n * (n + 1) / 2
    assert work_s.sum() == pytest.approx(sum(use.busy_s for use in found.use), rel=1e-9)
    for number, use in enumerate(found.use):
        assert work_s[found.replica == number].sum() == pytest.approx(use.busy_s, rel=1e-9)
    assert np.all(found.sent_s < found.first_token_s)
    assert np.all((found.first_token_s < found.finish_s) | (answers == 1))
    assert np.all(found.first_token_s[answers == 1] == found.finish_s[answers == 1])
