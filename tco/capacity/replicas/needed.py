"""Whole replicas: enough for a load, in one hour or in all hours of all months at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tco.number_style import local

MAX_REPLICAS = 100_000
"""More is not a fleet but a mistake in the units; refused."""

ROUNDING = 1e-9
"""A demand of exactly two replicas must not become three by the last bit of a division, nor an availability of 0.99 miss 0.99."""

Counts = npt.NDArray[np.int64]
"""Whole replicas, one number a cell."""

Rates = npt.NDArray[np.float64]
"""Numbers of any unit, one a cell."""


def replicas_needed(peak_requests_per_s: float, goodput_requests_per_s: float) -> int:
    """Replicas that carry the peak: `ceil(peak / goodput)`.

    Special cases: zero demand needs none.

    Raises:
        OverflowError: more than `MAX_REPLICAS`.

    >>> replicas_needed(10.0, 4.0)
    3
    """
    return int(replicas_for(np.array([peak_requests_per_s]), goodput_requests_per_s)[0])


def replicas_for(requests_per_s: Rates, goodput_requests_per_s: float) -> Counts:
    """Replicas that carry each of many loads, as `replicas_needed`, in an array of the same shape.

    Args:
        requests_per_s: loads, such as 168 hours by 36 months [requests/s].
        goodput_requests_per_s: of one replica [requests/s].

    Raises:
        OverflowError: one of them needs more than `MAX_REPLICAS`.

    >>> replicas_for(np.array([[0.0, 1.0], [4.0, 10.0]]), 4.0).tolist()
    [[0, 1], [1, 3]]
    """
    exact = np.ceil(requests_per_s / goodput_requests_per_s - ROUNDING)
    if exact.size and exact.max() > MAX_REPLICAS:
        raise OverflowError(
            f"{local(requests_per_s.max()):,.4g} requests/s over {local(goodput_requests_per_s):,.4g} a replica needs {local(exact.max()):,.0f} replicas, "
            f"more than {local(MAX_REPLICAS):,}; check the units of the demand"
        )
    return np.asarray(np.where(requests_per_s > 0, np.maximum(exact, 1), 0), dtype=np.int64)
