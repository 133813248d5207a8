"""Whole sweeps over real sockets, against a server that notes what it really did."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from probes.analysis.rounds import Precision
from probes.cell import EnergyReading
from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.transport import Timeouts
from probes.run import Plan, Run
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer, Served
from tests.sweeping import QUICK, SHAPE, Desk, measured, sweep

if TYPE_CHECKING:
    from probes.cell import Cell
    from probes.progress import Progress

pytestmark = pytest.mark.slow

KEY = "sk-secret-1"
THREE = Plan(concurrency=[1, 2, 4], repeats=2, requests_per_stream=2, stop_when_flat=False)
ONE = Plan(concurrency=[1], repeats=2)


@dataclass
class Quiet:
    """A healthy sweep: what it left, and the truth."""

    run: Run
    desk: Desk
    served: list[Served]

    def cell(self, concurrency: int) -> Cell:
        return next(cell for cell in self.run.cells if cell.concurrency == concurrency)

    def steady(self) -> list[Served]:
        """What the server did for the measured requests of the one stream, whose load came first."""
        cell = self.cell(1)
        first = cell.steady.warmup_requests
        return self.served[first : first + cell.requests_ok]


@pytest.fixture(scope="module")
def quiet() -> Quiet:
    async def probe() -> Quiet:
        desk = Desk()
        async with FakeServer(Behaviour(api_key=KEY, prefill_ms=8)) as server:
            endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE, api_key=KEY)
            run = await sweep(server, desk, endpoint=endpoint, plan=THREE)
        return Quiet(run, desk, measured(server))

    return asyncio.run(probe())


def test_loads_are_measured_up_and_down_and_lie_sorted_in_the_file(quiet):
    assert ["concurrency 1", "concurrency 4", "concurrency 2"] == quiet.desk.points("cell")
    assert [1, 2, 4] == [cell.concurrency for cell in quiet.run.cells]


def test_the_run_is_saved_after_each_load_point(quiet):
    assert [(1, "in progress"), (2, "in progress"), (3, "in progress"), (3, None)] == [
        (len(saved.cells), saved.incomplete_reason) for saved in quiet.desk.saved
    ]
    assert (quiet.desk.saved[-1], True) == (quiet.run, quiet.run.complete)


def test_the_run_carries_what_was_known_beforehand_and_what_the_server_said(quiet):
    run = quiet.run
    assert ("run-1", "H100", 1, "tiny") == (run.run_id, run.gpu, run.gpus_per_replica, run.model.name)
    # 1000 blocks of 16 tokens, says the server's page.
    assert (SHAPE, THREE, 16_000, "vllm") == (run.workload, run.plan, run.engine.kv_cache_tokens, run.engine.profile)
    assert (True, True) == (run.engine.capabilities["return_token_ids"], run.engine.capabilities["metrics"])


def test_every_cell_has_whole_repeats_and_at_least_those_planned(quiet):
    for cell in quiet.run.cells:
        each = cell.concurrency * Precision.of_plan(THREE).rounds_per_repeat(cell.concurrency)
        assert cell.repeats >= THREE.repeats
        assert cell.repeats * each == cell.requests_ok


def test_requests_times_lengths_are_the_tokens(quiet):
    for cell in quiet.run.cells:
        assert (24 * cell.requests_ok, 8 * cell.requests_ok) == (cell.input_tokens, cell.output_tokens)
        ratio = cell.total_tokens_per_s.mean / cell.output_tokens_per_s.mean
        assert (24 + 8) / 8 == pytest.approx(ratio)
        assert cell.output_tokens_per_s.mean == pytest.approx(8 * cell.requests_per_s.mean)


def test_every_answer_of_the_server_is_in_the_whole_run_except_those_cut_off_at_the_end(quiet):
    answered = sum(not served.cancelled and sum(served.tokens) == 8 for served in quiet.served)
    counted = sum(cell.whole_run.requests_ok for cell in quiet.run.cells)
    # At the end of a load each stream may have one answer under way that is cut off just as it is complete.
    assert counted <= answered <= counted + 1 + 2 + 4


def test_throughput_of_one_stream_is_what_the_server_really_gave(quiet):
    steady = quiet.steady()
    seconds = (steady[-1].sent_ns[-1] - steady[0].received_ns) / 1e9
    really = sum(sum(served.tokens) for served in steady) / seconds
    found = quiet.cell(1).output_tokens_per_s.mean
    assert really == pytest.approx(found, rel=0.04)
    assert found <= really
    assert found <= 8 / 0.015  # 8 ms to the first token, 1 ms to each of 7 more


def test_latencies_are_what_the_server_really_took_and_never_below(quiet):
    steady, cell = quiet.steady(), quiet.cell(1)
    ttft_ms = sum(served.sent_ns[0] - served.received_ns for served in steady) / len(steady) / 1e6
    tpot_ms = sum((served.sent_ns[-1] - served.sent_ns[0]) / 7 for served in steady) / len(steady) / 1e6
    assert 0.0 <= cell.ttft_ms.mean - ttft_ms < 4.0
    assert tpot_ms == pytest.approx(cell.tpot_ms.mean, rel=0.15)
    for each in quiet.run.cells:
        assert each.ttft_ms.p50 >= 8.0
        assert each.e2e_ms.p50 >= 8.0 + 7 * 1.0
        assert each.itl_ms.mean == pytest.approx(each.tpot_ms.mean)


def test_littles_law_holds_in_every_cell(quiet):
    for cell in quiet.run.cells:
        assert cell.concurrency == pytest.approx(cell.little.rate_times_time, rel=0.1)


def test_every_prompt_and_every_cache_salt_is_new(quiet):
    prompts = {tuple(served.body["prompt"]) for served in quiet.served}
    salts = {served.body["cache_salt"] for served in quiet.served}
    assert (len(quiet.served), len(quiet.served)) == (len(prompts), len(salts))


def test_events_tell_how_far_it_is(quiet):
    desk = quiet.desk
    assert ["warmup", "repeat", "cell"] * 3 + ["done"] == [k for i, k in enumerate(desk.kinds()) if k != "repeat" or desk.kinds()[i - 1] != "repeat"]  # fmt: skip
    assert {3} == {event.cells_total for event in desk.events}
    assert [0, 1, 2, 3] == sorted({event.cells_done for event in desk.events})
    assert (None, 0.0) == (desk.events[0].remaining_s, desk.events[-1].remaining_s)
    elapsed = [event.elapsed_s for event in desk.events]
    assert sorted(elapsed) == elapsed


def test_the_key_is_in_no_run_and_no_event(quiet):
    assert KEY not in quiet.run.to_json() + repr(quiet.desk.events)


async def test_throughput_of_many_streams_is_what_a_server_of_two_slots_can_give():
    shape = SHAPE.model_copy(update={"output_tokens": 11})
    async with FakeServer(Behaviour(prefill_ms=20, tpot_ms=2, slots=2)) as server:
        (cell,) = (await sweep(server, plan=Plan(concurrency=[6], repeats=2), shape=shape)).cells
    # Both slots are never empty, so any window over all that was served is the truth.
    busy = [served for served in measured(server, shape) if not served.cancelled]
    seconds = (max(served.sent_ns[-1] for served in busy) - busy[0].received_ns) / 1e9
    really = sum(sum(served.tokens) for served in busy) / seconds
    assert really == pytest.approx(cell.output_tokens_per_s.mean, rel=0.08)
    assert cell.output_tokens_per_s.mean <= 2 * 11 / 0.040 * 1.02  # 20 ms + 10 x 2 ms for 11 tokens, two at a time
    assert 2 == server.peak_busy


def _codes(cell: Cell) -> set[str]:
    """Warnings but for those that a busy test machine earns."""
    return {warn.code for warn in cell.warnings} - {"client_late", "client_bound", "drift", "not_settled", "little"}


async def test_tokens_are_right_with_three_in_a_chunk():
    async with FakeServer(Behaviour(tokens_per_chunk=3)) as server:
        (cell,) = (await sweep(server, plan=ONE)).cells
    assert {3} == {len(served.tokens) for served in measured(server) if not served.cancelled}
    assert (8 * cell.requests_ok, "usage", set()) == (cell.output_tokens, cell.token_source, _codes(cell))


async def test_a_server_that_counts_nothing_is_believed_by_chunks_with_a_warning():
    async with FakeServer(
        Behaviour(usage=False, token_ids=False, text="w ", metrics=False, continuous_usage=False)
    ) as server:
        run = await sweep(server, plan=ONE)
    (cell,) = run.cells
    assert "chunks" == cell.token_source
    assert {"tokens_counted_by_chunks", "input_tokens_as_sent"} <= {warn.code for warn in cell.warnings}
    # Such a server has no page of numbers either: what it would say is not known, and not zero.
    assert (None, None, None, None, None) == (
        cell.server,
        cell.preemptions,
        cell.kv_cache_usage_fraction,
        cell.prefix_cache_hit_fraction,
        run.engine.kv_cache_tokens,
    )


async def test_a_text_endpoint_that_has_chat_only_is_measured_too():
    async with FakeServer(Behaviour(completions=False, accepted="openai", role_chunk_ms=0, token_ids=False)) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, prompt="text")
        shape = SHAPE.model_copy(update={"prompt": "text"})
        (cell,) = (await sweep(server, endpoint=endpoint, shape=shape, plan=Plan(concurrency=[2], repeats=2))).cells
    assert (8 * cell.requests_ok, 24 * cell.requests_ok, True) == (
        cell.output_tokens,
        cell.input_tokens,
        cell.complete,
    )


async def test_prefix_cache_hits_that_nobody_planned_refuse_the_cell_and_the_run_says_so():
    async with FakeServer(Behaviour(prefix_hit_fraction=0.5)) as server:
        run = await sweep(server, plan=ONE)
    (cell,) = run.cells
    assert (0.5, False, False, []) == (
        pytest.approx(cell.prefix_cache_hit_fraction),
        cell.complete,
        run.complete,
        run.usable_cells,
    )
    assert f"concurrency 1: {cell.reason}" == run.incomplete_reason
    assert "prefix cache answered 50.0% of prompt tokens" in cell.reason


FAILURES = {
    "429": "http_429",
    "500": "http_5xx",
    "html": "not_event_stream",
    "error": "error_in_stream",
    "malformed": "malformed_sse",
    "drop": "dropped_mid_stream",
    "reset": "connection_failed",
    "stall": "timeout",
    "no_tokens": "no_tokens",
}


async def test_every_way_of_failing_lands_in_its_cell_by_its_name():
    server = FakeServer()
    ways = iter(FAILURES)
    order: list[str] = []

    def next_way(event: Progress) -> None:
        if event.kind == "warmup":
            order.append(next(ways))
            server.behaviour.fail = order[-1]
            # A request that is reset on a connection used before is sent again on a new one: most are answered then.
            server.behaviour.fail_every = 2 if order[-1] == "reset" else 5

    loads = list(range(2, 2 + len(FAILURES)))
    async with server:
        run = await sweep(
            server,
            Desk(on_event=next_way),
            plan=Plan(concurrency=loads, repeats=1, requests_per_stream=2, stop_when_flat=False),
            timeouts=Timeouts(total_s=5, stall_s=0.3),
        )
    up, down = [2, 4, 6, 8, 10], [9, 7, 5, 3]
    found = {cell.concurrency: cell for cell in run.cells}
    for concurrency, way in zip([*up, *down], order, strict=True):
        cell = found[concurrency]
        assert [FAILURES[way]] == list(cell.failures), way
        assert 8 * cell.requests_ok == cell.output_tokens, way
        if way == "reset":
            continue
        # Every fifth request failed; streams that failed wait before they go on, so that their share of a window differs.
        assert 0.1 < cell.requests_failed / (cell.requests_ok + cell.requests_failed) < 0.6, way
        assert not cell.complete
        assert f"requests failed ({FAILURES[way]} {cell.requests_failed}); at most 10% may" in cell.reason
    assert (False, f"concurrency 2: {found[2].reason}") == (run.complete, run.incomplete_reason)


async def test_up_to_a_tenth_of_failures_is_counted_and_borne():
    desk = Desk()
    server = FakeServer()
    desk = Desk(on_event=lambda event: setattr(server.behaviour, "fail", "429" if event.kind == "warmup" else None))
    server.behaviour.fail_every = 25
    async with server:
        run = await sweep(server, desk, plan=Plan(concurrency=[2], repeats=5, requests_per_stream=10))
    (cell,) = run.cells
    assert ({"http_429": cell.requests_failed}, True, True) == (cell.failures, cell.complete, run.complete)
    assert 1 <= cell.requests_failed <= cell.requests_ok / 9


async def test_a_server_that_fails_in_the_first_load_point_is_a_plain_error_and_the_run_says_why():
    server = FakeServer()
    desk = Desk(on_event=lambda event: setattr(server.behaviour, "fail", "500"))
    async with server:
        with pytest.raises(ProbeError, match=r"http_5xx.*look at its log") as caught:
            await sweep(server, desk, plan=Plan(concurrency=[8], repeats=1))
    assert "endpoint_refused" == caught.value.kind
    assert desk.saved[-1].incomplete_reason.startswith("concurrency 8: no request succeeded (http_5xx ")


async def test_a_server_that_fails_later_leaves_the_earlier_load_points():
    server = FakeServer()

    def on_event(event: Progress) -> None:
        server.behaviour.fail = "500" if event.cells_done == 1 else None

    plan = Plan(concurrency=[1, 8, 9], repeats=2, stop_when_flat=False)
    async with server:
        run = await sweep(server, Desk(on_event=on_event), plan=plan)
    assert [(1, True), (9, False)] == [(cell.concurrency, cell.complete) for cell in run.cells]
    assert run.incomplete_reason.startswith("concurrency 9: no request succeeded (http_5xx ")
    assert 0 == run.cells[1].requests_ok


async def test_a_budget_that_is_spent_ends_the_run_before_the_next_load_point():
    desk = Desk()
    # 22 requests of 57 ms: 1.3 s. 64 streams are expected to be 8 times as slow, 5 requests each: 2.3 s.
    async with FakeServer(Behaviour(prefill_ms=50)) as server:
        run = await sweep(server, desk, plan=Plan(concurrency=[1, 64], repeats=2, budget_s=3.0))
    assert ([1], False, "budget") == ([cell.concurrency for cell in run.cells], run.complete, run.incomplete_reason)
    assert ["stopped_budget", "done"] == desk.kinds()[-2:]
    assert desk.events[-1].elapsed_s < 3.0
    assert run.cells[0].complete


async def test_a_load_point_that_overruns_the_budget_is_cut_and_not_used():
    async with FakeServer(Behaviour(prefill_ms=25)) as server:
        run = await sweep(server, plan=Plan(concurrency=[1], repeats=2, budget_s=0.4))
    (cell,) = run.cells
    assert (False, "budget", "budget", []) == (cell.complete, cell.reason, run.incomplete_reason, run.usable_cells)
    assert 0 < cell.requests_ok <= 0.4 / 0.032


@pytest.mark.usefixtures("calm")
async def test_the_sweep_stops_where_throughput_is_flat_and_says_so():
    desk = Desk()
    plan = Plan(concurrency=[2, 3, 6, 12, 24], repeats=3, requests_per_stream=8)
    async with FakeServer(Behaviour(slots=1, prefill_ms=5)) as server:
        run = await sweep(server, desk, plan=plan)
    (warn,) = run.warnings
    assert ("stopped_flat", 0.05, 1) == (warn.code, warn.threshold, desk.kinds().count("stopped_flat"))
    # The way up is 2, 6, 24: six streams gave no more than two, so that 12 and 24 are left out and 3 is still measured.
    assert (["concurrency 2", "concurrency 6", "concurrency 3"], True) == (desk.points("cell"), run.complete)
    assert warn.observed < 0.05


@pytest.mark.usefixtures("calm")
async def test_without_loads_the_ladder_doubles_until_more_is_not_worth_it():
    # Two slots: one stream gets half of what two get, and four no more than two.
    desk = Desk()
    async with FakeServer(Behaviour(slots=2, prefill_ms=15)) as server:
        run = await sweep(server, desk, plan=Plan(concurrency=[], repeats=3, requests_per_stream=8))
    loads = [int(point.removeprefix("concurrency ")) for point in desk.points("cell")]
    assert [1, 2, 4] == loads[:3]
    # It may take a doubling or two more to be sure; the knee, at 2, is then looked at more closely from both sides.
    assert (True, 3, set()) == (run.complete, loads[-1], set(loads) - {1, 2, 3, 4, 8, 16})
    rates = {cell.concurrency: cell.output_tokens_per_s.mean for cell in run.cells}
    assert rates[2] / rates[1] == pytest.approx(2.0, rel=0.35)
    assert rates[4] / rates[2] == pytest.approx(1.0, rel=0.35)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"plan": Plan(concurrency=[0])}, "concurrency 0"),
        ({"plan": Plan(concurrency=[4, -1])}, "concurrency -1"),
        ({"plan": Plan(budget_s=0)}, "budget of 0 s"),
        ({"plan": Plan(measure=["curve", "goodput"])}, "needs a promise"),
        ({"plan": Plan(measure=["trace"])}, "name a file of recorded traffic"),
        ({"endpoint": Endpoint(base_url="http://127.0.0.1:9", served_model_name=MODEL)}, "vocab_size is None"),
        ({"client_workers": 0}, "0 load workers"),
    ],
)
async def test_arguments_that_cannot_be_measured_are_refused_before_anything_is_sent(more, word):
    server = FakeServer()
    async with server:
        with pytest.raises(ProbeError, match=word) as caught:
            await sweep(server, **more)
    assert ("bad_arguments", []) == (caught.value.kind, measured(server))


async def test_a_model_that_is_not_served_is_refused_before_anything_is_measured():
    async with FakeServer() as server:
        endpoint = Endpoint(base_url=server.url, served_model_name="other", vocab_size=VOCAB_SIZE)
        with pytest.raises(ProbeError, match=MODEL) as caught:
            await sweep(server, endpoint=endpoint)
    assert ("model_not_found", []) == (caught.value.kind, server.served)


@dataclass
class FlatMeter:
    """Reads 100 W all the time."""

    windows: list[tuple[int, int]] = field(default_factory=list)
    reads: bool = True

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def processes_count(self, start_ns: int, end_ns: int) -> int | None:
        return 0

    def between(self, start_ns: int, end_ns: int) -> EnergyReading:
        self.windows.append((start_ns, end_ns))
        seconds = (end_ns - start_ns) / 1e9
        return EnergyReading(source="flat", window_s=seconds, power_watts=100.0, energy_joules=100.0 * seconds)


async def test_energy_is_that_of_the_measured_window():
    meter = FlatMeter()
    async with FakeServer() as server:
        run = await sweep(server, plan=QUICK, meter=meter)
    for cell, window in zip(run.cells, meter.windows, strict=True):
        assert (100.0, "flat") == (cell.power_watts, cell.energy.source)
        assert (window[1] - window[0]) / 1e9 == pytest.approx(cell.duration_s)
        assert 100.0 * cell.duration_s == pytest.approx(cell.energy_joules)
        assert 100.0 / cell.output_tokens_per_s.mean == pytest.approx(cell.energy.energy_joules_per_output_token)
        inside = [s for s in measured(server) if window[0] <= s.received_ns and s.sent_ns and s.sent_ns[-1] < window[1]]
        assert cell.requests_ok <= len(inside) <= cell.requests_ok + cell.concurrency
