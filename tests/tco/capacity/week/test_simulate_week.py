from __future__ import annotations

import math
from dataclasses import astuple, replace

import numpy as np
import pytest

import tco.capacity.week.simulate_week as room
from tco.capacity.engine_model import EngineModel
from tco.capacity.simulated import AskedClass
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.capacity.week.simulate_week import Sampling, simulate_week
from tco.errors import InputError

SERVICE_S = 0.1
ONE_BY_ONE = EngineModel(
    step_time=StepTime(intercept_s=SERVICE_S),
    limits=EngineLimits(kv_blocks=1000, max_num_seqs=1),
    origin="an engine that answers one request at a time",
    error_fraction=0.0,
    band_fraction=0.0,
    error_source="a queue in closed form",
)
BATCHING = replace(
    ONE_BY_ONE,
    step_time=StepTime(intercept_s=0.01, per_sequence_s=1e-4, per_prefill_token_s=1e-5),
    limits=EngineLimits(kv_blocks=10_000, max_num_seqs=32),
)
ANSWER = AskedClass(input_tokens=16, output_tokens=1, limits_ms=(("ttft_p95_ms", 300.0),))
CHAT = AskedClass(input_tokens=100, output_tokens=20, limits_ms=(("ttft_p95_ms", 50.0), ("tpot_p95_ms", 12.0)))
FEW = Sampling(requests=2_000)


@pytest.fixture(autouse=True)
def _small_floor(monkeypatch):
    monkeypatch.setattr(room, "LEAST_REQUESTS", 2_000)


def waiting_s(load: float) -> float:
    """Mean TTFT of M/D/1: service and `load · service / (2 (1 − load))`."""
    return SERVICE_S * (1 + load / (2 * (1 - load)))


def test_errors_cover_the_truth_of_a_queue_as_often_as_they_say():
    # 40 weeks of two kinds of hours, half and four tenths loaded; a share of 95 % lies within 2.26 errors (Student's t, 9 degrees of freedom).
    truth = (5 * waiting_s(0.5) + 4 * waiting_s(0.4)) / 9
    off = []
    for seed in range(40):
        found = simulate_week(ONE_BY_ONE, (ANSWER,), [5.0, 4.0], [1, 1], sampling=replace(FEW, seed=seed))
        mean = found.classes[0].ttft_s.mean
        off.append((mean.value - truth) / mean.standard_error)

    assert sum(abs(each) < 2.26 for each in off) >= 34
    # Unbiased: the mean of 40 such figures has an error of 0.18.
    assert abs(np.mean(off)) < 0.6


def test_a_flat_week_is_one_stratum_and_equals_one_hour():
    hour = simulate_week(BATCHING, (CHAT,), [30.0], [2], sampling=FEW)
    week = simulate_week(BATCHING, (CHAT,), np.full(168, 30.0), np.full(168, 2), sampling=FEW)

    assert [168] == [len(stratum.hours) for stratum in week.strata]
    assert week.requests == 168 * hour.requests == 168 * 3600 * 30
    for metric in ("ttft_s", "tpot_s", "e2e_s"):
        one, all_of_them = getattr(hour.classes[0], metric), getattr(week.classes[0], metric)
        assert astuple(all_of_them.mean) == pytest.approx(astuple(one.mean))
        assert astuple(all_of_them.p95) == pytest.approx(astuple(one.p95))
    assert astuple(week.use) == pytest.approx(astuple(hour.use))


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    def p95(seed):
        return simulate_week(BATCHING, (CHAT,), [30.0], [1], sampling=replace(FEW, seed=seed)).classes[0].ttft_s.p95

    assert p95(1) == p95(1) != p95(2)


def test_means_over_two_levels_are_those_of_each_weighted_by_requests():
    # The week's first stratum is drawn as an hour alone is; the second one is not, so that the mean follows from the week's own strata only.
    alone = simulate_week(BATCHING, (CHAT,), [30.0], [1], sampling=FEW)
    week = simulate_week(BATCHING, (CHAT,), [30.0, 10.0], [1, 1], sampling=replace(FEW, requests=2_666))
    late = [stratum.late_fraction[0].value for stratum in week.strata]

    assert week.strata[0].late_fraction == alone.strata[0].late_fraction
    assert week.classes[0].promises[0].late_fraction.value == pytest.approx(0.75 * late[0] + 0.25 * late[1])


