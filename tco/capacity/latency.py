"""One latency percentile of one cell, also where the run did not record exactly that percentile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtri

from probes.cell import Cell
from probes.record import Percentiles

_SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}

Basis = Literal["measured", "interpolated", "modelled"]
"""How a number that rests on a run was obtained: at a measured point, inside the probed range, or outside it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A latency percentile and how it was had.

    Attributes:
        value_ms: the latency [ms].
        basis: `measured` when the run holds it or a stricter percentile, `modelled` when it was extrapolated.
        stand_in: the percentile that was read instead, or None.
    """

    value_ms: float
    basis: Basis
    stand_in: str | None = None


def read_latency(cell: Cell, metric: str) -> Reading | None:
    """Reads a metric such as `ttft_p95_ms` from a cell.

    Where the cell lacks the percentile:

    - the next stricter one that it has stands in (p99 for p95): never too optimistic, so still `measured`;
    - else the two strictest that it has are carried on along a log-normal: `ln x(q) = ln x50 + s · z(q)`, `modelled`;
    - else None: nothing can be said.

    >>> from probes.record import Percentiles
    >>> round(percentile(Percentiles(p50=100.0, p90=200.0), "p95").value_ms)
    243
    """
    name, share, _ = metric.rsplit("_", 2)
    return percentile(getattr(cell, f"{name}_ms"), share)


def percentile(values: Percentiles, share: str) -> Reading | None:
    """Reads `p50`, `p90`, `p95` or `p99` [ms] from a distribution; the rules are those of `read_latency`."""
    known = {name: value for name in _SHARES if (value := getattr(values, name)) is not None}
    if share in known:
        return Reading(known[share], "measured")
    stricter = [name for name in known if _SHARES[name] > _SHARES[share]]
    if stricter:
        return Reading(known[stricter[0]], "measured", stricter[0])
    if len(known) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    lower, upper = list(known)[-2:]
    return Reading(_log_normal(known, lower, upper, share), "modelled", upper)


def _log_normal(known: dict[str, float], lower: str, upper: str, share: str) -> float:
    if known[lower] <= 0:
        return known[upper]
    z_lower, z_upper, z = (float(ndtri(_SHARES[name])) for name in (lower, upper, share))
    slope = math.log(known[upper] / known[lower]) / (z_upper - z_lower)
    return known[upper] * math.exp(slope * (z - z_upper))
