"""The volume from which an option is cheaper than the baseline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LEAST_REQUESTS_PER_DAY, MOST_REQUESTS_PER_DAY = 1.0, 1e9
_POINTS_PER_DECADE = 8
_HALVINGS = 40


def breakeven_requests_per_day(saving_usd: Callable[[float], float | None]) -> float | None:
    """Smallest volume from which the option saves money at every larger volume that was tried.

    Whole replicas make the saving climb in steps, so it can cross zero several times. The volumes from 1 to 1e9 requests a
    day are tried, eight to a decade; the last losing one and its neighbour are then narrowed down by bisection to a relative
    width below 1e-9.

    Args:
        saving_usd: NPV of the saving against the baseline at a volume [requests/day] -> [USD]; None where the volume cannot be
            served, which is then not among those tried.

    Special cases:
        - saves at every volume tried: 0.0;
        - loses at the largest volume tried: None, it never breaks even.

    >>> round(breakeven_requests_per_day(lambda volume: 0.01 * volume - 50.0), 6)
    5000.0
    """
    decades = np.log10(MOST_REQUESTS_PER_DAY / LEAST_REQUESTS_PER_DAY)
    volumes = np.geomspace(LEAST_REQUESTS_PER_DAY, MOST_REQUESTS_PER_DAY, int(decades * _POINTS_PER_DECADE) + 1)
    saving_from: float | None = None
    for volume in volumes[::-1].tolist():
        saving = saving_usd(volume)
        if saving is not None and saving < 0:
            return None if saving_from is None else _narrowed(saving_usd, volume, saving_from)
        if saving is not None:
            saving_from = volume
    return None if saving_from is None else 0.0


def _narrowed(saving_usd: Callable[[float], float | None], loses: float, saves: float) -> float:
    for _ in range(_HALVINGS):
        middle = (loses + saves) / 2
        saving = saving_usd(middle)
        loses, saves = (loses, middle) if saving is not None and saving >= 0 else (middle, saves)
    return saves
