import asyncio
import json
import socket

import pytest

from probes.client import Timeouts, is_loopback, open_session, send
from probes.endpoint import Endpoint
from probes.servers.dialect import Dialect, request_body
from probes.sse import read_answer
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer

pytestmark = pytest.mark.slow


def _endpoint(url: str, **more) -> Endpoint:
    return Endpoint(base_url=url, served_model_name=MODEL, vocab_size=VOCAB_SIZE, **more)


async def _ask(url: str, *, tokens: int = 8, dialect: Dialect = Dialect(), prompt=None, timeouts=None, **more):  # noqa: B008
    endpoint = _endpoint(url, **more)
    prompt = [100, 200, 300] if prompt is None else prompt
    body = request_body(endpoint, dialect, prompt=prompt, output_tokens=tokens, cache_salt="s")
    async with open_session(endpoint) as session:
        return read_answer(await send(session, url + dialect.path, body, input_tokens=3, timeouts=timeouts))


async def test_a_good_request_gives_every_token_with_its_time():
    async with FakeServer() as server:
        trace = await _ask(server.url)
    assert (
        trace.failure,
        trace.status,
        trace.input_tokens,
        trace.output_tokens,
        trace.tokens,
        trace.token_source,
    ) == (None, 200, 3, 8, (1,) * 8, "usage")


async def test_no_time_is_shorter_than_what_the_server_really_did():
    async with FakeServer(Behaviour(prefill_ms=30, tpot_ms=4)) as server:
        trace = await _ask(server.url)
        (served,) = server.served
    assert [
        (arrived, sent) for arrived, sent in zip(trace.arrivals_ns, served.sent_ns, strict=True) if arrived < sent
    ] == []
    assert trace.ttft_ms >= max(30.0, (served.sent_ns[0] - served.received_ns) / 1e6)
    assert trace.e2e_ms >= 30.0 + 7 * 4.0
    assert trace.sent_ns <= served.received_ns
    assert trace.ended_ns >= trace.arrivals_ns[-1]


@pytest.mark.parametrize(
    ("behaviour", "source"),
    [
        (Behaviour(tokens_per_chunk=3), "usage"),
        (Behaviour(tokens_per_chunk=3, usage=False), "token_ids"),
        (Behaviour(tokens_per_chunk=3, token_ids=False, text="w "), "usage"),
    ],
)
async def test_ten_tokens_in_four_chunks_are_ten_tokens(behaviour, source):
    async with FakeServer(behaviour) as server:
        trace = await _ask(server.url, tokens=10)
        (served,) = server.served
    assert (10, 4, 4, source) == (
        trace.output_tokens,
        len(trace.arrivals_ns),
        len(served.tokens),
        trace.token_source,
    )


async def test_with_ids_the_tokens_of_each_chunk_are_those_that_the_server_put_in():
    async with FakeServer(Behaviour(tokens_per_chunk=4)) as server:
        trace = await _ask(server.url, tokens=10)
        (served,) = server.served
    assert (4, 4, 2) == trace.tokens == tuple(served.tokens)


async def test_without_usage_and_ids_chunks_are_counted_but_never_silently():
    async with FakeServer(Behaviour(tokens_per_chunk=3, usage=False, token_ids=False, text="w ")) as server:
        trace = await _ask(server.url, tokens=10)
    assert (trace.output_tokens, trace.token_source) == (4, "chunks")


async def test_chat_skips_the_role_chunk_that_comes_before_the_prefill():
    behaviour = Behaviour(role_chunk_ms=0, prefill_ms=40, tpot_ms=1, token_ids=False)
    async with FakeServer(behaviour) as server:
        trace = await _ask(server.url, dialect=Dialect("chat", "openai"), prompt="time year people")
    assert (trace.output_tokens, trace.ttft_ms >= 40.0) == (8, True)


