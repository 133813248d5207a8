"""The load curve: how throughput and latency change with the load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.analysis.capacity import FLAT_GAIN_FRACTION, gain, next_concurrency
from probes.record import Warn
from probes.stages.estimate import expected_point_s
from probes.stages.ledger import STOPPED_FLAT
from probes.stages.points import Point, ladder, up_and_down

if TYPE_CHECKING:
    from probes.cell import Cell
    from probes.stages.conductor import Conductor

MOST_CONCURRENCY = 1024
"""Where a ladder that grows ends in any case: engines batch fewer sequences by default."""


async def measure_curve(conductor: Conductor, share_s: float | None) -> None:
    """Measures the plan's concurrencies, every other one on the way up, the others on the way down; without any, a ladder that grows.

    The way up ends where more streams no longer give more tokens; heavier loads between are left out then too.

    Args:
        conductor: the sweep.
        share_s: what the curve may spend [s]; None without a budget.
    """
    if not conductor.plan.concurrency:
        await _grow(conductor, share_s)
        return
    points = ladder(conductor.plan)
    up, down = up_and_down(points)
    until_s = None if share_s is None else conductor.elapsed_s + share_s
    conductor.ahead += [_point(concurrency) for concurrency in (*up, *down)]
    for concurrency in (*up, *down):
        if _point(concurrency) not in conductor.ahead:
            continue
        await conductor.closed(_point(concurrency), limit_s=_limit_s(conductor, concurrency, until_s))
        if conductor.stopped is not None:
            conductor.ahead.clear()
            return
        _stop_where_flat(conductor, points)


async def _grow(conductor: Conductor, share_s: float | None) -> None:
    """Doubles the load until more is confidently not worth it, then looks closer at the knee."""
    until_s = None if share_s is None else conductor.elapsed_s + share_s
    while conductor.stopped is None:
        curve = [cell for cell in conductor.cells if cell.role == "curve"]
        concurrency = next_concurrency(curve, most=MOST_CONCURRENCY)
        if concurrency is None:
            return
        point = _point(concurrency)
        expected_s = expected_point_s(point, conductor.plan, conductor.cells) or 0.0
        if until_s is not None and curve and conductor.elapsed_s + expected_s > until_s:
            conductor.left_out.append(point)
            return
        await conductor.closed(point)


def _point(concurrency: int) -> Point:
    return Point(role="curve", concurrency=concurrency)


def _limit_s(conductor: Conductor, concurrency: int, until_s: float | None) -> float | None:
    """How long a point may go on for a narrower interval [s]: its own expected time and an equal part of what the others leave."""
    if until_s is None:
        return None
    ahead = [point for point in conductor.ahead if point.role == "curve"]
    expected = {point: expected_point_s(point, conductor.plan, conductor.cells) or 0.0 for point in ahead}
    spare_s = until_s - conductor.elapsed_s - sum(expected.values())
    return expected[_point(concurrency)] + max(0.0, spare_s) / len(ahead)


def _stop_where_flat(conductor: Conductor, points: list[int]) -> None:
    cells = sorted(
        (cell for cell in conductor.cells if cell.role == "curve" and cell.concurrency is not None),
        key=lambda cell: cell.concurrency or 0,
    )
    heavier = [_point(load) for load in points if load > (cells[-1].concurrency or 0)]
    left_out = [point for point in heavier if point in conductor.ahead]
    if not conductor.plan.stop_when_flat or len(cells) < 2 or not left_out or not _is_flat(*cells[-2:]):  # noqa: PLR2004 -- a gain is between two
        return
    before, after = cells[-2:]
    found = gain(before.output_tokens_per_s, after.output_tokens_per_s).fraction
    text = f"Throughput is flat: {found:+.1%} from {before.label} to {after.label}; higher loads were not measured."
    conductor.ledger.warnings.append(
        Warn(code=STOPPED_FLAT, message=text, observed=found, threshold=FLAT_GAIN_FRACTION)
    )
    conductor.ahead = [point for point in conductor.ahead if point not in left_out]
    conductor.tell("stopped_flat", text)


def _is_flat(before: Cell, after: Cell) -> bool:
    """Whether more streams confidently give no more tokens; points that carry no decision prove nothing."""
    return (
        before.usable
        and after.usable
        and gain(before.output_tokens_per_s, after.output_tokens_per_s).verdict() == "flat"
    )
