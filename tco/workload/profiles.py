"""Hour-of-week profiles: when in the week the requests come.

A profile is 168 weights, Monday 00:00 first, scaled to mean 1: a weight of 3 means three times the average hour. The named
shapes are assumptions for people who have no log yet; a scenario can give its own 168 numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

HOURS_PER_WEEK = 168
_WORK_DAYS = 5


@dataclass(frozen=True, slots=True)
class Weights:
    """168 hour-of-week weights with mean 1 [unitless], Monday 00:00 first."""

    values: tuple[float, ...]

    @property
    def peak(self) -> float:
        """Busiest hour over the average hour [unitless]."""
        return max(self.values)

    @staticmethod
    def from_profile(profile: str | list[float]) -> Weights:
        """Weights of a named profile or of 168 numbers.

        Args:
            profile: one of `PROFILE_NAMES`, or 168 numbers of 0 or more in any scale.

        Raises:
            ValueError: unknown name, another count than 168, a negative number, or all zero.

        >>> Weights.from_profile("flat").peak
        1.0
        """
        if isinstance(profile, str):
            if profile not in _SHAPES:
                raise ValueError(
                    f"profile {profile!r} is unknown; choose one of: {', '.join(PROFILE_NAMES)}, or give 168 weights"
                )
            return _named(profile)
        return Weights(tuple(_normalised(np.asarray(profile, dtype=float)).tolist()))


@cache
def _named(profile: str) -> Weights:
    """A named shape; a break-even asks for it a hundred times."""
    raw = np.array([_SHAPES[profile](hour // 24, hour % 24) for hour in range(HOURS_PER_WEEK)])
    return Weights(tuple(_normalised(raw).tolist()))


def _normalised(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if raw.shape != (HOURS_PER_WEEK,):
        raise ValueError(
            f"a profile has {HOURS_PER_WEEK} weights, one an hour from Monday 00:00; {raw.size} were given"
        )
    if not np.isfinite(raw).all() or (raw < 0).any() or raw.sum() <= 0:
        raise ValueError("profile weights must be 0 or more, finite, and not all 0")
    return np.asarray(raw / raw.mean())


def _flat(_day: int, _hour: int) -> float:
    return 1.0


def _office(day: int, hour: int) -> float:
    """Weekdays 8 to 18 at full load with shoulders, nights and weekends at a tenth."""
    if day >= _WORK_DAYS:
        return 0.1
    return {7: 0.5, 18: 0.5}.get(hour, 1.0 if 8 <= hour < 18 else 0.1)  # noqa: PLR2004


def _two_continents(day: int, hour: int) -> float:
    """Two office days eight hours apart (Europe and the US east coast to west coast) on one clock."""
    return max(_office(day, hour), 0.8 * _office(day if hour >= 8 else (day - 1) % 7, (hour - 8) % 24))  # noqa: PLR2004


def _evening(day: int, hour: int) -> float:
    """A consumer product: builds from noon, peaks at 20:00, and a little more at the weekend."""
    base = 0.25 if 1 <= hour < 7 else 0.6 if hour < 12 else 0.9 if hour < 18 else 1.4  # noqa: PLR2004
    return base * (1.15 if day >= _WORK_DAYS else 1.0)


_SHAPES: dict[str, Callable[[int, int], float]] = {
    "consumer-evening": _evening,
    "flat": _flat,
    "office-hours": _office,
    "office-hours-two-continents": _two_continents,
}

PROFILE_NAMES = tuple(sorted(_SHAPES))
"""Names that a scenario's `workload.profile` may take."""
