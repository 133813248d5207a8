"""A line through measured points, and what it says elsewhere, with its uncertainty: `a + b·x` by least squares.

Of two points the line is exact: t(x) = t1 + (t2 − t1)·(x − x1)/(x2 − x1). What it says is a weighted sum of the points, so that uncertainties add in
squares with the same weights; far from the points the weights, and the uncertainty with them, are large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A number and how far below and above it the true one may be.

    Attributes:
        value: the number.
        below: from the low end of the interval to it, None where there is no interval.
        above: from it to the high end, None where there is no interval.
    """

    value: float
    below: float | None = None
    above: float | None = None

    def at_least(self, part: float) -> Spread:
        """This number with one more, independent uncertainty of `part` on both sides; unchanged without an interval."""
        if self.below is None or self.above is None:
            return self
        return Spread(value=self.value, below=math.hypot(self.below, part), above=math.hypot(self.above, part))


def line_weights(places: Sequence[float], target: float) -> tuple[float, ...]:
    """How much each point counts in what the least-squares line says at `target`: `1/k + (target − m)(x − m)/Σ(x − m)²`, m the mean place.

    Args:
        places: at least two, not all the same.
        target: where.

    Returns:
        One weight a point; they sum to 1.

    Raises:
        ValueError: fewer than two places, or all the same.

    >>> line_weights([4, 8], 28)
    (-5.0, 6.0)
    """
    if len(set(places)) < 2:  # noqa: PLR2004 -- a line needs two places
        raise ValueError(f"a line needs points at two places, not at {sorted(set(places))}.")
    mean = math.fsum(places) / len(places)
    spread = math.fsum((place - mean) ** 2 for place in places)
    return tuple(1 / len(places) + (target - mean) * (place - mean) / spread for place in places)


def carried(points: Sequence[Spread], weights: Sequence[float]) -> Spread:
    """What a line says, from its points: values add by weight, uncertainties in squares.

    A point with a negative weight pulls down when it is too high, so its upper side counts below and its lower side above.

    Args:
        points: in the order of `weights`.
        weights: from `line_weights`.

    >>> carried([Spread(value=10.0, below=1.0, above=1.0), Spread(value=14.0, below=0.0, above=0.0)], (-5.0, 6.0))
    Spread(value=34.0, below=5.0, above=5.0)
    """
    value = math.fsum(weight * point.value for weight, point in zip(weights, points, strict=True))
    below, above = [], []
    for weight, point in zip(weights, points, strict=True):
        if point.below is None or point.above is None:
            return Spread(value=value)
        sides = (point.below, point.above) if weight >= 0 else (point.above, point.below)
        below.append(abs(weight) * sides[0])
        above.append(abs(weight) * sides[1])
    return Spread(value=value, below=math.hypot(*below), above=math.hypot(*above))
