from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tco.capacity.simulator.outcome import Outcome
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.observed import observed
from tco.capacity.steptime.replay import figures, replayed
from tests.tco.capacity.steptime.runs import LIMITS, TRUE, cell, run


def test_figures_of_counted_requests_by_hand() -> None:
    outcome = Outcome(
        sent_s=np.array([0.0, 1.0, 2.0, 3.0]),
        first_token_s=np.array([9.0, 1.1, 2.3, 9.0]),
        finish_s=np.array([9.0, 2.1, 4.3, 9.0]),
        output_tokens=np.array([5, 11, 11, 5], dtype=np.int32),
        replica=np.zeros(4, dtype=np.int32),
        use=(),
    )
    found = figures(outcome, 1, 3, streams=2)
    # 1.1 s and 2.3 s to the last token: two streams every 1.7 s.
    assert (2 / 1.7, 0.2, 0.15, 1.7) == pytest.approx(
        (found.requests_per_s, found.ttft_p50_s, found.tpot_mean_s, found.e2e_p50_s)
    )
    assert 0.298 == pytest.approx(found.ttft_p99_s)


def test_a_request_alone_takes_its_own_steps() -> None:
    (load,) = observed(run([cell("curve", 1, 100, 5)]))
    found = replayed(load, TRUE, LIMITS)
    first = 0.010 + 100 * 1e-4 + 5050 * 2e-8
    after = 4 * (0.010 + 0.0005) + (101 + 102 + 103 + 104) * 1e-6
    assert first == pytest.approx(found.ttft_p50_s, rel=1e-3)
    assert after / 4 == pytest.approx(found.tpot_mean_s, rel=1e-3)
    assert 1 / (first + after) == pytest.approx(found.requests_per_s, rel=1e-3)


def test_an_idle_engine_begins_with_the_first_alone() -> None:
    (load,) = observed(run([cell("prefill", 4, 100, 1)]))
    found = replayed(load, StepTime(intercept_s=0.1, per_prefill_token_s=0.001), LIMITS)
    # One prompt takes 0.2 s, the three that came meanwhile 0.4 s; the first of them is then sent again and waits for those.
    assert 4 / 0.6 == pytest.approx(found.requests_per_s, rel=0.02)


def test_a_cached_beginning_is_not_computed_again() -> None:
    plain = cell("curve", 1, 320, 5)
    (load,) = observed(run([plain.model_copy(update={"prefix_cache_hit_fraction": 0.5})]))
    step_time = StepTime(intercept_s=0.001, per_prefill_token_s=0.001)
    found = replayed(load, step_time, replace(LIMITS, prefix_caching=True))
    assert 0.161 == pytest.approx(found.ttft_p50_s, rel=1e-3)


def test_random_arrivals_at_a_light_load_wait_for_half_a_service() -> None:
    # M/D/1: mean wait = ρ s / (2 (1 − ρ)); here ρ = 0.5 and one token out, so that the answer is its first token.
    quiet = cell("curve", 1, 100, 1, concurrency=None, request_rate_per_s=5.0)
    changed = quiet.requests_per_s.model_copy(update={"mean": 5.0, "low": 4.9, "high": 5.1})
    (load,) = observed(run([quiet.model_copy(update={"requests_per_s": changed, "requests_ok": 1900})]))
    one_at_a_time = replace(LIMITS, max_num_seqs=1)
    found = replayed(load, StepTime(intercept_s=0.1), one_at_a_time)
    assert found.e2e_p50_s is not None
    assert found.ttft_p50_s == found.e2e_p50_s
    # Half of the requests of M/D/1 at ρ = 0.5 find it empty, so the median is the service itself.
    assert 0.1 == pytest.approx(found.ttft_p50_s, rel=0.1)
