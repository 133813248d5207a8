"""The check of a fleet: percentiles over types, who grows, how far, and a real engine whose sizes disturb each other."""

from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.engine_model import EngineModel
from tco.capacity.mix import Bucket
from tco.capacity.simulated import AskedClass, simulated_capacity
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.mixed_fleet import Means, Wishes
from tco.mixed_fleet.bench import engine_of
from tco.mixed_fleet.check import check, promises_at, standing
from tco.mixed_fleet.goodputs import goodputs
from tco.mixed_fleet.question import question_of
from tco.mixed_fleet.solve import problem_of
from tests.tco.mixed_fleet.small_fleets import breaking, filled, means, question, rented, runs

SMALL, LARGE = rented("small", 1.0), rented("large", 3.0)
TABLE = {("small", 100): 5.0, ("small", 1000): 0.25, ("large", 100): 10.0, ("large", 1000): 2.0}


def problem(tools, options=(SMALL, LARGE), classes=None, per_s=12.0, **changes):
    asked = question_of(
        [
            question(
                per_s=per_s,
                options=list(options),
                classes=classes or {"short": (10 / 12, 100), "long": (2 / 12, 1000)},
                **changes,
            )
        ],
        Wishes(),
        runs=runs("small", "large"),
    )
    return problem_of(asked, goodputs(asked, tools))


@pytest.mark.parametrize(("part", "is_kept"), [(0.04, True), (0.10, False)])
def test_a_promise_is_judged_over_all_types_together(part, is_kept):
    # Every request on small is late. It serves 4 % of the class, which a p95 allows, or 10 %, which it does not.
    tools = means(
        {("small", 100): part * 10.0, ("large", 100): (1 - part) * 10.0},
        ttft_ms=breaking(lambda name, _rates: name == "small"),
    )
    one = problem(tools, classes={"all": (1.0, 100)}, per_s=10.0)
    (found,) = promises_at(one, one.question.rates, [1, 1], tools)
    assert is_kept == found.is_kept
    assert (100.0 if is_kept else 5000.0) == pytest.approx(found.found_ms)


def test_the_type_with_the_late_requests_grows_and_says_at_which_utilisation_it_broke():
    def ttft_ms(name, rates):
        return 5000.0 if name == "small" and sum(rates.values()) > 4.0 else filled(TABLE)(name, rates)

    tools = means(TABLE, ttft_ms=ttft_ms)
    both = problem(tools)
    found = check(both, both.question.rates[None, :], [2, 1], tools)
    assert (3, 1) == found.serving
    # 10/s on 2 that carry 5 each were full; from now on a thousandth less.
    assert pytest.approx([0.999, 1.0]) == found.broke_at.tolist()
    assert all(promise.is_kept for promise in found.promises)


def test_no_type_grows_beyond_twice_its_size_or_its_stock():
    tools = means(TABLE, ttft_ms=breaking(lambda *_: True))
    both = problem(tools, options=[SMALL, {**LARGE, "scaling": {"max_replicas": 2}}])
    found = check(both, both.question.rates[None, :], [2, 1], tools)
    assert (5, 2) == found.serving
    assert [False, False] == [promise.is_kept for promise in found.promises]


def test_every_hour_that_decides_is_simulated_and_the_worst_is_told():
    tools = means(TABLE, ttft_ms=breaking(lambda _name, rates: sum(rates.values()) > 3.0, slow_ms=900.0))
    one = problem(tools, classes={"all": (1.0, 100)}, per_s=2.0, options=[SMALL])
    found = check(one, np.array([[2.0], [4.0]]), [1], tools)
    assert [900.0] == pytest.approx([promise.found_ms for promise in found.promises])
    assert (2, 1, 1) == found.assignment.shape


def test_tighter_limits_are_kept_by_more_replicas():
    tools = means(TABLE, ttft_ms=breaking(lambda _name, rates: sum(rates.values()) > 4.0, slow_ms=900.0))
    one = problem(tools, classes={"all": (1.0, 100)}, per_s=5.0, options=[SMALL])
    assert (1,) == check(one, one.question.rates[None, :], [1], tools).serving
    assert (2,) == check(one, one.question.rates[None, :], [1], tools, scale=0.5).serving


def test_a_throughput_factor_is_a_faster_engine():
    tools = means({("small", 100): 5.0})
    kind = problem(tools, classes={"all": (1.0, 100)}, options=[{**SMALL, "throughput_factor": 2.0}]).types[0]
    found = engine_of(kind, tools)
    assert isinstance(found, EngineModel)
    assert 0.005 == found.step_time.intercept_s


def test_spares_beside_those_that_serve():
    kind = problem(means(TABLE), options=[{**SMALL, "availability_target_fraction": 0.999}, LARGE]).types[0]
    # As `with_spares`: (1, 0.99, 0.999) is 2, (10, 0.99, 0.999) is 12.
    assert [0, 2, 12] == [standing(kind, count) for count in (0, 1, 10)]


def test_on_a_real_engine_sizes_disturb_each_other_and_replicas_are_added():
    """A prompt of 6,000 tokens takes 0.3 s of a step: a short answer of 9 more tokens that meets one breaks its 30 ms a token.

    Chats alone never meet one, and documents alone were promised enough, so that adding up sees no harm. At 1 document a second a chat that takes 0.1 s meets
    one with a probability of about 1 - exp(-0.4), far above the 5 % that a p95 leaves.
    """
    engine = EngineModel(
        step_time=StepTime(intercept_s=0.010, per_sequence_s=2e-4, per_prefill_token_s=5e-5),
        limits=EngineLimits(kv_blocks=20_000, max_num_batched_tokens=8192),
        origin="by hand",
        error_fraction=0.1,
        band_fraction=0.1,
        error_source="by hand",
    )

    def capacity(_replica, workload):
        limits = tuple(workload.slo.limits().items())
        into, out = workload.mean_input_tokens, workload.mean_output_tokens
        return simulated_capacity(engine, (AskedClass(input_tokens=into, output_tokens=out, limits_ms=limits),))

    tools = Means(capacity=capacity, engine=lambda _run: engine)
    tight, loose = {"ttft_p95_ms": 3000.0, "tpot_p95_ms": 30.0}, {"ttft_p95_ms": 10_000.0}
    one = problem(
        tools, options=[LARGE], classes={"chat": (0.9, 100, tight), "documents": (0.1, 6000, loose)}, per_s=1.0
    )
    shares = np.array([0.9, 0.1])
    full = 2 * shares / float((shares / one.part[:, 0]).sum())
    chat, documents = (
        {promise.metric: promise for promise in promises_at(one, full / 2, [2], tools) if promise.promise == name}
        for name in ("chat", "documents")
    )
    assert not chat["tpot_p95_ms"].is_kept
    assert documents["ttft_p95_ms"].is_kept
    found = check(one, full[None, :], [2], tools)
    assert found.serving[0] > 2


def test_buckets_keep_their_workload_apart_from_their_names():
    one = problem(means(TABLE))
    assert ["test", "test"] == [bucket.workload for bucket in one.buckets]
    assert all(isinstance(bucket, Bucket) for bucket in one.buckets)
