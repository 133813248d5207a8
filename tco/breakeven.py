"""The volumes at which an option is cheaper than the baseline, and the hours from which what is owned is cheaper than what is rented."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tco.stretch import Stretch, stretches

LEAST_REQUESTS_PER_DAY, MOST_REQUESTS_PER_DAY = 1.0, 1e9
_POINTS_PER_DECADE = 8
_WITHIN = 1e-7
_JUST_ABOVE = 1e-6
"""Where the next replica stands, relative to the volume that fills the last."""

SavingsAt = Callable[[Sequence[float]], Sequence[float | None]]
"""NPV of the saving against the baseline at each of several volumes [requests/day] -> [USD]; None where a volume cannot be served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenVolumes:
    """Where along the volume an option saves.

    Attributes:
        requests_per_day: smallest volume from which it saves at every larger one that was tried; 0: at all; None: it never does.
        stretches: all volumes at which it saves, ascending; several where steps of whole replicas lift its cost above the baseline's again.
    """

    requests_per_day: float | None
    stretches: tuple[Stretch, ...]


def breakeven_volumes(savings_usd: SavingsAt, steps: Iterable[float] = ()) -> BreakEvenVolumes:
    """Where along the volume an option saves: its break-even volume, and every stretch in which it does.

    Whole replicas make the saving climb in steps, so it can cross zero several times. The volumes from 1 to 1e9 requests a day are tried, eight to a decade, and
    those at which a replica is full; every change between neighbours is narrowed down to a relative width of 1e-7.

    Args:
        savings_usd: the saving at several volumes.
        steps: volumes that fill a whole number of replicas [requests/day]: each is tried, and what lies just above it. Without them, steps between two of the
            volumes that are tried are not seen.

    Special cases: volumes that cannot be served are in no stretch, and none of them keeps an option from breaking even; one that saves at every other volume tried
    breaks even at 0.0, one that loses at the largest never does (None).

    A replica for every 1,000 requests costs 900, a request saves 1, and 250 are paid in any case. It saves in the last 50 before the third replica is full, the
    last 150 before the fourth is, and so on, and from 11,050 on always:

    >>> def savings(volumes):
    ...     return [volume - 900 * -(-volume // 1000) - 250 for volume in volumes]
    >>> found = breakeven_volumes(savings, range(1000, 20_000, 1000))
    >>> [(round(each.low), round(each.high)) for each in found.stretches[:2]], round(found.requests_per_day)
    ([(2950, 3000), (3850, 4000)], 11050)
    """
    tried = sorted({*_volumes(), *(side for step in steps for side in (step, step * (1 + _JUST_ABOVE)))})
    seen: dict[float, float | None] = {}

    def saves(volumes: Sequence[float]) -> list[bool]:
        new = [volume for volume in dict.fromkeys(volumes) if volume not in seen]
        seen.update(zip(new, savings_usd(new) if new else (), strict=True))
        return [(found := seen[volume]) is not None and found >= 0 for volume in volumes]

    found = stretches(saves, tried, within=_WITHIN)
    served = [volume for volume in tried if seen[volume] is not None]
    if not found or not served or served[-1] > found[-1].high:
        return BreakEvenVolumes(requests_per_day=None, stretches=found)
    loses = [volume for volume in served if volume < found[-1].low]
    return BreakEvenVolumes(requests_per_day=found[-1].low if loses else 0.0, stretches=found)


def breakeven_hours(upfront_usd: float, owned_usd_per_hour: float, rented_usd_per_hour: float) -> float | None:
    """Hours of use after which what is owned has cost as much as what is rented by the hour: `upfront / (rented − owned per hour)`.

    Args:
        upfront_usd: price of what is owned [USD].
        owned_usd_per_hour: what it costs to run [USD/hour].
        rented_usd_per_hour: what the same costs to rent [USD/hour].

    Special cases: None where renting costs no more by the hour than running, it never breaks even.

    Lenovo's LP2368, case 1: 250,141.80 USD and 6.37 USD/h against 98.32 USD/h on demand.

    >>> round(breakeven_hours(250_141.80, 6.37, 98.32))
    2720
    """
    saved = rented_usd_per_hour - owned_usd_per_hour
    return upfront_usd / saved if saved > 0 else None


def breakeven_hours_per_day(
    owned_present_usd: float, rented_present_usd: float, fixed_present_usd: float
) -> float | None:
    """Hours a day that rented machines may stand before owning costs less [h/day]: `24 · (owned − fixed) / rented`.

    Args:
        owned_present_usd: present value of all that owning costs over the horizon, less what is left [USD]; it is the same however long the machines are used.
        rented_present_usd: present value of the rent of machines that stand around the clock [USD].
        fixed_present_usd: present value of what renting costs beside the rent, whatever the hours [USD].

    Special cases:
        - owning costs less than what is fixed: 0.0;
        - owning costs more than renting around the clock, or there is no rent: None.

    >>> breakeven_hours_per_day(60_000.0, 100_000.0, 10_000.0)
    12.0
    """
    more = owned_present_usd - fixed_present_usd
    if more <= 0:
        return 0.0
    return None if more > rented_present_usd else 24 * more / rented_present_usd


def _volumes() -> list[float]:
    decades = np.log10(MOST_REQUESTS_PER_DAY / LEAST_REQUESTS_PER_DAY)
    points = int(decades * _POINTS_PER_DECADE) + 1
    return [float(volume) for volume in np.geomspace(LEAST_REQUESTS_PER_DAY, MOST_REQUESTS_PER_DAY, points)]
