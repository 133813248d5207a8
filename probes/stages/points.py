"""Which load points a probe takes, and in which order. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.cell import CellShape, load_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.cell import Cell, CellRole
    from probes.run import Plan, WorkloadShape

DEFAULT_CONCURRENCY = (1, 2, 4, 8, 16)

_LENGTH_MIXES = ((1.0, 1.0), (3.0, 0.5), (0.5, 2.0), (0.3, 0.3))
"""Factors on the mean prompt and answer: long prompts with short answers, the reverse, and both short, so that a fit tells all three costs apart (its
scaled condition number is 3 to 4)."""

_PREFILL_FACTORS = (0.5, 1.0, 2.0, 4.0)
_CONTEXT_FACTORS = (1.0, 3.0)
_CONTEXT_POINTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One load point that is planned.

    Attributes:
        role: what it is measured for.
        concurrency: requests always in flight; None in an open loop.
        request_rate_per_s: of an open loop; None in a closed one.
        shape: mean lengths where they are not the run's own.
    """

    role: CellRole
    concurrency: int | None = None
    request_rate_per_s: float | None = None
    shape: CellShape | None = None

    @property
    def label(self) -> str:
        """How people name it."""
        return load_label(self.concurrency, self.request_rate_per_s, self.shape)

    def is_of(self, cell: Cell) -> bool:
        """Whether a cell measured this point."""
        return (cell.role, cell.concurrency, cell.request_rate_per_s, cell.shape) == (
            self.role,
            self.concurrency,
            self.request_rate_per_s,
            self.shape,
        )


def ladder(plan: Plan) -> list[int]:
    """The plan's concurrencies, ascending and without repeats; 1, 2, 4, 8, 16 where it names none."""
    return sorted(set(plan.concurrency or DEFAULT_CONCURRENCY))


def up_and_down(points: Sequence[int]) -> tuple[list[int], list[int]]:
    """Every other load on the way up, the ones between on the way down.

    A machine that grows warm, or a neighbour that wakes up, changes with time; measured in ascending order its drift would look like an effect of load.
    Loads that are neighbours are so measured far apart in time, and a probe that runs out of time has seen the whole range.

    Args:
        points: ascending.

    Returns:
        The way up, which begins with the lightest and ends with the heaviest load, and the way down.

    >>> up_and_down([1, 2, 4, 8, 16]), up_and_down([1, 4, 8, 16])
    (([1, 4, 16], [8, 2]), ([1, 4, 16], [8]))
    """
    up = sorted({*points[:1], *points[::-2]})
    return up, [point for point in reversed(points) if point not in up]


def length_mixes(shape: WorkloadShape, concurrency: int) -> list[Point]:
    """Load points of other lengths, at one concurrency, from which the cost of input and output is told apart.

    Args:
        shape: the run's own lengths; they are the first mix.
        concurrency: where the server is saturated.
    """
    mixes = [scaled(shape, into, out) for into, out in _LENGTH_MIXES]
    return [Point(role="lengths", concurrency=concurrency, shape=mix) for mix in mixes]


def prefill_points(shape: WorkloadShape) -> list[Point]:
    """One request at a time, prompts of growing length, one token out: what a prompt costs by itself."""
    lengths = sorted({max(1, round(shape.input_tokens * factor)) for factor in _PREFILL_FACTORS})
    return [
        Point(role="prefill", concurrency=1, shape=CellShape(input_tokens=length, output_tokens=1))
        for length in lengths
    ]


def context_points(shape: WorkloadShape, concurrencies: Sequence[int]) -> list[Point]:
    """Concurrency times context: the time between tokens over both.

    Args:
        shape: the run's own lengths.
        concurrencies: that were measured, ascending; the lightest, the heaviest and the one between are taken.
    """
    chosen = sorted({concurrencies[round(i * (len(concurrencies) - 1) / (_CONTEXT_POINTS - 1))] for i in range(3)})
    contexts = [scaled(shape, factor, 1.0) for factor in _CONTEXT_FACTORS]
    return [Point(role="context", concurrency=load, shape=context) for context in contexts for load in chosen]


def scaled(shape: WorkloadShape, input_factor: float, output_factor: float) -> CellShape:
    """The run's mean lengths times two factors, whole tokens, at least 1.

    Args:
        shape: the run's own lengths.
        input_factor: on the prompt [unitless].
        output_factor: on the answer [unitless].
    """
    return CellShape(
        input_tokens=max(1, round(shape.input_tokens * input_factor)),
        output_tokens=max(1, round(shape.output_tokens * output_factor)),
    )


def longest(shape: WorkloadShape, plan: Plan) -> tuple[int, int]:
    """Longest mean prompt and answer together that a plan will send [tokens], so that an engine can be started with room for them.

    Args:
        shape: the run's own lengths.
        plan: which parts are measured.
    """
    pairs = [(float(shape.input_tokens), float(shape.output_tokens))]
    parts: list[Point] = []
    if "lengths" in plan.measure:
        parts += length_mixes(shape, 1)
    if "prefill" in plan.measure:
        parts += prefill_points(shape)
    if "context" in plan.measure:
        parts += context_points(shape, [1])
    pairs += [(part.shape.input_tokens, part.shape.output_tokens) for part in parts if part.shape is not None]
    into, out = max(pairs, key=sum)
    return round(into), round(out)
