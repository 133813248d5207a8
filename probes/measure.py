"""Traces of one load point → its `Cell`. Pure: no clock, no socket.

The load is a closed loop: each of `concurrency` streams sends its next request when the last one is answered. Throughput is
counted over *whole request cycles*: a stream's window runs from the sending of its first request of the repeat to the end of its
last one, so that every prefill and every pause is in it exactly as often as in the long run. A fixed window over all streams
would cut cycles at both ends: with three requests a stream up to half too high. The streams' rates are summed,
which is right because all streams are busy throughout (see `probes.load`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from probes.cell import Cell, TokenSource
from probes.record import Percentiles, Warn
from probes.statistics import interval, percentiles
from probes.trace import NS_PER_MS, NS_PER_S, FailureKind, RequestTrace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Repeat = tuple[tuple[RequestTrace, ...], ...]
"""One repeat: for each stream the requests that it sent, in order."""

MAX_FAILED_FRACTION = 0.10
MAX_PREFIX_HIT_FRACTION = 0.01
MAX_CLIENT_CPU_FRACTION = 0.9
MAX_LAG_OF_REFERENCE = 0.25
LAG_FLOOR_MS = 5.0
MAX_LENGTH_ERROR_FRACTION = 0.05
_WORST_SOURCE_LAST: tuple[TokenSource, ...] = ("usage", "token_ids", "chunks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was seen around the requests of one load point; None where it could not be seen.

    Attributes:
        power_watts: mean power of the machine [W].
        energy_joules: energy it used [J].
        kv_cache_usage_fraction: highest KV-cache use seen.
        preemptions: requests that the engine threw out for lack of cache.
        prefix_cache_hit_fraction: prompt tokens that came from the prefix cache.
        client_cpu_fraction: CPU time of this process per wall time; 1 is one core, all that one event loop can use.
        client_lag_p99_ms: 99th percentile of the event loop's lateness [ms].
        stopped: why the load point was cut short, None if it was not.
    """

    power_watts: float | None = None
    energy_joules: float | None = None
    kv_cache_usage_fraction: float | None = None
    preemptions: int | None = None
    prefix_cache_hit_fraction: float | None = None
    client_cpu_fraction: float | None = None
    client_lag_p99_ms: float | None = None
    stopped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Distributions over all good requests of a load point."""

    ttft_ms: Percentiles = field(default_factory=Percentiles)
    itl_ms: Percentiles = field(default_factory=Percentiles)
    tpot_ms: Percentiles = field(default_factory=Percentiles)
    e2e_ms: Percentiles = field(default_factory=Percentiles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Throughput of one repeat; only good requests count."""

    output_tokens_per_s: float
    total_tokens_per_s: float
    requests_per_s: float


def token_gaps_ms(trace: RequestTrace) -> np.ndarray:
    """Inter-token latencies of one request [ms].

    The gap before a chunk of `k` tokens counts as `k` gaps of `gap / k`. So the mean over a request is its time between the
    first and the last chunk per token after the first chunk, whatever the server's chunking; the plain gap between chunks
    (inter-*chunk* latency) would be `k` times as long.

    Args:
        trace: a good request.

    Returns:
        One number for each token after the first chunk.
    """
    gaps_ms = np.diff(np.asarray(trace.arrivals_ns, dtype=np.int64)) / NS_PER_MS
    tokens = np.asarray(trace.tokens[1:], dtype=np.int64)
    return np.repeat(gaps_ms / tokens, tokens)


def latencies(traces: Iterable[RequestTrace]) -> Latencies:
    """Pooled latency distributions.

    Args:
        traces: requests of all repeats; failed ones are left out.
    """
    good = [trace for trace in traces if trace.failure is None]
    return Latencies(
        ttft_ms=percentiles([value for trace in good if (value := trace.ttft_ms) is not None]),
        itl_ms=percentiles(np.concatenate([token_gaps_ms(trace) for trace in good]) if good else []),
        tpot_ms=percentiles([value for trace in good if (value := trace.tpot_ms) is not None]),
        e2e_ms=percentiles([value for trace in good if (value := trace.e2e_ms) is not None]),
    )


