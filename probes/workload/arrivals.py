"""When the requests of an open loop are sent: at even gaps, as a Poisson process, or in bursts with gamma-distributed gaps."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from probes.errors import ProbeError
from probes.run import WorkloadShape
from probes.workload.lengths import recorded_rows
from probes.workload.request import Arrival
from probes.workload.sampling import LengthSampler
from probes.workload.seeds import Place, generator

MAX_ARRIVALS = 1_000_000
MIN_BURSTINESS = 0.01
"""Gaps ten times as spread as a Poisson process's; beyond it nearly all requests of a load point come at one moment."""
MAX_BURSTINESS = 1e9
"""Gaps so even that they are taken as constant."""

ArrivalKind = Literal["constant", "poisson", "gamma"]
Floats = NDArray[np.float64]


def schedule(
    kind: ArrivalKind,
    shape: WorkloadShape,
    *,
    rate_per_s: float,
    duration_s: float | None = None,
    count: int | None = None,
    attempt: int = 0,
    cell: int = 0,
) -> tuple[Arrival, ...]:
    """The arrivals of one load point, each with its lengths.

    Args:
        kind: `constant`: gaps of `1 / rate`, the first arrival at 0. `poisson`: exponential gaps. `gamma`: gaps of shape `shape.burstiness` and mean
            `1 / rate`, so that their coefficient of variation is `1 / sqrt(burstiness)`, as in `vllm bench serve --burstiness`
            (https://docs.vllm.ai/en/latest/cli/bench/serve/). The time to the first arrival is drawn from the gaps' equilibrium distribution, so that
            the expected number of arrivals in any time is exactly rate × time.
        shape: lengths, burstiness, seed.
        rate_per_s: mean arrivals a second.
        duration_s: arrivals in `[0, duration)`; their number is random, but for `constant`.
        count: this many arrivals; how long they take is random. With `duration_s` too: this many in that time, the gaps scaled to fit, as
            `vllm bench serve` does; for Poisson this is the process given its number. `rate_per_s` is then `count / duration_s` whatever is given.
        attempt: see `probes.loadgen.contract.Load`.
        cell: likewise.

    Returns:
        Ascending; `realised_rate_per_s` says what rate it came to.

    Raises:
        ProbeError: `bad_arguments`: no seed, conversations, a rate or duration that is not positive, neither duration nor count, more than a million
            arrivals or none, a burstiness below 0.01.
    """
    _check(shape, rate_per_s, duration_s, count)
    if kind == "gamma" and shape.burstiness < MIN_BURSTINESS:
        raise ProbeError(
            "bad_arguments",
            f"A burstiness of {shape.burstiness:g}: at least {MIN_BURSTINESS:g} is needed; 1 is Poisson.",
        )
    assert shape.seed is not None
    rng = generator(shape.seed, Place(attempt, cell, "arrivals"))
    offsets = _offsets(rng, kind, shape.burstiness, rate_per_s, duration_s, count)
    lengths = LengthSampler(
        shape.lengths,
        input_mean_tokens=shape.input_tokens,
        output_mean_tokens=shape.output_tokens,
        limit_tokens=shape.context_limit_tokens,
        rows=recorded_rows(shape.lengths),
    )
    if not len(offsets):
        raise ProbeError(
            "bad_arguments", f"No request arrives in {duration_s:g} s at {rate_per_s:g} requests/s; give a longer time."
        )
    inputs, outputs = lengths.draw_many(rng, len(offsets))
    return tuple(
        Arrival(offset_s=offset, input_tokens=asked, output_tokens=given)
        for offset, asked, given in zip(offsets.tolist(), inputs.tolist(), outputs.tolist(), strict=True)
    )


def realised_rate_per_s(arrivals: tuple[Arrival, ...]) -> float | None:
    """The rate that a schedule came to: `(n - 1) / (last - first)` [1/s]; None with fewer than two arrivals, or all at once.

    Example:
        >>> shape = WorkloadShape(input_tokens=8, output_tokens=8, seed=1)
        >>> realised_rate_per_s(schedule("constant", shape, rate_per_s=4, duration_s=10))
        4.0
    """
    span_s = arrivals[-1].offset_s - arrivals[0].offset_s if arrivals else 0.0
    return (len(arrivals) - 1) / span_s if span_s > 0 else None


