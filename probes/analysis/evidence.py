"""Everything that is known about one load when it is judged. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from probes.analysis.latency import Latencies
from probes.analysis.surroundings import Surroundings
from probes.analysis.windows import Window
from probes.cell import LittleCheck, TokenSource
from probes.findings import ClientFloor
from probes.loadgen.bound import ClientVerdict, judge_client
from probes.loadgen.contract import Load, LoadResult
from probes.trace import NS_PER_S, FailureKind, RequestTrace
from probes.workload.hygiene import judge_cache, judge_requests

_WORST_SOURCE_LAST: tuple[TokenSource, ...] = ("usage", "token_ids", "chunks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known about one load when it is judged."""

    load: Load
    result: LoadResult
    window: Window
    measured: Latencies
    around: Surroundings
    client: ClientVerdict
    little: LittleCheck | None
    lost: int
    double: int

    @property
    def good(self) -> list[RequestTrace]:
        """The measured requests that succeeded."""
        return [trace for trace in self.window.measured if trace.failure is None]

    @property
    def failures(self) -> Counter[FailureKind]:
        """The measured requests that failed, by kind."""
        return Counter(trace.failure for trace in self.window.measured if trace.failure is not None)


def client_verdict(
    result: LoadResult, window: Window, measured: Latencies, floor: ClientFloor | None = None
) -> ClientVerdict:
    """Whether the measuring client, not the server, may have set the numbers; see `probes.loadgen.bound`.

    Args:
        result: the client's processor time and lateness.
        window: for the chunks a second that came in.
        measured: the latencies that the client could have spoilt.
        floor: what the client could do before the run, None if that was not measured.
    """
    inside = sum(window.start_ns <= at_ns < window.end_ns for trace in result.traces for at_ns in trace.arrivals_ns)
    seconds = (window.end_ns - window.start_ns) / NS_PER_S
    return judge_client(
        cpu_fraction=result.client_cpu_fraction,
        lag_p99_ms=result.client_lag_p99_ms,
        schedule_lag_p99_ms=result.schedule_lag_p99_ms,
        ttft_p50_ms=measured.ttft_ms.p50,
        itl_p50_ms=measured.itl_ms.p50,
        chunk_rate_per_s=inside / seconds if seconds > 0 else None,
        floor_ttft_error_p50_ms=floor.ttft_error_p50_ms if floor else None,
        max_chunk_rate_per_s=floor.max_chunk_rate_per_s if floor else None,
    )


def token_source(traces: Sequence[RequestTrace]) -> TokenSource:
    """The weakest way in which any of the requests' tokens were counted; `usage` where there are none to count."""
    found = {trace.token_source for trace in traces}
    return max(
        (source for source in _WORST_SOURCE_LAST if source in found), key=_WORST_SOURCE_LAST.index, default="usage"
    )


def hit_fractions(evidence: Evidence) -> tuple[float | None, float | None]:
    """Share of prompt tokens from the prefix cache, and the share that nobody planned.

    The server's counters first, else what it says in each answer; both None where it says nothing. A plan is the most that a cache may answer.
    """
    around, good = evidence.around, evidence.good
    prompts = sum(trace.input_tokens for trace in good)
    hits, unplanned = around.prefix_cache_hit_fraction, around.prefix_cache_unplanned_fraction
    if prompts and all(trace.cached_tokens is not None for trace in good):
        told = judge_requests(good)
        hits = told.hit_fraction if hits is None else hits
        unplanned = told.unplanned_fraction if unplanned is None else unplanned
    if unplanned is None and hits is not None:
        planned = sum(trace.planned_hit_tokens for trace in good)
        counted = judge_cache(
            hit_tokens=hits * prompts, query_tokens=prompts, planned_hit_tokens=planned, prompt_tokens=prompts
        )
        unplanned = counted.unplanned_fraction if prompts else hits
    return hits, unplanned


def told_and_seen(good: Sequence[RequestTrace]) -> tuple[int, int]:
    """Output tokens as usage told them, and as the chunks held them, over the requests where both can be had.

    Token ids tell how many there were. Without ids, a chunk with text holds at least one token, so usage below the number of chunks is wrong;
    usage above it is normal where a chunk has several.
    """
    told = seen = 0
    for trace in good:
        if trace.usage_tokens is None or (trace.id_tokens is None and not trace.text_chunks):
            continue
        streamed = trace.usage_tokens - trace.hidden_tokens
        told += streamed
        seen += trace.id_tokens if trace.id_tokens is not None else max(trace.text_chunks, streamed)
    return told, seen
