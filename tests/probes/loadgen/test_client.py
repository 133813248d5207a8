"""The load client with real worker processes against a real server."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.client import ProcessLoadClient, open_load_client, workers_for
from probes.loadgen.contract import Load
from probes.run import WorkloadShape
from probes.servers.dialect import Dialect
from probes.workload.request import Arrival
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer
from tests.probes.loadgen.scripted import LAST, OK, Peer, ScriptedServer, self_signed

pytestmark = pytest.mark.slow

SHAPE = WorkloadShape(input_tokens=20, output_tokens=10, seed=7)


def _client(server: FakeServer, **more) -> ProcessLoadClient:
    endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE)
    return open_load_client(endpoint, Dialect(), **more)


def _enough_after(requests: int):
    seen = []

    def judge(progress):
        seen.extend(progress.new)
        return "enough" if len(seen) >= requests else "go_on"

    return judge


async def test_a_closed_loop_keeps_every_stream_busy_until_it_is_enough():
    async with FakeServer(Behaviour(prefill_ms=10, tpot_ms=2)) as server, _client(server) as client:
        result = await client.run(Load(cell=1, shape=SHAPE, concurrency=4), on_progress=_enough_after(12))
    good = [trace for trace in result.traces if trace.failure is None]
    assert {(trace.output_tokens, trace.input_tokens) for trace in good} == {(10, 20)}
    for stream in range(4):
        mine = sorted((trace for trace in result.traces if trace.stream == stream), key=lambda trace: trace.number)
        assert [trace.number for trace in mine] == list(range(len(mine)))
        # The next request is due when the last is answered, and the last one of all is cut off.
        assert [after.scheduled_ns for after in mine[1:]] == [before.ended_ns for before in mine[:-1]]
        assert mine[-1].failure == "cancelled"
    assert (server.peak_busy, result.end, result.cut_short, result.workers) == (4, "enough", False, 1)


async def test_two_loads_of_one_client_never_share_a_prompt():
    async with FakeServer() as server, _client(server) as client:
        for cell in (0, 1):
            await client.run(Load(cell=cell, shape=SHAPE, concurrency=2), on_progress=_enough_after(6))
        prompts = [tuple(served.body["prompt"]) for served in server.served]
    assert len(prompts) == len(set(prompts))


async def test_two_workers_share_the_streams_and_make_no_prompt_twice():
    async with FakeServer(Behaviour(prefill_ms=5)) as server, _client(server, workers=2) as client:
        result = await client.run(Load(cell=0, shape=SHAPE, concurrency=5), on_progress=_enough_after(20))
        prompts = [tuple(served.body["prompt"]) for served in server.served]
    assert (2, {0, 1, 2, 3, 4}) == (result.workers, {trace.stream for trace in result.traces})
    assert (5, len(prompts)) == (server.peak_busy, len(set(prompts)))


async def test_progress_counts_every_request_once_and_knows_what_is_in_flight():
    told = []

    def judge(progress):
        told.append(progress)
        return "enough" if progress.elapsed_s > 1.2 else "go_on"

    async with FakeServer(Behaviour(prefill_ms=20)) as server, _client(server) as client:
        result = await client.run(Load(cell=0, shape=SHAPE, concurrency=3), on_progress=judge)
    places = [(one.stream, one.number) for progress in told for one in progress.new]
    assert sorted((trace.stream, trace.number) for trace in result.traces) == sorted(places)
    assert [3, 0] == [told[0].in_flight, told[-1].in_flight]
    assert told[-1].sent == len(result.traces)
    assert {10} == {one.output_tokens for progress in told for one in progress.new}


async def test_an_open_loop_sends_at_its_times_however_slow_the_server():
    # The server takes half a second for each: a client that waited for it would send one in that time.
    offsets_s = [0.0, 0.02, 0.05, 0.05, 0.3]
    arrivals = tuple(Arrival(offset_s=offset_s, input_tokens=7, output_tokens=2) for offset_s in offsets_s)
    async with FakeServer(Behaviour(prefill_ms=500)) as server, _client(server) as client:
        load = Load(cell=0, shape=SHAPE, arrivals=arrivals, kind="trace")
        result = await client.run(load, on_progress=lambda _: "go_on")
    traces = sorted(result.traces, key=lambda trace: trace.number)
    start_ns = result.started_ns
    assert [int(offset_s * 1e9) for offset_s in offsets_s] == [trace.scheduled_ns - start_ns for trace in traces]
    assert [(-1, number, None, 7) for number in range(5)] == [
        (trace.stream, trace.number, trace.failure, trace.input_tokens) for trace in traces
    ]
    assert all(trace.sent_ns >= trace.scheduled_ns for trace in traces)
    assert (5, "schedule", False) == (server.peak_busy, result.end, result.cut_short)
    assert result.schedule_lag_p99_ms == max((trace.sent_ns - trace.scheduled_ns) / 1e6 for trace in traces)
    assert result.stopped_ns >= max(trace.ended_ns for trace in traces)


async def test_a_schedule_begins_with_its_first_arrival_and_stops_when_it_is_enough():
    arrivals = tuple(Arrival(offset_s=0.1 + number, input_tokens=3, output_tokens=1) for number in range(60))
    async with FakeServer() as server, _client(server, workers=2) as client:
        load = Load(cell=0, shape=SHAPE, arrivals=arrivals, kind="constant")
        result = await client.run(load, on_progress=_enough_after(1))
    assert (result.started_ns, "enough") == (min(trace.scheduled_ns for trace in result.traces), result.end)
    assert len(result.traces) < 5


async def test_a_deadline_gives_back_what_was_seen():
    async with FakeServer(Behaviour(prefill_ms=1, tpot_ms=20)) as server, _client(server) as client:
        load = Load(cell=0, shape=SHAPE.model_copy(update={"output_tokens": 500}), concurrency=2)
        deadline_s = asyncio.get_running_loop().time() + 0.8
        result = await client.run(load, on_progress=lambda _: "go_on", deadline_s=deadline_s)
        again = await client.run(Load(cell=1, shape=SHAPE, concurrency=1), on_progress=_enough_after(1))
    assert ("deadline", True, ["cancelled", "cancelled"]) == (
        result.end,
        result.cut_short,
        [trace.failure for trace in result.traces],
    )
    # The tokens that had come are there, and the server saw the client hang up.
    assert all(0 < trace.output_tokens < 500 for trace in result.traces)
    assert [True, True] == [served.cancelled for served in server.served[:2]]
    assert again.end == "enough"


async def test_a_cancellation_gives_back_what_was_seen_and_stays_a_cancellation():
    async with FakeServer(Behaviour(prefill_ms=5)) as server, _client(server) as client:
        load = Load(cell=0, shape=SHAPE, concurrency=2)

        async def run():
            result = await client.run(load, on_progress=lambda _: "go_on")
            return result, asyncio.current_task().cancelling()

        task = asyncio.create_task(run())
        while len(server.served) < 5:  # noqa: ASYNC110 -- the server has no event for it
            await asyncio.sleep(0.02)
        task.cancel()
        result, cancelling = await task
    assert ("cancelled", True, 1) == (result.end, result.cut_short, cancelling)
    assert len([trace for trace in result.traces if trace.failure is None]) >= 3


async def test_a_second_cancellation_leaves_no_process_behind():
    async with FakeServer(Behaviour(prefill_ms=5)) as server, _client(server) as client:
        load = Load(cell=0, shape=SHAPE, concurrency=2)
        task = asyncio.create_task(client.run(load, on_progress=lambda _: "go_on"))
        while len(server.served) < 2:  # noqa: ASYNC110 -- the server has no event for it
            await asyncio.sleep(0.02)
        (pid,) = client.pids
        # Stopped, so that it cannot hand over anything.
        os.kill(pid, signal.SIGSTOP)
        task.cancel()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not psutil.pid_exists(pid)


async def test_a_worker_that_is_killed_is_an_error_and_not_a_hang():
    async with FakeServer(Behaviour(prefill_ms=5)) as server, _client(server, workers=2) as client:
        killed = []

        def judge(_):
            if not killed:
                killed.append(client.pids[1])
                os.kill(client.pids[1], signal.SIGKILL)
            return "go_on"

        with pytest.raises(ProbeError, match=r"ended with signal 9 .* memory") as error:
            await client.run(Load(cell=0, shape=SHAPE, concurrency=2), on_progress=judge)
        pids = client.pids
    assert ("load_client_failed", [False, False]) == (error.value.kind, [psutil.pid_exists(pid) for pid in pids])


async def test_a_workload_that_cannot_be_made_is_the_makers_error():
    async with FakeServer() as server, _client(server) as client:
        load = Load(cell=0, shape=WorkloadShape(input_tokens=1, output_tokens=1), concurrency=1)
        with pytest.raises(ProbeError, match="seed") as error:
            await client.run(load, on_progress=lambda _: "go_on")
    assert error.value.kind == "bad_arguments"


@pytest.mark.parametrize("load", [Load(cell=0, shape=SHAPE), Load(cell=0, shape=SHAPE, concurrency=0)])
async def test_a_load_that_is_neither_closed_nor_open_is_refused(load):
    async with FakeServer() as server, _client(server) as client:
        with pytest.raises(ProbeError, match="concurrency"):
            await client.run(load, on_progress=lambda _: "go_on")


async def test_a_server_that_asks_for_patience_gets_it():
    refusals = []

    async def script(peer: Peer) -> None:
        while await peer.request():
            if len(refusals) < 1:
                refusals.append(time.perf_counter_ns())
                await peer.say(b"HTTP/1.1 429 Slow Down\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
            else:
                await peer.say(OK + b"Content-Length: %d\r\n\r\n" % len(LAST) + LAST, 0.3)

    async with ScriptedServer(script) as server, _client(server) as client:
        result = await client.run(Load(cell=0, shape=SHAPE, concurrency=1), on_progress=_enough_after(3))
    first, second, *_ = sorted(result.traces, key=lambda trace: trace.number)
    assert ("http_429", 1.0, None) == (first.failure, first.retry_after_s, second.failure)
    # Due again, and sent, when the server asked for it; the wait is on record.
    assert (1_000_000_000, 1.0) == (second.scheduled_ns - first.ended_ns, result.retry_wait_s)
    # A timer may end up to its own resolution early.
    assert second.sent_ns >= second.scheduled_ns - 1_000_000


async def test_a_server_that_refuses_everything_is_not_asked_a_thousand_times_a_second():
    async with FakeServer(Behaviour(fail="500")) as server, _client(server) as client:
        result = await client.run(
            Load(cell=0, shape=SHAPE, concurrency=1),
            on_progress=lambda progress: "enough" if progress.elapsed_s > 1.2 else "go_on",
        )
    # Pauses of 0.05, 0.1, 0.2, 0.4, 0.8 s.
    assert ({"http_5xx"}, True) == ({trace.failure for trace in result.traces}, 4 <= len(result.traces) <= 6)


async def test_the_turns_of_a_conversation_repeat_what_was_said():
    shape = WorkloadShape(input_tokens=30, output_tokens=4, turns=3, seed=1)
    async with FakeServer() as server, _client(server) as client:
        await client.run(Load(cell=0, shape=shape, concurrency=1), on_progress=_enough_after(6))
        first, second, third, fourth = (served.body["prompt"] for served in server.served[:4])
    answer = [7] * server.served[0].body["max_tokens"]
    assert first + answer == second[: len(first + answer)]
    assert second == third[: len(second)]
    assert first != fourth[: len(first)]


async def test_https_is_timed_too_and_the_key_goes_by_no_argument(tmp_path, monkeypatch):
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))

    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.say(OK + b"Content-Length: %d\r\n\r\n" % len(LAST) + LAST, 0.01)

    async with ScriptedServer(script, ssl=certificate.server_side) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE, api_key="sk-secret")
        async with open_load_client(endpoint, Dialect()) as client:
            result = await client.run(Load(cell=0, shape=SHAPE, concurrency=2), on_progress=_enough_after(4))
            process = psutil.Process(client.pids[0])
            shown = [*process.cmdline(), *process.environ().values()]
        asked = server.peers[0].requests[0]
    assert ("tls", None) == (result.transport, result.traces[0].failure)
    assert (True, []) == (b"Authorization: Bearer sk-secret" in asked, [text for text in shown if "sk-secret" in text])


@pytest.mark.parametrize("when", ["waiting", "loading"])
def test_no_worker_outlives_a_probe_that_is_killed(when, tmp_path):
    program = tmp_path / "probe.py"
    program.write_text(
        f"""
