"""Means with confidence intervals and percentiles that admit when they are not known. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from probes.record import Interval, Percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE_FRACTION = 0.95


def fewest_samples(quantile_fraction: float) -> int:
    """Fewest samples from which a percentile is given: `1 / (1 - q)`.

    With fewer, the q-quantile lies beyond the largest sample but one, and an interpolated value would only restate the
    maximum.

    >>> [fewest_samples(q) for q in (0.5, 0.9, 0.95, 0.99)]
    [2, 10, 20, 100]
    """
    return math.ceil(round(1 / (1 - quantile_fraction), 6))


def percentiles(values_ms: Sequence[float] | np.ndarray) -> Percentiles:
    """Mean and percentiles of a latency.

    Percentiles interpolate linearly between order statistics (`numpy.percentile`'s default, Hyndman and Fan's type 7,
    https://doi.org/10.2307/2684934). One with fewer than `fewest_samples` samples is None.

    Args:
        values_ms: samples [ms].

    Returns:
        All None without samples.

    >>> percentiles([1.0, 2.0, 3.0]).p50, percentiles([1.0, 2.0, 3.0]).p90
    (2.0, None)
    """
    values = np.asarray(values_ms, dtype=float)
    if values.size == 0:
        return Percentiles()

    def at(quantile_fraction: float) -> float | None:
        enough = values.size >= fewest_samples(quantile_fraction)
        return float(np.quantile(values, quantile_fraction)) if enough else None

    return Percentiles(mean=float(values.mean()), p50=at(0.5), p90=at(0.9), p95=at(0.95), p99=at(0.99))


def interval(values: Sequence[float]) -> Interval:
    """Mean of repeats with its 95 % confidence interval.

    `mean ± t(0.975, n - 1) · s / √n` (Student, for few repeats), cut off at zero below. With one repeat the interval is
    not known and both ends are None; without any, the mean is 0.

    Args:
        values: one number for each repeat, none negative.

    >>> interval([10.0]).low is None, interval([10.0, 10.0]).high
    (True, 10.0)
    """
    if not values:
        return Interval(mean=0.0)
    mean = float(np.mean(values))
    if len(values) == 1:
        return Interval(mean=mean)
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE_FRACTION) / 2)) * spread
    return Interval(mean=mean, low=max(0.0, mean - half), high=mean + half)
