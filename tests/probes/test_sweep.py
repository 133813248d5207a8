import pytest

from probes import measure
from probes.client import Timeouts
from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.run import Plan, WorkloadShape
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer
from tests.sweeping import QUICK, SHAPE, Desk, sweep

pytestmark = pytest.mark.slow


async def test_a_sweep_measures_every_load_point_and_saves_after_each():
    desk = Desk()
    async with FakeServer() as server:
        run = await sweep(server, desk)
    assert [cell.concurrency for cell in run.cells] == [1, 2]
    assert [(len(saved.cells), saved.complete) for saved in desk.saved] == [(1, False), (2, False), (2, True)]
    assert [saved.incomplete_reason for saved in desk.saved] == ["in progress", "in progress", None]
    assert desk.saved[-1] == run


async def test_the_run_carries_what_was_known_beforehand_and_what_the_server_said():
    async with FakeServer() as server:
        run = await sweep(server)
    assert (
        run.run_id,
        run.gpu,
        run.gpus_per_replica,
        run.model.name,
        run.workload,
        run.plan,
        run.engine.kv_cache_tokens,
    ) == ("run-1", "H100", 1, "tiny", SHAPE, QUICK, 16_000)


async def test_counts_are_exact_by_hand():
    async with FakeServer() as server:
        one, two = (await sweep(server)).cells
    # One stream: 20 requests at least, in 2 repeats; two streams: 2 x 2 x 5 = 20. 8 tokens out, 16 in.
    assert [(cell.requests_ok, cell.output_tokens, cell.input_tokens, cell.repeats) for cell in (one, two)] == [
        (20, 160, 320, 2),
        (20, 160, 320, 2),
    ]


async def test_throughput_of_one_stream_is_what_the_server_really_gave():
    plan = Plan(concurrency=[1], repeats=1)
    shape = WorkloadShape(input_tokens=16, output_tokens=11, seed=1)
    async with FakeServer(Behaviour(prefill_ms=30, tpot_ms=3)) as server:
        (cell,) = (await sweep(server, plan=plan, shape=shape)).cells
    measured = server.served[2:]  # after the trial and the warm-up
    really = sum(sum(served.tokens) for served in measured) / (
        (measured[-1].sent_ns[-1] - measured[0].received_ns) / 1e9
    )
    assert cell.output_tokens_per_s.mean <= really
    assert cell.output_tokens_per_s.mean == pytest.approx(really, rel=0.04)
    assert cell.output_tokens_per_s.mean <= 11 / 0.060


async def test_throughput_of_many_streams_is_what_a_server_of_two_slots_can_give():
    plan = Plan(concurrency=[6], repeats=2)
    shape = WorkloadShape(input_tokens=16, output_tokens=11, seed=1)
    async with FakeServer(Behaviour(prefill_ms=30, tpot_ms=3, slots=2)) as server:
        (cell,) = (await sweep(server, plan=plan, shape=shape)).cells
    # The trial comes first and alone; then both slots are never empty, so any window over all that was served is the truth.
    busy = [served for served in server.served[1:] if not served.cancelled]
    really = sum(sum(served.tokens) for served in busy) / ((busy[-1].sent_ns[-1] - busy[0].received_ns) / 1e9)
    assert cell.output_tokens_per_s.mean == pytest.approx(really, rel=0.05)
    assert cell.output_tokens_per_s.mean == pytest.approx(2 * 11 / 0.060, rel=0.12)
    assert cell.output_tokens_per_s.mean <= 2 * 11 / 0.060 * 1.01


async def test_latencies_are_never_below_the_truth():
    async with FakeServer(Behaviour(prefill_ms=20, tpot_ms=2)) as server:
        run = await sweep(server)
    for cell in run.cells:
        assert cell.ttft_ms.p50 >= 20.0
        assert cell.e2e_ms.p50 >= 20.0 + 7 * 2.0
        assert cell.tpot_ms.mean == pytest.approx(2.0, rel=0.25)
        assert cell.itl_ms.mean == pytest.approx(cell.tpot_ms.mean, rel=1e-6)
        assert cell.ttft_ms.p95 is not None


async def test_tokens_are_right_with_three_in_a_chunk():
    async with FakeServer(Behaviour(tokens_per_chunk=3)) as server:
        run = await sweep(server, plan=Plan(concurrency=[1], repeats=2))
    chunks = sum(len(served.tokens) for served in server.served[2:])
    assert (run.cells[0].output_tokens, chunks, run.cells[0].token_source, run.cells[0].warnings) == (
        160,
        60,
        "usage",
        [],
    )


async def test_a_server_that_counts_nothing_is_believed_by_chunks_with_a_warning():
    async with FakeServer(Behaviour(usage=False, token_ids=False, text="w ")) as server:
        run = await sweep(server, plan=Plan(concurrency=[1], repeats=2))
    (cell,) = run.cells
    assert (cell.token_source, "tokens_counted_by_chunks" in [warn.code for warn in cell.warnings]) == ("chunks", True)


