"""What a running probe says about itself, and what it asks of an energy meter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from probes.cell import Cell

ProgressKind = Literal[
    "warmup",
    "repeat",
    "cell",
    "skipped",
    "save_failed",
    "stopped_flat",
    "stopped_budget",
    "interrupted",
    "done",
]
"""What has just happened. `skipped`: the cell was already complete in the run that is resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One event of a running sweep, ready to be printed or drawn.

    Attributes:
        kind: what has just happened.
        message: one plain sentence about it.
        cells_done: load points that are finished, skipped ones included.
        cells_total: load points in the plan.
        elapsed_s: since the sweep began [s].
        remaining_s: estimate from the request times measured so far [s]; None before there are any.
        cell: the finished load point, with `kind` `cell`, `skipped` or `interrupted`.
    """

    kind: ProgressKind
    message: str
    cells_done: int
    cells_total: int
    elapsed_s: float
    remaining_s: float | None = None
    cell: Cell | None = None
