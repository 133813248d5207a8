"""The books of a sweep: what is known beforehand, the cells so far, and the run that they make at any moment."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from probes.cell import Cell
from probes.record import Warn
from probes.run import Run
from probes.run_file import RunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.run import Plan, WorkloadShape
    from probes.setting import Engine, Environment, Model

STOPPED_FLAT = "stopped_flat"
"""Code of the run warning that says that higher loads were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What is known about a run before its first request: everything of the record that is not measured.

    Attributes:
        run_id: unique name of the run.
        created_at: ISO 8601 with time zone.
        tool_version: version of this tool.
        environment: the machine.
        engine: the server and its arguments; the size of its KV cache is filled in from `/metrics` if it is None.
        model: the architecture and how its weights are held.
        gpu: name of the GPU as price lists know it, None on a CPU or where unknown.
        gpus_per_replica: GPUs that serve one copy of the model; 0 on a CPU.
    """

    run_id: str
    created_at: str
    tool_version: str
    environment: Environment
    engine: Engine
    model: Model
    gpu: str | None = None
    gpus_per_replica: int = 0


class Ledger:
    """Collects cells and can write the run at any moment, so that an interruption costs at most the cell in work.

    Attributes:
        shape: the workload, its seed set.
        attempt: 0 for a new run; for a resumed one a number that no earlier attempt had.
        kept: complete cells of the run that is resumed, by concurrency.
        cells: cells in the order in which the sweep came to them.
        warnings: about the run as a whole.
        save_error: why the last attempt to save failed, None if it did not.
    """

    def __init__(
        self,
        header: RunHeader,
        *,
        shape: WorkloadShape,
        plan: Plan,
        save: Callable[[Run], None],
        existing: Run | None = None,
    ) -> None:
        """Opens the books.

        Args:
            header: what is known beforehand.
            shape: the workload; without a seed, that of `existing` is taken, else one is drawn.
            plan: recorded so that the run can be resumed.
            save: keeps a run.
            existing: the run that is resumed; it gives its id and date, its complete cells and its warnings.
        """
        seed = existing.workload.seed if shape.seed is None and existing is not None else shape.seed
        self.shape = shape.model_copy(update={"seed": secrets.randbelow(2**32) if seed is None else seed})
        self.attempt = 0
        self.kept: dict[int | None, Cell] = {}
        self.cells: list[Cell] = []
        self.warnings: list[Warn] = []
        self.save_error: RunError | None = None
        self._header, self._plan, self._save = header, plan, save
        if existing is not None:
            self.attempt = time.time_ns()
            self.kept = {cell.concurrency: cell for cell in existing.cells if cell.complete}
            self.warnings = [warn for warn in existing.warnings if warn.code != STOPPED_FLAT]
            self._header = replace(header, run_id=existing.run_id, created_at=existing.created_at)

    def note_kv_cache(self, tokens: int | None) -> None:
        """Fills in the engine's KV-cache size [tokens] where it was not known."""
        engine = self._header.engine
        if engine.kv_cache_tokens is None:
            self._header = replace(self._header, engine=engine.model_copy(update={"kv_cache_tokens": tokens}))

    def run(self, incomplete_reason: str | None) -> Run:
        """The run as it stands.

        Args:
            incomplete_reason: why it is not complete; None if it is.
        """
        header = self._header
        measured = {cell.concurrency for cell in self.cells}
        not_reached = [cell for concurrency, cell in self.kept.items() if concurrency not in measured]
        return Run(
            run_id=header.run_id,
            created_at=header.created_at,
            tool_version=header.tool_version,
            complete=incomplete_reason is None,
            incomplete_reason=incomplete_reason,
            environment=header.environment,
            engine=header.engine,
            model=header.model,
            workload=self.shape,
            gpu=header.gpu,
            gpus_per_replica=header.gpus_per_replica,
            plan=self._plan,
            warnings=list(self.warnings),
            cells=sorted([*self.cells, *not_reached], key=lambda cell: cell.concurrency or 0),
        )

    def keep(self, incomplete_reason: str | None) -> RunError | None:
        """Saves the run as it stands.

        Args:
            incomplete_reason: as for `run`.

        Returns:
            Why it could not be saved, None if it was. Measuring goes on: the next attempt may succeed.
        """
        try:
            self._save(self.run(incomplete_reason))
            self.save_error = None
        except RunError as error:
            self.save_error = error
        return self.save_error
