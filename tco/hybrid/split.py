"""How much of a week's requests a base of fixed capacity serves, and what is left for the overflow.

Capacities are over the mean rate of all requests, so one function serves every month and every draw:
`x = replicas · goodput / mean rate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tco.quantity import Numbers
from tco.workload.batch import Hours
from tco.workload.profiles import HOURS_PER_WEEK

_EXACTLY_UP_TO = 20_000
"""So many capacities are worked out one by one; more are looked up in a table of the same function."""

_FIRST_KNOTS, _KINK_WITHIN, _STRAIGHT_WITHIN = 513, 1e-6, 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of requests, as far as it decides what a base serves.

    Attributes:
        weights: hour-of-week weights with mean 1 [unitless], shape (168,).
        batch_fraction: share of the requests that can wait.
        deadline_hours: by when these must be done, after they came [h].
        headroom_fraction: what the base keeps free for bursts inside an hour, over what it promises.
    """

    weights: tuple[float, ...]
    batch_fraction: float
    deadline_hours: int
    headroom_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the base serves, as shares of all requests, each of the shape of the capacities [fraction].

    Attributes:
        urgent: of those that cannot wait.
        batch: of those that can.
    """

    urgent: Numbers
    batch: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Who serves what, each of the shape of the capacities.

    Attributes:
        base: share of all requests that the base serves [fraction].
        overflow: share that goes to the overflow [fraction]; both add up to 1.
        overflow_batch: share of the overflow that can wait [fraction]; 0 where there is none.
    """

    base: Numbers
    overflow: Numbers
    overflow_batch: Numbers


def served(week: Week, capacity: Numbers) -> Served:
    """What a base serves of a week.

    ```
    urgent = mean over the hours of min((1 − batch) · weight_h, x / (1 + headroom))
    room_h = x − urgent served in hour h
    ```

    A base promises what leaves room for bursts; requests beyond that overflow at once. What can wait fills the room, that between bursts included, oldest first
    until its deadline: with one deadline for all, no other order serves more of it [1].

    Args:
        week: of requests.
        capacity: of the base over the mean rate [unitless], any shape.

    Special cases: a capacity of `tco.workload.demand.Demand.peak_weight` or more serves all; an infinite one too.

    References:
        [1] F. Glover, "Maximum matching in a convex bipartite graph", Naval Research Logistics Quarterly 14 (1967), pp. 313-316.

    >>> day = Week(weights=(0.5, 1.5) * 84, batch_fraction=0.0, deadline_hours=24, headroom_fraction=0.0)
    >>> served(day, np.array([0.0, 0.5, 1.0, 1.5])).urgent.tolist()
    [0.0, 0.5, 0.75, 1.0]
    """
    urgent = _urgent(week, np.asarray(capacity, dtype=float) / (1 + week.headroom_fraction))
    if week.batch_fraction <= 0:
        return Served(urgent=urgent, batch=np.zeros_like(urgent))
    return Served(urgent=urgent, batch=_batch(week, np.asarray(capacity, dtype=float)))


def split(week: Week, capacity: Numbers, sensitive_fraction: Numbers) -> Split:
    """Who serves what when some of the requests may not leave the base.

    The base serves as many requests in all as without that: which of them stay changes, not how many. Where those that may not leave could otherwise have to wait
    beyond their deadline, others leave in their place.

    Args:
        week: of requests.
        capacity: of the base over the mean rate, enough for the sensitive requests [unitless].
        sensitive_fraction: share of the requests, urgent and others alike, that may not leave.
    """
    kept = served(week, capacity)
    base = np.clip(kept.urgent + kept.batch, 0.0, 1.0)
    # The last bit of a sum is no request.
    base = np.where(base > 1 - 1e-12, 1.0, base)
    overflow = 1 - base
    batch = np.minimum(week.batch_fraction - kept.batch, (1 - sensitive_fraction) * week.batch_fraction)
    share = np.divide(batch, overflow, out=np.zeros(np.shape(overflow)), where=overflow > 0)
    return Split(base=base, overflow=overflow, overflow_batch=np.clip(share, 0.0, 1.0))


