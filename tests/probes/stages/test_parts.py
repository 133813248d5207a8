"""The parts of a sweep beyond its curve, against a server whose truth can be worked out."""

from __future__ import annotations

import re

import pytest

from probes.run import Plan
from probes.servers.spending import SpendingCap, SpendingGuard, Usage
from probes.workload.request import Arrival
from tests.fake_server import Behaviour, FakeServer
from tests.sweeping import SHAPE, Desk, measured, sweep

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("calm")]


async def test_the_search_for_goodput_brackets_the_capacity_of_the_server_or_says_that_it_does_not_know():
    # Four slots of 13 + 7 x 1 = 20 ms serve at most 200 requests/s. With a limit of 8 times the service time random arrivals keep the promise
    # far below that, and above it the queue grows without end, so that the promise breaks.
    behaviour = Behaviour(prefill_ms=13, tpot_ms=1, slots=4)
    plan = Plan(
        concurrency=[4], measure=["curve", "goodput"], repeats=2, slo_ms={"e2e": 160.0}, slo_target_fraction=0.9
    )
    async with FakeServer(behaviour) as server:
        run = await sweep(server, plan=plan)
    (found,) = run.goodput
    capacity = 4 / 0.020
    cells = run.usable_of("goodput")
    assert {"e2e": 160.0} == found.limits_ms
    assert all(cell.attainment.limits_ms == {"e2e": 160.0} for cell in cells)
    assert found.low <= capacity * 1.02
    assert found.high is None or found.high >= 0.5 * capacity
    if found.resolved:
        assert found.low <= found.high <= 1.1 * found.low * (1 + 1e-9)
        assert [] == [warn for warn in run.warnings if warn.code == "goodput_unresolved"]
    else:
        assert found.reason
        assert ["goodput_unresolved"] == [warn.code for warn in run.warnings if warn.code.startswith("goodput")]


async def test_a_search_without_a_curve_says_why_there_is_none():
    async with FakeServer() as server:
        run = await sweep(server, plan=Plan(measure=["goodput"], slo_ms={"ttft": 100.0}))
    assert ([], ["goodput_unresolved"]) == (run.cells, [warn.code for warn in run.warnings])
    assert "Measure the curve as well" in run.warnings[0].message


async def test_the_cost_split_is_that_of_a_server_whose_prompts_cost_nothing_more_when_longer():
    # One slot serves one request at a time: 10 ms to the first token, and 1 ms or what the machine makes of it for each further one.
    shape = SHAPE.model_copy(update={"output_tokens": 20})
    plan = Plan(concurrency=[2], measure=["curve", "lengths"], repeats=2, requests_per_stream=3)
    async with FakeServer(Behaviour(prefill_ms=10, tpot_ms=1, slots=1)) as server:
        run = await sweep(server, plan=plan, shape=shape)
    mixes = [(cell.shape.input_tokens, cell.shape.output_tokens) for cell in run.cells if cell.role == "lengths"]
    # 1, 3, half and 0.3 of 24 in; 1, half, 2 and 0.3 of 20 out.
    assert [(7, 6), (12, 40), (24, 20), (72, 10)] == sorted(mixes)
    split = run.cost_split
    assert (4, 2) == (split.mixes, split.concurrency)
    gaps_s = [
        (served.sent_ns[-1] - served.sent_ns[0]) / (len(served.sent_ns) - 1) / 1e9
        for served in server.served
        if not served.cancelled and len(served.sent_ns) >= 6
    ]
    token_s = sum(gaps_s) / len(gaps_s)
    assert token_s == pytest.approx(split.output_token_s.mean, rel=0.2)
    assert 0.010 - token_s == pytest.approx(split.request_s.mean, abs=0.004)
    # 65 tokens more in a prompt cost nothing.
    assert split.input_token_s.mean * 65 < 0.003


async def test_prefill_and_context_take_their_own_lengths():
    plan = Plan(concurrency=[1, 2], measure=["curve", "prefill", "context"], repeats=1, requests_per_stream=2)
    desk = Desk()
    async with FakeServer() as server:
        run = await sweep(server, desk, plan=plan)
    prefill = [cell for cell in run.cells if cell.role == "prefill"]
    context = [cell for cell in run.cells if cell.role == "context"]
    assert [(1, 12, 1), (1, 24, 1), (1, 48, 1), (1, 96, 1)] == [
        (cell.concurrency, cell.shape.input_tokens, cell.shape.output_tokens) for cell in prefill
    ]
    assert [(1, 24), (1, 72), (2, 24), (2, 72)] == sorted(
        (cell.concurrency, cell.shape.input_tokens) for cell in context
    )
    for cell in [*prefill, *context]:
        assert cell.requests_ok * cell.shape.input_tokens == cell.input_tokens
        assert cell.requests_ok * cell.shape.output_tokens == cell.output_tokens
    assert all(cell.ttft_ms.p50 >= 5.0 and cell.tpot_ms.mean is None for cell in prefill)
    assert 10 == len(desk.points("cell"))


