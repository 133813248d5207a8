"""One load point, simulated as a probe drives and counts it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Floats, Ints, Traffic
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.observed import Observed

SHORTEST_S = 1e-6
"""Requests never reach an engine in the same instant in which another ends, nor two at once: simulated ones are at least so far apart [s]."""
MOST_REQUESTS = 3000
"""So many requests of a load are simulated at most."""
_SEED = 20261124


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A load's figures, measured or simulated, by the definitions of `probes.cell`.

    Attributes:
        requests_per_s: throughput.
        ttft_p50_s: median time to first token; None where it is not known. The others likewise.
        ttft_p99_s: its 99th percentile.
        tpot_p50_s: median time per output token after the first.
        tpot_mean_s: its mean.
        e2e_p50_s: median time to the last token.
        e2e_p99_s: its 99th percentile.
    """

    requests_per_s: float
    ttft_p50_s: float | None = None
    ttft_p99_s: float | None = None
    tpot_p50_s: float | None = None
    tpot_mean_s: float | None = None
    e2e_p50_s: float | None = None
    e2e_p99_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """A load point that is simulated again and again: its requests are drawn once.

    Attributes:
        traffic: what comes.
        first: number of the first request that counts.
        last: number after the last that counts.
    """

    traffic: Traffic
    first: int
    last: int

    def figures(self, step_time: StepTime, limits: EngineLimits) -> Figures:
        """What the load's requests would take.

        Args:
            step_time: of the engine.
            limits: of the engine.
        """
        outcome = simulated(self.traffic, step_time, limits)
        return figures(outcome, self.first, self.last, streams=self.traffic.streams)


def replay_of(cell: Observed) -> Replay:
    """A load point, to be simulated.

    A closed loop starts with all streams at once, as a probe's does, and its first requests are left out as the probe's warm-up was. An open loop has random
    (Poisson) arrivals. What the prefix cache answered is a beginning that all prompts have in common.

    Args:
        cell: the load point.
    """
    first = min(max(cell.warmup_requests, cell.streams), MOST_REQUESTS // 3)
    last = min(first + max(cell.requests, 2 * cell.streams), MOST_REQUESTS)
    return Replay(traffic=_traffic(cell, last + cell.streams), first=first, last=last)


def replayed(cell: Observed, step_time: StepTime, limits: EngineLimits) -> Figures:
    """Simulates a load point once; see `replay_of`.

    Args:
        cell: the load point.
        step_time: of the engine.
        limits: of the engine.
    """
    return replay_of(cell).figures(step_time, limits)


def simulated(traffic: Traffic, step_time: StepTime, limits: EngineLimits) -> Outcome:
    """The outcome of some traffic; no two requests reach the engine in one instant.

    Args:
        traffic: what comes.
        step_time: of the engine.
        limits: of the engine.
    """
    from tco.capacity.simulator.simulate import simulate  # noqa: PLC0415 - it loads numba

    apart = replace(
        step_time,
        latency_s=max(step_time.latency_s, SHORTEST_S),
        dispatch_s=max(step_time.dispatch_s, SHORTEST_S),
    )
    return simulate(traffic, apart, limits)


def figures(outcome: Outcome, first: int, last: int, *, streams: int = 0) -> Figures:
    """Figures of some requests of an outcome, in the order in which they were sent.

    Args:
        outcome: what became of all.
        first: number of the first that counts.
        last: number after the last that counts.
        streams: of a closed loop, whose throughput is `streams / mean time to the last token` (Little's law); 0 in an open one.
    """
    counted = slice(first, last)
    sent_s, finish_s = outcome.sent_s[counted], outcome.finish_s[counted]
    ttft, e2e = np.sort(outcome.first_token_s[counted] - sent_s), np.sort(finish_s - sent_s)
    tpot = np.sort(outcome.tpot_s[counted])
    tpot = tpot[: int(np.searchsorted(tpot, np.inf))]  # what is not a number stands at the end
    if streams:
        rate = streams / float(e2e.mean())
    else:
        rate = e2e.size / max(float(finish_s.max() - outcome.sent_s[first]), SHORTEST_S)
    return Figures(
        requests_per_s=rate,
        ttft_p50_s=_quantile(ttft, 0.5),
        ttft_p99_s=_quantile(ttft, 0.99),
        tpot_p50_s=_quantile(tpot, 0.5) if tpot.size else None,
        tpot_mean_s=float(tpot.mean()) if tpot.size else None,
        e2e_p50_s=_quantile(e2e, 0.5),
        e2e_p99_s=_quantile(e2e, 0.99),
    )


def _quantile(ascending: Floats, share: float) -> float:
    """As `numpy.quantile`, of what is sorted already: a fit asks for tens of thousands of them."""
    place = share * (ascending.size - 1)
    below = int(place)
    above = min(below + 1, ascending.size - 1)
    low, high = float(ascending[below]), float(ascending[above])
    return low + (place - below) * (high - low)


def _traffic(cell: Observed, requests: int) -> Traffic:
    rng = np.random.default_rng(_SEED)
    into, out = _lengths(cell, requests, rng)
    traffic = Traffic(arrival_s=np.zeros(requests), input_tokens=into, output_tokens=out, streams=cell.streams)
    if not cell.streams:
        traffic = replace(traffic, arrival_s=np.cumsum(rng.exponential(1 / cell.requests_per_s, requests)))
    cached = round(cell.context_tokens - cell.input_tokens)
    if cached < 1:
        return traffic
    beginnings = np.minimum(into - 1, cached).astype(np.int32)
    return replace(traffic, prefix_group=np.zeros(requests, dtype=np.int32), prefix_tokens=beginnings)


def _lengths(cell: Observed, requests: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Lengths of each request: all alike, or log-normal with the cell's spread and correlation."""
    means = np.array([cell.context_tokens, cell.output_tokens])
    drawn = np.tile(means, (requests, 1))
    if cell.spread_fraction:
        width = math.sqrt(math.log1p(cell.spread_fraction**2))
        together = [[1.0, cell.correlation], [cell.correlation, 1.0]]
        normal: Floats = rng.multivariate_normal([0.0, 0.0], together, size=requests)
        drawn = means * np.exp(width * normal - width**2 / 2)
    whole = np.maximum(1, np.rint(drawn)).astype(np.int32)
    return whole[:, 0], whole[:, 1]
