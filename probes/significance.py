"""Whether two measured numbers differ by more than their noise: tests from what a run file holds. Pure.

A run keeps means with their intervals and percentiles with their bounds, not every sample. Both are enough for a test.

Throughput: the standard error is recovered from the interval, `(high - mean) / t(0.975, df)`, and two means are compared by Welch's t with Satterthwaite's
degrees of freedom (https://doi.org/10.1093/biomet/34.1-2.28). Percentiles: their 95 % bounds are combined into those of the ratio on the logarithmic scale by
the method of variance estimates recovery (Zou and Donner, https://doi.org/10.1002/sim.3095); each side of a bound is taken as a normal quantile of 0.975 away.
Several tests are held together by Holm's rule (https://www.jstor.org/stable/4615733): the chance of even one false verdict stays at 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from probes.record import Bounds, Interval

CONFIDENCE_FRACTION = 0.95
POWER_FRACTION = 0.80
"""Chance with which the smallest difference that could have been seen would have been."""

_TAIL = (1 - CONFIDENCE_FRACTION) / 2
_BATCHES = 10
_Z = float(ndtri(1 - _TAIL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How well a mean is known.

    Attributes:
        mean: the mean.
        standard_error: of it.
        degrees_of_freedom: behind the standard error.
    """

    mean: float
    standard_error: float
    degrees_of_freedom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one test.

    Attributes:
        p_value: two-sided.
        change_fraction: second over first, less 1.
        error_fraction: standard error of that change.
        degrees_of_freedom: behind it; infinite for percentiles.
    """

    p_value: float
    change_fraction: float
    error_fraction: float
    degrees_of_freedom: float

    def detectable_fraction(self, tests: int) -> float:
        """Smallest change that would have been shown with 80 % chance, were this one of `tests` tests and the strictest [fraction].

        `(t(1 - 0.025 / tests) + t(0.8)) · standard error`.

        Args:
            tests: how many tests Holm's rule holds together.
        """
        quantiles = (1 - _TAIL / max(1, tests), POWER_FRACTION)
        if math.isinf(self.degrees_of_freedom):
            return float(sum(ndtri(quantile) for quantile in quantiles)) * self.error_fraction
        return float(sum(stdtrit(self.degrees_of_freedom, quantile) for quantile in quantiles)) * self.error_fraction


def spread(interval: Interval, repeats: int) -> Spread | None:
    """Recovers the standard error of a mean from its interval.

    An interval of repeats has `repeats - 1` degrees of freedom. One by batch means does not say how many it has; more are then assumed than it can have
    had, which makes the standard error too large, never too small, since the interval's width is given.

    Args:
        interval: as a cell has it.
        repeats: of that cell.

    Returns:
        None without an interval, or where it has no width.

    >>> found = spread(Interval(mean=100.0, low=95.697, high=104.303, effective_samples=3), repeats=3)
    >>> round(found.standard_error, 3), found.degrees_of_freedom
    (1.0, 2)
    """
    if interval.high is None or interval.mean <= 0:
        return None
    half = interval.high - interval.mean
    if half <= interval.mean * 1e-12:
        return None
    effective = interval.effective_samples
    if repeats > 1 and (effective is None or effective == repeats):
        freedom: float = repeats - 1
    else:
        freedom = max((effective or 0.0) - 1, _BATCHES - 1)
    error = half / float(stdtrit(freedom, 1 - _TAIL))
    return Spread(mean=interval.mean, standard_error=error, degrees_of_freedom=freedom)


def welch(first: Spread, second: Spread) -> Outcome:
    """Welch's t test of two means.

    >>> one = Spread(mean=100.0, standard_error=1.0, degrees_of_freedom=2)
    >>> two = Spread(mean=104.0, standard_error=1.0, degrees_of_freedom=2)
    >>> found = welch(one, two)  # t = 4 / √2 with 4 degrees of freedom
    >>> round(found.p_value, 4), round(found.degrees_of_freedom, 6)
    (0.0474, 4.0)
    """
    variances = (first.standard_error**2, second.standard_error**2)
    error = math.sqrt(sum(variances))
    freedom = error**4 / (variances[0] ** 2 / first.degrees_of_freedom + variances[1] ** 2 / second.degrees_of_freedom)
    distance = (second.mean - first.mean) / error
    return Outcome(
        p_value=2 * float(stdtr(freedom, -abs(distance))),
        change_fraction=second.mean / first.mean - 1,
        error_fraction=error / first.mean,
        degrees_of_freedom=freedom,
    )


def ratio(first: float, first_bounds: Bounds, second: float, second_bounds: Bounds) -> Outcome | None:
    """Test of two percentiles by their bounds, on the logarithmic scale.

    The bound of the ratio that lies towards 1 decides: for a second percentile that is larger, its own lower and the first one's upper bound.

    Args:
        first: the percentile.
        first_bounds: its 95 % bounds.
        second: the other percentile.
        second_bounds: its 95 % bounds.

    Returns:
        None where a bound is 0 or neither has any width.
    """
    if min(first_bounds.low, second_bounds.low, first, second) <= 0:
        return None
    change = math.log(second / first)
    larger, smaller = ((second, second_bounds), (first, first_bounds))
    if change < 0:
        larger, smaller = smaller, larger
    reach = math.hypot(math.log(larger[0] / larger[1].low), math.log(smaller[1].high / smaller[0]))
    if reach <= 0:
        return None
    error = reach / _Z
    return Outcome(
        p_value=2 * float(ndtr(-abs(change) / error)),
        change_fraction=second / first - 1,
        error_fraction=error,
        degrees_of_freedom=math.inf,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """P values adjusted by Holm's rule, in the order given; a verdict is shown where one is at most 0.05.

    The k-th smallest of m is multiplied by m - k + 1 and never falls below the one before it.

    >>> holm([0.04, 0.01, 0.03])
    [0.06, 0.03, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for place, number in enumerate(order):
        highest = max(highest, min(1.0, p_values[number] * (len(p_values) - place)))
        adjusted[number] = highest
    return adjusted
