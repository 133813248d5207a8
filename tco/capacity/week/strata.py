"""Which hours of a week are alike, and how many requests are simulated of each kind."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco.errors import InputError

SECONDS_PER_HOUR = 3600
MOST_STRATA = 40
"""Of each pool size. Where more loads differ, they are rounded up to so many steps of the largest: by at most a fortieth of it, on the safe side."""
_DIGITS = 12
_ROUNDING = 1e-9

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Hours with the same load on each replica, and pools that are simulated alike.

    Attributes:
        hours: their numbers.
        pool_replicas: replicas that are simulated.
        replica_requests_per_s: load of each replica [requests/s].
        requests: that these hours stand for.
        replica_hours: replicas that stand in them, added up [h].
    """

    hours: tuple[int, ...]
    pool_replicas: int
    replica_requests_per_s: float
    requests: float
    replica_hours: float

    @property
    def pool_requests_per_s(self) -> float:
        """Load of the simulated pool [requests/s]."""
        return self.replica_requests_per_s * self.pool_replicas

    @property
    def is_raised(self) -> bool:
        """Whether it is simulated at a higher load than that of its hours together: see `MOST_STRATA`."""
        asked = self.requests / SECONDS_PER_HOUR / self.replica_hours
        return self.replica_requests_per_s > asked * (1 + _ROUNDING)


def strata_of(requests_per_s: npt.ArrayLike, replicas: npt.ArrayLike, *, largest_pool: int) -> tuple[Stratum, ...]:
    """Hours with the same load on each replica are one stratum, as long as their pools are simulated with as many replicas.

    Args:
        requests_per_s: load of each hour [requests/s], shape (hours,).
        replicas: that stand in each hour, shape (hours,).
        largest_pool: more replicas are simulated as so many, each with the same load.

    Returns:
        Strata in the order of their first hour. Hours without requests are in none.

    Raises:
        InputError: shapes that differ, a load that is negative or no number, no requests at all, requests in an hour without replicas.

    >>> [(len(s.hours), s.pool_replicas, s.requests) for s in strata_of([10.0, 20.0, 10.0, 0.0], [2, 4, 2, 1], largest_pool=8)]
    [(2, 2, 72000.0), (1, 4, 72000.0)]
    """
    rates, standing = np.asarray(requests_per_s, dtype=float), np.asarray(replicas)
    _check(rates, standing, largest_pool)
    busy = np.flatnonzero(rates > 0)
    loads = _told_apart(rates[busy] / standing[busy])
    pools = np.minimum(standing[busy], largest_pool)
    found: dict[tuple[int, float], list[int]] = {}
    for hour, pool, load in zip(busy.tolist(), pools.tolist(), loads.tolist(), strict=True):
        found.setdefault((int(pool), load), []).append(hour)
    return tuple(
        Stratum(
            hours=tuple(hours),
            pool_replicas=pool,
            replica_requests_per_s=load,
            requests=float(rates[hours].sum()) * SECONDS_PER_HOUR,
            replica_hours=float(standing[hours].sum()),
        )
        for (pool, load), hours in found.items()
    )


def allocation(strata: tuple[Stratum, ...], requests: int, least: int) -> tuple[int, ...]:
    """Requests that are simulated of each stratum: in proportion to those that it stands for, and not fewer than a floor.

    Proportional allocation never does worse than a plain sample of the week [1]. The best one of Neyman is hardly better here: hours with most late
    requests are those with most requests anyway (`benchmarks/data/week_by_strata.txt`).

    Args:
        strata: of the week.
        requests: to be shared out.
        least: of each.

    References:
        [1] W. G. Cochran, Sampling Techniques, 3rd ed. 1977, sections 5.5 to 5.6.

    >>> allocation(strata_of([30.0, 10.0], [1, 1], largest_pool=8), 1000, 300)
    (750, 300)
    """
    total = sum(stratum.requests for stratum in strata)
    return tuple(max(least, math.ceil(requests * stratum.requests / total - _ROUNDING)) for stratum in strata)


def _told_apart(loads: Floats) -> Floats:
    """The loads, rounded up to steps where too many differ."""
    exact = np.array([float(f"{load:.{_DIGITS}g}") for load in loads])
    if np.unique(exact).size <= MOST_STRATA:
        return exact
    step = exact.max() / MOST_STRATA
    return np.asarray(np.minimum(np.ceil(exact / step - _ROUNDING) * step, exact.max()))


def _check(rates: Floats, standing: npt.NDArray[np.generic], largest_pool: int) -> None:
    if rates.ndim != 1 or rates.shape != standing.shape:
        raise InputError(
            f"week: {rates.size} loads and {standing.size} numbers of replicas; give one of each for every hour"
        )
    if not np.isfinite(rates).all() or (rates < 0).any():
        raise InputError("week: the load of an hour is negative or no number; give requests/s of at least 0")
    if not (rates > 0).any():
        raise InputError("week: no hour has a request; there is nothing to simulate")
    if largest_pool < 1:
        raise InputError(f"week: pools of {largest_pool} replicas; simulate at least 1")
    alone = np.flatnonzero((rates > 0) & (standing.astype(float) < 1))
    if alone.size:
        raise InputError(
            f"week: hour {alone[0]} has {rates[alone[0]]:g} requests/s and no replica; give each hour with requests at least one"
        )