@pytest.mark.parametrize(
    ("fail", "kind", "status"),
    [
        ("429", "http_429", 429),
        ("500", "http_5xx", 500),
        ("html", "not_event_stream", 200),
        ("redirect", "not_event_stream", 302),
        ("error", "error_in_stream", 200),
        ("malformed", "malformed_sse", 200),
        ("drop", "dropped_mid_stream", 200),
        ("end_early", "dropped_mid_stream", 200),
        ("no_tokens", "no_tokens", 200),
        ("reset", "connection_failed", None),
    ],
)
async def test_each_way_of_failing_has_its_own_kind(fail, kind, status):
    async with FakeServer(Behaviour(fail=fail)) as server:
        trace = await _ask(server.url)
    assert (kind, status, 0, True) == (trace.failure, trace.status, trace.output_tokens, bool(trace.detail))


async def test_a_client_error_keeps_the_servers_words():
    async with FakeServer(Behaviour(context_tokens=5)) as server:
        trace = await _ask(server.url)
    assert (trace.failure, "maximum context length is 5 tokens" in trace.detail) == ("http_4xx", True)


async def test_a_key_is_sent_as_bearer_and_its_lack_is_a_failure():
    async with FakeServer(Behaviour(api_key="sk-1")) as server:
        kinds = [(await _ask(server.url, api_key=key)).failure for key in ("sk-1", "sk-2", None)]
    assert kinds == [None, "http_4xx", "http_4xx"]


async def test_nothing_listening_is_refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        trace = await _ask(url)
    assert (trace.failure, trace.status) == ("connection_refused", None)


async def test_a_server_that_never_answers_times_out():
    async with FakeServer(Behaviour(fail="hang")) as server:
        trace = await _ask(server.url, timeouts=Timeouts(total_s=0.1, stall_s=5))
    assert (trace.failure, "no answer" in trace.detail) == ("timeout", True)


async def test_a_stream_that_stalls_times_out_long_before_the_total():
    async with FakeServer(Behaviour(fail="stall")) as server:
        trace = await _ask(server.url, timeouts=Timeouts(total_s=30, stall_s=0.1))
    assert (trace.failure, "stalled" in trace.detail, trace.ended_ns - trace.sent_ns < 5e9) == ("timeout", True, True)


async def test_a_slow_but_steady_stream_is_cut_at_the_total_only():
    async with FakeServer(Behaviour(prefill_ms=1, tpot_ms=30)) as server:
        kinds = [(await _ask(server.url, timeouts=Timeouts(total_s=total, stall_s=5))).failure for total in (30.0, 0.1)]
    assert kinds == [None, "timeout"]


async def test_the_client_holds_more_than_a_hundred_requests_in_flight():
    async with FakeServer(Behaviour(prefill_ms=300)) as server:
        endpoint = _endpoint(server.url)
        body = request_body(endpoint, Dialect(), prompt=[100], output_tokens=1, cache_salt="s")
        async with open_session(endpoint) as session:
            answers = await asyncio.gather(*(send(session, f"{server.url}/v1/completions", body) for _ in range(150)))
    assert (150, {None}) == (server.peak_busy, {answer.failure for answer in answers})


async def test_proxies_of_the_environment_are_never_used_for_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with FakeServer() as server:
        assert (await _ask(server.url)).failure is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8000", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:8000", True),
        ("http://10.0.0.1", False),
        ("https://localhost.example.com", False),
        ("nonsense", False),
    ],
)
def test_loopback_addresses_are_known(url, expected):
    assert is_loopback(url) is expected


def _fields(dialect: Dialect, prompt: object) -> dict:
    return json.loads(request_body(_endpoint("http://x"), dialect, prompt=prompt, output_tokens=9, cache_salt="salt"))


def test_the_extended_body_fixes_the_length_and_asks_for_ids():
    expected = {
        "model": MODEL,
        "prompt": [100, 101],
        "max_tokens": 9,
        "min_tokens": 9,
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_token_ids": True,
        "temperature": 0,
        "cache_salt": "salt",
    }
    assert expected == _fields(Dialect(), [100, 101])


def test_the_public_body_has_no_vendor_fields():
    expected = {"model", "messages", "max_tokens", "stream", "stream_options", "temperature"}
    assert expected == set(_fields(Dialect("chat", "openai"), "a b"))


def test_the_bare_body_has_the_least():
    assert {"model", "prompt", "max_tokens", "stream"} == set(_fields(Dialect("completions", "bare"), "a b"))


def test_a_key_is_never_shown():
    assert "sk-secret" not in repr(_endpoint("http://x", api_key="sk-secret"))
