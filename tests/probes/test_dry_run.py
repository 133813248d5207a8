from __future__ import annotations

import pytest

from probes import Percentiles, Plan, WorkloadShape
from probes.dry_run import TRIAL_TOKENS, Speed, dry_run, most_usage
from probes.run import TraceSource
from probes.servers.spending import SpendingCap
from tests.factories import cell

SHAPE = WorkloadShape(input_tokens=100, output_tokens=11)
PLAN = Plan(concurrency=[1, 4], repeats=2, requests_per_stream=3)


def test_requests_and_tokens_are_counted_by_load_point():
    found = dry_run(PLAN, SHAPE)

    # Two rounds of warm-up, then 2 × 10 requests alone, and 2 × 3 of each of four streams: 20 requests at least in a cell.
    assert [("concurrency 1", 22), ("concurrency 4", 32)] == [
        (point.label, point.usage.requests) for point in found.points
    ]
    assert [22 * 111, 32 * 111] == [point.usage.tokens for point in found.points]
    # Ten trials besides.
    assert (64, 64 * 111 + TRIAL_TOKENS) == (found.usage.requests, found.usage.tokens)


def test_without_anything_measured_or_assumed_time_is_not_known():
    found = dry_run(PLAN, SHAPE)

    assert (None, [None, None]) == (found.expected_s, [point.expected_s for point in found.points])


def test_time_grows_from_one_users():
    # One request takes 100 + 10 · 20 = 300 ms alone, and twice that with four times the users.
    found = dry_run(PLAN, SHAPE, speed=Speed(ttft_ms=100.0, tpot_ms=20.0))

    assert [22 * 0.3, 8 * 0.6] == pytest.approx([point.expected_s for point in found.points])
    assert 22 * 0.3 + 8 * 0.6 == pytest.approx(found.expected_s)


def test_an_earlier_run_goes_before_an_assumption():
    # 60 requests of 6000 tokens in and 3000 out: 100 in and 50 out each, as long as 60 output tokens; these are as long as 21.
    earlier = [cell(load, 1.0, 10.0, e2e_ms=Percentiles(mean=6000.0)) for load in (1, 4)]
    found = dry_run(PLAN, SHAPE, cells=earlier, speed=Speed(ttft_ms=1.0, tpot_ms=1.0))

    assert [22 * 6 * 21 / 60, 8 * 6 * 21 / 60] == pytest.approx([point.expected_s for point in found.points])


def test_prices_make_dollars():
    prices = SpendingCap(usd_per_mtok_input=10.0, usd_per_mtok_output=100.0)
    found = dry_run(PLAN, SHAPE, prices=prices)

    assert (64 * 100 + TRIAL_TOKENS) * 10e-6 + 64 * 11 * 100e-6 == pytest.approx(found.usd)
    assert dry_run(PLAN, SHAPE).usd is None


def test_all_parts_are_listed_and_those_that_depend_on_measurements_are_named():
    plan = PLAN.model_copy(
        update={"measure": ["curve", "goodput", "lengths", "prefill", "context", "idle"], "request_rates_per_s": [2.0]}
    )
    found = dry_run(plan, SHAPE, speed=Speed(ttft_ms=10.0, tpot_ms=1.0))
    parts = [point.part for point in found.points]

    assert {"curve": 3, "lengths": 4, "prefill": 4, "context": 4} == {
        part: parts.count(part) for part in dict.fromkeys(parts)
    }
    assert ("goodput", "idle") == found.open_ended
    # 80 arrivals at 2 a second.
    assert 40.0 == next(point.expected_s for point in found.points if point.label == "2 requests/s")


def test_a_replay_sends_what_was_recorded():
    trace = TraceSource(source="t.csv", format="csv", sha256="0", requests=500)
    found = dry_run(PLAN.model_copy(update={"measure": ["trace"]}), SHAPE.model_copy(update={"trace": trace}))

    assert [("replay of t.csv", 500)] == [(point.label, point.usage.requests) for point in found.points]


def test_where_repeats_may_be_added_the_most_is_said_too():
    plan = Plan(concurrency=[4], repeats=2, max_repeats=6, requests_per_stream=3)
    found = dry_run(plan, SHAPE)

    # 2 + 6 · 3 rounds in place of 2 + 2 · 3.
    assert round(found.usage.requests * 20 / 8) == most_usage(found, plan).requests
    assert dry_run(PLAN, SHAPE).usage == most_usage(dry_run(PLAN, SHAPE), PLAN)
