"""Step times refined by simulating the run's own load points: what depends on who is scheduled beside whom.

Streams of a closed loop with equal lengths end together and send together; their prompts then fill steps together, and a request that comes while a step runs
waits for its end. No linear identity holds that; a simulation does. So the terms of the identities are moved, within their own uncertainty, to where
simulated throughput and latencies meet the measured ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.fit import step_time_of
from tco.capacity.steptime.fitted import FittedStepTime, Residual, Term
from tco.capacity.steptime.identities import Experts, Floats
from tco.capacity.steptime.observed import Observed
from tco.capacity.steptime.replay import Figures, Replay, replay_of, replayed

EVALUATIONS = 12
"""Most steps of the search; each simulates every load once for each term."""
MODEL_ERROR_FRACTION = 0.02
"""A simulation is not expected to be closer than this, so that one cell with a narrow interval does not decide alone."""
DISPATCH_SHARE = 0.02
"""Where the search for the time between two requests that reach the engine begins, and its uncertainty: this share of an empty step."""
MIXED_SHARE = 0.5
"""Uncertainty of what a step of prompts and answers together takes beyond their sum, which no identity shows: this share of an empty step."""
_LEAST_WIDTH = 0.01
"""A term's standard error is at least this share of its value."""
_STEP = 0.5
"""Slopes are taken over half a standard error: closer, a simulation's jumps from one order of requests to another drown them."""
_Z_95 = 1.959963984540054

