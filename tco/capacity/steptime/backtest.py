"""How far step times carried over from one measured curve miss another: fit on one, predict the others.

A published load curve of one request shape (Poisson arrivals, prompts and answers of fixed lengths) tells less than a probe: only sums of terms. What it does tell:

- its lightest load: what a step takes whatever is in it;
- how time per output token grows with the load: what a sequence and its cache take *together*, and what a prompt takes;
- time to first token at light load: what a prompt takes and the way to the client *together*.

So the fit moves four efficiencies of the roofline and the way to the client, each drawn towards its prior (`tco.capacity.steptime.priors`) as strongly as
the prior is known: maximum a posteriori with log-normal priors. Cells are compared with simulated ones, for runs of a few hundred requests are no steady
state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from pricing.architectures.records import Architecture
from tco.capacity.memory.placement import Placement
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.priors import TYPICAL, Efficiencies, assemble
from tco.capacity.steptime.roofline import computes_in_8_bits, ideal_times
from tco.errors import InputError

Floats = npt.NDArray[np.float64]
Simulate = Callable[[Traffic, StepTime, EngineLimits], Outcome]

KEPT_UP_FRACTION = 0.9
"""A load of which less was answered was past saturation: its latencies are those of a burst that drains."""

_TPOT_ERROR, _TTFT_ERROR = 0.05, 0.10
"""How well the published medians are known, as standard errors [fraction]; they weigh cells against priors."""

_SPREADS = {"bandwidth_fraction": 0.15, "compute": 0.3, "sequence_s": 0.7, "step_s": 1.0, "latency_s": 0.7}
"""What the fit moves, and the standard deviation of its prior's logarithm: a quarter of the range of `tco.capacity.steptime.priors`, rounded up."""

