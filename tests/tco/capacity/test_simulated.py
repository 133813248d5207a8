from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from tco.capacity.engine_model import EngineModel
from tco.capacity.simulated import (
    REQUESTS,
    SEEDS,
    AskedClass,
    forget_simulations,
    latency_ms,
    simulate_load,
    simulated_capacity,
)
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.workload.asked import Spread

ONE_AT_A_TIME = EngineLimits(kv_blocks=1000, max_num_batched_tokens=2048, max_num_seqs=1, prefix_caching=False)
MANY = EngineLimits(kv_blocks=10_000, max_num_batched_tokens=2048, max_num_seqs=64, prefix_caching=False)


def engine(step_time: StepTime, limits: EngineLimits = MANY, band_fraction: float = 0.1) -> EngineModel:
    return EngineModel(
        step_time=step_time,
        limits=limits,
        origin="step times by hand",
        error_fraction=0.03,
        band_fraction=band_fraction,
        error_source="a test",
    )


FIXED = engine(StepTime(intercept_s=0.1), ONE_AT_A_TIME)
"""One request at a time, each of 0.1 s when it has one token out: M/D/1."""


def waits_longer(rate: float, service_s: float, wait_s: float) -> float:
    """P(W > t) of M/D/1 (A. K. Erlang, 1909): 1 − (1 − ρ) Σ_k (−(λt − ρk))^k / k! · e^(λt − ρk), k = 0 … t / s."""
    load = rate * service_s
    terms = (rate * wait_s - load * k for k in range(int(wait_s / service_s) + 1))
    total = sum((-left) ** k / math.factorial(k) * math.exp(left) for k, left in enumerate(terms))
    return 1 - (1 - load) * total


def test_capacity_under_a_percentile_is_erlangs_for_fixed_service_times() -> None:
    limit_s = 0.35
    exact = brentq(lambda rate: waits_longer(rate, 0.1, limit_s - 0.1) - 0.05, 0.5, 9.5)
    asked = AskedClass(input_tokens=10, output_tokens=1, limits_ms=(("ttft_p95_ms", limit_s * 1e3),))
    found = simulated_capacity(FIXED, (asked,))
    assert "modelled" == found.basis
    # Three draws of 2,700 requests: the rate at which a p95 is met scatters by about 2 %.
    assert exact == pytest.approx(found.requests_per_s, rel=0.05)


def test_without_a_promise_an_engine_that_never_pauses_is_the_capacity() -> None:
    found = simulated_capacity(FIXED, (AskedClass(input_tokens=10, output_tokens=1),))
    assert 10.0 == pytest.approx(found.requests_per_s, rel=1e-3)
    assert (1 / 1.1, 1 / 0.9) == pytest.approx((found.relative_low, found.relative_high), rel=1e-3)


def test_a_limit_below_one_request_alone_is_refused_with_the_bound() -> None:
    asked = AskedClass(input_tokens=10, output_tokens=1, limits_ms=(("ttft_p99_ms", 90.0),))
    found = simulated_capacity(FIXED, (asked,))
    assert not found.feasible
    assert (
        "one request at a time already has TTFT P99 100 ms, and the limit is 90 ms (simulated; step times by hand)"
        in found.reasons[0]
    )


def test_every_class_keeps_its_own_promise() -> None:
    step_time = StepTime(intercept_s=0.01, per_sequence_s=0.001, per_prefill_token_s=1e-4)
    chat = AskedClass(name="chat", share=0.9, input_tokens=100, output_tokens=20, limits_ms=(("tpot_p95_ms", 40.0),))
    document = AskedClass(
        name="document", share=0.1, input_tokens=1500, output_tokens=20, limits_ms=(("ttft_p95_ms", 400.0),)
    )
    both = simulated_capacity(engine(step_time), (chat, document))
    loose = replace(document, limits_ms=())
    assert both.requests_per_s < simulated_capacity(engine(step_time), (chat, loose)).requests_per_s
    drawn = [simulate_load(engine(step_time), (chat, document), both.requests_per_s, seed) for seed in SEEDS]
    # One of the two is just kept, on average over the draws; the other one with room.
    tpot = np.mean([latency_ms(*each, "tpot_p95_ms", 0) for each in drawn]) / 40
    ttft = np.mean([latency_ms(*each, "ttft_p95_ms", 1) for each in drawn]) / 400
    assert 1.0 == pytest.approx(max(tpot, ttft), rel=0.05)


