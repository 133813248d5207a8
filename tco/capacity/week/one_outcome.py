"""What users see in one simulation of given traffic, with errors from its parts."""

from __future__ import annotations

import math

import numpy as np

from tco.capacity.simulated import AskedClass
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.week.estimates import class_estimates, stratum_estimate
from tco.capacity.week.records import WeekEstimate
from tco.capacity.week.strata import SECONDS_PER_HOUR, Stratum
from tco.capacity.week.tally import Tally
from tco.capacity.week.use import UseSums
from tco.errors import InputError

BATCHES = 10
WARM_UP_FRACTION = 0.1
"""Requests that do not count: the recording began in the middle of things, the simulation with an empty engine."""


def estimate_of(
    classes: tuple[AskedClass, ...], traffic: Traffic, outcome: Outcome, *, batches: int = BATCHES
) -> WeekEstimate:
    """Latencies of one simulation.

    Errors are of batch means: requests behind the warm-up are cut into batches in the order in which they were sent, and the spread of the batches is the error. Where
    the load changes on the way the spread is of these changes too.

    Args:
        classes: what came, and what it was promised.
        traffic: what came.
        outcome: what became of it.
        batches: that the requests are cut into.

    Raises:
        InputError: fewer requests than batches.
    """
    first = int(WARM_UP_FRACTION * traffic.requests)
    counted = traffic.requests - first
    if counted < batches:
        raise InputError(
            f"simulate: {traffic.requests} requests are too few to tell what users see; give at least {2 * batches}"
        )
    tally, edges = Tally(classes, batches), np.linspace(first, traffic.requests, batches + 1).astype(int)
    for number, (start, stop) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        tally.add(number, traffic.request_class, outcome, part=slice(start, stop))
    sums = UseSums()
    sums.add(traffic, outcome, max(use.span_s for use in outcome.use))
    span_s = float(traffic.arrival_s[-1] - traffic.arrival_s[0])
    whole = Stratum(
        hours=(0,),
        pool_replicas=len(outcome.use),
        replica_requests_per_s=traffic.requests / span_s / len(outcome.use) if span_s > 0 else math.inf,
        requests=float(counted),
        replica_hours=len(outcome.use) * span_s / SECONDS_PER_HOUR,
    )
    stratum = stratum_estimate(classes, tally, sums.use, whole, counted)
    return WeekEstimate(
        classes=class_estimates(classes, tally, [stratum]),
        use=sums.use,
        strata=(stratum,),
        requests=float(counted),
        requests_simulated=traffic.requests,
        requests_counted=counted,
        throughput_requests_per_s=None,
        overloaded_hours=(),
        notes=(),
    )