def _check(shape: WorkloadShape, rate_per_s: float, duration_s: float | None, count: int | None) -> None:
    if shape.seed is None:
        raise ProbeError("bad_arguments", "A workload without a seed has no schedule; set one.")
    if shape.turns > 1:
        raise ProbeError(
            "bad_arguments",
            f"Conversations of {shape.turns} turns cannot be sent on a schedule: a turn waits for the answer before. Give concurrency, or one turn.",
        )
    if not (math.isfinite(rate_per_s) and rate_per_s > 0):
        raise ProbeError("bad_arguments", f"A rate of {rate_per_s:g} requests/s: a positive number is needed.")
    if duration_s is not None and not (math.isfinite(duration_s) and duration_s > 0):
        raise ProbeError("bad_arguments", f"A schedule of {duration_s:g} s: a positive time is needed.")
    if duration_s is None and count is None:
        raise ProbeError("bad_arguments", "A schedule needs a duration, a number of requests, or both.")
    expected = float(count) if count is not None else rate_per_s * (duration_s or 0.0)
    if expected > MAX_ARRIVALS or (count is not None and count < 1):
        raise ProbeError(
            "bad_arguments",
            f"A schedule of {expected:.0f} requests: from 1 to {MAX_ARRIVALS} are possible. Shorten it.",
        )


def _offsets(
    rng: np.random.Generator,
    kind: ArrivalKind,
    burstiness: float,
    rate: float,
    duration_s: float | None,
    count: int | None,
) -> Floats:
    shape = {"constant": math.inf, "poisson": 1.0, "gamma": burstiness}[kind]
    if shape > MAX_BURSTINESS:
        shape = math.inf
    if count is not None and duration_s is not None:
        return _fitted(rng, shape, count, duration_s)
    if math.isinf(shape):
        # k / rate < duration; the small allowance keeps 10 s at 0.1/s from being two arrivals by the last bit.
        number = count if count is not None else max(1, math.ceil(rate * (duration_s or 0.0) * (1 - 1e-12)))
        return _even(number, 1 / rate)
    if count is not None:
        first = _first_gap(rng, shape, rate)
        return _sums(np.concatenate(([first], _gaps(rng, shape, rate, count - 1))))
    assert duration_s is not None
    return _until(rng, shape, rate, duration_s)


def _even(count: int, gap_s: float) -> Floats:
    return np.arange(count, dtype=np.float64) * gap_s


def _sums(gaps: Floats) -> Floats:
    return np.asarray(np.cumsum(gaps), dtype=np.float64)


def _gaps(rng: np.random.Generator, shape: float, rate: float, count: int) -> Floats:
    return rng.gamma(shape, 1 / (rate * shape), size=count)


def _first_gap(rng: np.random.Generator, shape: float, rate: float) -> float:
    """The wait from a random moment to the next arrival: a uniform part of a gap that was picked in proportion to its length."""
    return float(rng.random() * rng.gamma(shape + 1, 1 / (rate * shape)))


def _until(rng: np.random.Generator, shape: float, rate: float, duration_s: float) -> Floats:
    at = _first_gap(rng, shape, rate)
    parts = [np.array([at])]
    chunk = int(rate * duration_s + 4 * math.sqrt(rate * duration_s / min(1.0, shape))) + 16
    while at < duration_s:
        parts.append(at + _sums(_gaps(rng, shape, rate, chunk)))
        at = float(parts[-1][-1])
        if sum(map(len, parts)) > 4 * MAX_ARRIVALS:
            raise ProbeError(
                "bad_arguments",
                f"Gaps of burstiness {shape:g} put too many requests into {duration_s:g} s; give a larger one.",
            )
    offsets = np.concatenate(parts)
    inside: Floats = offsets[offsets < duration_s]
    return inside


def _fitted(rng: np.random.Generator, shape: float, count: int, duration_s: float) -> Floats:
    if math.isinf(shape):
        return _even(count, duration_s / count)
    ends = _sums(_gaps(rng, shape, count / duration_s, count + 1))
    fitted: Floats = ends[:-1] * (duration_s / float(ends[-1]))
    return fitted
