"""Which way the capacity of one replica is had: read from its run where that says it, else simulated."""

from __future__ import annotations

from dataclasses import replace

from probes.run import Lengths, Run
from tco.capacity.carried import PRIOR_SOURCE
from tco.capacity.curve import records, slo_capacity
from tco.capacity.curve_engine import curve_engine
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.fitted import fitted_engine
from tco.capacity.replica import Replica
from tco.capacity.shape import convert
from tco.capacity.simulated import AskedClass, simulated_capacity
from tco.capacity.slo_capacity import SloCapacity, infeasible
from tco.capacity.steptime.priors import BACKTEST
from tco.workload.asked import RequestClass, Spread, Workload

_SAME_SPREAD_WITHIN = 0.05
_UNIFORM = 3**-0.5
"""Standard deviation over half the width of a uniform distribution."""


def capacity_of(replica: Replica, workload: Workload) -> SloCapacity:
    """What one replica carries while the promise holds, for the workload's lengths.

    In this order:

    1. what was probed at these lengths: the run's own curve, `measured` or `interpolated`;
    2. other lengths, lengths that vary otherwise, several classes, percentiles that the run has not: an engine simulated with step times fitted to the run,
       `modelled`;
    3. likewise with step times of one curve and the data sheet's help, where the cells alone do not identify them, `modelled`;
    4. where neither is to be had: the safe bound of `tco.capacity.shape`, `modelled`.

    A machine that was not probed is simulated with step times carried over to it.

    Args:
        replica: whose.
        workload: lengths and promises.
    """
    found = _capacity(replica, workload.reasoned(replica.reasoning_factor))
    return replace(found, reasons=(*found.reasons, *replica.notes))


def _capacity(replica: Replica, workload: Workload) -> SloCapacity:
    classes = asked_classes(workload, replica.run)
    if replica.carried is not None:
        return _simulated(replica.carried, classes)
    into, out = workload.mean_input_tokens, workload.mean_output_tokens
    as_probed = len(classes) == 1 and _same_spread(classes[0].spread, _spread(replica.run.workload.lengths))
    is_same = as_probed and convert(replica.run.workload, into, out).is_same
    if is_same and records(replica.run, workload.slo):
        return slo_capacity(replica.run, workload.slo, into, out)
    engine = own_engine(replica)
    if isinstance(engine, EngineModel):
        return _simulated(engine, classes)
    if len(classes) > 1:
        return infeasible(
            f"several classes of requests need step times, and the run does not give them: {engine.sentence}",
            engine.code,
        )
    bound = slo_capacity(replica.run, workload.slo, into, out)
    why = f"step times are not known: {engine.sentence}"
    if not bound.feasible:
        return replace(bound, reasons=(*bound.reasons, why))
    return replace(bound, reasons=(why, *bound.reasons), code=engine.code)


def own_engine(replica: Replica) -> EngineModel | NoEngineModel:
    """Step times of the machine that was probed: fitted to its run, or where the run is a curve of one length with the help of its data sheet.

    Args:
        replica: that was probed.
    """
    fitted = fitted_engine(replica.run)
    if isinstance(fitted, EngineModel) or replica.served is None:
        return fitted
    helped = curve_engine(replica.run, replica.served)
    if isinstance(helped, NoEngineModel):
        return fitted
    # Its lengths are one: for others it is as good as the data sheet that fills the gaps.
    return replace(
        helped,
        error_fraction=BACKTEST.median_fraction,
        band_fraction=BACKTEST.nine_of_ten_fraction,
        error_source=PRIOR_SOURCE,
    )


def asked_classes(workload: Workload, run: Run) -> tuple[AskedClass, ...]:
    """The workload's classes as the simulator draws them; one without a name where it has none.

    Args:
        workload: the traffic.
        run: whose spread of lengths is taken where the workload gives none.
    """
    as_probed = _spread(run.workload.lengths)
    if not workload.classes:
        return (
            AskedClass(
                input_tokens=workload.mean_input_tokens,
                output_tokens=workload.mean_output_tokens,
                spread=workload.lengths or as_probed,
                limits_ms=tuple(workload.slo.limits().items()),
            ),
        )
    return tuple(_named(name, kind, workload, as_probed) for name, kind in workload.classes.items())


def _named(name: str, kind: RequestClass, workload: Workload, as_probed: Spread) -> AskedClass:
    return AskedClass(
        name=name,
        share=kind.share_fraction.value,
        input_tokens=kind.input_tokens_per_request.value,
        output_tokens=kind.output_tokens_per_request.value,
        spread=kind.lengths or workload.lengths or as_probed,
        limits_ms=tuple((kind.slo or workload.slo).limits().items()),
    )


def _simulated(engine: EngineModel | NoEngineModel, classes: tuple[AskedClass, ...]) -> SloCapacity:
    if isinstance(engine, NoEngineModel):
        return infeasible(engine.sentence, engine.code)
    return simulated_capacity(engine, classes)


def _spread(lengths: Lengths) -> Spread:
    """How a run's lengths varied; an even spread is taken as a log-normal one of the same standard deviation, recorded pairs as of their mean."""
    if lengths.kind == "lognormal" and lengths.spread_fraction > 0:
        correlation = max(-0.95, min(0.95, lengths.correlation))
        return Spread(kind="lognormal", spread_fraction=min(lengths.spread_fraction, 5.0), correlation=correlation)
    if lengths.kind == "uniform" and lengths.spread_fraction > 0:
        return Spread(kind="lognormal", spread_fraction=lengths.spread_fraction * _UNIFORM)
    return Spread()


def _same_spread(asked: Spread, probed: Spread) -> bool:
    return (
        abs(asked.spread_fraction - probed.spread_fraction) <= _SAME_SPREAD_WITHIN
        and abs(asked.correlation - probed.correlation) <= 2 * _SAME_SPREAD_WITHIN
    )
