"""What input and output tokens take of the machine, fitted once the length mixes are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.analysis.costs import fit_cost_split
from probes.errors import ProbeError
from probes.record import Warn

if TYPE_CHECKING:
    from probes.stages.conductor import Conductor

CODE = "cost_split"


def note_split(conductor: Conductor) -> None:
    """Fits the split and keeps it in the books; where the cells do not give one, a warning says why.

    Args:
        conductor: the sweep, its length mixes measured.
    """
    cells = [cell for cell in conductor.cells if cell.role == "lengths" and cell.usable]
    try:
        conductor.ledger.findings["cost_split"] = fit_cost_split(cells)
    except ProbeError as error:
        message = f"What input and output tokens take of the machine is not known: {error}"
        conductor.ledger.warnings.append(Warn(code=CODE, message=message))
