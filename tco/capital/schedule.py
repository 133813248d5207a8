"""From what is bought when to what follows from it month by month."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Months = npt.NDArray[np.float64]
"""One number a month, months on the last axis."""


def followed_by(bought: Months, pattern: Months) -> Months:
    """Sum over all purchases of what follows from each: `out_t = sum over m <= t of bought_m · pattern_(t − m)`.

    Args:
        bought: amount at the start of each month [USD], shape (..., months).
        pattern: share of the amount in the month of the purchase and in those after it [fraction], shape (..., any length); past its
            end nothing follows.

    Returns:
        Amounts by month [USD], shape (..., months).

    >>> followed_by(np.array([100.0, 0.0, 50.0]), np.array([0.5, 0.5])).tolist()
    [50.0, 50.0, 25.0]
    """
    months = bought.shape[-1]
    shape = np.broadcast_shapes(bought.shape[:-1], pattern.shape[:-1])
    out = np.zeros((*shape, months))
    for month in np.flatnonzero(np.any(bought != 0, axis=tuple(range(bought.ndim - 1)))):
        length = min(pattern.shape[-1], months - int(month))
        out[..., month : month + length] += bought[..., month, np.newaxis] * pattern[..., :length]
    return out


def left_at_end(bought: Months, left: Months) -> npt.NDArray[np.float64]:
    """Sum over all purchases of what is left of each at the end of the last month: `sum over m of bought_m · left_(months − m)`.

    Args:
        bought: amount at the start of each month [USD], shape (..., months).
        left: share that is left by the number of months since the purchase, from 0 on [fraction], shape (..., any length); past its end nothing is.

    Returns:
        Amount [USD], shape (...).

    >>> float(left_at_end(np.array([100.0, 0.0, 50.0]), np.array([1.0, 0.75, 0.5, 0.25])))
    62.5
    """
    months = bought.shape[-1]
    padded = np.concatenate([left, np.zeros((*left.shape[:-1], max(0, months + 1 - left.shape[-1])))], axis=-1)
    return np.asarray(np.sum(bought * padded[..., months:0:-1], axis=-1))
