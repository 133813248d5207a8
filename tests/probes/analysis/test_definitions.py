"""The definitions, measured by the real load client and compared with what the server knows that it sent, and when."""

from __future__ import annotations

import numpy as np
import pytest

from probes.analysis.cell import closed_cell
from probes.analysis.judge import ClosedJudge, OpenJudge
from probes.analysis.latency import chunk_gaps_ms, latencies, token_gaps_ms
from probes.analysis.rounds import Precision
from probes.analysis.windows import closed_window, open_window
from probes.endpoint import Endpoint
from probes.loadgen.client import open_load_client
from probes.loadgen.contract import Load
from probes.loadgen.open_transport import open_transport
from probes.loadgen.transport import Outgoing
from probes.run import WorkloadShape
from probes.servers.answers import read_answer
from probes.servers.dialect import Dialect, body_of
from probes.workload.request import Arrival, Request
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer, Served

pytestmark = pytest.mark.slow

NS_PER_MS = 1e6
TOKENS = 17
SLACK_MS = 3.0
"""What one event loop for both sides may cost the luckiest request here; the definitions differ by far more."""


async def _ask(server: FakeServer, dialect: Dialect, requests: int = 5):
    """Sequential requests of 17 tokens; traces, and what the server did for each."""
    chat = dialect.route == "chat"
    endpoint = Endpoint(
        base_url=server.url, served_model_name=MODEL, prompt="text" if chat else "token_ids", vocab_size=VOCAB_SIZE
    )
    traces = []
    transport = open_transport(endpoint, dialect)
    for number in range(requests):
        request = Request(
            prompt="one two three" if chat else [1, 2, 3], input_tokens=3, output_tokens=TOKENS, cache_salt=str(number)
        )
        outgoing = Outgoing(
            body=body_of(endpoint, dialect, request), input_tokens=3, output_tokens=TOKENS, planned_hit_tokens=0
        )
        traces.append(read_answer(await transport.send(outgoing), dialect))
    await transport.close()
    assert [None] * requests == [trace.failure for trace in traces]
    return traces, list(server.served)


def _median(values) -> float:
    return float(np.median(values))


def _late_ms(own, true) -> float:
    """By how much the luckiest request's time was longer than the server's; none may be shorter."""
    late = np.asarray(list(own)) - np.asarray(list(true))
    assert late.min() >= 0
    return float(late.min())


def _true_ttft_ms(served: Served) -> float:
    return (served.sent_ns[0] - served.received_ns) / NS_PER_MS


def _true_e2e_ms(served: Served) -> float:
    return (served.sent_ns[-1] - served.received_ns) / NS_PER_MS


@pytest.mark.parametrize("per_chunk", [1, 4])
@pytest.mark.parametrize(
    ("usage", "ids", "source"),
    [(True, True, "usage"), (True, False, "usage"), (False, True, "token_ids"), (False, False, "chunks")],
)
@pytest.mark.parametrize("text", ["", "x"])
async def test_every_latency_is_what_the_server_knows(per_chunk, usage, ids, source, text):
    behaviour = Behaviour(
        prefill_ms=40, tpot_ms=3, tokens_per_chunk=per_chunk, usage=usage, token_ids=ids, text=text, continuous_usage=False
    )  # fmt: skip
    async with FakeServer(behaviour) as server:
        traces, truth = await _ask(server, Dialect(), requests=3)
    counted = TOKENS if source != "chunks" else _chunks_counted(text, per_chunk)
    assert [(source, counted)] * 3 == [(trace.token_source, trace.output_tokens) for trace in traces]
    if source == "chunks" and not text:
        return  # without text, ids or usage nobody can see a token's arrival: what is left is checked above
    assert _late_ms((trace.ttft_ms for trace in traces), map(_true_ttft_ms, truth)) < SLACK_MS
    if usage and not ids and not text and per_chunk > 1:
        # Nothing tells a last chunk without text from the mere end of the answer: its token is spread over the others.
        assert [len(served.sent_ns) - 1 for served in truth] == [len(trace.arrivals_ns) for trace in traces]
        return
    assert _late_ms((trace.e2e_ms for trace in traces), map(_true_e2e_ms, truth)) < SLACK_MS
    true_gaps_ms = np.concatenate([np.diff(served.sent_ns) / NS_PER_MS for served in truth])
    assert _median(true_gaps_ms) == pytest.approx(
        _median(np.concatenate([chunk_gaps_ms(trace) for trace in traces])), abs=1.0
    )
    if source == "chunks":
        return  # tokens are one a chunk here, which the cell warns about
    assert _median([(one.sent_ns[-1] - one.sent_ns[0]) / (TOKENS - 1) / NS_PER_MS for one in truth]) == pytest.approx(
        _median([trace.tpot_ms for trace in traces]), abs=0.5
    )
    true_token_gaps = [(one.sent_ns[-1] - one.sent_ns[0]) / sum(one.tokens[1:]) / NS_PER_MS for one in truth]
    own_token_gaps = [float(token_gaps_ms(trace).mean()) for trace in traces]
    # Spread evenly, the tokens of the first chunk are known only on average.
    told = ids or per_chunk == 1
    assert _median(true_token_gaps) == pytest.approx(_median(own_token_gaps), abs=0.5 if told else 1.0)


