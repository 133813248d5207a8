"""The books of a probe: what is known beforehand, the cells and findings so far, and the run that they make at any moment."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from probes.run import Run
from probes.run_file import RunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.cell import Cell
    from probes.findings import ClientFloor, IdlePower
    from probes.record import Warn
    from probes.run import Plan, WorkloadShape
    from probes.setting import Engine, Environment, Manifest, Model
    from probes.stages.points import Point

STOPPED_FLAT = "stopped_flat"
"""Code of the run warning that says that higher loads were left out."""

_MOST_ATTEMPTS = 2**32 - 1
"""A prompt's seed has 32 bits for the attempt; drawn at random, two attempts at one run are hardly ever the same."""

_OF_THE_SWEEP = (STOPPED_FLAT, "drift", "goodput_unresolved", "cost_split")
"""Codes of run warnings that a resumed sweep finds anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What is known about a run before its first request: everything of the record that the sweep does not measure.

    Attributes:
        run_id: unique name of the run.
        created_at: ISO 8601 with time zone.
        tool_version: version of this tool.
        environment: the machine.
        engine: the server and its arguments; the size of its KV cache and what it understands are filled in.
        model: the architecture and how its weights are held.
        gpu: name of the GPU as price lists know it, None on a CPU or where unknown.
        gpus_per_replica: GPUs that serve one copy of the model; 0 on a CPU.
        manifest: what somebody else needs to do the same again.
        client_floor: what the client itself adds.
        idle: power with nothing to do.
    """

    run_id: str
    created_at: str
    tool_version: str
    environment: Environment
    engine: Engine
    model: Model
    gpu: str | None = None
    gpus_per_replica: int = 0
    manifest: Manifest | None = None
    client_floor: ClientFloor | None = None
    idle: IdlePower | None = None


class Ledger:
    """Collects cells and findings and can write the run at any moment, so that an interruption costs at most the cell in work.

    Attributes:
        shape: the workload, its seed set.
        attempt: 0 for a new run; for a resumed one a number that no earlier attempt had.
        cells: in the order in which they were measured.
        findings: fields of the run that parts of the sweep found out, by name (`goodput`, `cost_split`).
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
        self.cells: list[Cell] = []
        self.findings: dict[str, Any] = {}
        self.warnings: list[Warn] = []
        self.save_error: RunError | None = None
        self._kept: list[Cell] = []
        self._header, self._plan, self._save = header, plan, save
        if existing is not None:
            self.attempt = 1 + secrets.randbelow(_MOST_ATTEMPTS)
            self._kept = [cell for cell in existing.cells if cell.complete]
            self.warnings = [warn for warn in existing.warnings if warn.code not in _OF_THE_SWEEP]
            self._header = replace(
                header,
                run_id=existing.run_id,
                created_at=existing.created_at,
                client_floor=header.client_floor or existing.client_floor,
                idle=header.idle or existing.idle,
            )

    def kept(self, point: Point) -> Cell | None:
        """The complete cell of a load point in the run that is resumed; None where it must be measured."""
        return next((cell for cell in self._kept if point.is_of(cell)), None)

    def note_engine(self, *, kv_cache_tokens: int | None, profile: str | None, capabilities: dict[str, bool]) -> None:
        """Fills in what the endpoint has told about itself, where it was not known."""
        engine = self._header.engine
        update: dict[str, Any] = {"capabilities": capabilities}
        if engine.kv_cache_tokens is None:
            update["kv_cache_tokens"] = kv_cache_tokens
        if engine.profile is None:
            update["profile"] = profile
        self._header = replace(self._header, engine=engine.model_copy(update=update))

    def note_idle(self, idle: IdlePower) -> None:
        """Keeps the power with nothing to do."""
        self._header = replace(self._header, idle=idle)

    @property
    def header(self) -> RunHeader:
        """What is known beside the cells."""
        return self._header

    def run(self, incomplete_reason: str | None) -> Run:
        """The run as it stands.

        Args:
            incomplete_reason: why it is not complete; None if it is.
        """
        header = self._header
        measured = {_key(cell) for cell in self.cells}
        not_reached = [cell for cell in self._kept if _key(cell) not in measured]
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
            client_floor=header.client_floor,
            idle=header.idle,
            manifest=header.manifest,
            warnings=list(self.warnings),
            cells=sorted([*self.cells, *not_reached], key=_order),
            **self.findings,
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


def _key(cell: Cell) -> tuple[Any, ...]:
    return cell.role, cell.concurrency, cell.request_rate_per_s, cell.shape


def _order(cell: Cell) -> tuple[bool, str, float, float, float]:
    """The curve first, then part by part, each from the lightest load up."""
    lengths = (0.0, 0.0) if cell.shape is None else (cell.shape.input_tokens, cell.shape.output_tokens)
    load = float(cell.concurrency or 0) or cell.request_rate_per_s or 0.0
    return cell.role != "curve", cell.role, load, *lengths
