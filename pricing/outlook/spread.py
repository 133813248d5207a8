"""From windows to a spread: the factor by which a price may have moved after so many months, as weighted cases.

Three kinds of price need three ways to go from the past to a horizon of h months, from windows of w months:

* one that *jumps* (a list price: most often nothing happens) changes with a chance that grows with time,
  `chance(h) = 1 − (1 − chance(w))^(h / w)`, while the sizes of the changes stay as they were seen;
* one that *trends* (the cheapest offer of a quality) moves by its median in proportion to time, and strays from that with
  the root of time: `ln factor = median · h / w + (ln seen − median) · wider · √(h / w)`;
* one that *wanders* (a rent: it fell for two years and then rose) strays both ways from where it is, as far as it was seen
  to move either way: `ln factor = ± |ln seen| · √(h / w)`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import NormalDist, median
from typing import Literal, NamedTuple

from pricing.outlook.windows import Window

Manner = Literal["jumps", "trends", "wanders"]
"""How a price moves."""

UNCHANGED = 0.01
"""A price within this share of what it was has not changed."""

TAIL = 0.1

_STUDENT_90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372)
"""Student's t below which 9 of 10 cases lie, at 1 to 10 degrees of freedom (any table of the distribution)."""


class Spread(NamedTuple):
    """Cases of ln(price then / price now), each with its weight; the weights add up to 1, the cases ascend."""

    cases: tuple[tuple[float, float], ...]

    def factor_at(self, share: float) -> float:
        """The factor that so large a share of the cases does not exceed."""
        reached = 0.0
        for log_factor, weight in self.cases:
            reached += weight
            if reached >= share - 1e-9:
                return math.exp(log_factor)
        return math.exp(self.cases[-1][0])

    def mean_factor(self) -> float:
        """The mean of the factor: what a price costs on average."""
        return math.fsum(weight * math.exp(log_factor) for log_factor, weight in self.cases)

    def typical_factor(self) -> float:
        """The geometric mean of the factor: the rate that leads there when it compounds."""
        return math.exp(math.fsum(weight * log_factor for log_factor, weight in self.cases))

    def tail_means(self) -> tuple[float, float]:
        """The mean factor of the lowest tenth of the cases and of the highest tenth."""
        return _mean_of_first(self.cases, TAIL), _mean_of_first(self.cases[::-1], TAIL)

    def tenth_means(self) -> tuple[float, ...]:
        """The mean factor of each tenth of the cases, lowest first: ten factors that are equally likely."""
        sums = [_sum_of_first(self.cases, tenth * TAIL) for tenth in range(round(1 / TAIL) + 1)]
        return tuple((after - before) / TAIL for before, after in pairwise(sums))

    def moved(self) -> tuple[float, float]:
        """The share of cases that fell and the share that rose."""
        band = math.log1p(UNCHANGED)
        fell = math.fsum(weight for log_factor, weight in self.cases if log_factor < -band)
        return fell, math.fsum(weight for log_factor, weight in self.cases if log_factor > band)


def spread(manner: Manner, windows: Sequence[Window], *, window_months: int, months: float) -> Spread:
    """The spread of a price after so many months, by how such a price moves.

    Args:
        manner: `jumps`, `trends` or `wanders`.
        windows: what was seen; those that ended because the item was gone do not count.
        window_months: their length.
        months: the horizon.
    """
    ways = {"jumps": jumping, "trends": trending, "wanders": wandering}
    return ways[manner](windows, window_months=window_months, months=months)


def jumping(windows: Iterable[Window], *, window_months: int, months: float) -> Spread:
    """The spread of a price that jumps.

    The chances of a fall and of a rise are those of the windows with half a case of each added to as many cases as there
    are items, so that what was never seen is not impossible. Where only falls were seen, a rise is taken to be as large.

    Args:
        windows: what was seen; those that ended because the item was gone do not count.
        window_months: their length.
        months: the horizon.
    """
    live = [window for window in windows if window.log_factor is not None]
    logs = [window.log_factor for window in live if window.log_factor is not None]
    band = math.log1p(UNCHANGED)
    falls, rises = [x for x in logs if x < -band], [x for x in logs if x > band]
    items = len({(window.seller, window.item) for window in live})
    fall, rise = ((len(part) / len(logs) * items + 0.5) / (items + 1.5) for part in (falls, rises))
    chance = 1 - (1 - fall - rise) ** (months / window_months)
    falls, rises = falls or [-x for x in rises], rises or [-x for x in falls]
    if not falls:
        return Spread(((0.0, 1.0),))
    each = [(x, chance * fall / (fall + rise) / len(falls)) for x in falls]
    each += [(x, chance * rise / (fall + rise) / len(rises)) for x in rises]
    return Spread(tuple(sorted([*each, (0.0, 1 - chance)])))


def trending(windows: Iterable[Window], *, window_months: int, months: float) -> Spread:
    """The spread of a price that trends.

    Overlapping windows of one item are one case and not many: deviations are widened by `student_factor(items)`.

    Args:
        windows: what was seen.
        window_months: their length.
        months: the horizon.
    """
    live = [window for window in windows if window.log_factor is not None]
    logs = [window.log_factor for window in live if window.log_factor is not None]
    middle, span = median(logs), months / window_months
    stretch = student_factor(len({(window.seller, window.item) for window in live})) * math.sqrt(span)
    return Spread(tuple(sorted((middle * span + (x - middle) * stretch, 1 / len(logs)) for x in logs)))


def wandering(windows: Iterable[Window], *, window_months: int, months: float) -> Spread:
    """The spread of a price that wanders: no trend is carried on, and a rise is as likely as a fall.

    Args:
        windows: what was seen.
        window_months: their length.
        months: the horizon.
    """
    logs = [window.log_factor for window in windows if window.log_factor is not None]
    root = math.sqrt(months / window_months)
    return Spread(tuple(sorted((sign * abs(x) * root, 0.5 / len(logs)) for x in logs for sign in (-1, 1))))


def student_factor(cases: float) -> float:
    """How much wider than its sample a band for the next case is, with so few independent cases: `t / z · √(1 + 1 / n)`.

    Args:
        cases: how many; fewer than 2 count as 2.

    >>> round(student_factor(3), 3)  # t of 2 degrees of freedom 1.886, z 1.2816, root of 4/3
    1.699
    """
    whole = max(2, math.floor(cases))
    student = _STUDENT_90[min(whole - 1, len(_STUDENT_90)) - 1]
    return student / NormalDist().inv_cdf(0.9) * math.sqrt(1 + 1 / whole)


def _mean_of_first(cases: Sequence[tuple[float, float]], share: float) -> float:
    return _sum_of_first(cases, share) / min(share, math.fsum(weight for _, weight in cases))


def _sum_of_first(cases: Sequence[tuple[float, float]], share: float) -> float:
    left, total = share, 0.0
    for log_factor, weight in cases:
        taken = min(left, weight)
        total += taken * math.exp(log_factor)
        left -= taken
    return total
