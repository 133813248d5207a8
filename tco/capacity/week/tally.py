"""Latencies of simulated requests as weighted counts: memory does not grow with requests, and percentiles of any mixture of hours can be read."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tco.capacity.simulated import AskedClass
from tco.capacity.simulator.summary import Estimate, Latency

RATIO = 1.002
"""Two latencies in one bin differ by less than this factor; percentiles are read between the bin's edges."""
SHORTEST_S, LONGEST_S = 1e-5, 1e7
_BINS = math.ceil(math.log(LONGEST_S / SHORTEST_S) / math.log(RATIO)) + 1
"""One more stands for latencies without bound."""
METRICS = ("ttft", "tpot", "e2e")
ALL = slice(None)
_BEYOND = 5
"""A group needs so many requests beyond a percentile, or its error is not told."""

Floats = npt.NDArray[np.float64]


class Latencies(Protocol):
    """What a simulation says of each request."""

    @property
    def ttft_s(self) -> Floats:
        """Time to first token [s]."""

    @property
    def tpot_s(self) -> Floats:
        """Time per output token after the first [s]."""

    @property
    def e2e_s(self) -> Floats:
        """From sending to the last token [s]."""


class Tally:
    """Counts of latencies by class, metric and group of requests; groups are independent of each other, and their spread is the error."""

    __slots__ = ("_classes", "_counts", "_late", "_raw", "_requests", "_totals_s")

    def __init__(self, classes: tuple[AskedClass, ...], groups: int) -> None:
        """Counts nothing yet.

        Args:
            classes: whose requests are told apart.
            groups: of requests.
        """
        shape = (len(classes), len(METRICS), groups)
        self._classes = classes
        self._counts = np.zeros((*shape, _BINS + 1))
        self._totals_s = np.zeros(shape)
        self._raw = np.zeros(shape[:2], dtype=np.int64)
        self._requests = np.zeros((len(classes), groups))
        self._late = [np.zeros((len(kind.limits_ms), groups)) for kind in classes]

    def add(
        self,
        group: int,
        kinds: npt.NDArray[np.int32],
        found: Latencies,
        *,
        part: slice = ALL,
        endless: bool = False,
    ) -> None:
        """Counts requests, each as one.

        Args:
            group: of them.
            kinds: number of each request's class; empty: all are of the first.
            found: their latencies.
            part: of the requests, those that count.
            endless: whether more comes than can be answered: then waiting, and with it TTFT and E2E, has no bound.
        """
        values = {"ttft": found.ttft_s[part], "tpot": found.tpot_s[part], "e2e": found.e2e_s[part]}
        for number, kind in enumerate(self._classes):
            its = slice(None) if not kinds.size else kinds[part] == number
            own = {name: values[name][its] for name in METRICS}
            self._requests[number, group] += own["ttft"].size
            if endless:
                own = {name: own[name] if name == "tpot" else np.full_like(own[name], math.inf) for name in METRICS}
            for at, name in enumerate(METRICS):
                self._count((number, at, group), own[name][~np.isnan(own[name])])
            for at, (limit, most_ms) in enumerate(kind.limits_ms):
                self._late[number][at, group] += (own[limit.partition("_")[0]] * 1e3 > most_ms).sum()

    def add_tally(self, other: Tally, weight: float) -> None:
        """Counts what another one has counted, each request as so many.

        Args:
            other: of the same classes and groups.
            weight: requests that each stands for.
        """
        self._counts += weight * other._counts
        self._totals_s += weight * other._totals_s
        self._raw += other._raw
        self._requests += weight * other._requests
        for mine, theirs in zip(self._late, other._late, strict=True):
            np.add(mine, weight * theirs, out=mine)

    def requests(self, number: int) -> float:
        """Requests of a class that were counted."""
        return float(self._requests[number].sum())

    def latency(self, number: int, metric: str) -> Latency | None:
        """A latency of a class [s]; None where no request has it.

        Args:
            number: of the class.
            metric: `ttft`, `tpot` or `e2e`.
        """
        at = METRICS.index(metric)
        if not self._raw[number, at]:
            return None
        counts, totals = self._counts[number, at], self._totals_s[number, at]
        sizes = counts.sum(axis=1)
        mean = Estimate(
            value=float(totals.sum() / sizes.sum()), standard_error=_error(totals / np.where(sizes > 0, sizes, np.nan))
        )
        figures = {f"p{percent}": self.percentile(number, metric, percent) for percent in (50, 90, 95, 99)}
        return Latency(mean=mean, **figures)

    def percentile(self, number: int, metric: str, percent: float) -> Estimate:
        """A percentile of a class within 0.1 % [s]: infinite where so many wait without bound, not a number without requests.

        Its error is that of the share of requests below it, carried over by the percentiles that lie so much higher and lower [1]: groups differ, and those with
        long latencies move a high percentile most, which the spread of the groups' own percentiles does not show.

        Args:
            number: of the class.
            metric: `ttft`, `tpot` or `e2e`.
            percent: from 0 to 100.

        References:
            [1] R. S. Woodruff, "Confidence intervals for medians and other position measures", JASA 47, 1952, pp. 635-646.
        """
        at = METRICS.index(metric)
        counts = self._counts[number, at]
        pooled = counts.sum(axis=0)
        value = percentile_s(pooled, percent)
        beyond = min(percent, 100 - percent) / 100 * float(self._raw[number, at]) / len(counts)
        if beyond < _BEYOND or not math.isfinite(value):
            return Estimate(value=value, standard_error=None)
        below = np.array([share_below(row, value) for row in counts])
        off = 100 * (_error(below) or 0.0)
        ends = [percentile_s(pooled, min(max(percent + sign * off, 0.0), 100.0)) for sign in (-1, 1)]
        return Estimate(value=value, standard_error=(ends[1] - ends[0]) / 2 if math.isfinite(ends[1]) else None)

    def late_fraction(self, number: int, limit: int) -> Estimate:
        """Share of the requests that have a latency which are later than a limit of their class; exact, without bins.

        Args:
            number: of the class.
            limit: its place among the class's limits.
        """
        metric = self._classes[number].limits_ms[limit][0].partition("_")[0]
        sizes = self._counts[number, METRICS.index(metric)].sum(axis=1)
        late = self._late[number][limit]
        total = sizes.sum()
        return Estimate(
            value=float(late.sum() / total) if total else math.nan,
            standard_error=_error(late / np.where(sizes > 0, sizes, np.nan)),
        )

    def _count(self, place: tuple[int, int, int], known: Floats) -> None:
        with np.errstate(divide="ignore"):
            bins = np.log(np.maximum(known, SHORTEST_S) / SHORTEST_S) / math.log(RATIO)
        self._counts[place] += np.bincount(np.minimum(bins, _BINS).astype(np.int64), minlength=_BINS + 1)
        self._totals_s[place] += float(known.sum())
        self._raw[place[:2]] += known.size


