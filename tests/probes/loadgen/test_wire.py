import asyncio
import dataclasses

import pytest

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.contract import Completion, Load
from probes.loadgen.transport import Timeouts
from probes.loadgen.wire import (
    arrivals_of,
    completion_of,
    completion_row,
    frame,
    load_message,
    pack_traces,
    read_frame,
    shape_of,
    target_message,
    target_of,
    unpack_traces,
)
from probes.run import Lengths, WorkloadShape
from probes.servers.dialect import Dialect
from probes.trace import RequestTrace
from probes.workload.request import Arrival


def _of(names: str, place: int) -> object:
    """A value that is not the default, for any field of a trace, by its annotation."""
    if "tuple" in names:
        return (place + 2**40, place + 2**41)
    if "float" in names:
        return place + 0.5
    if "bool" in names:
        return True
    return place if "int" in names else f"word {place}"


def test_every_field_of_a_trace_is_carried_but_the_ids_of_its_tokens():
    values = {field.name: _of(str(field.type), place) for place, field in enumerate(dataclasses.fields(RequestTrace))}
    traces = [RequestTrace(**values), RequestTrace(scheduled_ns=1, sent_ns=2, ended_ns=3), RequestTrace(**values)]
    rows, numbers = pack_traces(traces)
    message, behind = asyncio.run(_through_a_pipe({"is": "traces", "rows": rows}, numbers))
    expected = [dataclasses.replace(trace, token_ids=()) for trace in traces]
    assert expected == unpack_traces(message["rows"], behind)


async def _through_a_pipe(message, numbers=b""):
    reader = asyncio.StreamReader()
    reader.feed_data(frame(message, numbers))
    return await read_frame(reader)


@pytest.mark.parametrize("cut", [0, 5, 12, 20, -1])
def test_a_message_that_breaks_off_is_the_end(cut):
    async def read():
        reader = asyncio.StreamReader()
        reader.feed_data(frame({"is": "hello"}, b"12345678")[:cut])
        reader.feed_eof()
        return await read_frame(reader)

    assert asyncio.run(read()) is None


def test_what_is_no_message_is_refused():
    async def read():
        reader = asyncio.StreamReader()
        reader.feed_data(b"Traceback (most recent call last)")
        return await read_frame(reader)

    with pytest.raises(ProbeError, match="not a message"):
        asyncio.run(read())


def test_the_workers_of_a_load_share_it_without_gaps_or_doubles():
    shape = WorkloadShape(input_tokens=5, output_tokens=6, seed=3, lengths=Lengths(kind="uniform", spread_fraction=0.5))
    arrivals = tuple(
        Arrival(offset_s=0.5 * number, input_tokens=number + 1, output_tokens=2, blocks=(1, number), block_tokens=512)
        for number in range(7)
    )
    load = Load(cell=4, attempt=2, shape=shape, arrivals=arrivals, kind="trace")
    messages = [load_message(load, worker=worker, workers=3) for worker in range(3)]
    found = []
    for message in messages:
        found += arrivals_of(message)
        assert (shape, 4, 2, []) == (shape_of(message), message["cell"], message["attempt"], message["streams"])
    assert list(enumerate(arrivals)) == sorted(found, key=lambda pair: pair[0])


def test_the_streams_of_a_closed_loop_are_dealt_out():
    load = Load(cell=0, shape=WorkloadShape(input_tokens=1, output_tokens=1), concurrency=5)
    streams = [load_message(load, worker=worker, workers=2)["streams"] for worker in range(2)]
    assert [[0, 2, 4], [1, 3]] == streams


def test_target_and_completion_come_back_as_they_were():
    endpoint = Endpoint(base_url="http://x", served_model_name="m", api_key="sk", prompt="text", vocab_size=None)
    target = (endpoint, Dialect("chat", "openai", ("temperature",)), Timeouts(total_s=1, stall_s=2))
    message, _ = asyncio.run(_through_a_pipe(target_message(*target)))
    assert target == target_of(message)
    completion = Completion(stream=1, number=2, sent_ns=3, ended_ns=4, output_tokens=5, failed=True)
    assert completion == completion_of(completion_row(completion))
