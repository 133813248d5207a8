"""How sure one may be of a share, and whether a promise was kept, broken, or cannot be told. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from probes.analysis.batches import Floats, batch_means
from probes.analysis.latency import token_gaps_ms
from probes.cell import Attainment
from probes.errors import ProbeError
from probes.trace import NS_PER_MS, RequestTrace

Z_95 = 1.959963984540054
MIN_INDEPENDENT = 4.0
METRICS = ("ttft", "tpot", "itl", "e2e")

PromiseVerdict = Literal["kept", "broken", "unresolved"]


def wilson(successes: float, trials: float, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    `(p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n)`, Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953.

    Args:
        successes: k; not whole where trials that resemble each other count as fewer.
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
    low = 0.0 if successes == 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if successes == trials else min(1.0, (centre + half) / scale)
    return low, high


def strain(trace: RequestTrace, limits_ms: Mapping[str, float], *, scheduled: bool = False) -> float:
    """How much of its limits one request used up: the largest of value over limit; up to 1 is kept.

    A failed request, also one that was cut off, keeps none: infinite. Where a metric does not exist (time per token of one token) its limit is kept, as
    in `vllm bench serve --goodput`. `itl` is the request's mean gap between tokens.

    Args:
        trace: the request.
        limits_ms: limits by metric: `ttft`, `tpot`, `itl`, `e2e`.
        scheduled: count TTFT and E2E from when the request was due, which is what a user of an open loop waits.
    """
    if trace.failure is not None:
        return math.inf
    late_ms = (trace.sent_ns - trace.scheduled_ns) / NS_PER_MS if scheduled else 0.0
    used = 0.0
    for metric, limit_ms in limits_ms.items():
        value_ms = _value_ms(trace, metric)
        if value_ms is not None:
            used = max(used, (value_ms + (late_ms if metric in {"ttft", "e2e"} else 0.0)) / limit_ms)
    return used


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

    A queue that builds up breaks the promise of many requests in a row, so the interval is that of fewer, independent requests: as many as know the share
    equally well, or the mean rank of the waits, whichever is fewer (batch means in the order of being due). The waits tell of a queue's memory also
    where no limit was broken yet.

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
    in_order = sorted(traces, key=lambda trace: trace.scheduled_ns)
    if not limits_ms or not in_order:
        return None
    return attainment_of([strain(trace, limits_ms, scheduled=scheduled) for trace in in_order], limits_ms)


def attainment_of(strains: Sequence[float] | Floats, limits_ms: Mapping[str, float]) -> Attainment:
    """Share of requests that kept a promise, given how much of its limits each used up.

    Args:
        strains: see `strain`; request by request in the order of being due, at least one.
        limits_ms: the promise.

    >>> round(attainment_of([0.5] * 60, {"ttft": 100.0}).low, 4)
    0.9398
    """
    values = np.asarray(strains, dtype=float)
    kept = values <= 1.0
    share = float(kept.mean())
    independent = min(batch_means(kept.astype(float)).effective_samples, batch_means(_ranks(values)).effective_samples)
    z = Z_95
    if independent < values.size:  # how few they count as is itself only estimated: Student's wider quantile
        independent = max(independent, MIN_INDEPENDENT)
        z = float(stdtrit(independent - 1, 0.975))
    low, high = wilson(share * independent, independent, z)
    low, high = min(low, share), max(high, share)  # rounding must not push the share out of its own interval
    return Attainment(limits_ms=dict(limits_ms), kept_fraction=share, low=low, high=high, requests=values.size)


def _ranks(values: Floats) -> Floats:
    """Place of each value among all, equal ones alike: failures without a time have one too, and a few very late ones do not hide the rest."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle: Floats = (np.cumsum(count) - (count + 1) / 2)[place]
    return middle


def independent_requests(found: Attainment) -> float:
    """As how many independent requests those of a share count, read from its 95 % Wilson interval.

    The interval's ends obey `low · high = p² / (1 + z²/n)`, and `(1 - low) · (1 - high) = (1 - p)² / (1 + z²/n)`. 0 where it tells nothing.

    >>> low, high = wilson(81, 263)
    >>> round(independent_requests(Attainment(limits_ms={}, kept_fraction=81 / 263, low=low, high=high, requests=263)), 6)
    263.0
    """
    share, low, high = found.kept_fraction, found.low, found.high
    if share < 0.5:  # noqa: PLR2004 -- the larger of two shares that add up to 1 is never 0
        share, low, high = 1 - share, 1 - high, 1 - low
    if low <= 0:
        return 0.0
    return Z_95**2 / max(share**2 / (low * high) - 1, 1e-12)


def stricter(found: Attainment, z: float) -> tuple[float, float]:
    """The interval of a share at another confidence than 95 %.

    Args:
        found: with its 95 % interval.
        z: the other normal quantile; 2.576 is 99 % two-sided.

    >>> low, high = wilson(81, 263)
    >>> found = Attainment(limits_ms={}, kept_fraction=81 / 263, low=low, high=high, requests=263)
    >>> [round(end, 9) for end in stricter(found, 2.576)] == [round(end, 9) for end in wilson(81, 263, 2.576)]
    True
    """
    trials = independent_requests(found)
    return wilson(found.kept_fraction * trials, trials, z)


def promise(found: Attainment, target_fraction: float, z: float = Z_95) -> PromiseVerdict:
    """Whether at least `target_fraction` of requests keep their limits, as far as confidence can tell.

    Args:
        found: the share that did.
        target_fraction: the share that must.
        z: normal quantile of the confidence; 1.96 is the 95 % that the record carries.

    >>> promise(Attainment(limits_ms={"ttft": 1}, kept_fraction=0.96, low=0.94, high=0.98, requests=500), 0.95)
    'unresolved'
    """
    low, high = (found.low, found.high) if z == Z_95 else stricter(found, z)
    if low >= target_fraction:
        return "kept"
    return "broken" if high < target_fraction else "unresolved"