def rates(repeat: Repeat) -> Rates:
    """Throughput of one repeat: for each stream, what it got over the time of its whole cycles; summed over streams.

    `Σ_s tokens_s / (end of s's last request - sending of its first)`. Input tokens count with their request. A stream whose
    requests all failed adds nothing.

    Args:
        repeat: the requests of each stream, in order.
    """
    output = total = requests = 0.0
    for stream in repeat:
        good = [trace for trace in stream if trace.failure is None]
        if not good:
            continue
        seconds = (stream[-1].ended_ns - stream[0].sent_ns) / NS_PER_S
        output += sum(trace.output_tokens for trace in good) / seconds
        total += sum(trace.input_tokens + trace.output_tokens for trace in good) / seconds
        requests += len(good) / seconds
    return Rates(output_tokens_per_s=output, total_tokens_per_s=total, requests_per_s=requests)


def is_client_bound(around: Surroundings, measured: Latencies) -> bool:
    """Whether the measuring client, not the server, may have set the numbers.

    True when the client used more than 0.9 of the one core that an event loop can use, or when its event loop's lateness
    (99th percentile) was over 5 ms and over a quarter of the median TTFT. A late client stamps late and sends its next
    request late, once a request each; what decides (throughput, TTFT, TPOT, E2E) is off by at most that share of a TTFT.
    Single gaps between tokens suffer sooner: `_warnings` says so. Below 5 ms lateness is what a busy operating system does to
    any process.

    Args:
        around: the client's CPU use and lag.
        measured: the latencies they could have spoilt.
    """
    if (around.client_cpu_fraction or 0.0) > MAX_CLIENT_CPU_FRACTION:
        return True
    return _is_late(around, measured.ttft_ms.p50)


def _is_late(around: Surroundings, reference_ms: float | None) -> bool:
    """Whether the client's lag was over 5 ms and over a quarter of a reference [ms]; unknown counts as 0."""
    return (around.client_lag_p99_ms or 0.0) > max(LAG_FLOOR_MS, MAX_LAG_OF_REFERENCE * (reference_ms or 0.0))


def build_cell(
    repeats: Sequence[Repeat],
    *,
    concurrency: int,
    input_tokens: int,
    output_tokens: int,
    around: Surroundings,
    partial: Repeat | None = None,
) -> Cell:
    """Everything that one load point has shown.

    Args:
        repeats: the finished repeats, without warm-up.
        concurrency: streams.
        input_tokens: prompt length that was asked for [tokens].
        output_tokens: answer length that was asked for [tokens].
        around: what was seen beside the requests.
        partial: an unfinished repeat; it is used only where no repeat was finished.

    Returns:
        The cell; `complete` is False, with a reason, if it must not carry a decision.
    """
    used = list(repeats) or ([partial] if partial else [])
    traces = [trace for repeat in used for stream in repeat for trace in stream]
    good = [trace for trace in traces if trace.failure is None]
    failures = Counter(trace.failure for trace in traces if trace.failure is not None)
    by_repeat = [rates(repeat) for repeat in used]
    measured = latencies(good)
    reason = _refusal(len(good), failures, around)
    return Cell(
        concurrency=concurrency,
        repeats=max(1, len(repeats)),
        duration_s=_duration_s(traces),
        requests_ok=len(good),
        requests_failed=failures.total(),
        failures={str(kind): count for kind, count in sorted(failures.items())},
        input_tokens=sum(trace.input_tokens for trace in good),
        output_tokens=sum(trace.output_tokens for trace in good),
        token_source=token_source(good),
        output_tokens_per_s=interval([rate.output_tokens_per_s for rate in by_repeat]),
        total_tokens_per_s=interval([rate.total_tokens_per_s for rate in by_repeat]),
        requests_per_s=interval([rate.requests_per_s for rate in by_repeat]),
        ttft_ms=measured.ttft_ms,
        itl_ms=measured.itl_ms,
        tpot_ms=measured.tpot_ms,
        e2e_ms=measured.e2e_ms,
        power_watts=around.power_watts,
        energy_joules=around.energy_joules,
        kv_cache_usage_fraction=around.kv_cache_usage_fraction,
        preemptions=around.preemptions,
        prefix_cache_hit_fraction=around.prefix_cache_hit_fraction,
        client_cpu_fraction=around.client_cpu_fraction,
        client_lag_p99_ms=around.client_lag_p99_ms,
        client_bound=is_client_bound(around, measured),
        complete=reason is None,
        reason=reason,
        warnings=_warnings(good, measured, around, input_tokens=input_tokens, output_tokens=output_tokens),
    )


