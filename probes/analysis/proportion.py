"""How sure one may be of a share, and whether a promise was kept, broken, or cannot be told. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

from probes.analysis.latency import token_gaps_ms
from probes.cell import Attainment
from probes.errors import ProbeError
from probes.trace import RequestTrace

Z_95 = 1.959963984540054
METRICS = ("ttft", "tpot", "itl", "e2e")

PromiseVerdict = Literal["kept", "broken", "unresolved"]


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    `(p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n)`, Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953.

    Args:
        successes: k.
        trials: n.
        z: normal quantile; 1.96 is 95 % two-sided.

    Returns:
        Low and high; (0, 1) without trials.

    Raises:
        ValueError: more successes than trials, or fewer than none.

    >>> low, high = wilson(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials; give 0 <= successes <= trials")
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    centre = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == trials else (centre + half) / scale
    return low, high


def keeps(trace: RequestTrace, limits_ms: Mapping[str, float], *, scheduled: bool = False) -> bool:
    """Whether one request kept every limit.

    A failed request, also one that was cut off, keeps none. Where a metric does not exist (time per token of one token) its limit is kept, as in
    `vllm bench serve --goodput`. `itl` is the request's mean gap between tokens.

    Args:
        trace: the request.
        limits_ms: limits by metric: `ttft`, `tpot`, `itl`, `e2e`.
        scheduled: count TTFT and E2E from when the request was due, which is what a user of an open loop waits.
    """
    if trace.failure is not None:
        return False
    late_ms = (trace.sent_ns - trace.scheduled_ns) / 1e6 if scheduled else 0.0
    for metric, limit_ms in limits_ms.items():
        value_ms = _value_ms(trace, metric)
        if value_ms is not None and value_ms + (late_ms if metric in {"ttft", "e2e"} else 0.0) > limit_ms:
            return False
    return True


def _value_ms(trace: RequestTrace, metric: str) -> float | None:
    if metric == "itl":
        gaps = token_gaps_ms(trace)
        return float(gaps.mean()) if gaps.size else None
    values = {"ttft": trace.ttft_ms, "tpot": trace.tpot_ms, "e2e": trace.e2e_ms}
    return values[metric]


def check_limits(limits_ms: Mapping[str, float]) -> None:
    """Refuses limits of unknown metrics and limits that no request could keep.

    Raises:
        ProbeError: kind `bad_arguments`.
    """
    for metric, limit_ms in limits_ms.items():
        if metric not in METRICS:
            raise ProbeError("bad_arguments", f"a limit of {metric!r} was given; limits are of {', '.join(METRICS)}.")
        if not 0 < limit_ms < math.inf:
            raise ProbeError("bad_arguments", f"{metric} <= {limit_ms} ms was given; give a number above 0.")


def attainment(
    traces: Iterable[RequestTrace], limits_ms: Mapping[str, float], *, scheduled: bool = False
) -> Attainment | None:
    """Share of requests that kept every limit, with its Wilson interval.

    Args:
        traces: all requests of the window, failed ones included.
        limits_ms: limits by metric.
        scheduled: see `keeps`.

    Returns:
        None without limits or without requests.

    Raises:
        ProbeError: an unknown metric, or a limit of 0 or less.
    """
    check_limits(limits_ms)
    kept = [keeps(trace, limits_ms, scheduled=scheduled) for trace in traces]
    if not limits_ms or not kept:
        return None
    low, high = wilson(sum(kept), len(kept))
    return Attainment(
        limits_ms=dict(limits_ms), kept_fraction=sum(kept) / len(kept), low=low, high=high, requests=len(kept)
    )


def promise(found: Attainment, target_fraction: float) -> PromiseVerdict:
    """Whether at least `target_fraction` of requests keep their limits, as far as 95 % confidence can tell.

    >>> promise(Attainment(limits_ms={"ttft": 1}, kept_fraction=0.96, low=0.94, high=0.98, requests=500), 0.95)
    'unresolved'
    """
    if found.low >= target_fraction:
        return "kept"
    return "broken" if found.high < target_fraction else "unresolved"