def _urgent(week: Week, promised: Numbers) -> Numbers:
    """Share of all requests, exactly: hours below the promise are served whole, all others up to it."""
    loads = np.sort((1 - week.batch_fraction) * np.asarray(week.weights))
    below = np.concatenate([[0.0], np.cumsum(loads)])
    whole = np.searchsorted(loads, promised, side="right")
    rest = np.where(whole < HOURS_PER_WEEK, promised, 0.0)
    return np.asarray((below[whole] + (HOURS_PER_WEEK - whole) * rest) / HOURS_PER_WEEK)


def _batch(week: Week, capacity: Numbers) -> Numbers:
    if capacity.size <= _EXACTLY_UP_TO:
        distinct, cell = np.unique(capacity, return_inverse=True)
        return np.asarray(batch_served(week, distinct)[cell].reshape(capacity.shape))
    knots, values = _table(week)
    return np.asarray(np.interp(capacity, knots, values))


def batch_served(week: Week, capacity: Hours) -> Hours:
    """Share of all requests that can wait and that a base serves in time, worked out hour by hour.

    The first week fills the backlog with which every week begins; in the second one the base is either never idle or repeats itself for ever.

    Args:
        week: of requests.
        capacity: of the base over the mean rate [unitless], shape (n,).
    """
    weights = np.asarray(week.weights)
    urgent, coming = (1 - week.batch_fraction) * weights, week.batch_fraction * weights
    capacity = np.minimum(capacity, 2 * weights.sum())
    promised = capacity / (1 + week.headroom_fraction)
    came = _cumulated(coming, week.deadline_hours)
    done, total = np.zeros_like(capacity), np.zeros_like(capacity)
    for hour in range(2 * HOURS_PER_WEEK):
        at = hour % HOURS_PER_WEEK
        room = capacity - np.minimum(urgent[at], promised)
        now = np.minimum(room, came[hour + 1 + week.deadline_hours] - done)
        # What must be done by the end of this hour and is not leaves for the overflow.
        done = np.maximum(done + now, came[hour + 2])
        if hour >= HOURS_PER_WEEK:
            total += now
    return np.asarray(total / HOURS_PER_WEEK)


def _cumulated(coming: Hours, deadline_hours: int) -> Hours:
    """Work that came before each hour, from `deadline_hours` before the first week on, counted from the start of the first one."""
    hours = np.arange(-deadline_hours, 2 * HOURS_PER_WEEK)
    sums = np.concatenate([[0.0], np.cumsum(coming[hours % HOURS_PER_WEEK])])
    return np.asarray(sums - sums[deadline_hours])


@lru_cache(maxsize=64)
def _table(week: Week) -> tuple[Hours, Hours]:
    """Knots of what can wait: straight between two of them, each kink within a millionth of its place."""
    top = 2 * max(week.weights) * (1 + week.headroom_fraction)
    knots = np.linspace(0.0, top, _FIRST_KNOTS)
    values = batch_served(week, knots)
    open_ = np.ones(knots.size - 1, dtype=bool)
    while open_.any():
        middles = (knots[:-1][open_] + knots[1:][open_]) / 2
        there = batch_served(week, middles)
        bent = np.abs(there - (values[:-1][open_] + values[1:][open_]) / 2) > _STRAIGHT_WITHIN
        again = bent & (knots[1:][open_] - knots[:-1][open_] > _KINK_WITHIN)
        order = np.argsort(np.concatenate([knots, middles[bent]]), kind="stable")
        goes_on = np.concatenate([np.zeros(knots.size, dtype=bool), again[bent]])[order]
        knots = np.concatenate([knots, middles[bent]])[order]
        values = np.concatenate([values, there[bent]])[order]
        # Both halves of what was bent may be bent again.
        open_ = goes_on[:-1] | goes_on[1:]
    return knots, values