async def test_rates_are_offered_as_random_arrivals_of_their_mean():
    plan = Plan(concurrency=[1], request_rates_per_s=[60.0], repeats=1, requests_per_stream=2)
    async with FakeServer() as server:
        run = await sweep(server, plan=plan)
    (cell,) = [cell for cell in run.cells if cell.request_rate_per_s is not None]
    # 80 requests are due in the window on average; Poisson: 80 +- 3 x 9.
    assert (60.0, "poisson", None, 0) == (
        cell.request_rate_per_s,
        cell.arrivals,
        cell.concurrency,
        cell.requests_failed,
    )
    assert 80 - 27 <= cell.requests_ok <= 80 + 27
    assert 80 / 60 == pytest.approx(cell.duration_s, rel=0.02)
    assert cell.requests_ok * 8 == cell.output_tokens
    assert cell.requests_per_s.mean == pytest.approx(cell.requests_ok / cell.duration_s, rel=0.05)
    assert cell.ttft_scheduled_ms.p50 >= cell.ttft_ms.p50 >= 5.0


async def test_a_trace_is_replayed_as_it_was_recorded():
    arrivals = tuple(
        Arrival(offset_s=0.02 * number, input_tokens=30 + number, output_tokens=3 + number % 4) for number in range(41)
    )
    async with FakeServer() as server:
        run = await sweep(server, plan=Plan(measure=["trace"]), trace=arrivals)
    (cell,) = run.cells
    replayed = sorted((s for s in server.served if 30 <= len(s.body["prompt"]) <= 70), key=lambda s: s.received_ns)
    assert [(one.input_tokens, one.output_tokens) for one in arrivals] == [
        (len(served.body["prompt"]), served.body["max_tokens"]) for served in replayed
    ]
    span_s = (replayed[-1].received_ns - replayed[0].received_ns) / 1e9
    assert 0.8 == pytest.approx(span_s, abs=0.05)
    # The first tenth, 0.08 s with requests 0 to 3, is warm-up; 40 gaps in 0.8 s are 50 requests/s.
    late = arrivals[4:]
    assert ("trace", "trace", 37, 50.0) == (
        cell.role,
        cell.arrivals,
        cell.requests_ok,
        pytest.approx(cell.request_rate_per_s, rel=0.03),
    )
    assert (sum(one.input_tokens for one in late), sum(one.output_tokens for one in late)) == (
        cell.input_tokens,
        cell.output_tokens,
    )


def _spent(server: FakeServer) -> int:
    return sum(len(served.body["prompt"]) + served.body["max_tokens"] for served in server.served)


async def test_spending_stops_before_the_cap_between_load_points():
    # A load point of one stream uses at least 22 requests of 32 tokens; 4 streams use 4 x 8 x 32 = 1024 at least.
    guard = SpendingGuard(cap=SpendingCap(max_tokens=20_000), spent=Usage(input_tokens=15_900))
    desk = Desk()
    async with FakeServer(Behaviour(prefix_hit_fraction=0.0, metrics=False, prefill_ms=10)) as server:
        run = await sweep(server, desk, plan=Plan(concurrency=[1, 128], repeats=2, requests_per_stream=3), guard=guard)
    (cell,) = run.cells
    assert (1, True, False) == (cell.concurrency, cell.complete, run.complete)
    assert re.search(r"would bring the probe to [\d,]+ tokens, above the cap of 20,000", run.incomplete_reason)
    assert ["stopped_budget", "done"] == desk.kinds()[-2:]
    assert 15_900 + _spent(server) <= 20_000


async def test_spending_stops_before_the_cap_within_a_load_point_that_goes_on_for_longer_than_planned():
    # Planned are at least 22 requests; a precision that cannot be reached asks for many more.
    plan = Plan(concurrency=[4], repeats=2, max_repeats=10_000, precision_fraction=1e-6)
    cap = 9_000
    async with FakeServer(Behaviour(metrics=False)) as server:
        run = await sweep(server, plan=plan, guard=SpendingGuard(cap=SpendingCap(max_tokens=cap)))
    (cell,) = run.cells
    assert (False, False) == (cell.complete, run.complete)
    assert cell.reason == run.incomplete_reason
    assert re.fullmatch(r"more requests would bring the probe to [\d,]+ tokens, above the cap of 9,000", cell.reason)
    assert cap / 4 < _spent(server) <= cap
    assert measured(server)