def test_a_broken_class_is_named() -> None:
    step_time = StepTime(intercept_s=0.01, per_prefill_token_s=1e-3)
    slow = AskedClass(name="long reads", input_tokens=1000, output_tokens=2, limits_ms=(("ttft_p95_ms", 500.0),))
    found = simulated_capacity(engine(step_time), (slow,))
    assert "TTFT P95 1,010 ms of 'long reads', and the limit is 500 ms" in found.reasons[0]


def test_lengths_that_vary_have_the_means_spread_and_correlation_that_were_asked_for() -> None:
    spread = Spread(kind="lognormal", spread_fraction=0.5, correlation=0.6)
    asked = AskedClass(input_tokens=800, output_tokens=200, spread=spread)
    traffic, _ = simulate_load(engine(StepTime(intercept_s=0.001)), (asked,), 1.0, seed=7, requests=40_000)
    into, out = traffic.input_tokens, traffic.output_tokens
    assert (800, 200) == pytest.approx((into.mean(), out.mean()), rel=0.01)
    assert (0.5, 0.5) == pytest.approx((into.std() / into.mean(), out.std() / out.mean()), rel=0.03)
    ranks = np.corrcoef(np.argsort(np.argsort(into)), np.argsort(np.argsort(out)))[0, 1]
    assert 0.6 == pytest.approx(ranks, abs=0.01)
    gaps = np.diff(traffic.arrival_s)
    assert (1.0, 1.0) == pytest.approx((gaps.mean(), gaps.std()), rel=0.03)


def test_lengths_that_vary_carry_less_than_fixed_ones_under_a_tail_promise() -> None:
    step_time = StepTime(intercept_s=0.01, per_sequence_s=0.001, per_prefill_token_s=2e-4)
    fixed = AskedClass(input_tokens=500, output_tokens=50, limits_ms=(("ttft_p95_ms", 600.0),))
    varying = replace(fixed, spread=Spread(kind="lognormal", spread_fraction=1.0))
    assert (
        simulated_capacity(engine(step_time), (varying,)).requests_per_s
        < 0.9 * simulated_capacity(engine(step_time), (fixed,)).requests_per_s
    )


def test_requests_that_do_not_fit_are_refused_in_a_sentence() -> None:
    small = engine(StepTime(intercept_s=0.01), replace(MANY, kv_blocks=20))
    found = simulated_capacity(small, (AskedClass(input_tokens=400, output_tokens=100),))
    assert "a mean request of 500 tokens does not fit into the cache of 320 tokens" in found.reasons[0]
    short = engine(StepTime(intercept_s=0.01), replace(MANY, max_model_len=450))
    found = simulated_capacity(short, (AskedClass(input_tokens=400, output_tokens=100),))
    assert "longer than the context that the engine was started with, 450 tokens" in found.reasons[0]


def test_the_same_question_has_the_same_answer() -> None:
    asked = (AskedClass(input_tokens=100, output_tokens=20, limits_ms=(("ttft_p95_ms", 300.0),)),)
    step_time = StepTime(intercept_s=0.01, per_sequence_s=0.001, per_prefill_token_s=1e-4)
    first = simulated_capacity(engine(step_time), asked)
    forget_simulations()
    assert first == simulated_capacity(engine(step_time), asked)


def test_a_latency_that_nobody_has_is_no_number() -> None:
    traffic, outcome = simulate_load(FIXED, (AskedClass(input_tokens=10, output_tokens=1),), 1.0, seed=1, requests=50)
    assert math.isnan(latency_ms(traffic, outcome, "tpot_p50_ms", 0))
    assert REQUESTS > outcome.sent_s.size
