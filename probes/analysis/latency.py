"""Latencies of requests by their definitions: TTFT, ICL, ITL, TPOT, E2E. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from probes.analysis.batches import Floats
from probes.analysis.percentiles import percentiles
from probes.record import Percentiles
from probes.trace import NS_PER_MS, RequestTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Distributions over the good requests of a load [ms].

    Attributes:
        ttft_ms: first chunk that carries a token - sent.
        ttft_scheduled_ms: first chunk that carries a token - when the request was due; empty for a closed loop, where it is the same.
        icl_ms: gap between two chunks of one answer.
        itl_ms: gap between two tokens of one answer.
        tpot_ms: (E2E - TTFT) / (n - 1), one a request.
        e2e_ms: last chunk that carries a token - sent.
    """

    ttft_ms: Percentiles = field(default_factory=Percentiles)
    ttft_scheduled_ms: Percentiles = field(default_factory=Percentiles)
    icl_ms: Percentiles = field(default_factory=Percentiles)
    itl_ms: Percentiles = field(default_factory=Percentiles)
    tpot_ms: Percentiles = field(default_factory=Percentiles)
    e2e_ms: Percentiles = field(default_factory=Percentiles)


def chunk_gaps_ms(trace: RequestTrace) -> Floats:
    """Inter-chunk latencies of one request [ms]: gaps between the arrivals of chunks that carry tokens, however many tokens are in them."""
    gaps: Floats = np.diff(np.asarray(trace.arrivals_ns, dtype=np.int64)) / NS_PER_MS
    return gaps


def token_gaps_ms(trace: RequestTrace) -> Floats:
    """Inter-token latencies of one request [ms].

    The gap before a chunk of `k` tokens counts as `k` gaps of `gap / k`. So the mean over a request is its time between the first and the last
    chunk per token after the first chunk, whatever the server's chunking; the plain gap between chunks (ICL) is `k` times as long.

    Args:
        trace: a good request.

    Returns:
        One number for each token after the first chunk.
    """
    tokens = np.asarray(trace.tokens[1:], dtype=np.int64)
    gaps: Floats = np.repeat(chunk_gaps_ms(trace) / tokens, tokens)
    return gaps


def latencies(traces: Iterable[RequestTrace], *, scheduled: bool = False) -> Latencies:
    """Pooled latency distributions.

    Args:
        traces: requests; failed ones are left out.
        scheduled: whether requests had a time at which they were due (open loop).
    """
    good = sorted((trace for trace in traces if trace.failure is None), key=lambda trace: trace.sent_ns)
    due = [value for trace in good if (value := trace.ttft_scheduled_ms) is not None] if scheduled else None
    chunk_gaps, token_gaps = _gaps_in_time(good)
    return Latencies(
        ttft_ms=percentiles([value for trace in good if (value := trace.ttft_ms) is not None]),
        ttft_scheduled_ms=Percentiles() if due is None else percentiles(due),
        icl_ms=percentiles(chunk_gaps),
        itl_ms=percentiles(token_gaps),
        tpot_ms=percentiles([value for trace in good if (value := trace.tpot_ms) is not None]),
        e2e_ms=percentiles([value for trace in good if (value := trace.e2e_ms) is not None]),
    )


def _gaps_in_time(good: Sequence[RequestTrace]) -> tuple[Floats, Floats]:
    """All requests' chunk gaps and token gaps in the order in which they were seen, since one slow step of the server delays all of them."""
    if not good:
        return np.empty(0), np.empty(0)
    gaps = np.concatenate([chunk_gaps_ms(trace) for trace in good])
    ends = np.concatenate([np.asarray(trace.arrivals_ns[1:], dtype=np.int64) for trace in good])
    tokens = np.concatenate([np.asarray(trace.tokens[1:], dtype=np.int64) for trace in good])
    order = np.argsort(ends, kind="stable")
    gaps, tokens = gaps[order], tokens[order]
    return gaps, np.repeat(gaps / tokens, tokens)
