"""Percentiles as another tool gives them: only those that its samples allow. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

from probes.analysis.percentiles import QUANTILES, fewest_samples
from probes.record import Bounds, Percentiles


def published(
    values_ms: Mapping[str, float | None],
    *,
    samples: int | None,
    bounds: Mapping[str, Bounds] | None = None,
    mean_ms: float | None = None,
) -> Percentiles:
    """Percentiles that a file gives, less those that its samples do not carry.

    A percentile of fewer than `1 / (1 - q)` samples restates the maximum, whoever computed it: it is left out and `missing` says so.

    Args:
        values_ms: percentiles by name (`p50`, `p90`, `p95`, `p99`) [ms].
        samples: how many values they are of; None where the file does not say.
        bounds: 95 % bounds, where the file has them.
        mean_ms: their mean.

    >>> found = published({"p50": 5.0, "p99": 9.0}, samples=40, mean_ms=5.5)
    >>> found.p50, found.p99, found.missing["p99"], found.missing["p90"]
    (5.0, None, '40 samples; p99 needs 100', 'not in the file')
    """
    known: dict[str, float] = {}
    missing: dict[str, str] = {}
    for name, quantile_fraction in QUANTILES.items():
        value = values_ms.get(name)
        needed = fewest_samples(quantile_fraction)
        if value is None:
            missing[name] = "not in the file"
        elif samples is not None and samples < needed:
            missing[name] = f"{samples} samples; {name} needs {needed}"
        else:
            known[name] = value
    kept = {name: bound for name, bound in (bounds or {}).items() if name in known}
    return Percentiles(mean=mean_ms, samples=samples, bounds=kept, missing=missing, **known)


def fallen(name: str, values: Percentiles) -> str | None:
    """A sentence where percentiles fall from p50 to p99; None where they are in order.

    >>> fallen("ttft_ms", Percentiles(p50=9.0, p99=5.0))
    'ttft_ms falls from 9 at p50 to 5 at p99'
    """
    known = [(label, value) for label in QUANTILES if (value := getattr(values, label)) is not None]
    for (label, value), (next_label, next_value) in itertools.pairwise(known):
        if next_value < value and not math.isclose(value, next_value):
            return f"{name} falls from {value:g} at {label} to {next_value:g} at {next_label}"
    return None


def without(values: Percentiles, reason: str) -> Percentiles:
    """The same samples without a single number, and why."""
    return Percentiles(samples=values.samples, missing=dict.fromkeys(QUANTILES, reason))
