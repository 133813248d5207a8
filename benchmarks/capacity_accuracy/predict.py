"""Predictions of held-out loads beside what was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.capacity_accuracy.loads import Held, Measured, figure
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.replay import Figures, figures, simulated

WARM_UP_FRACTION = 0.1
"""Of a replay's time: the probe leaves out the requests that are due in it."""

FIGURES = {
    "requests_per_s": "requests_per_s.mean",
    "tpot_p50": "tpot_ms.p50",
    "ttft_p50": "ttft_ms.p50",
    "ttft_p99": "ttft_ms.p99",
    "e2e_p50": "e2e_ms.p50",
    "e2e_p99": "e2e_ms.p99",
}
"""Metric, and where it stands in a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One predicted number.

    Attributes:
        load: name of the load.
        metric: which number.
        measured: requests/s or milliseconds.
        predicted: the same.
    """

    load: str
    metric: str
    measured: float
    predicted: float

    @property
    def fraction(self) -> float:
        """Predicted over measured, less 1."""
        return self.predicted / self.measured - 1


def misses(measured: Measured, step_time: StepTime, limits: EngineLimits) -> list[Miss]:
    """What a step time misses of a set's held-out loads.

    Args:
        measured: the set.
        step_time: fitted to its probe.
        limits: of its engine.
    """
    return [miss for held in measured.held for miss in _misses(held, predict(held, step_time, limits))]


def predict(held: Held, step_time: StepTime, limits: EngineLimits) -> Figures:
    """Simulates a held-out load as it was driven: the same arrivals and lengths, or the same streams from the same start.

    Args:
        held: the load.
        step_time: of the engine.
        limits: of the engine.
    """
    if held.replay is not None:
        arrivals = held.replay.arrival_s
        start_s = arrivals[0] + WARM_UP_FRACTION * (arrivals[-1] - arrivals[0])
        first = int(np.searchsorted(arrivals, start_s))
        found = figures(simulated(held.replay, step_time, limits), first, held.replay.requests)
        return replace(found, requests_per_s=held.cell.requests_per_s.mean)  # what was sent comes back
    streams = held.cell.concurrency or 1
    first = held.cell.steady.warmup_requests if held.cell.steady else streams
    last = first + held.cell.requests_ok
    traffic = _streams(streams, held.input_tokens, held.output_tokens, last + streams)
    return figures(simulated(traffic, step_time, limits), first, last, streams=streams)


def _streams(streams: int, into: int, out: int, requests: int) -> Traffic:
    def alike(tokens: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.full(requests, tokens, dtype=np.int32)

    return Traffic(arrival_s=np.zeros(requests), input_tokens=alike(into), output_tokens=alike(out), streams=streams)


def _misses(held: Held, found: Figures) -> list[Miss]:
    result = []
    for metric, where in FIGURES.items():
        in_ms = metric != "requests_per_s"
        if held.replay is not None and not in_ms:
            continue
        measured, predicted = figure(held.cell, where), getattr(found, f"{metric}_s" if in_ms else metric)
        if measured and predicted is not None:
            value = predicted * 1000 if in_ms else predicted
            result.append(Miss(load=held.name, metric=metric, measured=measured, predicted=value))
    return result
