"""How many requests a plan sends, how long they will take, and when more load no longer helps. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from probes.statistics import fewest_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.cell import Cell
    from probes.run import Plan

DEFAULT_CONCURRENCY = (1, 2, 4, 8, 16)
FLAT_GAIN_FRACTION = 0.05
FEWEST_REQUESTS_PER_CELL = fewest_samples(0.95)
"""A cell sends at least so many measured requests that its p95 is known: service levels are stated at p95."""

_GROWTH_WHEN_UNKNOWN = 0.5


def load_points(plan: Plan) -> list[int]:
    """The plan's concurrencies, ascending and without repeats; 1, 2, 4, 8, 16 where it names none."""
    return sorted(set(plan.concurrency or DEFAULT_CONCURRENCY))


def requests_per_stream(plan: Plan, concurrency: int) -> int:
    """Measured requests of each stream in each repeat.

    The plan's number, or more where few streams would leave the cell with fewer than 20 requests in all.

    >>> from probes.run import Plan
    >>> [requests_per_stream(Plan(repeats=3, requests_per_stream=3), c) for c in (1, 2, 4, 16)]
    [7, 4, 3, 3]
    """
    return max(plan.requests_per_stream, math.ceil(FEWEST_REQUESTS_PER_CELL / (concurrency * plan.repeats)))


def requests_planned(plan: Plan) -> int:
    """Requests that a whole sweep sends, warm-up included, fillers and the first trial request not.

    >>> from probes.run import Plan
    >>> requests_planned(Plan(concurrency=[1, 4], repeats=3, requests_per_stream=3))
    62
    """
    return sum(c * (1 + plan.repeats * requests_per_stream(plan, c)) for c in load_points(plan))


def expected_request_s(concurrency: int, known: Sequence[tuple[int, float]]) -> float | None:
    """How long a request will take at a load that was not measured yet.

    Between doublings request time grows as a power of concurrency, `t ∝ c^a`: `a = 0` where streams do not disturb each
    other, 1 where throughput is flat. `a` comes from the last two points, and is one half with one point.

    Args:
        concurrency: streams.
        known: concurrency and mean request time [s] of earlier load points, ascending.

    Returns:
        Seconds, None where nothing is known.

    >>> expected_request_s(4, [(1, 2.0), (2, 4.0)])
    8.0
    """
    if not known:
        return None
    last, time_s = known[-1]
    growth = _GROWTH_WHEN_UNKNOWN
    if len(known) > 1 and known[-2][0] < last and known[-2][1] > 0 and time_s > 0:
        before, before_s = known[-2]
        growth = min(1.0, max(0.0, math.log(time_s / before_s) / math.log(last / before)))
    return time_s * float((concurrency / last) ** growth)


def expected_cell_s(concurrency: int, plan: Plan, known: Sequence[tuple[int, float]]) -> float | None:
    """How long a whole load point will take, warm-up included [s]; None where nothing is known.

    Args:
        concurrency: streams.
        plan: repeats and requests.
        known: as for `expected_request_s`.
    """
    request_s = expected_request_s(concurrency, known)
    return None if request_s is None else request_s * (1 + plan.repeats * requests_per_stream(plan, concurrency))


def request_times(cells: Sequence[Cell]) -> list[tuple[int, float]]:
    """Concurrency and mean request time [s] of the cells that have them."""
    return [
        (cell.concurrency, cell.e2e_ms.mean / 1e3)
        for cell in cells
        if cell.concurrency is not None and cell.e2e_ms.mean is not None
    ]


def gain_fraction(before: Cell, after: Cell) -> float:
    """How much more output a load point gave than the one before: `after / before - 1`; infinite after none."""
    if before.output_tokens_per_s.mean == 0:
        return math.inf
    return after.output_tokens_per_s.mean / before.output_tokens_per_s.mean - 1


def is_flat(before: Cell, after: Cell) -> bool:
    """Whether more streams no longer give more tokens.

    The gain is under 5 % *and* the 95 % intervals do not show one. Points that carry no decision (incomplete, or limited by
    the client) prove nothing.

    Args:
        before: the load point with fewer streams.
        after: the next one.
    """
    if not all(cell.complete and cell.requests_ok > 0 and not cell.client_bound for cell in (before, after)):
        return False
    low, high = after.output_tokens_per_s.low, before.output_tokens_per_s.high
    shown = low is not None and high is not None and low > high
    return gain_fraction(before, after) < FLAT_GAIN_FRACTION and not shown
