"""An option's replicas at one load, with recorded traffic, and over the hours of a week."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tco.capacity.replicas import MAX_REPLICAS
from tco.capacity.simulated import AskedClass
from tco.capacity.simulator.simulate import Routing, simulate
from tco.capacity.week.one_outcome import estimate_of
from tco.capacity.week.simulate_week import Play, Progress, Sampling, simulate_week
from tco.errors import InputError
from tco.simulation.question import FIRST, Asked
from tco.simulation.records import Answer, Kind, SimulatedLoad
from tco.simulation.trace import Recording

REQUESTS, WEEK_REQUESTS = 100_000, 200_000
"""Simulated requests that count, of one load and of a week."""
LARGEST_POOL = 16
"""One load is simulated with up to so many replicas; the hours of a week with `tco.capacity.week.simulate_week.LARGEST_POOL`."""


def simulate_load_of(
    asked: Asked,
    *,
    replicas: int | None = None,
    requests_per_s: float | None = None,
    routing: Routing = "least-loaded",
    seed: int = 1,
    progress: Progress | None = None,
) -> Answer:
    """What users see at one load: random arrivals at a steady rate.

    Args:
        asked: the option.
        replicas: that stand; None: those that the plan costs in its first month, spares included.
        requests_per_s: the load [requests/s]; None: the peak that the plan covers in its first month.
        routing: among the replicas.
        seed: of the draws.
        progress: is told after each replication.

    Raises:
        InputError: no replica, a rate that is not above 0; a plan without replicas, where one of the two is left open.
    """
    load = load_of_peak(asked, "random", replicas, requests_per_s, routing, seed)
    sampling = Sampling(requests=REQUESTS, seed=seed, largest_pool=LARGEST_POOL)
    found = simulate_week(
        asked.engine,
        asked.classes,
        [load.requests_per_s],
        [load.replicas],
        sampling=sampling,
        play=_routed(asked, routing),
        progress=progress,
    )
    return Answer(load=load, found=found)


def simulate_planned_week(
    asked: Asked,
    *,
    replicas: int | None = None,
    requests_per_s: float | None = None,
    routing: Routing = "least-loaded",
    seed: int = 1,
    progress: Progress | None = None,
) -> Answer:
    """What users see over a week of the first month, with the plan's replicas of each hour.

    Args:
        asked: the option.
        replicas: that stand in every hour; None: those that the plan has for each.
        requests_per_s: mean rate of the week, which keeps its profile [requests/s]; None: that of the first month.
        routing: among the replicas.
        seed: of the draws.
        progress: is told after each replication.

    Raises:
        InputError: as `simulate_load_of`; hours with requests and no replica.
    """
    check_given(replicas, requests_per_s)
    mean = float(asked.demand.mean_requests_per_s[FIRST])
    rates = asked.demand.hour_weights * (mean if requests_per_s is None else requests_per_s)
    standing = asked.hours[1] if replicas is None else np.full(rates.size, replicas, dtype=np.int64)
    found = simulate_week(
        asked.engine,
        asked.classes,
        rates,
        standing,
        sampling=Sampling(requests=WEEK_REQUESTS, seed=seed),
        play=_routed(asked, routing),
        progress=progress,
    )
    load = SimulatedLoad(
        kind="week",
        requests_per_s=float(rates.mean()),
        is_planned=requests_per_s is None,
        replicas=int(standing.max()),
        spares=asked.spares if replicas is None else None,
        routing=routing,
        seed=seed,
    )
    return Answer(load=load, found=found, cautions=tuple(_week_cautions(asked, replicas)))


def simulate_recorded(
    asked: Asked, recorded: Recording, *, replicas: int | None = None, routing: Routing = "least-loaded"
) -> Answer:
    """What users see when recorded traffic comes, with its own times and lengths, and common beginnings of prompts where the recording tells them.

    Args:
        asked: the option. A recording does not tell classes: the workload's own promise is that of every request.
        recorded: what comes.
        replicas: that stand; None: those that the plan costs in its first month, spares included.
        routing: among them.

    Raises:
        InputError: no replica; too few requests to tell.
    """
    check_given(replicas, None)
    count = int(asked.fleet.replicas[FIRST]) if replicas is None else replicas
    traffic = recorded.traffic
    outcome = simulate(traffic, asked.engine.step_time, asked.engine.limits, replicas=count, routing=routing)
    kind = AskedClass(
        input_tokens=float(traffic.input_tokens.mean()),
        output_tokens=float(traffic.output_tokens.mean()),
        limits_ms=tuple(asked.scenario.workload.slo.limits().items()),
    )
    load = SimulatedLoad(
        kind="recorded",
        requests_per_s=recorded.requests_per_s,
        is_planned=False,
        replicas=count,
        spares=asked.spares if replicas is None else None,
        routing=routing,
        seed=None,
    )
    return Answer(
        load=load, found=estimate_of((kind,), traffic, outcome), recording=recorded, cautions=recorded.warnings
    )


def load_of_peak(
    asked: Asked, kind: Kind, replicas: int | None, requests_per_s: float | None, routing: Routing, seed: int
) -> SimulatedLoad:
    """One load: what the caller gives of it, and of the rest what the plan covers in its first month.

    Args:
        asked: the option.
        kind: of the load.
        replicas: that stand; None: the plan's.
        requests_per_s: the load [requests/s]; None: the peak that the plan covers.
        routing: among the replicas.
        seed: of the draws.

    Raises:
        InputError: as `simulate_load_of`.
    """
    check_given(replicas, requests_per_s)
    rate = asked.peak_requests_per_s if requests_per_s is None else requests_per_s
    if rate <= 0:
        raise InputError("the first month has no requests; raise `workload.requests_per_day`, or give --requests-per-s")
    return SimulatedLoad(
        kind=kind,
        requests_per_s=rate,
        is_planned=requests_per_s is None,
        replicas=int(asked.fleet.replicas[FIRST]) if replicas is None else replicas,
        spares=asked.spares if replicas is None else None,
        routing=routing,
        seed=seed,
    )


def check_given(replicas: int | None, requests_per_s: float | None) -> None:
    """Refuses what the caller gives and cannot be.

    Args:
        replicas: that stand, or None.
        requests_per_s: the load, or None.

    Raises:
        InputError: no replica, more than any fleet has, a rate that is not above 0.
    """
    if replicas is not None and not 1 <= replicas <= MAX_REPLICAS:
        raise InputError(f"{replicas} replicas cannot be simulated; give 1 to {MAX_REPLICAS:,}")
    if requests_per_s is not None and not (math.isfinite(requests_per_s) and requests_per_s > 0):
        raise InputError(f"a load of {requests_per_s} requests/s cannot be simulated; give a number above 0")


def _week_cautions(asked: Asked, replicas: int | None) -> Iterator[str]:
    if replicas is not None:
        return
    if asked.fleet.late_fraction > 0:
        yield (
            f"{asked.fleet.late_fraction:.2%} of the requests come while replicas of the reactive fleet still start; that they wait is not in these numbers"
        )
    if asked.spares:
        yield f"the plan's spares ({asked.spares} in the busiest hour) answer too; with one missing, latencies are higher: see --replicas"


def _routed(asked: Asked, routing: Routing) -> Play | None:
    if routing == "least-loaded":
        return None
    engine = asked.engine
    return lambda traffic, count: simulate(traffic, engine.step_time, engine.limits, replicas=count, routing=routing)
