"""The engine of a replica that nobody probed: step times carried over from a run, or from a data sheet, with the limits of the new machine."""

from __future__ import annotations

from probes.run import Run
from tco.capacity.curve_engine import curve_engine
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.fitted import fitted_engine
from tco.capacity.memory.fits import Misfit
from tco.capacity.memory.limits_on import limits_on, overheads_of_run, settings_of_run
from tco.capacity.memory.overheads import Overheads
from tco.capacity.memory.settings import settings_on
from tco.capacity.served import Served
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.steptime.priors import prior_step_time
from tco.capacity.steptime.transfer import KIND_WORDS, transfer
from tco.errors import InputError

TRANSFER_SOURCE = (
    "published curves of vLLM on H100 and A100 predicted from each other, `python -m benchmarks.transfer_backtest`"
)
PRIOR_SOURCE = (
    "published curves of vLLM on H100 and A100 predicted from data sheets, `python -m benchmarks.transfer_backtest`"
)


def carried_engine(run: Run, source: Served | str, target: Served, needed_tokens: int) -> EngineModel | NoEngineModel:
    """Step times and limits of a replica that nobody probed.

    In this order: step times that were fitted to the run, carried over; those of its curve with the data sheet's help, carried over; where the run gives none,
    those of the data sheet alone, with a wide band.

    Args:
        run: what was measured.
        source: what the run is of; or why that is not known, in words that follow "for".
        target: what shall run.
        needed_tokens: longest mean request, which must fit [tokens].

    Returns:
        The engine; or why there is none: the model does not fit (with the smallest layout that would), a layout that cannot be, or a run that contradicts the
        data sheet of its own part.
    """
    try:
        limits = limits_on(
            target.model,
            target.on,
            needed_tokens=needed_tokens,
            run=run,
            overheads=_overheads(run, source, target),
        )
        if isinstance(limits, Misfit):
            return NoEngineModel(code=limits.code, sentence=limits.sentence)
        if isinstance(source, str):
            return _prior(target, limits, needed_tokens, source)
        fitted = _step_times(run, source)
        if isinstance(fitted, NoEngineModel):
            return _prior(
                target, limits, needed_tokens, f"its run gives no step times to carry over ({fitted.sentence})"
            )
        return _transferred(fitted, source, target, limits, needed_tokens)
    except InputError as error:
        return NoEngineModel(code="not_carried", sentence=str(error))


def _step_times(run: Run, source: Served) -> EngineModel | NoEngineModel:
    """Fitted to the run alone where its cells tell them; else to its curve, with the data sheet's help."""
    fitted = fitted_engine(run)
    if isinstance(fitted, EngineModel):
        return fitted
    drawn = curve_engine(run, source)
    return drawn if isinstance(drawn, EngineModel) else fitted


def _transferred(
    fitted: EngineModel, source: Served, target: Served, limits: EngineLimits, needed_tokens: int
) -> EngineModel:
    moved = transfer(
        fitted.step_time,
        source.model,
        source.on,
        target.on,
        target_model=target.model,
        fit_error_fraction=fitted.error_fraction,
        context_tokens=needed_tokens,
    )
    what = " and ".join(KIND_WORDS[kind] for kind in moved.kinds) or "the same machine with other settings"
    return EngineModel(
        step_time=moved.step_time,
        limits=limits,
        origin=(
            f"nobody measured {target.label}; {fitted.origin} ({source.label}, {moved.bandwidth_fraction:.0%} of the memory bandwidth and "
            f"{moved.compute_fraction:.0%} of the matrix rate reached there) were carried over to {what}; probe the target before you buy"
        ),
        error_fraction=moved.error_fraction,
        band_fraction=moved.band_fraction,
        error_source=TRANSFER_SOURCE,
    )


def _prior(target: Served, limits: EngineLimits, needed_tokens: int, reason: str) -> EngineModel:
    """Step times of the data sheet; half of the band is what published rooflines miss."""
    found = prior_step_time(target.model, target.on, context_tokens=needed_tokens)
    return EngineModel(
        step_time=found.step_time,
        limits=limits,
        origin=(
            f"nobody measured {target.label}, so its step times are those of the data sheet at efficiencies that engines usually reach, for {reason}; "
            "probe it before you buy: `tco probe run`"
        ),
        error_fraction=found.error_fraction,
        band_fraction=found.band_fraction,
        error_source=PRIOR_SOURCE,
    )


def _overheads(run: Run, source: Served | str, target: Served) -> Overheads | None:
    """What the run's engine needed beside weights and cache, where the target's needs the same: the same model, steps and sharing of layers."""
    if isinstance(source, str) or source.model.config_sha256 != target.model.config_sha256:
        return None
    here, there = source.on, target.on
    alone = (here.tensor_parallel_size == 1, there.tensor_parallel_size == 1)
    if alone[0] != alone[1] or there.pipeline_parallel_size > 1:
        return None
    told = settings_of_run(run, here)
    then = settings_on(there.gpu, args=run.engine.args, version=run.engine.version)
    steps = (told.max_num_batched_tokens, told.max_num_seqs), (then.max_num_batched_tokens, then.max_num_seqs)
    return overheads_of_run(run, source.model, here) if steps[0] == steps[1] else None
