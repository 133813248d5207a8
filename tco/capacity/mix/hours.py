"""Which hours of a week decide about a fleet that stands in all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tco.capacity.mix.records import Floats

STEPS = 50
"""Hours are told apart by so many steps of the largest factor: demand is rounded up by at most 2 % of the peak."""


def rounded_hours(hour_factors: npt.ArrayLike, steps: int = STEPS) -> Floats:
    """Factors rounded up to steps of each column's largest, so that fewer hours differ; the largest stays as it is.

    Args:
        hour_factors: shape (hours,) or (hours, columns), at least 0.
        steps: between nothing and the largest.

    >>> rounded_hours([0.11, 0.5, 1.0], steps=10).round(3).tolist()
    [0.2, 0.5, 1.0]
    """
    factors = np.asarray(hour_factors, dtype=float)
    largest = np.asarray(factors.max(axis=0))
    unit = np.where(largest > 0, largest / steps, 1.0)
    # A factor on a step must not be raised by the last bit of a division.
    step = np.ceil(factors / unit - 1e-9)
    return np.asarray(np.where(step >= steps, largest, step * unit))


def busiest_hours(hour_factors: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Numbers of the hours in which no other hour asks for at least as much of everything, ascending; equal hours count once.

    A fleet that stands in all hours and serves these serves every hour.

    Args:
        hour_factors: shape (hours,) or (hours, columns).

    >>> busiest_hours([[1.0, 0.2], [0.5, 0.2], [0.3, 1.0], [1.0, 0.2]]).tolist()
    [0, 2]
    """
    factors = np.asarray(hour_factors, dtype=float)
    rows = factors[:, None] if factors.ndim == 1 else factors
    _, first = np.unique(rows, axis=0, return_index=True)
    kept = rows[first]
    at_least = (kept[None, :, :] >= kept[:, None, :]).all(axis=2)
    return np.sort(first[at_least.sum(axis=1) == 1])
