"""The volume from which an option is cheaper than the baseline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LEAST_REQUESTS_PER_DAY, MOST_REQUESTS_PER_DAY = 1.0, 1e9
_POINTS_PER_DECADE = 8
_HALVINGS = 40


def breakeven_requests_per_day(saving_usd: Callable[[float], float]) -> float | None:
    """Smallest volume from which the option saves money at every larger volume that was tried.

    Whole replicas make the saving climb in steps, so it can cross zero several times. The volumes from 1 to 1e9 requests a
    day are tried, eight to a decade; the last losing one and its neighbour are then narrowed down by bisection to a relative
    width below 1e-9.

    Args:
        saving_usd: NPV of the saving against the baseline at a volume [requests/day] -> [USD].

    Special cases:
        - saves at every volume tried: 0.0;
        - loses at the largest volume tried: None, it never breaks even.

    >>> round(breakeven_requests_per_day(lambda volume: 0.01 * volume - 50.0), 6)
    5000.0
    """
    decades = np.log10(MOST_REQUESTS_PER_DAY / LEAST_REQUESTS_PER_DAY)
    volumes = np.geomspace(LEAST_REQUESTS_PER_DAY, MOST_REQUESTS_PER_DAY, int(decades * _POINTS_PER_DECADE) + 1)
    losing = -1
    for number in range(volumes.size - 1, -1, -1):
        if saving_usd(float(volumes[number])) < 0:
            losing = number
            break
    if losing == -1:
        return 0.0
    if losing == volumes.size - 1:
        return None
    low, high = float(volumes[losing]), float(volumes[losing + 1])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if saving_usd(middle) >= 0 else (middle, high)
    return high
