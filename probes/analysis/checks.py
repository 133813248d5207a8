"""What must not carry a decision, and what must be read with care: refusals and warnings of one load. Pure."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.analysis.latency import Latencies
from probes.analysis.surroundings import Surroundings
from probes.analysis.windows import Window
from probes.cell import LittleCheck, TokenSource
from probes.loadgen.contract import Load, LoadEnd, LoadResult
from probes.record import Warn
from probes.trace import FailureKind, RequestTrace

MAX_FAILED_FRACTION = 0.10
MAX_PREFIX_HIT_FRACTION = 0.01
MAX_CLIENT_CPU_FRACTION = 0.9
MAX_LAG_OF_REFERENCE = 0.25
LAG_FLOOR_MS = 5.0
MAX_LENGTH_ERROR_FRACTION = 0.05
MAX_LITTLE_ERROR_FRACTION = 0.05
MAX_TREND_FRACTION = 0.05
MAX_TOKEN_LIE_FRACTION = 0.05
_CUT_SHORT: dict[LoadEnd, str] = {
    "deadline": "budget",
    "cancelled": "interrupted",
    "full": "neither memory nor disk had room for more answers",
    "enough": "cut short before enough was measured",
    "schedule": "cut short before enough was measured",
}
_WORST_SOURCE_LAST: tuple[TokenSource, ...] = ("usage", "token_ids", "chunks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known about one load when it is judged."""

    load: Load
    result: LoadResult
    window: Window
    measured: Latencies
    around: Surroundings
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


def is_client_bound(result: LoadResult, measured: Latencies) -> bool:
    """Whether the measuring client, not the server, may have set the numbers.

    True when its busiest process used more than 0.9 of the one core that an event loop can use, or when its lateness (99th percentile of a
    timer's, or of sending in an open loop) was over 5 ms and over a quarter of the median TTFT. A late client stamps late and sends its next request
    late, once a request each; what decides (throughput, TTFT, TPOT, E2E) is off by at most that share of a TTFT. Single gaps between tokens
    suffer sooner: the warning `client_late` says so. Below 5 ms lateness is what a busy operating system does to any process.

    Args:
        result: the client's processor time and lateness.
        measured: the latencies they could have spoilt.
    """
    if (result.client_cpu_fraction or 0.0) > MAX_CLIENT_CPU_FRACTION:
        return True
    reference_ms = measured.ttft_ms.p50
    return is_late(result.client_lag_p99_ms, reference_ms) or is_late(result.schedule_lag_p99_ms, reference_ms)


def is_late(lag_ms: float | None, reference_ms: float | None) -> bool:
    """Whether a lag was over 5 ms and over a quarter of a reference [ms]; unknown counts as 0."""
    return (lag_ms or 0.0) > max(LAG_FLOOR_MS, MAX_LAG_OF_REFERENCE * (reference_ms or 0.0))


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
        beyond = sum(max(0, (trace.cached_tokens or 0) - trace.planned_hit_tokens) for trace in good)
        hits = sum(trace.cached_tokens or 0 for trace in good) / prompts if hits is None else hits
        unplanned = beyond / prompts if unplanned is None else unplanned
    if unplanned is None and hits is not None:
        planned = sum(trace.planned_hit_tokens for trace in good) / prompts if prompts else 0.0
        unplanned = max(0.0, hits - planned)
    return hits, unplanned


def refusal(evidence: Evidence) -> str | None:
    """Why a load point must not carry a decision, None if it may."""
    for reason in (_cut_short(evidence), _failed(evidence), _clock(evidence), _cached(evidence), _lied(evidence)):
        if reason is not None:
            return reason
    return None


def _cut_short(evidence: Evidence) -> str | None:
    if evidence.around.stopped is not None:
        return evidence.around.stopped
    return _CUT_SHORT[evidence.result.end] if evidence.result.cut_short else None


