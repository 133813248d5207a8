"""Where along one input a condition holds: stretches between values, each end narrowed down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

_MOST_HALVINGS = 60


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


def stretches(holds: Callable[[float], bool], values: Sequence[float], *, within: float = 1e-6) -> tuple[Stretch, ...]:
    """Where a condition holds, by trying values and narrowing down every change between neighbours by bisection.

    Whole replicas make answers climb in steps, so a condition may begin and cease to hold several times: nothing is taken to be monotone. What begins and
    ceases again between two neighbours of `values` is not seen.

    Args:
        holds: the condition at a value.
        values: those that are tried, ascending; at least one.
        within: how far an end may be off, relative to it.

    >>> stretches(lambda value: 2 <= value <= 5, [0.0, 1.0, 3.0, 4.0, 6.0])
    (Stretch(low=2.0, high=5.0, is_open_low=False, is_open_high=False),)
    """
    known = [(value, holds(value)) for value in values]
    found, start = [], 0
    for is_so, group in groupby(known, key=lambda pair: pair[1]):
        end = start + len(list(group))
        if is_so:
            found.append(_stretch(holds, values, start, end - 1, within))
        start = end
    return tuple(found)


def _stretch(holds: Callable[[float], bool], values: Sequence[float], first: int, last: int, within: float) -> Stretch:
    is_open_low, is_open_high = first == 0, last == len(values) - 1
    return Stretch(
        low=values[first] if is_open_low else _edge(holds, values[first - 1], values[first], within),
        high=values[last] if is_open_high else _edge(holds, values[last + 1], values[last], within),
        is_open_low=is_open_low,
        is_open_high=is_open_high,
    )


def _edge(holds: Callable[[float], bool], outside: float, inside: float, within: float) -> float:
    """The value nearest to `outside` that holds."""
    for _ in range(_MOST_HALVINGS):
        if abs(outside - inside) <= within * abs(inside):
            break
        middle = (outside + inside) / 2
        if middle in (outside, inside):
            break
        if holds(middle):
            inside = middle
        else:
            outside = middle
    return inside
