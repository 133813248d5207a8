"""One replica of an option: the run that it is known by, and step times where the run alone does not say."""

from __future__ import annotations

from dataclasses import dataclass

from probes.run import Run
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.served import Served
from tco.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replica:
    """One replica of an option.

    Attributes:
        run: what was measured, on the part that is meant or on another.
        gpus: GPUs of one replica; 0 where it runs on the CPU.
        carried: step times that were carried from the run's part to the option's own, or why they could not be; None where the option is what was probed.
        served: what the run is of, where that is known: its data sheet helps where the run alone does not say enough.
        notes: what to know of how the run stands for this replica, in sentences.
        reasoning_factor: its model's reasoning tokens over the workload's; None: the same.
    """

    run: Run
    gpus: int
    carried: EngineModel | NoEngineModel | None = None
    served: Served | None = None
    notes: tuple[str, ...] = ()
    reasoning_factor: Quantity | None = None


def probed(run: Run) -> Replica:
    """A replica just as it was probed.

    Args:
        run: of it.
    """
    return Replica(run=run, gpus=run.gpus_per_replica)