def _failed(evidence: Evidence) -> str | None:
    ok, failures = len(evidence.good), evidence.failures
    failed = failures.total()
    if ok == 0:
        return f"no request succeeded ({_listed(failures)})"
    if failed / (ok + failed) > MAX_FAILED_FRACTION:
        return f"{failed} of {ok + failed} requests failed ({_listed(failures)}); at most {MAX_FAILED_FRACTION:.0%} may"
    if evidence.window.repeats == 0:
        return "ended before a single repeat was finished"
    return None


def _listed(failures: Counter[FailureKind]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(failures.items())) or "none was answered"


def _clock(evidence: Evidence) -> str | None:
    wrong = sum(not _in_order(trace) for trace in evidence.result.traces)
    if wrong:
        return f"the clock went backwards within {wrong} requests; their times cannot be used"
    return None


def _in_order(trace: RequestTrace) -> bool:
    times = (trace.sent_ns, *trace.arrivals_ns, trace.ended_ns)
    return all(before <= after for before, after in itertools.pairwise(times))


def _cached(evidence: Evidence) -> str | None:
    _, unplanned = hit_fractions(evidence)
    if (unplanned or 0.0) > MAX_PREFIX_HIT_FRACTION:
        return f"prefix cache answered {unplanned:.1%} of prompt tokens, so prefill was not measured; at most 1 % may"
    return None


def _lied(evidence: Evidence) -> str | None:
    told, seen = told_and_seen(evidence.good)
    if seen and abs(told - seen) > MAX_TOKEN_LIE_FRACTION * seen:
        return (
            f"the server's usage says {told} output tokens where its chunks held {seen}; "
            "throughput cannot be known from an endpoint that counts otherwise than it answers"
        )
    return None


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


def warnings(evidence: Evidence) -> list[Warn]:
    """What must be read with care about a load point."""
    return [
        *_token_warnings(evidence),
        *_length_warnings(evidence),
        *_cache_warnings(evidence),
        *_client_warnings(evidence),
        *_steady_warnings(evidence),
        *_retry_warnings(evidence),
        *_little_warnings(evidence),
    ]


def _token_warnings(evidence: Evidence) -> list[Warn]:
    good, found = evidence.good, []
    if good and token_source(good) == "chunks":
        text = "The server reports no token counts; chunks were counted, which is too few where a chunk has several tokens."
        found.append(Warn(code="tokens_counted_by_chunks", message=text))
        if not all(trace.input_counted for trace in good):
            text = "The server reports no prompt tokens; the number that was sent was taken."
            found.append(Warn(code="input_tokens_as_sent", message=text))
    if sum(trace.split == "even" and trace.output_tokens > len(trace.tokens) for trace in good):
        text = "Nobody says how many tokens were in each chunk: they were spread evenly, so ITL percentiles are those of chunks."
        found.append(Warn(code="tokens_spread", message=text))
    told, seen = told_and_seen(good)
    if any(trace.counts_disagree for trace in good):
        text = f"The server's usage says {told} output tokens, its chunks held {seen}."
        found.append(Warn(code="usage_disagrees", message=text, observed=float(told), threshold=float(seen)))
    return found


def _length_warnings(evidence: Evidence) -> list[Warn]:
    good, shape, load = evidence.good, evidence.load.shape, evidence.load
    if not good:
        return []
    measured = {trace.number for trace in good}
    due = [arrival for number, arrival in enumerate(load.arrivals) if number in measured]
    asked_in = float(np.mean([arrival.input_tokens for arrival in due])) if due else float(shape.input_tokens)
    asked_out = float(np.mean([arrival.output_tokens for arrival in due])) if due else float(shape.output_tokens)
    varies = not due and shape.lengths.kind != "fixed"
    found = []
    for code, asked, lengths in (
        ("input_length", asked_in, [trace.input_tokens for trace in good]),
        ("output_length", asked_out, [trace.output_tokens for trace in good]),
    ):
        if code == "input_length" and shape.turns > 1:
            continue  # each turn repeats the ones before: prompts grow as they should
        given = float(np.mean(lengths))
        chance = 3 * float(np.std(lengths)) / math.sqrt(len(lengths)) if varies else 0.0
        if abs(given - asked) > max(MAX_LENGTH_ERROR_FRACTION * asked, chance):
            text = f"{code.removesuffix('_length').capitalize()} was {given:.1f} tokens on average, not the {asked:g} asked for."
            found.append(Warn(code=code, message=text, observed=given, threshold=asked))
    return found