def _chunks_counted(text: str, per_chunk: int) -> int:
    chunks = -(-TOKENS // per_chunk)
    return chunks if text else chunks - 1  # a last chunk without text only says that the answer is over


@pytest.mark.parametrize("per_chunk", [1, 4])
async def test_usage_that_runs_along_tells_the_tokens_of_every_chunk(per_chunk):
    behaviour = Behaviour(prefill_ms=20, tpot_ms=3, tokens_per_chunk=per_chunk, token_ids=False, text="x")
    async with FakeServer(behaviour) as server:
        traces, truth = await _ask(server, Dialect(continuous_usage=True), requests=2)
    assert [tuple(served.tokens) for served in truth] == [trace.tokens for trace in traces]
    assert ["told", "told"] == [trace.split for trace in traces]


async def test_the_role_chunk_of_a_chat_answer_is_no_first_token():
    behaviour = Behaviour(prefill_ms=60, tpot_ms=2, role_chunk_ms=1.0, text="x", token_ids=False)
    async with FakeServer(behaviour) as server:
        traces, truth = await _ask(server, Dialect("chat"), requests=3)
    assert _late_ms((trace.ttft_ms for trace in traces), map(_true_ttft_ms, truth)) < SLACK_MS
    assert min(trace.ttft_ms for trace in traces) > 55
    assert [TOKENS] * 3 == [trace.output_tokens for trace in traces]


async def test_icl_is_itl_times_the_tokens_of_a_chunk():
    async with FakeServer(Behaviour(prefill_ms=20, tpot_ms=3, tokens_per_chunk=4)) as server:
        traces, truth = await _ask(server, Dialect(), requests=4)
    found = latencies(traces)
    gaps_ms = [np.diff(one.sent_ns) / NS_PER_MS for one in truth]
    assert float(np.concatenate(gaps_ms).mean()) == pytest.approx(found.icl_ms.mean, abs=1.0)
    by_token = [np.repeat(gaps / one.tokens[1:], one.tokens[1:]) for gaps, one in zip(gaps_ms, truth, strict=True)]
    assert float(np.concatenate(by_token).mean()) == pytest.approx(found.itl_ms.mean, abs=0.3)
    assert (4 * 4, 4 * (TOKENS - 4)) == (found.icl_ms.samples, found.itl_ms.samples)


def _written(truth: list[Served], start_ns: int, end_ns: int) -> int:
    """Tokens that the server wrote between two moments."""
    written = [pair for one in truth for pair in zip(one.sent_ns, one.tokens, strict=True)]
    return sum(tokens for at_ns, tokens in written if start_ns <= at_ns < end_ns)


async def test_a_closed_loop_has_the_throughput_that_the_server_gave():
    concurrency, precision = 3, Precision(repeats=2, requests_per_stream=4)
    shape = WorkloadShape(input_tokens=8, output_tokens=TOKENS, seed=5)
    judge = ClosedJudge(concurrency, precision)
    load = Load(cell=0, shape=shape, concurrency=concurrency)
    async with FakeServer(Behaviour(prefill_ms=40, tpot_ms=5)) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE)
        async with open_load_client(endpoint, Dialect()) as client:
            result = await client.run(load, on_progress=judge, deadline_s=None)
        truth = list(server.served)
    cell = closed_cell(load, result, precision=precision)
    assert (True, "usage") == (cell.complete, cell.token_source)
    # Whether the machine was busy is not what is tested here.
    assert {warn.code for warn in cell.warnings} <= {"client_late", "client_bound", "not_settled", "drift"}
    assert judge.finished_repeats <= cell.repeats
    # Streams are busy all the time and hardly apart, so that what the server wrote within the window is nearly whole cycles too.
    window = closed_window(result, concurrency=concurrency, precision=precision)
    wrote = _written(truth, window.start_ns, window.end_ns)
    assert wrote / cell.duration_s == pytest.approx(cell.output_tokens_per_s.mean, rel=0.05)
    assert 3.0 == pytest.approx(cell.little.in_flight_mean, rel=0.02)
    assert cell.whole_run.output_tokens_per_s <= cell.output_tokens_per_s.mean * 1.05


async def test_an_open_loop_gives_back_the_rate_that_was_offered():
    rate_per_s, start_s, end_s = 40.0, 0.5, 2.5
    arrivals = tuple(Arrival(offset_s=i / rate_per_s, input_tokens=8, output_tokens=TOKENS) for i in range(140))
    load = Load(cell=0, shape=WorkloadShape(input_tokens=8, output_tokens=TOKENS, seed=5, arrivals="constant"),
                arrivals=arrivals, kind="constant")  # fmt: skip
    async with FakeServer(Behaviour(prefill_ms=40, tpot_ms=5)) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE)
        async with open_load_client(endpoint, Dialect()) as client:
            result = await client.run(load, on_progress=OpenJudge(arrivals, start_s=start_s, end_s=end_s))
        truth = list(server.served)
    window = open_window(result, load, start_s=start_s, end_s=end_s)
    wrote = _written(truth, window.start_ns, window.end_ns)
    assert (80, 2.0) == (len(window.measured), pytest.approx(window.steady.window_s))
    assert rate_per_s * TOKENS == pytest.approx(window.throughput.output_tokens_per_s.mean, rel=0.03)
    assert wrote / 2.0 == pytest.approx(window.throughput.output_tokens_per_s.mean, rel=0.02)
    assert rate_per_s == pytest.approx(window.throughput.requests_per_s.mean, rel=0.03)
