"""The load client with real worker processes against a real server."""

import pytest

from probes.endpoint import Endpoint
from probes.loadgen.client import ProcessLoadClient, open_load_client
from probes.loadgen.contract import Load
from probes.run import WorkloadShape
from probes.servers.dialect import Dialect
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer

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