def _cache_warnings(evidence: Evidence) -> list[Warn]:
    found = []
    hits, unplanned = hit_fractions(evidence)
    if hits is not None and (unplanned or 0.0) > MAX_PREFIX_HIT_FRACTION:
        text = "Prompts were found in the prefix cache although all were fresh; restart the server or use another seed."
        found.append(
            Warn(code="prefix_cache_hits", message=text, observed=unplanned, threshold=MAX_PREFIX_HIT_FRACTION)
        )
    if evidence.around.preemptions:
        text = "The engine ran out of KV cache and threw requests out; this load is beyond what it can hold."
        found.append(Warn(code="preemptions", message=text, observed=evidence.around.preemptions, threshold=0))
    return found


def _client_warnings(evidence: Evidence) -> list[Warn]:
    result, measured = evidence.result, evidence.measured
    if is_client_bound(result, measured):
        text = "The measuring client was too busy; the server may be faster. Run the probe on an idle machine."
        worst = max(result.client_lag_p99_ms or 0.0, result.schedule_lag_p99_ms or 0.0)
        return [Warn(code="client_bound", message=text, observed=worst)]
    if measured.itl_ms.p50 is not None and is_late(result.client_lag_p99_ms, measured.itl_ms.p50):
        text = "The measuring client was late by up to a good part of a gap between tokens: read ITL percentiles with care."
        threshold = MAX_LAG_OF_REFERENCE * measured.itl_ms.p50
        return [Warn(code="client_late", message=text, observed=result.client_lag_p99_ms, threshold=threshold)]
    return []


def _steady_warnings(evidence: Evidence) -> list[Warn]:
    window, found = evidence.window, []
    if not window.measured:
        return []
    if not window.steady.settled:
        text = "The load had not settled when it was measured: throughput was still changing from round to round."
        found.append(Warn(code="not_settled", message=text, observed=window.steady.trend_fraction))
    trend, rate = window.steady.trend_fraction, window.throughput.output_tokens_per_s
    noise = 0.0 if rate.high is None or rate.mean == 0 else 2 * (rate.high - rate.mean) / rate.mean
    if window.steady.settled and trend is not None and abs(trend) > max(MAX_TREND_FRACTION, noise):
        text = f"Throughput drifted by {trend:+.1%} from the first half of the measured window to the second."
        found.append(Warn(code="drift", message=text, observed=trend, threshold=max(MAX_TREND_FRACTION, noise)))
    return found


def _retry_warnings(evidence: Evidence) -> list[Warn]:
    waited_s = evidence.result.retry_wait_s
    if waited_s <= 0:
        return []
    text = "Streams waited because the server asked for it (Retry-After): it carried less load than the cell says."
    return [Warn(code="retry_wait", message=text, observed=waited_s, threshold=0.0)]


def _little_warnings(evidence: Evidence) -> list[Warn]:
    found, little = [], evidence.little
    if evidence.lost or evidence.double:
        text = f"{evidence.lost} requests are missing from the traces and {evidence.double} are there twice."
        found.append(Warn(code="requests_miscounted", message=text, observed=float(evidence.lost + evidence.double)))
    if little is not None and abs(little.error_fraction) > MAX_LITTLE_ERROR_FRACTION:
        text = (
            f"{little.in_flight_mean:.2f} requests were in flight on average, rate times time makes "
            f"{little.rate_times_time:.2f}: requests were lost, counted twice, or the load was not steady."
        )
        found.append(
            Warn(code="little", message=text, observed=little.error_fraction, threshold=MAX_LITTLE_ERROR_FRACTION)
        )
    return found
