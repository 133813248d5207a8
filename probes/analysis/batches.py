"""Batch means: how well a mean is known when neighbouring samples resemble each other. Pure.

The rule, after Fishman and Yarberry's LABATCH (https://doi.org/10.1287/ijoc.9.3.296): a series is cut into batches of 1, 2, 4, ... samples as long
as there are 10 batches. The first size at which the batches' means no longer resemble their neighbours (von Neumann's test, one-sided, 10 %)
is taken. What correlation is left between batches of more than one sample, or where no size passes, widens the interval by the factor of a
first-order autoregression, `(1 + ρ) / (1 - ρ)`, as in ASAP3 (https://doi.org/10.1145/1044322.1044325). Student's t does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from probes.record import Interval

CONFIDENCE_FRACTION = 0.95
MIN_BATCHES = 10
MIN_EFFECTIVE = 2.0
_TEST_Z = 1.2816  # normal quantile of 0.90
_MAX_CORRELATION = 0.98
_MIN_TESTABLE = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMeans:
    """How well the mean of a series is known.

    Attributes:
        samples: length of the series.
        batches: how many means the error rests on.
        batch_size: samples in each of them.
        correlation: of neighbouring batches, as far as it was allowed for; 0 where they passed as independent.
        standard_error: of the mean, in the unit of the series; None for fewer than two samples.
        effective_samples: independent samples that would know the mean as well.
    """

    samples: int
    batches: int
    batch_size: int
    correlation: float
    standard_error: float | None
    effective_samples: float

    @property
    def half_width(self) -> float | None:
        """Half the 95 % interval: `t(0.975, degrees of freedom)` standard errors; None where too little is known."""
        independent = self.batches * (1 - self.correlation) / (1 + self.correlation)
        if self.standard_error is None or independent < MIN_EFFECTIVE:
            return None
        return float(stdtrit(independent - 1, (1 + CONFIDENCE_FRACTION) / 2)) * self.standard_error


def neighbours_resemble(values: Floats) -> tuple[float, bool]:
    """Von Neumann's test for positive correlation of neighbours.

    `C = 1 - Σ (x_i - x_{i+1})² / (2 Σ (x_i - mean)²)` has mean 0 and variance `(k - 2) / (k² - 1)` for k independent normal values
    (https://doi.org/10.1214/aoms/1177731677).

    Args:
        values: in order.

    Returns:
        The coefficient C, and whether it is beyond chance (one-sided, 10 %). Fewer than 3 values, or equal ones, tell nothing: (0, False).

    >>> neighbours_resemble(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))[1]
    True
    """
    spread = float(np.sum((values - values.mean()) ** 2)) if values.size >= _MIN_TESTABLE else 0.0
    if spread <= 1e-24 * float(np.sum(values**2)):
        return 0.0, False
    k = values.size
    coefficient = 1 - float(np.sum(np.diff(values) ** 2)) / (2 * spread)
    return coefficient, coefficient > _TEST_Z * math.sqrt((k - 2) / (k * k - 1))


def batch_means(series: Sequence[float] | Floats) -> BatchMeans:
    """Standard error of the mean of a correlated series.

    Args:
        series: samples in the order of time.

    Returns:
        The error; None in it for fewer than two samples.

    >>> batch_means([9.0, 11.0, 10.0]).effective_samples
    3.0
    """
    values = np.asarray(series, dtype=float)
    if values.size < 2:  # noqa: PLR2004 -- a spread needs two
        return BatchMeans(
            samples=values.size,
            batches=values.size,
            batch_size=1,
            correlation=0.0,
            standard_error=None,
            effective_samples=float(values.size),
        )
    size, means = 1, values
    correlation, resembles = neighbours_resemble(means)
    while resembles and values.size // (2 * size) >= MIN_BATCHES:
        size *= 2
        means = _means(values, size)
        correlation, resembles = neighbours_resemble(means)
    left = min(max(correlation, 0.0), _MAX_CORRELATION) if resembles or size > 1 else 0.0
    error = math.sqrt(float(np.var(means, ddof=1)) / means.size * (1 + left) / (1 - left))
    return BatchMeans(
        samples=values.size,
        batches=means.size,
        batch_size=size,
        correlation=left,
        standard_error=error,
        effective_samples=_effective(values, error),
    )


def _means(values: Floats, size: int) -> Floats:
    """Means of whole batches; what is left over is the oldest, next to the warm-up."""
    whole = values[values.size % size :]
    means: Floats = whole.reshape(-1, size).mean(axis=1)
    return means


def _effective(values: Floats, error: float) -> float:
    if error == 0:
        return float(values.size)
    return min(float(values.size), float(np.var(values, ddof=1)) / error**2)


def interval(series: Sequence[float] | Floats, *, mean: float | None = None, what: str = "samples") -> Interval:
    """Mean of a correlated series with its 95 % interval by batch means, cut off at zero below.

    Args:
        series: samples in the order of time, none negative.
        mean: a better estimate of the mean than the series' own, such as a ratio of totals.
        what: how the reason names the samples.

    Returns:
        The interval; ends null, with the reason, where the samples are too few or too much alike.

    >>> interval([10.0]).reason
    'an interval needs at least 2 samples, there is 1'
    """
    values = np.asarray(series, dtype=float)
    centre = float(values.mean()) if mean is None and values.size else (mean or 0.0)
    found = batch_means(values)
    half = found.half_width
    if half is None:
        reason = (
            f"an interval needs at least 2 {what}, there {'is' if found.samples == 1 else 'are'} {found.samples}"
            if found.standard_error is None
            else f"neighbouring {what} resemble each other so much that {found.samples} count as "
            f"{found.effective_samples:.1f} independent ones; measure for longer"
        )
        return Interval(mean=centre, effective_samples=found.effective_samples, reason=reason)
    return Interval(
        mean=centre, low=max(0.0, centre - half), high=centre + half, effective_samples=found.effective_samples
    )


def repeats_interval(values: Sequence[float]) -> Interval:
    """Mean of independent repeats with its 95 % confidence interval.

    `mean ± t(0.975, n - 1) · s / √n` (Student, for few repeats), cut off at zero below.

    Args:
        values: one number for each repeat, none negative.

    >>> repeats_interval([10.0]).low is None, repeats_interval([10.0, 10.0]).high
    (True, 10.0)
    """
    if len(values) < 2:  # noqa: PLR2004 -- a spread needs two
        return Interval(mean=float(values[0]) if values else 0.0, reason=f"{len(values)} repeats have no spread")
    mean = float(np.mean(values))
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE_FRACTION) / 2)) * spread
    return Interval(mean=mean, low=max(0.0, mean - half), high=mean + half, effective_samples=len(values))
