"""When a cash flow has paid back, for one flow or for many draws of it at once."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tco.finance.value import Flows, discounted

_ROUNDING = 1e-9
"""Of the largest total: rounding of a sum of large flows must not turn "just paid back" into "never"."""
_ROWS = 2048
"""Flows that are worked on together: what is made of them stays in the processor's cache."""


def payback_months_of(flows: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Month from which each cumulative flow stays at zero or above, interpolated inside the month [months].

    The last crossing counts, not the first: a second investment that takes the total below zero again has not been paid back.

    Args:
        flows: flow at time zero and at the end of each month [currency], shape (..., months + 1): any number of leading axes, for example draws.

    Returns:
        Months of shape (...), a scalar array for one flow. Never within the horizon is `inf`, so that draws can be sorted, counted
        and compared with a limit without a mask; no result is NaN.

    Special cases:
        - never below zero: 0 (nothing had to be paid back);
        - below zero at the end: `inf`.

    >>> payback_months_of([[-100.0, 40.0, 40.0, 40.0], [-100.0, 10.0, 10.0, 10.0]]).tolist()
    [2.5, inf]
    """
    values = np.asarray(flows, dtype=float)
    rows = values.reshape(-1, values.shape[-1])
    blocks = [_payback_months(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)]
    return np.concatenate(blocks or [np.zeros(0)]).reshape(values.shape[:-1])


def _payback_months(flows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of flows of shape (rows, months + 1)."""
    total = np.cumsum(flows, axis=-1)
    largest = np.maximum(np.maximum(total.max(axis=-1), -total.min(axis=-1)), 1.0)
    below = total < (-_ROUNDING * largest)[..., np.newaxis]
    ever = below.any(axis=-1)
    last = total.shape[-1] - 1 - np.argmax(below[..., ::-1], axis=-1)
    # Of a flow that never pays back the next month does not exist, and of one that is never below zero it is not asked for.
    never = ever & (last == total.shape[-1] - 1)
    before = np.where(ever & ~never, last, 0)[..., np.newaxis]
    owed = -np.take_along_axis(total, before, axis=-1)[..., 0]
    after = np.take_along_axis(total, np.minimum(before + 1, total.shape[-1] - 1), axis=-1)[..., 0]
    earned = np.where(ever & ~never, after + owed, 1.0)
    # Within rounding of zero counts as zero, so the crossing is never past the month.
    found = np.where(ever, last + np.minimum(owed / earned, 1.0), 0.0)
    return np.where(never, np.inf, found)


def discounted_payback_months_of(rate_per_year: npt.ArrayLike, flows: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """As `payback_months_of`, of the flows brought to time zero.

    Args:
        rate_per_year: effective yearly discount rate [fraction], one or one for each leading index of the flows.
        flows: shape (..., months + 1).
    """
    return payback_months_of(discounted(rate_per_year, flows))


def payback_months(flows: Flows) -> float | None:
    """`payback_months_of` one flow; None: never within the horizon.

    Spend 100, save 40 a month. When is it back?

    >>> payback_months([-100.0, 40.0, 40.0, 40.0])
    2.5
    """
    found = float(payback_months_of(flows))
    return found if math.isfinite(found) else None


def discounted_payback_months(rate_per_year: float, flows: Flows) -> float | None:
    """As `payback_months`, of the flows brought to time zero: the month from which the money is back with its return."""
    return payback_months(discounted(rate_per_year, flows))
