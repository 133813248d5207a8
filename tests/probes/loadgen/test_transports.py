"""Both transports against servers that answer, refuse, lie, stall and vanish."""

import asyncio
import socket
import sys

import pytest

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.open_transport import open_transport, send_one
from probes.loadgen.plain import PlainTransport
from probes.loadgen.tls import GeneralTransport
from probes.loadgen.transport import Outgoing, Timeouts, parse_retry_after, transport_kind
from probes.servers.answers import read_answer
from probes.servers.dialect import Dialect, body_of, headers_of, url_of
from probes.workload.request import Request
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer
from tests.probes.loadgen.scripted import CHUNK, LAST, OK, Peer, ScriptedServer, self_signed

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("transport", [PlainTransport, GeneralTransport], ids=["plain", "general"])
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GOOD = OK + b"Content-Length: %d\r\n\r\n" % len(CHUNK + LAST) + CHUNK + LAST


def _endpoint(url: str, **more) -> Endpoint:
    return Endpoint(base_url=url, served_model_name=MODEL, vocab_size=VOCAB_SIZE, **more)


def _request(tokens: int, prompt=None) -> Request:
    return Request(prompt=prompt or [100, 200, 300], input_tokens=3, output_tokens=tokens, cache_salt="s")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _raw(transport, url, *, tokens=8, dialect=Dialect(), prompt=None, timeouts=None, times=1, **more):  # noqa: B008
    endpoint = _endpoint(url, **more)
    outgoing = Outgoing(body=body_of(endpoint, dialect, _request(tokens, prompt)), input_tokens=3)
    sender = transport(url_of(endpoint, dialect), headers_of(endpoint, dialect), timeouts)
    try:
        return [await sender.send(outgoing) for _ in range(times)]
    finally:
        await sender.close()


async def _ask(transport, url, *, dialect=Dialect(), **more):  # noqa: B008
    return read_answer((await _raw(transport, url, dialect=dialect, **more))[0], dialect)


@BOTH
async def test_a_good_request_gives_every_token_with_its_time(transport):
    async with FakeServer() as server:
        trace = await _ask(transport, server.url)
    assert (None, 200, 3, 8, (1,) * 8, "usage") == (
        trace.failure,
        trace.status,
        trace.input_tokens,
        trace.output_tokens,
        trace.tokens,
        trace.token_source,
    )


@BOTH
async def test_no_time_is_shorter_than_what_the_server_really_did(transport):
    async with FakeServer(Behaviour(prefill_ms=30, tpot_ms=4)) as server:
        trace = await _ask(transport, server.url)
        (served,) = server.served
    assert [
        (arrived, sent) for arrived, sent in zip(trace.arrivals_ns, served.sent_ns, strict=True) if arrived < sent
    ] == []
    assert trace.ttft_ms >= max(30.0, (served.sent_ns[0] - served.received_ns) / 1e6)
    assert trace.e2e_ms >= 30.0 + 7 * 4.0
    assert trace.sent_ns <= served.received_ns
    assert trace.ended_ns >= trace.arrivals_ns[-1]


@BOTH
async def test_chat_skips_the_role_chunk_that_comes_before_the_prefill(transport):
    behaviour = Behaviour(role_chunk_ms=0, prefill_ms=40, tpot_ms=1, token_ids=False)
    async with FakeServer(behaviour) as server:
        trace = await _ask(transport, server.url, dialect=Dialect("chat", "openai"), prompt="time year people")
    assert (8, True) == (trace.output_tokens, trace.ttft_ms >= 40.0)


@BOTH
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
async def test_each_way_of_failing_has_its_own_kind(transport, fail, kind, status):
    async with FakeServer(Behaviour(fail=fail)) as server:
        trace = await _ask(transport, server.url)
    assert (kind, status, 0, True) == (trace.failure, trace.status, trace.output_tokens, bool(trace.detail))


@BOTH
async def test_a_client_error_keeps_the_servers_words(transport):
    async with FakeServer(Behaviour(context_tokens=5)) as server:
        trace = await _ask(transport, server.url)
    assert ("http_4xx", True) == (trace.failure, "maximum context length is 5 tokens" in trace.detail)


