"""From counts of latencies to what is said of each class, its promises and its worst hours."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tco.capacity.simulated import AskedClass
from tco.capacity.simulator.summary import Estimate
from tco.capacity.week.records import (
    ClassEstimate,
    PromiseEstimate,
    StratumEstimate,
    UseEstimate,
    allowed_late_fraction,
    hour_name,
    percent_of,
)
from tco.capacity.week.strata import MOST_STRATA, Stratum
from tco.capacity.week.tally import Tally

_SURE = 2.0
"""Standard errors that make a difference."""
_NAMED = 5
_WEEK_HOURS = 168


def class_estimates(
    classes: tuple[AskedClass, ...], week: Tally, strata: Sequence[StratumEstimate]
) -> tuple[ClassEstimate, ...]:
    """What requests of each class see.

    Args:
        classes: as they were asked.
        week: counts over all hours.
        strata: what was found in each.
    """
    found, first = [], 0
    for number, kind in enumerate(classes):
        promises = tuple(
            _promise(name, limit, week, (number, at), [(one, first + at) for one in strata])
            for at, (name, limit) in enumerate(kind.limits_ms)
        )
        first += len(promises)
        latencies = [week.latency(number, metric) for metric in ("ttft", "tpot", "e2e")]
        found.append(
            ClassEstimate(
                name=kind.name,
                requests=week.requests(number),
                ttft_s=latencies[0],
                tpot_s=latencies[1],
                e2e_s=latencies[2],
                promises=promises,
            )
        )
    return tuple(found)


def _promise(
    metric: str, limit_ms: float, week: Tally, place: tuple[int, int], strata: Sequence[tuple[StratumEstimate, int]]
) -> PromiseEstimate:
    """Args: place: number of the class and of its limit; strata: each with the limit's place in it."""
    found = week.percentile(place[0], metric.partition("_")[0], percent_of(metric))
    allowed = allowed_late_fraction(metric)
    known = [(one, at) for one, at in strata if not math.isnan(one.found_ms[at])] or list(strata)
    worst, at = max(known, key=lambda pair: (pair[0].found_ms[pair[1]], -pair[0].hours[0]))
    late = [(one, one.late_fraction[at]) for one, at in known]
    return PromiseEstimate(
        metric=metric,
        limit_ms=limit_ms,
        found_ms=_in_ms(found),
        late_fraction=week.late_fraction(*place),
        worst_hour=worst.hours[0],
        worst_hour_ms=worst.found_ms[at],
        broken_hours=_hours([one for one, share in late if share.value > allowed]),
        unsure_hours=_hours(
            [one for one, share in late if abs(share.value - allowed) < _SURE * (share.standard_error or 0.0)]
        ),
    )


def stratum_estimate(
    classes: tuple[AskedClass, ...],
    tally: Tally,
    use: UseEstimate,
    stratum: Stratum,
    counted: int,
    *,
    overloaded: bool = False,
) -> StratumEstimate:
    """What was found in hours that were simulated as one.

    Args:
        classes: as they were asked.
        tally: counts of these hours.
        use: of their replicas.
        stratum: these hours.
        counted: simulated requests that count.
        overloaded: whether more comes than the replicas can answer.
    """
    limits = [(number, at, name) for number, kind in enumerate(classes) for at, (name, _) in enumerate(kind.limits_ms)]
    return StratumEstimate(
        hours=stratum.hours,
        replica_requests_per_s=stratum.replica_requests_per_s,
        pool_replicas=stratum.pool_replicas,
        requests=stratum.requests,
        requests_counted=counted,
        overloaded=overloaded,
        use=use,
        found_ms=tuple(
            tally.percentile(number, name.partition("_")[0], percent_of(name)).value * 1e3 for number, _, name in limits
        ),
        late_fraction=tuple(tally.late_fraction(number, at) for number, at, _ in limits),
    )


def notes_of(
    strata: Sequence[Stratum],
    overloaded: tuple[int, ...],
    throughput_requests_per_s: float,
    replicas: npt.NDArray[np.generic],
    largest_pool: int,
) -> tuple[str, ...]:
    """What to know of a simulated week, in sentences.

    Args:
        strata: of the week.
        overloaded: hours in which more comes than the replicas can answer.
        throughput_requests_per_s: of one replica [requests/s].
        replicas: that stand in each hour.
        largest_pool: that was simulated.
    """
    notes = []
    if overloaded:
        which = "the load" if replicas.size == 1 else _names(overloaded, replicas.size)
        most = max(one.replica_requests_per_s for one in strata)
        notes.append(
            f"overloaded: {which} brings up to {most:,.4g} requests/s to each replica, which answers {throughput_requests_per_s:,.4g} at most: waiting grows as long as "
            "that lasts, so TTFT and E2E have no bound there, and what is left over delays the hours behind it. Give more replicas"
        )
    if replicas.max() > largest_pool:
        notes.append(
            f"up to {int(replicas.max()):,} replicas were simulated as {largest_pool} at the same load on each; a larger pool smooths better, so latencies are a "
            "little lower in truth"
        )
    if any(one.is_raised for one in strata):
        notes.append(f"loads of the hours were rounded up to {MOST_STRATA} steps of the largest")
    return tuple(notes)


def _names(hours: tuple[int, ...], of: int) -> str:
    named = [hour_name(hour) if of == _WEEK_HOURS else f"hour {hour}" for hour in hours[:_NAMED]]
    more = f" and {len(hours) - _NAMED} hours more" if len(hours) > _NAMED else ""
    return ", ".join(named) + more


def _hours(strata: Sequence[StratumEstimate]) -> tuple[int, ...]:
    return tuple(sorted(hour for one in strata for hour in one.hours))


def _in_ms(found: Estimate) -> Estimate:
    error = None if found.standard_error is None else found.standard_error * 1e3
    return Estimate(value=found.value * 1e3, standard_error=error)
