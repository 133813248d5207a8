"""Parts of a probe that are a list of load points: length mixes, prefill, context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.stages.estimate import expected_point_s
from probes.stages.points import Point, context_points, ladder, length_mixes, prefill_points

if TYPE_CHECKING:
    from probes.cell import Cell
    from probes.stages.conductor import Conductor


def points_of(part: str, conductor: Conductor) -> list[Point]:
    """The load points of a part.

    Args:
        part: `lengths`, `prefill` or `context`.
        conductor: the sweep, whose curve says which loads are worth it.
    """
    measured = sorted(cell.concurrency for cell in _curve(conductor) if cell.concurrency is not None)
    if part == "prefill":
        return prefill_points(conductor.shape)
    if part == "context":
        return context_points(conductor.shape, measured or ladder(conductor.plan))
    return length_mixes(conductor.shape, saturated(conductor))


def saturated(conductor: Conductor) -> int:
    """The lightest measured concurrency that gives within 5 % of the highest throughput; the plan's heaviest without a curve."""
    cells = _curve(conductor)
    if not cells:
        return ladder(conductor.plan)[-1]
    best = max(cell.output_tokens_per_s.mean for cell in cells)
    return min(cell.concurrency or 1 for cell in cells if cell.output_tokens_per_s.mean >= 0.95 * best)


async def measure_list(conductor: Conductor, points: list[Point], share_s: float | None) -> None:
    """Measures points in their order; one that does not fit into the share is left out, the others are not.

    Args:
        conductor: the sweep.
        points: the load points.
        share_s: what they may spend together [s]; None without a budget.
    """
    until_s = None if share_s is None else conductor.elapsed_s + share_s
    conductor.ahead += points
    for point in points:
        expected_s = expected_point_s(point, conductor.plan, conductor.cells)
        late = until_s is not None and conductor.elapsed_s + (expected_s or 0.0) > until_s
        if late and conductor.ledger.kept(point) is None:
            conductor.ahead.remove(point)
            conductor.left_out.append(point)
            continue
        await conductor.closed(point, limit_s=expected_s)
        if conductor.stopped is not None:
            conductor.ahead.clear()
            return


def _curve(conductor: Conductor) -> list[Cell]:
    return [cell for cell in conductor.cells if cell.role == "curve" and cell.usable and cell.concurrency is not None]