@BOTH
async def test_a_key_is_sent_as_bearer_and_its_lack_is_a_failure(transport):
    async with FakeServer(Behaviour(api_key="sk-1")) as server:
        kinds = [(await _ask(transport, server.url, api_key=key)).failure for key in ("sk-1", "sk-2", None)]
    assert [None, "http_4xx", "http_4xx"] == kinds


@BOTH
async def test_nothing_listening_is_refused(transport):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        trace = await _ask(transport, f"http://127.0.0.1:{free.getsockname()[1]}")
    assert ("connection_refused", None) == (trace.failure, trace.status)


@BOTH
async def test_a_name_that_nobody_has_is_a_failed_connection(transport):
    trace = await _ask(transport, "http://nobody.invalid:80")
    assert ("connection_failed", None) == (trace.failure, trace.status)


@BOTH
async def test_a_server_that_never_answers_times_out(transport):
    async with FakeServer(Behaviour(fail="hang")) as server:
        trace = await _ask(transport, server.url, timeouts=Timeouts(total_s=0.1, stall_s=5))
    assert ("timeout", True) == (trace.failure, "no answer" in trace.detail)


@BOTH
async def test_a_stream_that_stalls_times_out_long_before_the_total(transport):
    async with FakeServer(Behaviour(fail="stall")) as server:
        trace = await _ask(transport, server.url, timeouts=Timeouts(total_s=30, stall_s=0.1))
    assert ("timeout", True) == (trace.failure, "stalled" in trace.detail)


@BOTH
async def test_a_slow_but_steady_stream_is_cut_at_the_total_only(transport):
    async with FakeServer(Behaviour(prefill_ms=1, tpot_ms=30)) as server:
        kinds = [
            (await _ask(transport, server.url, timeouts=Timeouts(total_s=total, stall_s=5))).failure
            for total in (30.0, 0.1)
        ]
    assert [None, "timeout"] == kinds


@BOTH
async def test_the_client_holds_more_than_a_hundred_requests_in_flight(transport):
    async with FakeServer(Behaviour(prefill_ms=300)) as server:
        endpoint = _endpoint(server.url)
        outgoing = Outgoing(body=body_of(endpoint, Dialect(), _request(1)))
        sender = transport(url_of(endpoint, Dialect()), headers_of(endpoint, Dialect()))
        answers = await asyncio.gather(*(sender.send(outgoing) for _ in range(150)))
        await sender.close()
    assert (150, {None}) == (server.peak_busy, {answer.failure for answer in answers})


