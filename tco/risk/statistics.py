"""From draws to what is said of them: probabilities with their standard error, bands, shares of variance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tco.quantity import Numbers
from tco.risk.records import PERCENT, Band, Histogram, Probability

_BINS = 40
_SHARE_BINS = 64
_RUNS_A_BIN = 32


def probability(hits: npt.NDArray[np.bool_], layouts: npt.NDArray[np.int64]) -> Probability:
    """Share of the runs, with its standard error.

    Runs that share a fleet layout are not independent in the inputs that shape it, so the error is the larger one of the binomial `√(p (1 − p) / n)` and
    that of the means of the layouts, `s / √layouts`.

    Args:
        hits: by run.
        layouts: which layout each run has, 0, 1, ….

    >>> probability(np.array([True, False, True, False]), np.array([0, 0, 1, 1]))
    Probability(fraction=0.5, standard_error=0.25)
    """
    share = float(hits.mean())
    return Probability(
        fraction=share,
        standard_error=max(
            float(np.sqrt(share * (1 - share) / hits.size)), _error_between(hits.astype(float), layouts)
        ),
    )


def band(values: Numbers, layouts: npt.NDArray[np.int64] | None = None) -> Band:
    """Mean with its standard error, and percentiles; infinite values are null, and leave no mean.

    Args:
        values: by run.
        layouts: as for `probability`; null: the runs are independent.
    """
    finite = bool(np.isfinite(values).all())
    error = float(values.std() / np.sqrt(values.size)) if finite else None
    if error is not None and layouts is not None:
        error = max(error, _error_between(values, layouts))
    # Between a finite payback and "never" there is nothing to interpolate.
    at = np.quantile(values, np.array(PERCENT) / 100, method="inverted_cdf")
    return Band(
        mean=float(values.mean()) if finite else None,
        standard_error=error,
        percentiles={
            str(percent): float(value) if np.isfinite(value) else None
            for percent, value in zip(PERCENT, at, strict=True)
        },
    )


def _error_between(values: Numbers, layouts: npt.NDArray[np.int64]) -> float:
    counts = np.bincount(layouts)
    means = np.bincount(layouts, weights=values)[counts > 0] / counts[counts > 0]
    return float(means.std(ddof=1) / np.sqrt(means.size)) if means.size > 1 else 0.0


def histogram(npv_usd: Numbers) -> Histogram:
    """Runs by NPV, between the lowest and the highest hundredth."""
    low, high = np.quantile(npv_usd, [0.01, 0.99])
    if low == high:
        low, high = low - 1, high + 1
    edges = np.linspace(low, high, _BINS + 1)
    counts, _ = np.histogram(np.clip(npv_usd, low, high), edges)
    return Histogram(edges_usd=edges.tolist(), counts=counts.tolist())


def variance_share(values: Numbers, outcome: Numbers) -> float:
    """First-order Sobol index of an input, from the draws themselves: `Var(E[outcome | input]) / Var(outcome)` [fraction].

    The runs are sorted by the input and cut into groups of equal size; the variance of the groups' means is corrected for what it would be by chance
    (epsilon squared). It needs no further runs, no linearity, and holds for correlated inputs too, whose shares then overlap [1].

    Args:
        values: of the input, by run.
        outcome: by run.

    Special cases: an outcome that does not vary gives 0; an input of few values has a group for each.

    References:
        [1] E. Plischke, E. Borgonovo, C. L. Smith, "Global sensitivity measures from given data", Eur. J. Oper. Res. 226 (2013) 536-550.
    """
    total = float(outcome.var())
    # What is left of a sum by rounding is no variance.
    if total <= (1e-12 * float(np.abs(outcome).max(initial=0))) ** 2:
        return 0.0
    distinct = np.unique(values[: 8 * _SHARE_BINS])
    bins = max(2, min(_SHARE_BINS, values.size // _RUNS_A_BIN))
    if distinct.size <= bins:
        group = np.searchsorted(np.sort(np.unique(values)), values)
    else:
        rank = np.empty(values.size, dtype=np.int64)
        rank[np.argsort(values)] = np.arange(values.size)
        group = rank * bins // values.size
    counts = np.bincount(group)
    used = counts > 0
    if used.sum() < 2:  # noqa: PLR2004 - one group explains nothing
        return 0.0
    means = np.bincount(group, weights=outcome)[used] / counts[used]
    explained = float(np.average((means - outcome.mean()) ** 2, weights=counts[used])) / total
    runs, groups = values.size, int(used.sum())
    return max(0.0, 1 - (1 - explained) * (runs - 1) / max(1, runs - groups))


def shares_of_layouts(
    values: npt.NDArray[np.floating], layouts: npt.NDArray[np.int64], outcome: Numbers
) -> list[float]:
    """Shares of variance of the inputs that shape the fleet, which have one value a layout [fraction].

    There are few layouts, so their inputs cannot be told apart as the others are: the share of the layout is split by the squared correlation of each
    input with the outcome's mean over a layout.

    Args:
        values: of these inputs, shape (inputs, runs).
        layouts: of each run.
        outcome: by run.
    """
    together = variance_share(layouts.astype(float), outcome)
    if not together or not len(values):
        return [0.0] * len(values)
    first = np.unique(layouts, return_index=True)[1]
    counts = np.bincount(layouts)
    means = np.bincount(layouts, weights=outcome)[counts > 0] / counts[counts > 0]
    own = values[:, first].astype(float)
    own, means = own - own.mean(axis=1, keepdims=True), means - means.mean()
    spread = np.maximum((own**2).sum(axis=1), 1e-300)
    weight = (own @ means) ** 2 / spread
    return [float(share) for share in together * weight / max(float(weight.sum()), 1e-300)]
