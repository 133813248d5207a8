"""The null server keeps time, and the floor is what the client adds to it."""

import asyncio
import json

import pytest

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.contract import LoadResult
from probes.loadgen.floor import floor_of, measure_floor, null_server
from probes.loadgen.open_transport import send_one
from probes.servers.dialect import Dialect
from probes.trace import RequestTrace
from probes.workload.request import Request

MS = 1_000_000


def _trace(number: int, ttft_ms: float) -> RequestTrace:
    sent_ns = number * 100 * MS
    first_ns = sent_ns + int(ttft_ms * MS)
    return RequestTrace(
        scheduled_ns=sent_ns,
        sent_ns=sent_ns,
        ended_ns=first_ns + 30 * MS,
        arrivals_ns=(first_ns, first_ns + 10 * MS),
        tokens=(1, 1),
        number=number,
    )


def test_the_floor_is_reported_less_true_time_of_each_request():
    traces = tuple(_trace(number, 50 + error) for number, error in enumerate((90.0, 0.2, 0.4, 3.0)))
    result = LoadResult(
        traces=traces,
        started_ns=0,
        stopped_ns=2_000 * MS,
        workers=2,
        transport="plain",
        client_cpu_fraction=0.004,
    )
    floor = floor_of(result, {(0, number): 50 * MS for number in range(4)}, streams=1)
    # The first request, which opens the connection, has no say. 8 chunks in 2 s; the busiest of two processes used 0.4 % of a core, both at most 0.016 s.
    assert (1, 2, "plain") == (floor.streams, floor.workers, floor.transport)
    assert (0.4, 3.0) == (floor.ttft_error_p50_ms, floor.ttft_error_p99_ms)
    assert pytest.approx(2.0) == floor.cpu_s_per_1000_tokens
    assert pytest.approx(1_000.0) == floor.max_chunk_rate_per_s


def test_without_an_answer_there_is_no_floor():
    result = LoadResult(traces=(), started_ns=0, stopped_ns=MS, workers=1, transport="plain")
    with pytest.raises(ProbeError, match="answered nothing"):
        floor_of(result, {}, streams=1)


@pytest.mark.slow
async def test_the_null_server_answers_in_both_forms_and_reports_what_it_did():
    ids = Request(prompt=[3, 4, 5], input_tokens=3, output_tokens=4, cache_salt="s")
    text = Request(prompt="time year", input_tokens=2, output_tokens=1, cache_salt="s")
    async with null_server(20, 5) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name="null-server", vocab_size=100)
        plain = await send_one(endpoint, Dialect(), ids)
        chat = await send_one(endpoint, Dialect("chat", "openai"), text)
        report = await server.report()
        again = await server.report()
    assert (None, 4, (1, 1, 1, 1), "usage", 3) == (
        plain.failure,
        plain.output_tokens,
        plain.tokens,
        plain.token_source,
        plain.input_tokens,
    )
    assert (None, 1) == (chat.failure, chat.output_tokens)
    assert ([3, 4], [-1, -1], 5, []) == (
        report["requests"][0][:2],
        report["requests"][1][:2],
        report["tokens"],
        again["requests"],
    )
    # Never early: the first token 20 ms after the request, each further one 5 ms later.
    _, _, received_ns, first_ns = report["requests"][0]
    assert first_ns - received_ns >= 20 * MS
    assert plain.arrivals_ns[-1] - received_ns >= 35 * MS
    assert plain.ttft_ms >= (first_ns - received_ns) / MS


@pytest.mark.slow
async def test_the_null_server_serves_many_requests_on_one_connection_and_lists_its_model():
    async with null_server(1, 1) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        body = b'{"prompt": "w", "max_tokens": 2}'
        for _ in range(2):
            writer.write(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
            await writer.drain()
            await asyncio.sleep(0.01)
            writer.write(body)
            answer = await reader.readuntil(b"\r\n0\r\n\r\n")
            assert (2, 1) == (answer.count(b'"text"'), answer.count(b"[DONE]"))
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        listing = json.loads(await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split()[0])))
        writer.close()
    assert ["null-server"] == [model["id"] for model in listing["data"]]


@pytest.mark.slow
async def test_the_floor_of_a_real_client_is_measured_and_never_below_zero():
    floor = await measure_floor(streams=4, ttft_ms=20, token_ms=5, output_tokens=10)
    assert (4, 1, "plain") == (floor.streams, floor.workers, floor.transport)
    # An answer cannot arrive before it was sent.
    assert 0 <= floor.ttft_error_p50_ms <= floor.ttft_error_p99_ms
    assert floor.max_chunk_rate_per_s == pytest.approx(1000 / floor.cpu_s_per_1000_tokens)
