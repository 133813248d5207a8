"""Synthetic loads of known truth: traces of a closed loop, and the progress that a load client would have told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from probes.loadgen.contract import Completion, Load, LoadProgress, LoadResult
from probes.run import WorkloadShape
from probes.trace import RequestTrace
from probes.workload.request import Arrival

MS = 1_000_000
S = 1_000_000_000


def trace(
    start_ms: float, arrivals_ms: Sequence[float], tokens: Sequence[int] | None = None, **changes
) -> RequestTrace:
    """A good request that was sent at `start_ms`; arrivals are counted from there, and it ends with the last."""
    tokens = tuple(tokens or [1] * len(arrivals_ms))
    values = {
        "scheduled_ns": round(start_ms * MS),
        "sent_ns": round(start_ms * MS),
        "ended_ns": round((start_ms + arrivals_ms[-1]) * MS),
        "arrivals_ns": tuple(round((start_ms + at) * MS) for at in arrivals_ms),
        "tokens": tokens,
        "input_tokens": 10,
        "output_tokens": sum(tokens),
        "token_source": "usage",
        "input_counted": True,
        "status": 200,
        "split": "told",
        "usage_tokens": sum(tokens),
        "id_tokens": sum(tokens),
    }
    return RequestTrace(**(values | changes))


def failed(start_ms: float, end_ms: float, kind: str, **changes) -> RequestTrace:
    values = {"scheduled_ns": round(start_ms * MS), "sent_ns": round(start_ms * MS), "ended_ns": round(end_ms * MS)}
    return RequestTrace(**(values | {"failure": kind} | changes))


def request(start_ms: float, *, first_ms: float = 50, tpot_ms: float = 5, tokens: int = 11, **changes) -> RequestTrace:
    """`first_ms` to the first token, then one each `tpot_ms`: 100 ms and 11 tokens by default."""
    return trace(start_ms, [first_ms + i * tpot_ms for i in range(tokens)], **changes)


def closed(
    streams: int,
    rounds: int,
    *,
    first_ms: Callable[[int, int], float] = lambda _stream, _number: 50.0,
    stagger_ms: float = 0.0,
    fillers: int = 0,
    cut_off: bool = True,
) -> list[RequestTrace]:
    """Back-to-back requests of every stream, `fillers` more of all but the last one, and what was cut off at the end."""
    traces = []
    for stream in range(streams):
        at_ms = stagger_ms * stream
        for number in range(rounds + (fillers if stream < streams - 1 else 0)):
            made = request(at_ms, first_ms=first_ms(stream, number), stream=stream, number=number)
            traces.append(made)
            at_ms = made.ended_ns / MS
    if cut_off:
        stop_ms = max(made.ended_ns for made in traces) / MS
        last = {made.stream: made for made in traces}
        traces += [
            failed(made.ended_ns / MS, stop_ms, "cancelled", stream=made.stream, number=made.number + 1)
            for made in last.values()
        ]
    return traces


def result(traces: Sequence[RequestTrace], **changes) -> LoadResult:
    values = {
        "traces": tuple(traces),
        "started_ns": min((made.scheduled_ns for made in traces), default=0),
        "stopped_ns": max((made.ended_ns for made in traces), default=0),
        "workers": 1,
        "transport": "plain",
    }
    return LoadResult(**(values | changes))


def shape(**changes) -> WorkloadShape:
    return WorkloadShape(**({"input_tokens": 10, "output_tokens": 11, "seed": 1} | changes))


def closed_load(concurrency: int, **changes) -> Load:
    return Load(cell=0, shape=shape(**changes), concurrency=concurrency)


def open_load(arrivals: Sequence[Arrival], kind: str = "poisson") -> Load:
    return Load(cell=0, shape=shape(arrivals=kind), arrivals=tuple(arrivals), kind=kind)


def progress(traces: Sequence[RequestTrace], every_ms: float = 500.0) -> Iterator[LoadProgress]:
    """What the client would tell, twice a second, about requests that ended by themselves."""
    ended = sorted((made for made in traces if made.failure != "cancelled"), key=lambda made: made.ended_ns)
    start_ns, at, now_ns = min(made.sent_ns for made in traces), 0, 0
    now_ns = start_ns
    while at < len(ended):
        now_ns += round(every_ms * MS)
        new = []
        while at < len(ended) and ended[at].ended_ns <= now_ns:
            made = ended[at]
            new.append(
                Completion(
                    stream=made.stream,
                    number=made.number,
                    sent_ns=made.sent_ns,
                    ended_ns=made.ended_ns,
                    output_tokens=11,
                    failed=made.failure is not None,
                )
            )
            at += 1
        yield LoadProgress(elapsed_s=(now_ns - start_ns) / S, sent=len(traces), in_flight=1, new=tuple(new))
