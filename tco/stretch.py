"""Where along one input a condition holds: stretches between values, each end narrowed down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

_PARTS = 16
_MOST_ROUNDS = 60

Holds = Callable[[Sequence[float]], Sequence[bool]]
"""The condition at each of several values: many are asked at once, for answering them together costs little more than answering one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Values from `low` to `high` at which the condition holds.

    Attributes:
        low: the lowest one.
        high: the highest one.
        is_open_low: it goes on below what was searched.
        is_open_high: it goes on above what was searched.
    """

    low: float
    high: float
    is_open_low: bool
    is_open_high: bool


def stretches(
    holds: Holds, values: Sequence[float], *, within: float = 1e-6, parts: int = _PARTS
) -> tuple[Stretch, ...]:
    """Where a condition holds, by trying values and narrowing down every change between neighbours, part by part.

    Whole replicas make answers climb in steps, so a condition may begin and cease to hold several times: nothing is taken to be monotone. What begins and
    ceases again between two neighbours of `values` is not seen.

    Args:
        holds: the condition at several values.
        values: those that are tried, ascending; at least one.
        within: how far an end may be off, relative to it.
        parts: into which a gap is cut at a time: many where values are answered together, 2 where each is answered alone.

    >>> stretches(lambda values: [2 <= value <= 5 for value in values], [0.0, 1.0, 3.0, 4.0, 6.0])
    (Stretch(low=2.0, high=5.0, is_open_low=False, is_open_high=False),)
    """
    known = holds(values)
    runs, start = [], 0
    for is_so, group in groupby(known):
        end = start + len(list(group))
        if is_so:
            runs.append((start, end - 1))
        start = end
    last = len(values) - 1
    below = [(values[first - 1], values[first]) for first, _ in runs if first > 0]
    above = [(values[end + 1], values[end]) for _, end in runs if end < last]
    found = _narrowed(holds, [*below, *above], within, parts)
    lows, highs = iter(found[: len(below)]), iter(found[len(below) :])
    return tuple(
        Stretch(
            low=values[first] if first == 0 else next(lows),
            high=values[end] if end == last else next(highs),
            is_open_low=first == 0,
            is_open_high=end == last,
        )
        for first, end in runs
    )


def _narrowed(holds: Holds, edges: Sequence[tuple[float, float]], within: float, parts: int) -> list[float]:
    """For each pair of a value outside and one inside, the value nearest to the outside one that holds, all of them together."""
    now = list(edges)
    for _ in range(_MOST_ROUNDS):
        wide = [n for n, (outside, inside) in enumerate(now) if abs(outside - inside) > within * abs(inside)]
        if not wide:
            break
        tried = [_between(*now[n], parts) for n in wide]
        answers = iter(holds([value for values in tried for value in values]))
        for number, values in zip(wide, tried, strict=True):
            outside, inside = now[number]
            found = [*((value, next(answers)) for value in values), (outside, False)]
            # From the inside on, as far as it holds without a break.
            at = next(n for n, (_, is_so) in enumerate(found) if not is_so)
            now[number] = (found[at][0], found[at - 1][0] if at else inside)
    return [inside for _, inside in now]


def _between(outside: float, inside: float, parts: int) -> list[float]:
    """Values between the two, the inside one's neighbour first."""
    return [inside + (outside - inside) * part / parts for part in range(1, parts)]