def test_utilisation_is_load_times_service_and_hours_weigh_by_their_replicas():
    found = simulate_week(ONE_BY_ONE, (ANSWER,), [8.0, 2.0], [1, 2], sampling=replace(FEW, requests=40_000))

    # 0.8 of one replica and 0.1 of two: (0.8 + 0.2) / 3.
    assert found.strata[0].use.utilisation_fraction == pytest.approx(0.8, rel=0.03)
    assert found.strata[1].use.utilisation_fraction == pytest.approx(0.1, rel=0.03)
    assert found.use.utilisation_fraction == pytest.approx(1 / 3, rel=0.03)
    assert found.use.sequences_mean == pytest.approx(1.0)


def test_throughput_is_that_of_a_queue_that_never_waits():
    found = simulate_week(ONE_BY_ONE, (ANSWER,), [1.0], [3], sampling=FEW)

    assert found.throughput_requests_per_s == pytest.approx(1 / SERVICE_S, rel=2e-3)


def test_an_overloaded_hour_has_no_bound_and_is_named():
    found = simulate_week(ONE_BY_ONE, (ANSWER,), [2.0] * 57 + [18.0] + [2.0] * 110, [1] * 168, sampling=FEW)
    (promise,) = found.classes[0].promises

    assert (57,) == found.overloaded_hours == promise.broken_hours
    # 18 of 2 · 167 + 18 = 352 requests come in that hour: 5.1 %.
    assert promise.late_fraction.value == pytest.approx(18 / 352, abs=2e-3)
    assert not promise.is_kept
    assert math.isinf(promise.found_ms.value)
    assert (57, math.inf) == (promise.worst_hour, promise.worst_hour_ms)
    (note,) = found.notes
    assert "overloaded: Wed 09:00 brings up to 18 requests/s to each replica, which answers 10 at most" in note


def test_a_promise_is_judged_over_the_week_and_in_every_hour():
    # At half load few wait beyond 300 ms, at 0.9 most: the week keeps a p95 that one hour of six breaks.
    quiet, busy = [1.0] * 166, [9.0] * 2
    found = simulate_week(ONE_BY_ONE, (ANSWER,), [*quiet, *busy], [1] * 168, sampling=FEW)
    hours = {stratum.hours[0]: stratum for stratum in found.strata}
    (promise,) = found.classes[0].promises

    assert (166, 167) == promise.broken_hours
    assert 166 == promise.worst_hour
    assert promise.worst_hour_ms == hours[166].found_ms[0] > 300 > hours[0].found_ms[0]
    share = (166 * hours[0].late_fraction[0].value + 18 * hours[166].late_fraction[0].value) / 184
    assert promise.late_fraction.value == pytest.approx(share)
    assert promise.is_kept == (share <= 0.05)


def test_a_pool_beyond_the_largest_is_simulated_smaller_and_it_is_said():
    found = simulate_week(ONE_BY_ONE, (ANSWER,), [100.0], [20], sampling=replace(FEW, largest_pool=4))

    assert (4, 5.0) == (found.strata[0].pool_replicas, found.strata[0].replica_requests_per_s)
    assert "up to 20 replicas were simulated as 4" in found.notes[0]


def test_progress_is_told_to_the_end():
    told = []
    simulate_week(ONE_BY_ONE, (ANSWER,), [1.0, 2.0], [1, 1], sampling=FEW, progress=lambda *at: told.append(at))

    assert [(done, 20) for done in range(1, 21)] == told


def test_a_mean_request_beyond_the_context_is_refused():
    with pytest.raises(InputError, match=r"16,017 tokens is longer than the engine's KV cache of 16,000"):
        simulate_week(ONE_BY_ONE, (replace(ANSWER, input_tokens=16_016),), [1.0], [1])


@pytest.mark.parametrize("wrong", [{"replications": 1}, {"requests": 0}, {"seed": -1}])
def test_what_cannot_be_sampled_is_refused(wrong):
    with pytest.raises(InputError, match="at least 1 request, 2 replications"):
        Sampling(**wrong)
