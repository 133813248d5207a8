"""What a sweep decides, with a scripted load client and no socket."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from probes.errors import ProbeError
from probes.findings import ClientFloor
from probes.run import Plan, WorkloadShape
from probes.servers.spending import SpendingCap, SpendingGuard
from probes.stages.conductor import Conductor
from probes.stages.curve import measure_curve
from probes.stages.goodput import search_goodput
from probes.stages.idle import measure_idle
from probes.stages.lists import measure_list, points_of, saturated
from probes.stages.points import Point
from tests.factories import cell
from tests.probes.analysis.loads import closed
from tests.probes.stages.fake_stage import ScriptedClient, refusing, stage_of
from tests.sweeping import HEADER

SHAPE = WorkloadShape(input_tokens=10, output_tokens=11, seed=1)
ONE, TWO = Point(role="curve", concurrency=1), Point(role="curve", concurrency=2)


async def test_a_load_point_becomes_a_cell_with_the_numbers_of_its_traces() -> None:
    conductor, desk = stage_of(ScriptedClient(), Plan(repeats=2), SHAPE)

    found = await conductor.closed(ONE)

    # 11 tokens each 100 ms.
    assert 110.0 == pytest.approx(found.output_tokens_per_s.mean)
    assert (1, True, [found]) == (found.concurrency, found.complete, conductor.cells)
    assert ["warmup", "cell"] == [kind for kind in desk.kinds() if kind != "repeat"]


async def test_load_points_have_numbers_of_their_own_so_that_they_share_no_prompt() -> None:
    client = ScriptedClient()
    conductor, _ = stage_of(client, Plan(repeats=2), SHAPE)

    await conductor.closed(ONE)
    await conductor.closed(TWO)

    assert 2 == len({load.cell for load in client.loads})
    assert {0} == {load.attempt for load in client.loads}


async def test_a_kept_cell_is_not_measured_again() -> None:
    client, before = ScriptedClient(), stage_of(ScriptedClient(), Plan(repeats=2), SHAPE)[0]
    kept = await before.closed(ONE)
    conductor, desk = stage_of(client, Plan(repeats=2), SHAPE, existing=before.ledger.run("interrupted"))

    assert kept == await conductor.closed(ONE)
    assert ([], ["skipped"]) == (client.loads, desk.kinds())


async def test_memory_and_disk_that_are_full_are_not_called_a_budget() -> None:
    client = ScriptedClient(end="full", cut_short=True)
    conductor, _ = stage_of(client, Plan(repeats=2), SHAPE)

    found = await conductor.closed(ONE)

    assert (False, "neither memory nor disk had room for more answers") == (found.complete, found.reason)
    assert f"concurrency 1: {found.reason}" == conductor.stopped


async def test_a_deadline_is_a_budget_and_a_cancellation_an_interruption() -> None:
    conductor, _ = stage_of(ScriptedClient(end="deadline", cut_short=True), Plan(repeats=2, budget_s=100.0), SHAPE)
    cut = await conductor.closed(ONE)
    assert ("budget", "budget") == (cut.reason, conductor.stopped)

    conductor, desk = stage_of(ScriptedClient(end="cancelled", cut_short=True), Plan(repeats=2), SHAPE)
    with pytest.raises(asyncio.CancelledError):
        await conductor.closed(ONE)
    assert ["interrupted"] == [cell.reason for cell in desk.saved[-1].cells]


async def test_a_load_that_was_cut_off_before_any_answer_leaves_no_cell() -> None:
    conductor, _ = stage_of(
        ScriptedClient(lambda _load: [], end="deadline", cut_short=True), Plan(repeats=2, budget_s=100.0), SHAPE
    )

    await conductor.closed(ONE)

    assert ([], "budget") == (conductor.cells, conductor.stopped)


async def test_a_first_load_point_without_an_answer_is_an_error_and_saved() -> None:
    conductor, desk = stage_of(ScriptedClient(refusing), Plan(repeats=2), SHAPE)

    with pytest.raises(ProbeError, match=r"http_5xx \(HTTP 500\)\. The server is failing"):
        await conductor.closed(ONE)

    assert "concurrency 1: no request succeeded" in desk.saved[-1].incomplete_reason


async def test_a_later_load_point_without_an_answer_ends_the_sweep_with_what_there_is() -> None:
    conductor, _ = stage_of(
        ScriptedClient(lambda load: closed(1, 40) if load.concurrency == 1 else refusing(load)), Plan(repeats=2), SHAPE
    )

    await conductor.closed(ONE)
    await conductor.closed(TWO)

    assert [True, False] == [one.complete for one in conductor.cells]
    assert conductor.stopped.startswith("concurrency 2: no request succeeded")


async def test_a_point_that_will_not_fit_into_the_budget_is_not_begun() -> None:
    client = ScriptedClient()
    conductor, desk = stage_of(client, Plan(repeats=2, budget_s=5.0), SHAPE)
    await conductor.closed(ONE)  # 100 ms a request, as the traces say

    # 64 streams: 8 times as long, 2 + 2 x 3 requests each: 6.4 s.
    assert None is await conductor.closed(Point(role="curve", concurrency=64))
    assert (1, "budget", "stopped_budget") == (len(client.loads), conductor.stopped, desk.kinds()[-1])


async def test_what_a_load_used_counts_towards_the_cap_of_the_next() -> None:
    # 40 requests of 21 tokens and the one that was cut off, of at least 11: 851.
    guard = SpendingGuard(cap=SpendingCap(max_tokens=1_300))
    client = ScriptedClient()
    conductor, _ = stage_of(client, Plan(repeats=2), SHAPE, guard=guard)

    first = await conductor.closed(ONE)
    # Planned for two streams: 2 x (2 + 2 x 5) x 21 = 504.
    second = await conductor.closed(TWO)

    assert (True, None, 1) == (first.complete, second, len(client.loads))
    assert conductor.stopped.startswith(
        "the next load point would bring the probe to 1,355 tokens, above the cap of 1,300"
    )


async def test_a_load_ends_before_the_cap_although_it_has_not_shown_enough() -> None:
    # In half a second one stream sends 5 requests of 21 tokens. Planned are 22 (462 tokens), a precision of nothing would take 4000.
    # After 2.5 s 26 are sent, and until the next look it may be 5 more: 31 x 21 = 651 tokens.
    guard = SpendingGuard(cap=SpendingCap(max_tokens=600))
    plan = Plan(repeats=2, max_repeats=400, precision_fraction=1e-9)
    uneven = ScriptedClient(lambda _load: closed(1, 40, first_ms=lambda _stream, number: 50 - number % 2 / 100))
    conductor, desk = stage_of(uneven, plan, SHAPE, guard=guard)

    found = await conductor.closed(ONE)

    assert (False, "more requests would bring the probe to 651 tokens, above the cap of 600") == (
        found.complete,
        found.reason,
    )
    assert (found.reason, "stopped_budget") == (conductor.stopped, desk.kinds()[-1])


async def test_the_clients_floor_takes_part_in_the_verdict_about_the_client() -> None:
    floor = ClientFloor(
        streams=1,
        workers=1,
        transport="plain",
        ttft_error_p50_ms=40.0,
        ttft_error_p99_ms=60.0,
        cpu_s_per_1000_tokens=0.1,
    )
    conductor, _ = stage_of(ScriptedClient(), Plan(repeats=2), SHAPE, header=replace(HEADER, client_floor=floor))

    found = await conductor.closed(ONE)

    # 40 ms are more than a quarter of the 50 ms to the first token.
    assert (True, False) == (found.client_bound, found.usable)


def _of_rates(rates: dict[int, float]) -> ScriptedClient:
    """A server whose throughput at each concurrency is `rates` times that of one stream."""

    def traces(load):
        streams = load.concurrency
        # All requests last so long that the streams together give the rate; 50 ms of it are tokens.
        first_ms = 100 * streams / rates[streams] - 50
        return closed(streams, 40, first_ms=lambda stream, number: first_ms + (stream + number) % 2 * 1e-3)

    return ScriptedClient(traces)


async def test_the_way_up_ends_where_throughput_is_flat_and_the_way_down_is_still_taken() -> None:
    client = _of_rates({1: 1.0, 2: 1.5, 4: 2.0, 8: 2.0, 16: 2.0, 32: 2.0, 64: 2.0})
    conductor, desk = stage_of(client, Plan(concurrency=[1, 2, 4, 8, 16, 32, 64], repeats=2), SHAPE)

    await measure_curve(conductor, None)

    # Up: 1, 4, 16, 64; 16 gave no more than 4, so that 32 and 64 are left out; 8 and 2 on the way down.
    assert [1, 4, 16, 8, 2] == [load.concurrency for load in client.loads]
    (warn,) = conductor.ledger.warnings
    assert ("stopped_flat", pytest.approx(0.0, abs=1e-3), 0.05) == (warn.code, warn.observed, warn.threshold)
    assert ([], 1) == (conductor.ahead, desk.kinds().count("stopped_flat"))


async def test_flat_throughput_ends_nothing_where_that_was_not_wanted() -> None:
    client = _of_rates(dict.fromkeys((1, 4, 16), 1.0))
    conductor, _ = stage_of(client, Plan(concurrency=[1, 4, 16], repeats=2, stop_when_flat=False), SHAPE)

    await measure_curve(conductor, None)

    assert ([1, 16, 4], []) == ([load.concurrency for load in client.loads], conductor.ledger.warnings)


async def test_a_ladder_without_loads_doubles_to_the_knee_and_looks_beside_it() -> None:
    client = _of_rates({n: float(min(n, 4)) for n in (1, 2, 3, 4, 5, 6, 8, 16)})
    conductor, _ = stage_of(client, Plan(concurrency=[], repeats=2), SHAPE)

    await measure_curve(conductor, None)

    # The knee is at 4; the geometric means of 2 and 4, of 4 and 8, and of 4 and 6 are 2.8, 5.7 and 4.9.
    assert [1, 2, 4, 8, 3, 6, 5] == [load.concurrency for load in client.loads]


async def test_a_stop_ends_the_curve_and_forgets_what_was_ahead() -> None:
    conductor, _ = stage_of(
        ScriptedClient(lambda load: closed(1, 40) if load.concurrency == 1 else refusing(load)),
        Plan(concurrency=[1, 2, 4], repeats=2),
        SHAPE,
    )

    await measure_curve(conductor, None)

    assert ([1, 4], []) == ([one.concurrency for one in conductor.cells], conductor.ahead)


def _curve_of(conductor: Conductor, *rates: tuple[int, float]) -> None:
    conductor.ledger.cells += [cell(concurrency, rate, 100.0) for concurrency, rate in rates]


def test_saturated_is_the_lightest_load_within_a_twentieth_of_the_best() -> None:
    conductor, _ = stage_of(ScriptedClient(), Plan(concurrency=[1, 2, 4, 8]), SHAPE)
    assert 8 == saturated(conductor)

    _curve_of(conductor, (1, 1.0), (2, 1.8), (4, 1.96), (8, 2.0))

    assert 4 == saturated(conductor)
    assert {4} == {point.concurrency for point in points_of("lengths", conductor)}
    assert [1, 4, 8] == sorted({point.concurrency for point in points_of("context", conductor)})


async def test_a_point_of_a_list_that_does_not_fit_is_left_out_and_shorter_ones_are_not() -> None:
    client = ScriptedClient()
    conductor, _ = stage_of(client, Plan(repeats=2, budget_s=1000.0), SHAPE)
    await conductor.closed(ONE)
    points = points_of("prefill", conductor)

    # 22 rounds of what one token out takes by the estimate: (input / 10 + 1) / (10 / 10 + 11) of 100 ms.
    expected = {5: 22 * 0.1 * 1.5 / 12, 10: 22 * 0.1 * 2 / 12, 20: 22 * 0.1 * 3 / 12, 40: 22 * 0.1 * 5 / 12}
    await measure_list(conductor, points, share_s=0.6)

    measured = [load.shape.input_tokens for load in client.loads[1:]]
    assert [length for length, takes_s in expected.items() if takes_s <= 0.6] == measured
    assert [40] == [point.shape.input_tokens for point in conductor.left_out]


async def test_a_search_for_goodput_without_a_curve_is_a_warning_and_no_request() -> None:
    client = ScriptedClient()
    conductor, _ = stage_of(client, Plan(measure=["goodput"], slo_ms={"ttft": 100.0}), SHAPE)

    await search_goodput(conductor, None)

    assert ([], ["goodput_unresolved"]) == (client.loads, [warn.code for warn in conductor.ledger.warnings])


async def test_idle_power_is_not_waited_for_without_a_meter() -> None:
    conductor, desk = stage_of(ScriptedClient(), Plan(measure=["idle"]), SHAPE)

    await measure_idle(conductor)

    assert ([], None) == (desk.events, conductor.ledger.run(None).idle)


async def test_time_left_is_the_rest_of_the_load_and_of_what_is_ahead() -> None:
    conductor, desk = stage_of(ScriptedClient(), Plan(concurrency=[1, 2], repeats=2), SHAPE)

    await measure_curve(conductor, None)

    first, last = desk.events[0], desk.events[-1]
    assert (None, 2, 0) == (first.remaining_s, first.cells_total, first.cells_done)
    after_first = next(event for event in desk.events if event.kind == "cell")
    # Two streams: 2 + 2 x 5 rounds of what two streams are expected to take, root 2 of 100 ms.
    assert 12 * 0.1 * 2**0.5 == pytest.approx(after_first.remaining_s)
    assert (0.0, 2, 2) == (last.remaining_s, last.cells_total, last.cells_done)