def token_source(traces: Iterable[RequestTrace]) -> TokenSource:
    """The weakest way in which any of the requests' tokens were counted; `usage` where there are none to count."""
    found = {trace.token_source for trace in traces}
    return max(
        (source for source in _WORST_SOURCE_LAST if source in found), key=_WORST_SOURCE_LAST.index, default="usage"
    )


def _duration_s(traces: Sequence[RequestTrace]) -> float:
    if not traces:
        return 0.0
    return (max(trace.ended_ns for trace in traces) - min(trace.sent_ns for trace in traces)) / NS_PER_S


def _refusal(ok: int, failures: Counter[FailureKind], around: Surroundings) -> str | None:
    failed = failures.total()
    if around.stopped is not None:
        return around.stopped
    if ok == 0:
        return f"no request succeeded ({_listed(failures)})"
    if failed / (ok + failed) > MAX_FAILED_FRACTION:
        return f"{failed} of {ok + failed} requests failed ({_listed(failures)}); at most {MAX_FAILED_FRACTION:.0%} may"
    hits = around.prefix_cache_hit_fraction or 0.0
    if hits > MAX_PREFIX_HIT_FRACTION:
        return f"prefix cache answered {hits:.1%} of prompt tokens, so prefill was not measured; at most 1 % may"
    return None


def _listed(failures: Counter[FailureKind]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(failures.items())) or "none was answered"


def _warnings(
    good: Sequence[RequestTrace], measured: Latencies, around: Surroundings, *, input_tokens: int, output_tokens: int
) -> list[Warn]:
    warnings = [*_count_warnings(good, input_tokens=input_tokens, output_tokens=output_tokens)]
    hits = around.prefix_cache_hit_fraction
    if hits is not None and hits > MAX_PREFIX_HIT_FRACTION:
        text = "Prompts were found in the prefix cache although all were fresh; restart the server or use another seed."
        warnings.append(Warn(code="prefix_cache_hits", message=text, observed=hits, threshold=MAX_PREFIX_HIT_FRACTION))
    if is_client_bound(around, measured):
        text = "The measuring client was too busy; the server may be faster. Run the probe on an idle machine."
        warnings.append(Warn(code="client_bound", message=text, observed=around.client_lag_p99_ms))
    elif measured.itl_ms.p50 is not None and _is_late(around, measured.itl_ms.p50):
        text = "The measuring client was late by up to a good part of a gap between tokens: read ITL percentiles with care."
        threshold = MAX_LAG_OF_REFERENCE * measured.itl_ms.p50
        warnings.append(Warn(code="client_late", message=text, observed=around.client_lag_p99_ms, threshold=threshold))
    if around.preemptions:
        text = "The engine ran out of KV cache and threw requests out; this load is beyond what it can hold."
        warnings.append(Warn(code="preemptions", message=text, observed=around.preemptions, threshold=0))
    return warnings


def _count_warnings(good: Sequence[RequestTrace], *, input_tokens: int, output_tokens: int) -> list[Warn]:
    if not good:
        return []
    warnings = []
    if token_source(good) == "chunks":
        text = "The server reports no token counts; chunks were counted, which is too few where a chunk has several tokens."
        warnings.append(Warn(code="tokens_counted_by_chunks", message=text))
    if not all(trace.input_counted for trace in good) and token_source(good) == "chunks":
        text = "The server reports no prompt tokens; the number that was sent was taken."
        warnings.append(Warn(code="input_tokens_as_sent", message=text))
    for code, asked, given in (
        ("input_length", input_tokens, float(np.mean([trace.input_tokens for trace in good]))),
        ("output_length", output_tokens, float(np.mean([trace.output_tokens for trace in good]))),
    ):
        if abs(given - asked) > MAX_LENGTH_ERROR_FRACTION * asked:
            text = f"{code.removesuffix('_length').capitalize()} was {given:.1f} tokens on average, not the {asked} asked for."
            warnings.append(Warn(code=code, message=text, observed=given, threshold=float(asked)))
    return warnings