import asyncio, sys
from probes.endpoint import Endpoint
from probes.loadgen.client import open_load_client
from probes.loadgen.contract import Load
from probes.run import WorkloadShape
from probes.servers.dialect import Dialect

async def main():
    endpoint = Endpoint(base_url="http://127.0.0.1:9", served_model_name="m", vocab_size=1000)
    async with open_load_client(endpoint, Dialect(), workers=2) as client:
        load = Load(cell=0, shape=WorkloadShape(input_tokens=5, output_tokens=5, seed=1), concurrency=2)
        print(*client.pids, flush=True)
        if {when == "loading"}:
            await client.run(load, on_progress=lambda _: print("loading", flush=True) or "go_on")
        await asyncio.sleep(60)

asyncio.run(main())
"""
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True, env=environment) as probe:
        workers = [psutil.Process(int(pid)) for pid in probe.stdout.readline().split()]
        if when == "loading":
            assert probe.stdout.readline() == "loading\n"
        probe.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert (2, []) == (len(workers), alive)


@pytest.mark.parametrize(
    ("chunks_per_s", "streams", "cores", "expected"),
    [(None, None, 8, 1), (25_000, 1, 8, 1), (25_001, 1, 8, 2), (None, 513, 8, 2), (1e9, 10_000, 8, 4), (1e9, 1, 1, 1)],
)
def test_workers_follow_the_expected_load_and_leave_half_of_the_machine(chunks_per_s, streams, cores, expected):
    assert expected == workers_for(chunks_per_s, streams, cores=cores)


def test_less_than_one_worker_is_refused():
    endpoint = Endpoint(base_url="http://127.0.0.1:9", served_model_name=MODEL)
    with pytest.raises(ProbeError, match="1 or more"):
        open_load_client(endpoint, Dialect(), workers=0)