def percentile_s(counts: Floats, percent: float) -> float:
    """A percentile of weighted counts [s], between the edges of its bin as if latencies lay evenly in it.

    Args:
        counts: shape (bins + 1,); the last are without bound.
        percent: from 0 to 100.
    """
    cumulated = np.cumsum(counts)
    if not cumulated[-1]:
        return math.nan
    wanted = percent / 100 * cumulated[-1]
    place = int(np.searchsorted(cumulated, wanted, side="left"))
    if place >= _BINS:
        return math.inf
    before = cumulated[place - 1] if place else 0.0
    inside = (wanted - before) / counts[place] if counts[place] else 0.5
    return float(SHORTEST_S * RATIO ** (place + min(max(inside, 0.0), 1.0)))


def share_below(counts: Floats, seconds: float) -> float:
    """Share of weighted counts below a latency [fraction], the inverse of `percentile_s`; not a number without any.

    Args:
        counts: shape (bins + 1,).
        seconds: the latency, finite.
    """
    place = math.log(max(seconds, SHORTEST_S) / SHORTEST_S) / math.log(RATIO)
    whole = min(int(place), _BINS - 1)
    total = float(counts.sum())
    return float(counts[:whole].sum() + counts[whole] * min(place - whole, 1.0)) / total if total else math.nan


def _error(figures: npt.ArrayLike) -> float | None:
    """Standard error of a figure from those of independent groups; None where one of them has none."""
    known = np.asarray(figures, dtype=float)
    if known.size < 2 or not np.isfinite(known).all():  # noqa: PLR2004 - one figure has no spread
        return None
    return float(known.std(ddof=1)) / math.sqrt(known.size)