async def test_a_text_endpoint_that_has_chat_only_is_measured_too():
    async with FakeServer(Behaviour(completions=False, accepted="openai", role_chunk_ms=0, token_ids=False)) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, prompt="text")
        shape = WorkloadShape(input_tokens=16, output_tokens=8, seed=1, prompt="text")
        (cell,) = (await sweep(server, endpoint=endpoint, shape=shape, plan=Plan(concurrency=[2], repeats=2))).cells
    assert (cell.requests_ok, cell.output_tokens, cell.input_tokens, cell.complete) == (20, 160, 320, True)


async def test_every_prompt_and_every_cache_salt_is_new():
    async with FakeServer() as server:
        await sweep(server)
    prompts = {tuple(served.body["prompt"]) for served in server.served}
    salts = {served.body["cache_salt"] for served in server.served}
    assert (len(server.served), len(server.served)) == (len(prompts), len(salts))


async def test_a_seed_is_drawn_and_recorded_where_none_is_given():
    async with FakeServer() as server:
        runs = [await sweep(server, shape=SHAPE.model_copy(update={"seed": None})) for _ in range(2)]
    seeds = {run.workload.seed for run in runs}
    assert (len(seeds), None in seeds) == (2, False)


async def test_prefix_cache_hits_refuse_the_cell_and_the_run_says_so():
    async with FakeServer(Behaviour(prefix_hit_fraction=0.5)) as server:
        run = await sweep(server, plan=Plan(concurrency=[1], repeats=2))
    (cell,) = run.cells
    assert (cell.prefix_cache_hit_fraction, cell.complete, run.complete, run.usable_cells) == (0.5, False, False, [])
    assert run.incomplete_reason == f"concurrency 1: {cell.reason}"


async def test_the_sweep_stops_where_throughput_is_flat_and_says_so(monkeypatch):
    monkeypatch.setattr(measure, "LAG_FLOOR_MS", 1e6)  # a busy test machine is not this test's matter
    desk = Desk()
    plan = Plan(concurrency=[1, 2, 6, 12, 24], repeats=2)
    async with FakeServer(Behaviour(slots=1, prefill_ms=10)) as server:
        run = await sweep(server, desk, plan=plan)
    points = [cell.concurrency for cell in run.cells]
    (warn,) = run.warnings
    assert ([1, 2, 6, 12, 24][: len(points)], True, "stopped_flat") == (points, run.complete, warn.code)
    assert (len(points) < 5, warn.observed < 0.05, desk.kinds().count("stopped_flat")) == (True, True, 1)


async def test_flat_throughput_does_not_stop_a_sweep_that_was_told_not_to():
    async with FakeServer(Behaviour(slots=1)) as server:
        run = await sweep(server, plan=Plan(concurrency=[1, 2, 3], repeats=2, stop_when_flat=False))
    assert ([cell.concurrency for cell in run.cells], run.warnings) == ([1, 2, 3], [])


async def test_up_to_a_tenth_of_failures_is_counted_and_borne():
    async with FakeServer(Behaviour(fail="429", fail_after=2, fail_every=15)) as server:
        run = await sweep(server, plan=Plan(concurrency=[1], repeats=2))
    (cell,) = run.cells
    assert (cell.requests_ok, cell.requests_failed, cell.failures, cell.complete) == (18, 2, {"http_429": 2}, True)


@pytest.mark.parametrize(
    ("fail", "kind"),
    [
        ("429", "http_429"),
        ("500", "http_5xx"),
        ("html", "not_event_stream"),
        ("error", "error_in_stream"),
        ("malformed", "malformed_sse"),
        ("drop", "dropped_mid_stream"),
        ("reset", "connection_failed"),
        ("stall", "timeout"),
    ],
)
async def test_every_way_of_failing_lands_in_the_cell_by_its_name(fail, kind):
    behaviour = Behaviour(fail=fail, fail_after=5, fail_first=3)
    async with FakeServer(behaviour) as server:
        run = await sweep(server, plan=Plan(concurrency=[1], repeats=2), timeouts=Timeouts(total_s=5, stall_s=0.6))
    (cell,) = run.cells
    assert (17, {kind: 3}, False, 136) == (cell.requests_ok, cell.failures, cell.complete, cell.output_tokens)
    assert f"3 of 20 requests failed ({kind} 3)" in cell.reason


async def test_a_server_that_dies_in_the_first_load_point_is_a_plain_error():
    desk = Desk()
    async with FakeServer(Behaviour(fail="500", fail_after=1)) as server:
        with pytest.raises(ProbeError, match=r"http_5xx.*look at its log") as caught:
            await sweep(server, desk)
    assert (
        caught.value.kind,
        desk.saved[-1].incomplete_reason,
    ) == ("endpoint_refused", "concurrency 1: no request succeeded (http_5xx 20)")


