"""The engine model of a run: step times fitted to its cells."""

from __future__ import annotations

from functools import lru_cache

from probes.run import Run
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.memory.limits_on import kv_tokens_by_memory
from tco.capacity.memory.run_limits import limits_of_run
from tco.capacity.steptime.fitted import FittedStepTime, ModelError, Refusal
from tco.capacity.steptime.kept import kept_step_time
from tco.errors import InputError

LEAST_BAND_FRACTION = 0.10
"""No model is taken to be closer than this, however well it meets its own run: benchmarks/data/capacity_accuracy.txt, nine loads of ten on a real vLLM."""
_JUDGED_BY = ("requests_per_s", "tpot_p50", "ttft_p50")


def fitted_engine(run: Run) -> EngineModel | NoEngineModel:
    """Step times fitted to a run, with the engine's limits, or why its cells do not give them.

    Args:
        run: the probe.
    """
    return _fitted(_Held(run))


class _Held:
    """A run as a key: runs are compared by identity of their content, which is hashed once."""

    __slots__ = ("key", "run")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.key = run.model_dump_json()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.key == other.key


@lru_cache(maxsize=64)
def _fitted(held: _Held) -> EngineModel | NoEngineModel:
    run = held.run
    try:
        limits = limits_of_run(run, kv_cache_tokens=kv_tokens_by_memory(run))
    except InputError as error:
        return NoEngineModel(code="limits_unknown", sentence=str(error))
    found = kept_step_time(run, limits)
    if isinstance(found, Refusal):
        return NoEngineModel(code=found.code, sentence=f"{found.sentence}: {found.command}")
    return EngineModel(
        step_time=found.step_time,
        limits=limits,
        origin=f"step times fitted to {found.cells_used} load points of run {run.run_id}",
        error_fraction=_typical(found),
        band_fraction=max(LEAST_BAND_FRACTION, _worst(found)),
        error_source="each load left out of the fit once and predicted from the others",
    )


def _judged(fit: FittedStepTime) -> list[ModelError]:
    return [error for error in fit.errors if error.metric in _JUDGED_BY]


def _typical(fit: FittedStepTime) -> float:
    """The largest median of throughput, TPOT and TTFT; what the fit misses of its own cells where no load could be left out."""
    return max((error.median_fraction for error in _judged(fit)), default=fit.residual_fraction)


def _worst(fit: FittedStepTime) -> float:
    return max((error.worst_fraction for error in _judged(fit)), default=2 * fit.residual_fraction)
