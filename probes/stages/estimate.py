"""How many requests a load point sends and how long it will take, from what was measured so far. Pure."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.cell import Cell
    from probes.run import Plan
    from probes.stages.points import Point

FEWEST_REQUESTS_PER_CELL = 20
"""A closed-loop cell sends at least so many measured requests that its p95 is known: service levels are stated at p95."""

OPEN_LOOP_REQUESTS = 80
"""Requests of an open-loop window: with all of them good, 73 are the fewest that show 95 % with 95 % confidence (Wilson)."""

WARM_UP_ROUNDS = 2
"""Requests of each stream before two windows can be compared."""

_GROWTH_WHEN_UNKNOWN = 0.5


def requests_per_stream(plan: Plan, concurrency: int) -> int:
    """Measured requests of each stream in each repeat.

    The plan's number, or more where few streams would leave the cell with fewer than 20 requests in all.

    >>> from probes.run import Plan
    >>> [requests_per_stream(Plan(repeats=3, requests_per_stream=3), c) for c in (1, 2, 4, 16)]
    [7, 4, 3, 3]
    """
    return max(plan.requests_per_stream, math.ceil(FEWEST_REQUESTS_PER_CELL / (concurrency * plan.repeats)))


def requests_of(point: Point, plan: Plan) -> int:
    """Requests that a load point sends at least, warm-up included, fillers not.

    Args:
        point: the load point.
        plan: repeats and requests.
    """
    if point.concurrency is None:
        return OPEN_LOOP_REQUESTS
    return point.concurrency * rounds(plan, point.concurrency)


def rounds(plan: Plan, concurrency: int) -> int:
    """Requests of each stream of a closed loop, warm-up included."""
    return WARM_UP_ROUNDS + plan.repeats * requests_per_stream(plan, concurrency)


def expected_request_s(concurrency: int, known: Sequence[tuple[int, float]]) -> float | None:
    """How long a request will take at a load that was not measured yet.

    Request time is taken as a power of concurrency between neighbours, `t ∝ c^a`: `a = 0` where streams do not disturb each other, 1 where throughput
    is flat. Beyond the last point `a` comes from the last two, cut to that range, and is one half with one point; below the first it is the first's time.

    Args:
        concurrency: streams.
        known: concurrency and mean request time [s] of measured load points.

    Returns:
        Seconds, None where nothing is known.

    >>> expected_request_s(4, [(1, 2.0), (2, 4.0)]), expected_request_s(2, [(1, 1.0), (4, 4.0)]), expected_request_s(4, [(1, 3.0)])
    (8.0, 2.0, 6.0)
    """
    points = sorted({load: time_s for load, time_s in known if time_s > 0}.items())
    if not points:
        return None
    loads = [load for load, _ in points]
    place = bisect.bisect_left(loads, concurrency)
    if place < len(loads) and (place == 0 or loads[place] == concurrency):
        return points[place][1]
    if len(points) == 1:
        growth, (last, time_s) = _GROWTH_WHEN_UNKNOWN, points[0]
    else:
        (before, before_s), (last, time_s) = (
            points[min(place, len(points) - 1) - 1],
            points[min(place, len(points) - 1)],
        )
        growth = min(1.0, max(0.0, math.log(time_s / before_s) / math.log(last / before)))
    return time_s * float((concurrency / last) ** growth)


def expected_point_s(point: Point, plan: Plan, cells: Sequence[Cell]) -> float | None:
    """How long a whole load point will take [s]; None where nothing is known.

    Requests of other lengths take as much longer as they are longer in all.

    Args:
        point: the load point.
        plan: repeats and requests.
        cells: what was measured so far.
    """
    if point.request_rate_per_s is not None:
        return OPEN_LOOP_REQUESTS / point.request_rate_per_s
    if point.concurrency is None:
        return None
    known = [(c.concurrency, c.e2e_ms.mean / 1e3) for c in cells if c.concurrency and c.e2e_ms.mean and c.shape is None]
    request_s = expected_request_s(point.concurrency, known)
    if request_s is None:
        return None
    return request_s * _longer(point, cells) * rounds(plan, point.concurrency)


def _longer(point: Point, cells: Sequence[Cell]) -> float:
    """Tokens of the point's requests over those of the run's own, at least what a single token costs."""
    own = next((cell for cell in cells if cell.shape is None and cell.requests_ok), None)
    if point.shape is None or own is None:
        return 1.0
    # An output token costs a step of its own; of input tokens a step takes many. Ten to one is the usual price ratio's order.
    asked = point.shape.input_tokens / 10 + point.shape.output_tokens
    measured = (own.input_tokens / 10 + own.output_tokens) / own.requests_ok
    return asked / measured if measured > 0 else 1.0