METRICS = (
    ("requests_per_s", "requests_per_s", "requests_per_s"),
    ("tpot_mean_s", "tpot_mean_s", "tpot_s"),
    ("ttft_p50_s", "ttft_s", "ttft_s"),
)
"""What is met: name of the figure, of the observation, and of its error."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Search:
    names: tuple[str, ...]
    start: Floats
    width: Floats
    experts: Experts
    hidden_tokens: float
    loads: tuple[Observed, ...]
    replays: tuple[Replay, ...]
    limits: EngineLimits

    def step_time(self, z: Floats) -> StepTime:
        values = dict(zip(self.names, (self.start + self.width * z).tolist(), strict=True))
        return step_time_of(values, self.experts, self.hidden_tokens)

    def residuals(self, z: Floats) -> Floats:
        """What simulations miss, in standard errors, then how far the terms have moved, in theirs."""
        step_time = self.step_time(z)
        missed = [
            math.log(simulated / measured) / math.hypot(error, MODEL_ERROR_FRACTION)
            for load, replay in zip(self.loads, self.replays, strict=True)
            for _, measured, simulated, error in met(load, replay.figures(step_time, self.limits))
        ]
        return np.concatenate([np.array(missed), z])

    def slopes(self, z: Floats) -> Floats:
        here = self.residuals(z)
        columns = [(self.residuals(z + _STEP * unit) - here) / _STEP for unit in np.eye(z.size)]
        return np.stack(columns, axis=1)


def refined(
    fit: FittedStepTime, cells: tuple[Observed, ...], limits: EngineLimits, *, evaluations: int = EVALUATIONS
) -> FittedStepTime:
    """Moves the terms of a fit to where simulated loads meet the measured ones.

    Bounded least squares of the logarithms of simulated over measured throughput, mean TPOT and median TTFT, in standard errors, with a soft L1 loss [1]; each
    term is held to its first value by its own standard error.

    Args:
        fit: to the identities.
        cells: the same load points.
        limits: of the engine.
        evaluations: most steps of the search.

    Returns:
        The refined fit, its residuals those of simulations; intervals are of the linearised problem.

    References:
        [1] scipy.optimize.least_squares; M. A. Branch, T. F. Coleman, Y. Li, SIAM J. Sci. Comput. 21(1), 1999.
    """
    search = _search(fit, loads_of(cells), limits)
    found = least_squares(
        search.residuals,
        np.zeros(search.start.size),
        jac=search.slopes,
        bounds=(-search.start / search.width - 1e-12, np.inf),
        loss="soft_l1",
        max_nfev=evaluations,
    )
    step_time = search.step_time(found.x)
    residuals = simulation_residuals(search.loads, lambda load: replayed(load, step_time, limits))
    return replace(
        fit,
        step_time=step_time,
        terms=_terms(search, found.x, np.asarray(found.jac)),
        residuals=residuals,
        residual_fraction=float(np.sqrt(np.mean([residual.fraction**2 for residual in residuals]))),
        method="simulation",
    )


def loads_of(cells: tuple[Observed, ...]) -> tuple[Observed, ...]:
    """Load points that differ: of cells of one load their mean, with each error divided by the root of their number.

    Args:
        cells: of one run.
    """
    groups: dict[tuple[float, int, int], list[Observed]] = {}
    for cell in cells:
        groups.setdefault(cell.load, []).append(cell)
    return tuple(_middle(group) for group in groups.values())


def _middle(group: list[Observed]) -> Observed:
    if len(group) == 1:
        return group[0]
    root = math.sqrt(len(group))
    return replace(
        group[0],
        requests_per_s=float(np.mean([cell.requests_per_s for cell in group])),
        ttft_s=_mean([cell.ttft_s for cell in group]),
        ttft_p99_s=_mean([cell.ttft_p99_s for cell in group]),
        tpot_s=_mean([cell.tpot_s for cell in group]),
        tpot_mean_s=_mean([cell.tpot_mean_s for cell in group]),
        itl_s=_mean([cell.itl_s for cell in group]),
        errors={name: float(np.mean([cell.errors[name] for cell in group])) / root for name in group[0].errors},
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def met(load: Observed, figures: Figures) -> list[tuple[str, float, float, float]]:
    """Metric, measured value, simulated value and measured error of each figure that is known on both sides.

    Args:
        load: as measured.
        figures: as simulated.
    """
    found = []
    for name, measured_name, error_name in METRICS:
        if name == "requests_per_s" and not load.streams:
            continue  # in an open loop throughput is what was sent
        measured, simulated = getattr(load, measured_name), getattr(figures, name)
        if measured is not None and simulated is not None:
            found.append((name, measured, simulated, load.errors[error_name]))
    return found


def simulation_residuals(
    loads: tuple[Observed, ...], figures_of: Callable[[Observed], Figures]
) -> tuple[Residual, ...]:
    """What simulated figures miss of measured ones.

    Args:
        loads: as measured.
        figures_of: simulates one.
    """
    return tuple(
        Residual(cell=load.label, role=load.role, metric=name, measured=measured, modelled=simulated)
        for load in loads
        for name, measured, simulated, _ in met(load, figures_of(load))
    )


def _search(fit: FittedStepTime, loads: tuple[Observed, ...], limits: EngineLimits) -> _Search:
    names = [term.name for term in fit.terms]
    start = [term.value for term in fit.terms]
    width = [max((term.high - term.low) / (2 * _Z_95), _LEAST_WIDTH * term.value) for term in fit.terms]
    kept = [number for number, size in enumerate(width) if size > 0]
    dispatch = DISPATCH_SHARE * fit.step_time.intercept_s
    mixed = MIXED_SHARE * fit.step_time.intercept_s
    return _Search(
        names=(*(names[number] for number in kept), "dispatch_s", "mixed_step_s"),
        start=np.array([*(start[number] for number in kept), dispatch, 0.0]),
        width=np.array([*(width[number] for number in kept), dispatch, mixed]),
        experts=Experts(count=fit.step_time.experts, per_token=fit.step_time.experts_per_token),
        hidden_tokens=fit.step_time.hidden_tokens,
        loads=loads,
        replays=tuple(replay_of(load) for load in loads),
        limits=limits,
    )


def _terms(search: _Search, z: Floats, slopes: Floats) -> tuple[Term, ...]:
    values = search.start + search.width * z
    errors = search.width * np.sqrt(np.diag(np.linalg.pinv(slopes.T @ slopes)))
    return tuple(
        Term(
            name=name,
            value=float(max(0.0, value)),
            low=float(max(0.0, value - _Z_95 * error)),
            high=float(max(0.0, value) + _Z_95 * error),
        )
        for name, value, error in zip(search.names, values, errors, strict=True)
    )
