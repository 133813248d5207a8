"""What a cash flow is worth today, for one flow or for many draws of it at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MONTHS_PER_YEAR = 12
Flows = Sequence[float] | npt.NDArray[np.float64]


def discounted(rate_per_year: npt.ArrayLike, flows: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Each flow brought to time zero: `flow_m / (1 + r)^(m / 12)`; flow 0 is not discounted.

    Args:
        rate_per_year: effective yearly discount rate [fraction]: one, or one for each leading index of the flows.
        flows: flow at time zero and at the end of each month [currency], shape (..., months + 1).
    """
    values = np.asarray(flows, dtype=float)
    base = 1 + np.asarray(rate_per_year, dtype=float)[..., np.newaxis]
    return np.asarray(values * base ** (-np.arange(values.shape[-1]) / MONTHS_PER_YEAR))


def npv_of(rate_per_year: npt.ArrayLike, flows: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Net present value of each flow: `sum over m of flow_m / (1 + r)^(m / 12)`.

    Args:
        rate_per_year: effective yearly discount rate [fraction]: one, or one for each leading index of the flows.
        flows: flow at time zero and at the end of each month [currency], shape (..., months + 1).

    Returns:
        Present values [currency], shape (...).

    >>> npv_of(0.10, [[0.0] * 12 + [100.0], [100.0] + [0.0] * 12]).round(2).tolist()
    [90.91, 100.0]
    """
    values = np.asarray(flows, dtype=float)
    base = 1 + np.asarray(rate_per_year, dtype=float)[..., np.newaxis]
    factors = base ** (-np.arange(values.shape[-1]) / MONTHS_PER_YEAR)
    # A product of vectors sums without an array of the discounted flows.
    return np.asarray(np.einsum("...m,...m->...", values, factors))


def npv(rate_per_year: float, flows: Flows) -> float:
    """Net present value: `sum of flow_m / (1 + r)^(m / 12)`; flow 0 is not discounted.

    Args:
        rate_per_year: effective yearly discount rate [fraction].
        flows: flow at time zero and at the end of each month [currency].

    What are 100 in a year worth today at 10 % a year?

    >>> round(npv(0.10, [0.0] * 12 + [100.0]), 2)
    90.91
    """
    return float(npv_of(rate_per_year, flows))
