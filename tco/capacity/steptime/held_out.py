"""How far step times miss loads that they were not fitted to: each load left out once, predicted from the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.steptime.fit import Basis, fit_cells
from tco.capacity.steptime.fitted import ModelError, Refusal
from tco.capacity.steptime.observed import Observed
from tco.capacity.steptime.refine import loads_of, refined
from tco.capacity.steptime.replay import Figures, replayed

EVALUATIONS = 5
"""Steps of a refinement that leaves a load out."""
PREDICTED = (
    ("requests_per_s", "requests_per_s"),
    ("tpot_p50", "tpot_s"),
    ("ttft_p50", "ttft_s"),
    ("ttft_p99", "ttft_p99_s"),
)
"""Metric as it is called, and name of the observation."""
_JUDGED_BY = ("requests_per_s", "tpot_p50", "ttft_p50")

Pairs = list[tuple[str, float]]
"""Metrics with relative errors, signed."""


def held_out(basis: Basis, limits: EngineLimits, *, by_simulation: bool) -> Pairs:
    """Relative errors of loads that were left out, one after the other.

    All cells of a load are left out together. A load whose absence leaves too little to fit is not counted.

    Args:
        basis: what a fit rests on.
        limits: of the engine.
        by_simulation: whether the fits are refined by simulation.
    """
    found: Pairs = []
    for load in loads_of(basis.cells):
        rest = tuple(cell for cell in basis.cells if cell.load != load.load)
        fit = fit_cells(replace(basis, cells=rest), intervals=by_simulation)
        if isinstance(fit, Refusal):
            continue
        if by_simulation:
            fit = refined(fit, rest, limits, evaluations=EVALUATIONS)
        found += missed(load, replayed(load, fit.step_time, limits))
    return found


def missed(load: Observed, figures: Figures) -> Pairs:
    """Relative errors of one load's figures.

    Args:
        load: as measured.
        figures: as predicted.
    """
    found: Pairs = []
    for metric, name in PREDICTED:
        if metric == "requests_per_s" and not load.streams:
            continue
        measured = getattr(load, name)
        predicted = getattr(figures, metric if metric == "requests_per_s" else f"{metric}_s")
        if measured is not None and predicted is not None:
            found.append((metric, predicted / measured - 1))
    return found


def errors_of(pairs: Pairs) -> tuple[ModelError, ...]:
    """Median and largest error of each metric.

    Args:
        pairs: metrics with relative errors.

    >>> errors_of([("ttft_p50", 0.1), ("ttft_p50", -0.2), ("ttft_p50", 0.0)])
    (ModelError(metric='ttft_p50', median_fraction=0.1, worst_fraction=0.2, cells=3),)
    """
    found = []
    for metric, _ in PREDICTED:
        sizes = [abs(error) for name, error in pairs if name == metric]
        if sizes:
            found.append(
                ModelError(
                    metric=metric,
                    median_fraction=float(np.median(sizes)),
                    worst_fraction=max(sizes),
                    cells=len(sizes),
                )
            )
    return tuple(found)


def typical(pairs: Pairs) -> float:
    """One number for a set of errors: mean over throughput, TPOT and TTFT of their median sizes [fraction]; infinite without any.

    Args:
        pairs: metrics with relative errors.
    """
    medians = [error.median_fraction for error in errors_of(pairs) if error.metric in _JUDGED_BY]
    return float(np.mean(medians)) if medians else float("inf")