_EVALUATIONS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPoint:
    """One load of an open loop, measured or predicted.

    Attributes:
        offered_per_s: requests sent [requests/s].
        answered_per_s: requests answered, over the whole run, ramp and tail included [requests/s].
        tpot_p50_s: median time per output token after the first [s].
        ttft_p50_s: median time to first token [s].
    """

    offered_per_s: float
    answered_per_s: float
    tpot_p50_s: float
    ttft_p50_s: float

    @property
    def kept_up(self) -> bool:
        """Whether what was sent was answered, by `KEPT_UP_FRACTION`."""
        return self.answered_per_s >= KEPT_UP_FRACTION * self.offered_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A published load curve and what it was measured on.

    Attributes:
        name: of the curve.
        model: that answered.
        on: hardware, layout and precision.
        limits: of the engine.
        input_tokens: of every prompt [tokens].
        output_tokens: of every answer [tokens].
        requests: of every load.
        points: the loads, lightest first.
    """

    name: str
    model: Architecture
    on: Placement
    limits: EngineLimits
    input_tokens: int
    output_tokens: int
    requests: int
    points: tuple[LoadPoint, ...]

    @property
    def context_tokens(self) -> int:
        """Of a sequence, in the middle of its answer."""
        return self.input_tokens + self.output_tokens // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveFit:
    """Step times that a curve of one shape gives, with the help of priors.

    Attributes:
        step_time: fitted.
        efficiencies: that it was made with.
        error_fraction: median miss of its own medians, of time per output token and, where the load was kept up with, of time to first token [fraction].
    """

    step_time: StepTime
    efficiencies: Efficiencies
    error_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Misses:
    """How far a prediction misses a curve: predicted over measured, less 1 [fraction].

    Attributes:
        tpot: of median time per output token, each load that was kept up with.
        ttft: of median time to first token, likewise.
        throughput: of the most requests answered a second.
        capacity: of the load at which a promise is just kept; None where no measured or predicted load keeps it.
    """

    tpot: tuple[float, ...]
    ttft: tuple[float, ...]
    throughput: float
    capacity: float | None


def poisson_traffic(curve: Curve, offered_per_s: float, seed: int = 0) -> Traffic:
    """Random arrivals of one shape, stretched so that they last just `requests / offered_per_s`, as `vllm bench serve` does.

    Args:
        curve: its shape and number of requests.
        offered_per_s: rate.
        seed: of the gaps.
    """
    ends = np.cumsum(np.random.default_rng(seed).exponential(size=curve.requests))
    return Traffic(
        arrival_s=ends * (curve.requests / offered_per_s / ends[-1]),
        input_tokens=np.full(curve.requests, curve.input_tokens, dtype=np.int32),
        output_tokens=np.full(curve.requests, curve.output_tokens, dtype=np.int32),
    )


def predict(step_time: StepTime, curve: Curve, simulate: Simulate) -> tuple[LoadPoint, ...]:
    """What a machine of given step times would have shown under the loads of a curve.

    Args:
        step_time: of the machine.
        curve: loads, shape and limits; its measured latencies are not looked at.
        simulate: the engine's simulator.
    """
    return tuple(
        _point(simulate(poisson_traffic(curve, at.offered_per_s), step_time, curve.limits), at) for at in curve.points
    )


def fit_curve(curve: Curve, simulate: Simulate) -> CurveFit:
    """Step times of a published curve; see this module.

    Args:
        curve: with two loads or more that were kept up with.
        simulate: the engine's simulator.

    Raises:
        InputError: fewer such loads.
    """
    kept = np.array([point.kept_up for point in curve.points])
    if kept.sum() < 2:  # noqa: PLR2004 - one load cannot tell a step from what is in it
        raise InputError(
            f"curve {curve.name}: {int(kept.sum())} loads were kept up with; at least two are needed to tell a step from what is in it"
        )
    ideal = ideal_times(curve.model, curve.on, curve.context_tokens)
    compute = _compute_name(curve.on)
    middle = np.array([getattr(TYPICAL, compute if name == "compute" else name) for name in _SPREADS])
    spreads = np.array(list(_SPREADS.values()))

    def efficiencies(moved: Floats) -> Efficiencies:
        values = dict(zip(_SPREADS, (middle * np.exp(moved - 1)).tolist(), strict=True))
        values[compute] = values.pop("compute")
        return replace(TYPICAL, **values)

    def residuals(moved: Floats) -> Floats:
        predicted = predict(assemble(ideal, curve.on, efficiencies(moved)), curve, simulate)
        tpot, ttft = _log_misses(predicted, curve.points)
        answered = log(_most(predicted) / _most(curve.points))
        return np.concatenate(
            [tpot / _TPOT_ERROR, ttft[kept] / _TTFT_ERROR, [answered / _TPOT_ERROR], (moved - 1) / spreads]
        )

    # Logarithms are counted from 1, because steps of the derivative are relative to them.
    found = least_squares(residuals, np.ones(len(_SPREADS)), diff_step=[0.02] * len(_SPREADS), max_nfev=_EVALUATIONS)
    best = efficiencies(found.x)
    fitted = replace(assemble(ideal, curve.on, best), basis="measured")
    tpot, ttft = _log_misses(predict(fitted, curve, simulate), curve.points)
    missed = np.abs(np.expm1(np.concatenate([tpot, ttft[kept]])))
    return CurveFit(step_time=fitted, efficiencies=best, error_fraction=float(np.median(missed)))


def misses(predicted: Sequence[LoadPoint], measured: Sequence[LoadPoint], tpot_s: float, ttft_s: float) -> Misses:
    """How far predicted loads miss measured ones.

    Args:
        predicted: at the loads of `measured`.
        measured: the curve's.
        tpot_s: promise on the median time per output token [s].
        ttft_s: promise on the median time to first token [s].
    """
    kept = [(one, other) for one, other in zip(predicted, measured, strict=True) if other.kept_up]
    carries, carried = (capacity_per_s(points, tpot_s, ttft_s) for points in (predicted, measured))
    return Misses(
        tpot=tuple(one.tpot_p50_s / other.tpot_p50_s - 1 for one, other in kept),
        ttft=tuple(one.ttft_p50_s / other.ttft_p50_s - 1 for one, other in kept),
        throughput=_most(predicted) / _most(measured) - 1,
        capacity=carries / carried - 1 if carries and carried else None,
    )


def capacity_per_s(points: Sequence[LoadPoint], tpot_s: float, ttft_s: float) -> float | None:
    """Load at which a promise on both medians is just kept, at most what was answered at best [requests/s].

    Between loads latencies and rates are straight lines in logarithms. Special case: None where the lightest load breaks the promise.

    >>> def at(rate, tpot): return LoadPoint(offered_per_s=rate, answered_per_s=rate, tpot_p50_s=tpot, ttft_p50_s=0.1)
    >>> round(capacity_per_s([at(1.0, 0.010), at(4.0, 0.040)], tpot_s=0.020, ttft_s=1.0), 9)
    2.0
    """
    strains = [log(max(point.tpot_p50_s / tpot_s, point.ttft_p50_s / ttft_s)) for point in points]
    if strains[0] > 0:
        return None
    broken = next((number for number, strain in enumerate(strains) if strain > 0), None)
    if broken is None:
        return _most(points)
    low, high = (log(points[number].offered_per_s) for number in (broken - 1, broken))
    share = -strains[broken - 1] / (strains[broken] - strains[broken - 1])
    return min(exp(low + share * (high - low)), _most(points))


def _compute_name(on: Placement) -> str:
    return "compute_8_bit_fraction" if computes_in_8_bits(on.gpu, on.precision) else "compute_16_bit_fraction"


def _log_misses(predicted: Sequence[LoadPoint], measured: Sequence[LoadPoint]) -> tuple[Floats, Floats]:
    def misses_of(name: str) -> Floats:
        return np.log(
            [getattr(one, name) / getattr(other, name) for one, other in zip(predicted, measured, strict=True)]
        )

    return misses_of("tpot_p50_s"), misses_of("ttft_p50_s")


def _point(outcome: Outcome, at: LoadPoint) -> LoadPoint:
    return LoadPoint(
        offered_per_s=at.offered_per_s,
        # As `vllm bench serve` counts it: from the start of the run, not from the first arrival.
        answered_per_s=outcome.sent_s.size / float(outcome.finish_s.max()),
        tpot_p50_s=float(np.median(outcome.tpot_s)),
        ttft_p50_s=float(np.median(outcome.ttft_s)),
    )


def _most(points: Sequence[LoadPoint]) -> float:
    return max(point.answered_per_s for point in points)
