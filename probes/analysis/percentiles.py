"""Percentiles with 95 % bounds that assume no shape, and that say why where they are missing. Pure.

The bounds are order statistics: the number of samples below the true q-quantile is binomial(n, q), whatever the distribution (David and Nagaraja,
Order Statistics, 2003, section 7.1). A bound beyond the largest sample does not exist, so each percentile has a floor of samples. The idea
that a tail percentile is not given before there is enough behind it is that of MLPerf's early stopping
(https://github.com/mlcommons/inference_policies/blob/master/inference_rules.adoc).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr

from probes.analysis.batches import CONFIDENCE_FRACTION, Floats, batch_means
from probes.record import Bounds, Percentiles

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_TAIL = (1 - CONFIDENCE_FRACTION) / 2


def fewest_samples(quantile_fraction: float) -> int:
    """Fewest samples from which a percentile is given: `1 / (1 - q)`.

    With fewer, the q-quantile lies beyond the largest sample but one, and an interpolated value would only restate the maximum.

    >>> [fewest_samples(q) for q in QUANTILES.values()]
    [2, 10, 20, 100]
    """
    return math.ceil(round(1 / (1 - quantile_fraction), 6))


def fewest_for_bounds(quantile_fraction: float) -> int:
    """Fewest independent samples from which a percentile has both 95 % bounds: `ln 0.025 / ln max(q, 1 - q)`.

    >>> [fewest_for_bounds(q) for q in QUANTILES.values()]
    [6, 36, 72, 368]
    """
    return math.ceil(math.log(_TAIL) / math.log(max(quantile_fraction, 1 - quantile_fraction)))


def bound_ranks(samples: int, quantile_fraction: float) -> tuple[int, int] | None:
    """Ranks, from 1, of the two order statistics that hold the true quantile with at least 95 % confidence.

    The lower is the largest `l` with `P(B <= l - 1) <= 0.025`, the upper the smallest `u` with `P(B <= u - 1) >= 0.975`, B binomial(n, q).

    Args:
        samples: independent samples n.
        quantile_fraction: q.

    Returns:
        None below `fewest_for_bounds`.

    >>> bound_ranks(100, 0.5), bound_ranks(71, 0.95), bound_ranks(72, 0.95)
    ((40, 61), None, (64, 72))
    """
    if samples < fewest_for_bounds(quantile_fraction):
        return None
    centre = samples * quantile_fraction
    reach = 8 * math.sqrt(centre * (1 - quantile_fraction)) + 8
    ranks = np.arange(max(0, math.floor(centre - reach)), min(samples, math.ceil(centre + reach)) + 1)
    below = bdtr(ranks.astype(float), samples, quantile_fraction)
    lower = int(ranks[np.searchsorted(below, _TAIL, side="right") - 1]) + 1
    upper = int(ranks[np.searchsorted(below, 1 - _TAIL)]) + 1
    return lower, upper


def percentiles(values_ms: Sequence[float] | Floats) -> Percentiles:
    """Mean, percentiles and their bounds.

    Percentiles interpolate linearly between order statistics (`numpy.percentile`'s default, Hyndman and Fan's type 7,
    https://doi.org/10.2307/2684934). Where neighbours in time resemble each other, the bounds are those of as many independent samples as know
    the share below the percentile equally well (batch means of that share).

    Args:
        values_ms: samples in the order of time [ms].

    Returns:
        All null without samples; `missing` says why a percentile, or its bounds, are.

    >>> found = percentiles([1.0, 2.0, 3.0])
    >>> found.p50, found.p90, found.missing["p90"]
    (2.0, None, '3 samples; p90 needs 10')
    """
    values = np.asarray(values_ms, dtype=float)
    if values.size == 0:
        return Percentiles(samples=0, missing=dict.fromkeys(QUANTILES, "no samples"))
    ordered = np.sort(values)
    known: dict[str, float | None] = {}
    bounds: dict[str, Bounds] = {}
    missing: dict[str, str] = {}
    for name, quantile_fraction in QUANTILES.items():
        needed = fewest_samples(quantile_fraction)
        if values.size < needed:
            missing[name] = f"{values.size} samples; {name} needs {needed}"
            continue
        known[name] = float(np.quantile(ordered, quantile_fraction))
        found = _bounds(values, ordered, name)
        if isinstance(found, str):
            missing[name] = found
        else:
            bounds[name] = found
    return Percentiles(mean=float(values.mean()), samples=values.size, bounds=bounds, missing=missing, **known)


def _bounds(values: Floats, ordered: Floats, name: str) -> Bounds | str:
    quantile_fraction, size = QUANTILES[name], values.size
    needed = fewest_for_bounds(quantile_fraction)
    if size < needed:
        return f"{size} samples; bounds of {name} need {needed}"
    below = (values <= np.quantile(ordered, quantile_fraction)).astype(float)
    independent = math.floor(batch_means(below).effective_samples + 1e-9)
    ranks = bound_ranks(independent, quantile_fraction)
    if ranks is None:
        return f"neighbours resemble each other: {size} samples count as {independent}; bounds of {name} need {needed}"
    scale = (size + 1) / (independent + 1)
    lower = max(1, math.floor(ranks[0] * scale + 1e-9))
    upper = min(size, math.ceil(ranks[1] * scale - 1e-9))
    return Bounds(low=float(ordered[lower - 1]), high=float(ordered[upper - 1]))
