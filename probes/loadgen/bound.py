"""Whether the measuring client, and not the server, set the numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CPU_FRACTION = 0.9
"""Of the one core that the event loop of a process can use."""
LAG_FLOOR_MS = 5.0
"""Lateness below this is what a busy operating system does to any process [ms]."""
MAX_LAG_OF_REFERENCE = 0.25
MAX_RATE_FRACTION = 0.9
"""Of the chunks a second that would fill the client's cores, by its own floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientVerdict:
    """What is to be thought of the client at one load point.

    Attributes:
        bound: whether it may have set throughput or time to first token; such a cell carries no decision.
        late: whether it was late enough to blur single gaps between tokens, and nothing else.
        reasons: why, in sentences; empty where nothing is wrong.
    """

    bound: bool
    late: bool
    reasons: tuple[str, ...] = ()


def judge_client(
    *,
    cpu_fraction: float | None = None,
    lag_p99_ms: float | None = None,
    schedule_lag_p99_ms: float | None = None,
    ttft_p50_ms: float | None = None,
    itl_p50_ms: float | None = None,
    chunk_rate_per_s: float | None = None,
    floor_ttft_error_p50_ms: float | None = None,
    max_chunk_rate_per_s: float | None = None,
) -> ClientVerdict:
    """Judges the client by how busy and how late it was, and by what it added to a known answer before the run.

    It was the bottleneck if its busiest process used more than 0.9 of a core; if it took in more than 0.9 of the chunks a second that would fill its
    cores; or if its lateness, that of its sendings, or its floor's error was over 5 ms and over a quarter of the median time to first token.

    Args:
        cpu_fraction: processor time per wall time of the busiest process.
        lag_p99_ms: 99th percentile of a timer's lateness, of the worst process [ms].
        schedule_lag_p99_ms: 99th percentile of sent less scheduled in an open loop [ms].
        ttft_p50_ms: median time to first token of the load point [ms].
        itl_p50_ms: median time between tokens [ms].
        chunk_rate_per_s: chunks a second that came in.
        floor_ttft_error_p50_ms: `ClientFloor.ttft_error_p50_ms`.
        max_chunk_rate_per_s: `ClientFloor.max_chunk_rate_per_s`.

    Returns:
        The verdict; what is None is unknown and speaks neither way.

    >>> judge_client(cpu_fraction=0.95).reasons
    ('The client used 95 % of a core, over the 90 % at which it may be what limits.',)
    >>> judge_client(cpu_fraction=0.3, lag_p99_ms=6.0, ttft_p50_ms=200.0, itl_p50_ms=10.0)
    ClientVerdict(bound=False, late=True, reasons=('The client was late by 6.0 ms (p99), over a quarter of the median gap between tokens: read ITL percentiles with care.',))
    """
    reasons = []
    if cpu_fraction is not None and cpu_fraction > MAX_CPU_FRACTION:
        reasons.append(
            f"The client used {cpu_fraction:.0%} of a core, over the {MAX_CPU_FRACTION:.0%} at which it may be what limits.".replace(
                "%", " %"
            )
        )
    if chunk_rate_per_s is not None and max_chunk_rate_per_s is not None:
        share = chunk_rate_per_s / max_chunk_rate_per_s if max_chunk_rate_per_s > 0 else float("inf")
        if share > MAX_RATE_FRACTION:
            reasons.append(
                f"{chunk_rate_per_s:,.0f} chunks/s came in; about {max_chunk_rate_per_s:,.0f} fill the client's cores."
            )
    late_by = {
        "The client was late by {:.1f} ms (p99)": lag_p99_ms,
        "Requests were sent {:.1f} ms (p99) after they were due": schedule_lag_p99_ms,
        "The client adds {:.1f} ms (p50) to a known time to first token": floor_ttft_error_p50_ms,
    }
    for words, lag_ms in late_by.items():
        if lag_ms is not None and is_late(lag_ms, ttft_p50_ms):
            reasons.append(f"{words.format(lag_ms)}, over a quarter of the median time to first token.")
    if reasons:
        return ClientVerdict(bound=True, late=True, reasons=tuple(reasons))
    if lag_p99_ms is not None and itl_p50_ms is not None and is_late(lag_p99_ms, itl_p50_ms):
        text = f"The client was late by {lag_p99_ms:.1f} ms (p99), over a quarter of the median gap between tokens: "
        return ClientVerdict(bound=False, late=True, reasons=(text + "read ITL percentiles with care.",))
    return ClientVerdict(bound=False, late=False)


def is_late(lag_ms: float, reference_ms: float | None) -> bool:
    """Whether a lag matters beside what was measured: over 5 ms and over a quarter of it.

    Args:
        lag_ms: the lag [ms].
        reference_ms: the latency that it could have spoilt [ms]; unknown counts as 0.

    >>> is_late(4.9, 1.0), is_late(6.0, 30.0), is_late(6.0, 20.0)
    (False, False, True)
    """
    return lag_ms > max(LAG_FLOOR_MS, MAX_LAG_OF_REFERENCE * (reference_ms or 0.0))
