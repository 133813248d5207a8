"""Whole replicas: enough for the peak, and spares so that enough of them answer."""

from __future__ import annotations

import math
from functools import lru_cache

from scipy.special import bdtrc

MAX_REPLICAS = 100_000
"""More is not a fleet but a mistake in the units; refused."""

# A demand of exactly two replicas must not become three by the last bit of a division.
_ROUNDING = 1e-9


def replicas_needed(peak_requests_per_s: float, goodput_requests_per_s: float) -> int:
    """Replicas that carry the peak: `ceil(peak / goodput)`.

    Special cases: zero demand needs none.

    Raises:
        OverflowError: more than `MAX_REPLICAS`.

    >>> replicas_needed(10.0, 4.0)
    3
    """
    if peak_requests_per_s <= 0:
        return 0
    count = math.ceil(peak_requests_per_s / goodput_requests_per_s - _ROUNDING)
    if count > MAX_REPLICAS:
        raise OverflowError(
            f"{peak_requests_per_s:,.4g} requests/s over {goodput_requests_per_s:,.4g} a replica needs {count:,} replicas, "
            f"more than {MAX_REPLICAS:,}; check the units of the demand"
        )
    return max(count, 1)


@lru_cache(maxsize=4096)
def with_spares(needed: int, replica_availability: float, target: float) -> int:
    """Smallest fleet of which at least `needed` replicas answer with the target probability.

    Replicas fail independently: the smallest N with `P(Bin(N, replica_availability) >= needed) >= target`.

    Args:
        needed: replicas that must answer.
        replica_availability: share of time that one replica answers [fraction].
        target: share of time that enough of them must answer [fraction].

    Special cases: none needed, none bought.

    >>> with_spares(1, 0.99, 0.99), with_spares(1, 0.99, 0.999), with_spares(10, 0.99, 0.999)
    (1, 2, 12)
    """
    if needed == 0:
        return 0
    # Never below the target by the last bit: 0.99 must meet 0.99.
    count = needed
    while bdtrc(needed - 1, count, replica_availability) < target - _ROUNDING:
        count += 1
    return count