@BOTH
async def test_proxies_of_the_environment_are_never_used_for_this_machine(transport, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with FakeServer() as server:
        assert (await _ask(transport, server.url)).failure is None


@BOTH
async def test_what_is_cut_off_says_so_and_keeps_what_came(transport):
    async with FakeServer(Behaviour(prefill_ms=1, tpot_ms=20)) as server:
        endpoint = _endpoint(server.url)
        outgoing = Outgoing(body=body_of(endpoint, Dialect(), _request(200)))
        sender = transport(url_of(endpoint, Dialect()), headers_of(endpoint, Dialect()))
        answer = sender.send(outgoing)
        async with asyncio.timeout(10):
            while not server.served or len(server.served[0].sent_ns) < 4:  # noqa: ASYNC110 -- the server has no event for it
                await asyncio.sleep(0.005)
        sender.cut()
        raw = await answer
        await sender.close()
    assert ("cancelled", 200, True) == (raw.failure, raw.status, len(raw.reads) >= 3)


def _says(*pieces: bytes, then=None):
    async def script(peer: Peer) -> None:
        while await peer.request():
            for piece in pieces:
                await peer.say(piece, 0.005)
            if then is not None:
                then(peer)
                return

    return script


@BOTH
@pytest.mark.parametrize(
    "pieces",
    [
        (GOOD,),
        tuple(GOOD[index : index + 7] for index in range(0, len(GOOD), 7)),
        (CHUNKED + _chunk(CHUNK), _chunk(LAST) + b"0\r\n\r\n"),
        (CHUNKED + _chunk(CHUNK), _chunk(LAST) + b"0\r\n", b"\r\n"),
        (CHUNKED + b"%x;ext=1\r\n" % len(CHUNK) + CHUNK, b"\r\n", _chunk(LAST), b"0\r\nTrailer: x\r\n\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", GOOD),
    ],
    ids=["length", "in pieces of 7 bytes", "chunked", "end of chunks in two", "extension and trailer", "after 100"],
)
async def test_an_answer_is_whole_however_it_is_framed(transport, pieces):
    async with ScriptedServer(_says(*pieces)) as server:
        traces = [read_answer(raw) for raw in await _raw(transport, server.url, times=2)]
    assert [(None, 2), (None, 2)] == [(trace.failure, trace.output_tokens) for trace in traces]
    # A connection that served well is used again.
    assert [2] == [len(peer.requests) for peer in server.peers]


@BOTH
@pytest.mark.parametrize("head", [OK + b"\r\n", OK + b"Connection: close\r\n\r\n"])
async def test_without_a_length_the_end_of_the_connection_is_the_end(transport, head):
    async with ScriptedServer(_says(head, CHUNK, LAST, then=lambda peer: peer.writer.close())) as server:
        traces = [read_answer(raw) for raw in await _raw(transport, server.url, times=2)]
    assert [(None, 2, 1), (None, 2, 1)] == [
        (trace.failure, trace.output_tokens, len(peer.requests))
        for trace, peer in zip(traces, server.peers, strict=True)
    ]


@BOTH
@pytest.mark.parametrize(
    ("pieces", "then", "kind", "reads"),
    [
        ((), Peer.reset, "connection_failed", 0),
        ((), lambda peer: peer.writer.close(), "connection_failed", 0),
        ((CHUNKED + _chunk(CHUNK),), Peer.reset, "dropped_mid_stream", 1),
        ((CHUNKED + _chunk(CHUNK),), lambda peer: peer.writer.close(), "dropped_mid_stream", 1),
        ((b"not http at all\r\n\r\n",), None, "connection_failed", 0),
    ],
    ids=["reset at once", "closed at once", "reset in the stream", "closed in the stream", "no HTTP"],
)
async def test_a_broken_connection_is_told_by_when_it_broke(transport, pieces, then, kind, reads):
    async with ScriptedServer(_says(*pieces, then=then)) as server:
        (raw,) = await _raw(transport, server.url)
    assert (kind, reads, True) == (raw.failure, len(raw.reads), bool(raw.detail))


async def test_framing_that_breaks_in_mid_stream_drops_it():
    # Not for both: aiohttp keeps such a breach to itself until the limit between reads.
    async with ScriptedServer(_says(CHUNKED + _chunk(CHUNK), b"zz\r\n")) as server:
        (raw,) = await _raw(PlainTransport, server.url)
    assert ("dropped_mid_stream", 1, True) == (raw.failure, len(raw.reads), raw.detail.startswith("not HTTP/1.1"))


@BOTH
async def test_a_refusal_keeps_how_long_to_wait(transport):
    refusal = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow"
    async with ScriptedServer(_says(refusal)) as server:
        (raw,) = await _raw(transport, server.url)
    assert ("http_429", 7.0, "HTTP 429: slow") == (raw.failure, raw.retry_after_s, raw.detail)


async def test_an_endless_error_page_is_not_read_to_its_end():
    page = b"HTTP/1.1 503 Busy\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 5000
    async with ScriptedServer(_says(page)) as server:
        (raw,) = await _raw(PlainTransport, server.url)
    assert ("http_5xx", 300) == (raw.failure, len(raw.detail))


async def test_a_kept_connection_that_the_server_has_just_closed_is_replaced_in_the_same_request():
    seen = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(GOOD)
        # The next request arrives at a server that has already given up the connection: it answers nothing.
        if len(seen) == 0:
            seen.append(await peer.request())
            return
        await peer.request()

    async with ScriptedServer(script) as server:
        raws = await _raw(PlainTransport, server.url, times=2)
    assert ([None, None], 2) == ([raw.failure for raw in raws], len(server.peers))


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_REPAIR is Linux's")
async def test_a_server_that_vanishes_without_a_word_is_seen_as_a_dropped_stream(monkeypatch):
    # The kernel forgets the server's socket without FIN or RST (what a dead machine leaves); the client's keep-alive packets find out.
    monkeypatch.setattr("probes.loadgen.connection.KEEPALIVE_S", (1, 1, 2))

    def vanish(peer: Peer) -> None:
        raw = peer.writer.get_extra_info("socket")
        try:
            raw.setsockopt(socket.IPPROTO_TCP, 19, 1)  # TCP_REPAIR
        except PermissionError:
            pytest.skip("needs CAP_NET_ADMIN")
        peer.writer.transport.abort()

    async with ScriptedServer(_says(CHUNKED + _chunk(CHUNK), then=vanish)) as server:
        (raw,) = await _raw(PlainTransport, server.url, timeouts=Timeouts(total_s=20, stall_s=15))
    assert ("dropped_mid_stream", 1) == (raw.failure, len(raw.reads))


async def test_a_certificate_that_nobody_trusts_is_a_failed_connection_that_says_so(tmp_path):
    certificate = self_signed(tmp_path)
    async with ScriptedServer(_says(GOOD), ssl=certificate.server_side) as server:
        trace = await send_one(_endpoint(server.url), Dialect(), _request(2))
    assert ("connection_failed", None, True) == (
        trace.failure,
        trace.status,
        "certificate is not trusted" in trace.detail,
    )


async def test_a_server_that_speaks_no_tls_is_a_failed_connection():
    async def script(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 0.05)

    async with ScriptedServer(script) as server:
        trace = await send_one(_endpoint(server.url.replace("http:", "https:")), Dialect(), _request(2))
    assert ("connection_failed", None, True) == (trace.failure, trace.status, trace.detail.startswith("TLS"))


async def test_a_plain_request_to_a_tls_server_is_a_failed_connection(tmp_path):
    async with ScriptedServer(_says(GOOD), ssl=self_signed(tmp_path).server_side) as server:
        trace = await send_one(_endpoint(server.url.replace("https:", "http:")), Dialect(), _request(2))
    assert ("connection_failed", None) == (trace.failure, trace.status)


def test_a_line_break_in_the_key_is_refused():
    async def make() -> None:
        PlainTransport("http://127.0.0.1:1/v1", {"Authorization": "Bearer x\r\nHost: evil"})

    with pytest.raises(ProbeError, match="line break"):
        asyncio.run(make())


def test_a_proxy_of_the_environment_is_used_for_other_machines(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "near.example")
    urls = ("http://far.example/v1", "http://near.example/v1", "https://near.example/v1", "http://localhost:8000")
    assert ["proxy", "plain", "tls", "plain"] == [transport_kind(url) for url in urls]


async def test_requests_through_a_proxy_reach_it(monkeypatch):
    async with ScriptedServer(_says(GOOD)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        trace = await send_one(_endpoint("http://far.example"), Dialect(), _request(2))
    assert (None, 2, True) == (
        trace.failure,
        trace.output_tokens,
        proxy.peers[0].requests[0].startswith(b"POST http://far.example/v1/completions HTTP/1.1"),
    )


async def test_one_request_on_its_own_keeps_the_ids_of_its_answer():
    async with FakeServer() as server:
        trace = await send_one(_endpoint(server.url), Dialect(), _request(4))
    assert (None, (7, 7, 7, 7)) == (trace.failure, trace.token_ids)


async def test_plain_http_takes_the_fast_way_and_https_the_general_one():
    kinds = []
    for url in ("http://127.0.0.1:1", "https://api.example.com", "http://user:word@far.example"):
        transport = open_transport(_endpoint(url), Dialect())
        kinds.append((type(transport), transport.kind))
        await transport.close()
    assert [(PlainTransport, "plain"), (GeneralTransport, "tls"), (GeneralTransport, "tls")] == kinds


@pytest.mark.parametrize(
    ("header", "expected"), [("0", 0.0), (" 1.5 ", 1.5), ("", None), (None, None), ("-3", None), ("9e9", None)]
)
def test_a_retry_after_that_says_nothing_is_none(header, expected):
    assert expected == parse_retry_after(header)
