"""What to reserve and what to rent by the hour over a week, its busy hours checked like a standing fleet."""

from __future__ import annotations

import numpy as np

from tco.capacity.mix import WeekMix, cheapest_week, rounded_hours
from tco.capacity.mix.records import Floats
from tco.mixed_fleet.check import check
from tco.mixed_fleet.found import CheckedFleet, CheckedWeek
from tco.mixed_fleet.records import FleetProblem, Means
from tco.mixed_fleet.solve import ROUNDS

MAX_CHECKED = 6
"""Fleets of different hours that are simulated, those with most requests first."""


def week_of(problem: FleetProblem, fleet: CheckedFleet, means: Means) -> CheckedWeek:
    """What to reserve and what to rent by the hour over a week.

    Hours are told apart by fiftieths of the peak. The fleets that stand in the busiest hours are simulated; where a type breaks a promise, it is filled
    only that far in every hour, and the week is planned anew.

    Args:
        problem: what is asked.
        fleet: for the hours that decide, checked: what was learnt there holds here too.
        means: what does the work.
    """
    limits, factors = np.array(fleet.utilisation_limits), rounded_hours(problem.hour_factors)
    for _ in range(ROUNDS):
        week = cheapest_week(
            problem.buckets,
            [kind.machine for kind in problem.types],
            problem.part * limits,
            factors,
            max_types=problem.question.max_types,
        )
        if not week.feasible or fleet.unchecked:
            return CheckedWeek(mix=week, holds=None)
        broke_at = _broke_at(problem, week, factors, means)
        if not (broke_at < limits).any():
            return CheckedWeek(mix=week, holds=bool((broke_at >= 1).all()))
        limits = np.minimum(limits, broke_at)
    return CheckedWeek(mix=week, holds=False)


def _broke_at(problem: FleetProblem, week: WeekMix, factors: Floats, means: Means) -> Floats:
    """Utilisation at which each type broke a promise in one of the busy hours [fraction], shape (types,); 1 where none did."""
    rates = factors * np.array([bucket.requests_per_s for bucket in problem.buckets])
    serving = np.array([[use.reserved + count for count in use.hourly] for use in week.uses]).T
    seen: set[tuple[int, ...]] = set()
    broke_at = np.ones(serving.shape[1])
    for hour in np.argsort(-rates.sum(axis=1), kind="stable").tolist():
        stands = tuple(serving[hour].tolist())
        if stands in seen or len(seen) == MAX_CHECKED or not rates[hour].sum():
            continue
        seen.add(stands)
        broke_at = np.minimum(broke_at, check(problem, rates[hour : hour + 1], serving[hour], means).broke_at)
    return broke_at
