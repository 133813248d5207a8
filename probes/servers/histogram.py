"""Prometheus histograms: what grew between two readings, and percentiles inside its buckets.

The interpolation is Prometheus' own `histogram_quantile`: values are taken to lie evenly inside a bucket, whose lower edge is 0 for the first one
(https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile). What is certain are the bucket's edges only.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.record import Bounds, Percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence

MS_PER_S = 1e3
_QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of a latency by bucket since the server's start.

    Attributes:
        edges_s: upper edges, ascending, the last one infinite [s].
        counts: values up to each edge, so ascending too.
        total_s: sum of all values [s]; None where the server does not say.
    """

    edges_s: tuple[float, ...]
    counts: tuple[float, ...]
    total_s: float | None = None

    @property
    def samples(self) -> float:
        """Values in all."""
        return self.counts[-1] if self.counts else 0.0


def grown(before: Histogram | None, after: Histogram | None) -> Histogram | None:
    """What came between two readings.

    Args:
        before: first reading; None where the server had not yet counted anything.
        after: second reading.

    Returns:
        None where there is no second reading, the buckets differ, or a count fell, which means that the server was restarted.

    >>> before = Histogram(edges_s=(1.0, math.inf), counts=(2.0, 3.0), total_s=4.0)
    >>> grown(before, Histogram(edges_s=(1.0, math.inf), counts=(6.0, 8.0), total_s=9.0))
    Histogram(edges_s=(1.0, inf), counts=(4.0, 5.0), total_s=5.0)
    """
    if before is None or after is None:
        return after
    if before.edges_s != after.edges_s:
        return None
    counts = tuple(last - first for first, last in zip(before.counts, after.counts, strict=True))
    if any(step < 0 for step in counts):
        return None
    total_s = None if before.total_s is None or after.total_s is None else after.total_s - before.total_s
    return Histogram(edges_s=after.edges_s, counts=counts, total_s=total_s)


def bucket_of(histogram: Histogram, quantile: float) -> tuple[float, float, float]:
    """A quantile with the edges of the bucket that holds it.

    Args:
        histogram: with at least one value.
        quantile: within (0, 1].

    Returns:
        The value, interpolated, the bucket's lower and its upper edge [s]. All but the lower edge are infinite in the last bucket.

    >>> bucket_of(Histogram(edges_s=(0.1, 0.2, math.inf), counts=(10.0, 20.0, 20.0)), 0.75)
    (0.15, 0.1, 0.2)
    """
    rank = quantile * histogram.samples
    place = next(index for index, reached in enumerate(histogram.counts) if reached >= rank and reached > 0)
    low_s = histogram.edges_s[place - 1] if place else min(0.0, histogram.edges_s[0])
    below = histogram.counts[place - 1] if place else 0.0
    high_s = histogram.edges_s[place]
    if math.isinf(high_s):
        return math.inf, low_s, high_s
    share = (rank - below) / (histogram.counts[place] - below)
    return round(low_s + (high_s - low_s) * share, 12), low_s, high_s


def percentiles_of(histogram: Histogram | None, *, reason: str = "the server does not say") -> Percentiles:
    """A latency's distribution from a histogram.

    Args:
        histogram: what came in the load point; None where it is not known.
        reason: why it is not known.

    Returns:
        Percentiles [ms] whose `bounds` are the edges of their buckets. One beyond the last edge is null, and `missing` says so.
    """
    if histogram is None or histogram.samples <= 0:
        return Percentiles(
            missing=dict.fromkeys(_QUANTILES, reason if histogram is None else "no value in this load point")
        )
    found: dict[str, float] = {}
    bounds: dict[str, Bounds] = {}
    missing: dict[str, str] = {}
    for name, quantile in _QUANTILES.items():
        value_s, low_s, high_s = bucket_of(histogram, quantile)
        if math.isinf(value_s):
            missing[name] = f"above {low_s * MS_PER_S:g} ms, the last edge of the server's histogram"
            continue
        found[name] = value_s * MS_PER_S
        bounds[name] = Bounds(low=low_s * MS_PER_S, high=high_s * MS_PER_S)
    mean = None if histogram.total_s is None else max(0.0, histogram.total_s / histogram.samples * MS_PER_S)
    return Percentiles(mean=mean, **found, samples=round(histogram.samples), bounds=bounds, missing=missing)


def merged(series: Sequence[Histogram]) -> Histogram | None:
    """Adds the histograms of several engines, or of several labels, of one server.

    Args:
        series: histograms of one name.

    Returns:
        None without any, or where their buckets differ.
    """
    if not series or any(one.edges_s != series[0].edges_s for one in series):
        return None
    totals = [one.total_s for one in series if one.total_s is not None]
    return Histogram(
        edges_s=series[0].edges_s,
        counts=tuple(sum(counts) for counts in zip(*(one.counts for one in series), strict=True)),
        total_s=sum(totals) if len(totals) == len(series) else None,
    )


def well_formed(histogram: Histogram) -> bool:
    """Whether edges and counts rise and the last edge is infinite, as the format demands."""
    edges = all(low < high for low, high in itertools.pairwise(histogram.edges_s))
    counts = all(low <= high for low, high in itertools.pairwise(histogram.counts))
    return edges and counts and bool(histogram.edges_s) and math.isinf(histogram.edges_s[-1])