async def test_a_server_that_dies_later_leaves_the_earlier_load_points():
    plan = Plan(concurrency=[1, 2, 3], repeats=2, stop_when_flat=False)
    async with FakeServer(Behaviour(fail="500", fail_after=22)) as server:
        run = await sweep(server, plan=plan)
    assert ([(cell.concurrency, cell.requests_ok) for cell in run.cells], run.complete) == ([(1, 20), (2, 0)], False)
    assert run.incomplete_reason == "concurrency 2: no request succeeded (http_5xx 20)"


async def test_a_budget_that_is_spent_ends_the_run_before_the_next_load_point():
    desk = Desk()
    plan = Plan(concurrency=[1, 64], repeats=2, budget_s=1.8)
    async with FakeServer(
        Behaviour(prefill_ms=25)
    ) as server:  # 22 requests of 32 ms: 0.7 s; then 5 of 32 * sqrt(64): 1.3 s
        run = await sweep(server, desk, plan=plan)
    assert ([cell.concurrency for cell in run.cells], run.complete, run.incomplete_reason) == ([1], False, "budget")
    assert (desk.events[-1].elapsed_s < 1.8, *desk.kinds()[-2:]) == (True, "stopped_budget", "done")


async def test_a_load_point_that_overruns_the_budget_is_cut_and_not_used():
    plan = Plan(concurrency=[1], repeats=2, budget_s=0.4)
    async with FakeServer(Behaviour(prefill_ms=25)) as server:
        run = await sweep(server, plan=plan)
    (cell,) = run.cells
    assert (cell.complete, cell.reason, run.incomplete_reason, run.usable_cells) == (False, "budget", "budget", [])
    assert 0 < cell.requests_ok < 20


async def test_events_tell_how_far_it_is_and_how_long_it_will_take():
    desk = Desk()
    async with FakeServer() as server:
        await sweep(server, desk)
    assert desk.kinds() == ["warmup", "repeat", "repeat", "cell", "warmup", "repeat", "repeat", "cell", "done"]
    assert [event.cells_done for event in desk.events] == [0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert {2} == {event.cells_total for event in desk.events}
    assert (desk.events[0].remaining_s, desk.events[-1].remaining_s) == (None, 0.0)
    elapsed = [event.elapsed_s for event in desk.events]
    assert sorted(elapsed) == elapsed


async def test_the_estimate_after_the_first_repeat_is_near_the_truth():
    desk = Desk()
    async with FakeServer(Behaviour(prefill_ms=20)) as server:
        await sweep(server, desk, plan=Plan(concurrency=[1], repeats=2))
    first = next(event for event in desk.events if event.kind == "repeat")
    assert first.remaining_s == pytest.approx(desk.events[-1].elapsed_s - first.elapsed_s, rel=0.4)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"plan": Plan(concurrency=[0])}, "concurrency 0"),
        ({"plan": Plan(concurrency=[4, -1])}, "concurrency -1"),
        ({"plan": Plan(budget_s=0)}, "budget of 0 s"),
        ({"shape": SHAPE.model_copy(update={"arrivals": "poisson"})}, "poisson"),
        ({"endpoint": Endpoint(base_url="http://127.0.0.1:9", served_model_name=MODEL)}, "vocab_size is None"),
    ],
)
async def test_arguments_that_cannot_be_measured_are_refused_before_anything_is_sent(more, word):
    with pytest.raises(ProbeError, match=word) as caught:
        await sweep(FakeServer(), **more)
    assert caught.value.kind == "bad_arguments"


async def test_a_model_that_is_not_served_is_refused_before_anything_is_measured():
    async with FakeServer() as server:
        endpoint = Endpoint(base_url=server.url, served_model_name="other", vocab_size=VOCAB_SIZE)
        with pytest.raises(ProbeError, match=MODEL):
            await sweep(server, endpoint=endpoint)
    assert server.served == []


class _Meter:
    def __init__(self) -> None:
        self.windows = 0

    def start(self) -> None:
        self.windows += 1

    def stop(self) -> tuple[float, float]:
        return 100.0 * self.windows, 50.0


async def test_energy_is_measured_for_each_load_point():
    async with FakeServer() as server:
        run = await sweep(server, meter=_Meter())
    assert [(cell.power_watts, cell.energy_joules) for cell in run.cells] == [(100.0, 50.0), (200.0, 50.0)]


async def test_the_key_is_in_no_run_and_no_event():
    desk = Desk()
    async with FakeServer(Behaviour(api_key="sk-secret-1")) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE, api_key="sk-secret-1")
        run = await sweep(server, desk, endpoint=endpoint, plan=Plan(concurrency=[1], repeats=1))
    assert False is ("sk-secret" in run.to_json() + repr(desk.events))
