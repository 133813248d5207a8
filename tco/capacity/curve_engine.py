"""Step times of a load curve of one request shape, with the help of the data sheet: enough to be carried to another machine, not to other lengths.

Such a curve tells sums of terms only, so that `tco.capacity.steptime.fit` refuses it. What it tells draws the data sheet's efficiencies from their priors
(`tco.capacity.steptime.backtest`); how far step times that were had so and carried over miss other curves is what that back-test measured.
"""

from __future__ import annotations

from functools import lru_cache

from probes.cell import Cell
from probes.run import Run
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.memory.limits_on import kv_tokens_of_run
from tco.capacity.memory.run_limits import limits_of_run
from tco.capacity.served import Served
from tco.capacity.steptime.backtest import Curve, CurveFit, LoadPoint, fit_curve
from tco.capacity.steptime.known import known_fit
from tco.capacity.steptime.transfer import BAND_FRACTION
from tco.errors import InputError

_FEWEST_LOADS = 2
_MOST_REQUESTS = 1_000
"""Of one load; more make the fit slower, and its medians no better than the curve's."""


def curve_engine(run: Run, source: Served) -> EngineModel | NoEngineModel:
    """Step times of a run's open-loop curve, with the data sheet's help.

    Args:
        run: of one shape of requests that came at random.
        source: what it is of.

    Returns:
        The engine, whose `error_fraction` is the fit's own miss; or why the run is no such curve.
    """
    curve = _curve(run, source)
    if isinstance(curve, NoEngineModel):
        return curve
    return _fitted(curve, run.run_id)


@lru_cache(maxsize=32)
def _fitted(curve: Curve, run_id: str) -> EngineModel | NoEngineModel:
    try:
        found = known_fit(curve) or _simulated(curve)
    except InputError as error:
        return NoEngineModel(code="no_curve", sentence=str(error))
    return EngineModel(
        step_time=found.step_time,
        limits=curve.limits,
        origin=f"step times of {len(curve.points)} loads of run {run_id}, with the data sheet's help",
        error_fraction=found.error_fraction,
        band_fraction=max(BAND_FRACTION.values()),
        error_source="its own loads, which it was fitted to",
    )


def _simulated(curve: Curve) -> CurveFit:
    # Compiled code is loaded when it is first needed: most answers need none.
    from tco.capacity.simulator.simulate import simulate  # noqa: PLC0415

    return fit_curve(curve, simulate)


def forget_fits() -> None:
    """Fits every curve anew from now on."""
    _fitted.cache_clear()


def _curve(run: Run, source: Served) -> Curve | NoEngineModel:
    """The run as the fit takes it: its open loops, lightest first."""
    points = sorted((_point(cell) for cell in run.usable_cells if _is_open(cell)), key=lambda at: at.offered_per_s)
    shape = run.workload
    if len(points) < _FEWEST_LOADS or shape.lengths.kind != "fixed" or shape.shared_prefix_fraction or shape.turns > 1:
        return NoEngineModel(
            code="no_curve",
            sentence=f"run {run.run_id} has {len(points)} open-loop loads of one fixed length with medians; {_FEWEST_LOADS} are needed",
        )
    requests = min(cell.requests_ok for cell in run.usable_cells if _is_open(cell))
    try:
        limits = limits_of_run(run, kv_cache_tokens=kv_tokens_of_run(run, source.model, source.on))
    except InputError as error:
        return NoEngineModel(code="limits_unknown", sentence=str(error))
    return Curve(
        name=run.run_id,
        model=source.model,
        on=source.on,
        limits=limits,
        input_tokens=shape.input_tokens,
        output_tokens=shape.output_tokens,
        requests=max(1, min(requests, _MOST_REQUESTS)),
        points=tuple(points),
    )


def _is_open(cell: Cell) -> bool:
    return bool(cell.request_rate_per_s and cell.tpot_ms.p50 and cell.ttft_ms.p50)


def _point(cell: Cell) -> LoadPoint:
    return LoadPoint(
        offered_per_s=cell.request_rate_per_s or 0.0,
        answered_per_s=cell.requests_per_s.mean,
        tpot_p50_s=(cell.tpot_ms.p50 or 0.0) / 1e3,
        ttft_p50_s=(cell.ttft_ms.p50 or 0.0) / 1e3,
    )
