"""Why a load point must not carry a decision. Pure."""

from __future__ import annotations

import itertools
from collections import Counter

from probes.analysis.evidence import Evidence, hit_fractions, told_and_seen
from probes.loadgen.contract import LoadEnd
from probes.trace import FailureKind, RequestTrace

MAX_FAILED_FRACTION = 0.10
MAX_PREFIX_HIT_FRACTION = 0.01
MAX_TOKEN_LIE_FRACTION = 0.05
_CUT_SHORT: dict[LoadEnd, str] = {
    "deadline": "budget",
    "cancelled": "interrupted",
    "full": "neither memory nor disk had room for more answers",
    "enough": "cut short before enough was measured",
    "schedule": "cut short before enough was measured",
}


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
