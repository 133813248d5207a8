"""From a run to step times with their error on loads that were left out: the one call that planning makes."""

from __future__ import annotations

from dataclasses import replace

from probes.run import Run
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.steptime.fit import Basis, basis_of, fit_cells
from tco.capacity.steptime.fitted import Caution, FittedStepTime, ModelError, Refusal
from tco.capacity.steptime.held_out import errors_of, held_out, typical
from tco.capacity.steptime.refine import refined


def step_time_of_run(run: Run, limits: EngineLimits) -> FittedStepTime | Refusal:
    """Step times of a run: fitted to linear identities, then to simulations where that predicts loads that were left out better.

    Args:
        run: the probe.
        limits: of its engine (`tco.capacity.memory.run_limits.limits_of_run`).

    Returns:
        The fit with its errors by leave-one-load-out cross-validation; or a `Refusal` with a code, a sentence and the command that measures what is missing.
    """
    basis = basis_of(run, limits)
    fit = fit_cells(basis)
    if isinstance(fit, Refusal):
        return fit
    plain, simulated = _both(basis, limits)
    if typical(simulated) < typical(plain):
        return replace(refined(fit, basis.cells, limits), errors=errors_of(simulated))
    caution = Caution(
        code="not_refined",
        sentence="moving the step times to where simulations meet the cells did not predict left-out loads better; they are those of the linear fit",
    )
    return replace(fit, errors=errors_of(plain), cautions=(*fit.cautions, caution))


def held_out_error(run: Run, limits: EngineLimits) -> tuple[ModelError, ...] | Refusal:
    """How far step times fitted to all but one load of a run miss that load, over all loads.

    Args:
        run: the probe.
        limits: of its engine.

    Returns:
        Median and worst error of throughput, TPOT, and TTFT; or why there are no step times.
    """
    basis = basis_of(run, limits)
    fit = fit_cells(basis, intervals=False)
    if isinstance(fit, Refusal):
        return fit
    plain, simulated = _both(basis, limits)
    return errors_of(min(plain, simulated, key=typical))


def _both(basis: Basis, limits: EngineLimits) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    return held_out(basis, limits, by_simulation=False), held_out(basis, limits, by_simulation=True)
