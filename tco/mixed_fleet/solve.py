"""The cheapest fleet of a problem, checked by simulation; alone, by promise, by hour of the week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tco.capacity.mix import (
    Mix,
    WeekMix,
    busiest_hours,
    cheapest_mix,
    cheapest_week,
    on_front,
    pareto_front,
    rounded_hours,
)
from tco.capacity.mix import Promise as MixPromise
from tco.capacity.mix.records import Floats
from tco.mixed_fleet.check import check, standing
from tco.mixed_fleet.found import Alone, CheckedFleet, ScaledPromise, Use
from tco.mixed_fleet.goodputs import goodputs
from tco.mixed_fleet.records import FleetProblem, GoodputTable, Means, Question

SCALES = (0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
"""How tight the promises of a front are, against what was promised."""


@dataclass(frozen=True, slots=True)
class NoFleet:
    """Why there is none, in sentences."""

    reasons: tuple[str, ...]


def problem_of(question: Question, table: GoodputTable) -> FleetProblem:
    """The whole question with its goodputs.

    Args:
        question: what is asked.
        table: goodputs.
    """
    goodput = table.array(len(question.buckets), len(question.types))
    return FleetProblem(
        question=question,
        table=table,
        goodput=goodput,
        kinds=tuple(range(len(question.types))),
        rows=tuple(range(len(question.buckets))),
    )


def cheapest_fleet(problem: FleetProblem, means: Means) -> CheckedFleet | NoFleet:
    """The cheapest mix for the hours that decide, enlarged until a simulation of its traffic keeps every promise.

    Args:
        problem: what is asked.
        means: what does the work.
    """
    mix = cheapest_mix(
        problem.buckets,
        [kind.machine for kind in problem.types],
        problem.part,
        hour_factors=_deciding(problem),
        max_types=problem.question.max_types,
    )
    return _checked(problem, mix, means) if mix.feasible else NoFleet(mix.reasons)


def of_single_types(problem: FleetProblem, means: Means) -> tuple[Alone, ...]:
    """What each type alone would cost, checked likewise.

    Args:
        problem: what is asked.
        means: what does the work.
    """
    return tuple(
        _alone(kind.name, cheapest_fleet(problem.only_type(number), means))
        for number, kind in zip(problem.kinds, problem.types, strict=True)
    )


def of_single_workloads(problem: FleetProblem, means: Means) -> tuple[Alone, ...]:
    """What a fleet for each workload alone would cost; nothing where there is one workload.

    The stock of a type is there for each of them, as if it were all theirs.

    Args:
        problem: what is asked.
        means: what does the work.
    """
    names = problem.question.workloads
    if len(names) < 2:  # noqa: PLR2004 - shared by nobody
        return ()
    return tuple(_alone(name, cheapest_fleet(problem.only_workload(name), means)) for name in names)


def front_of(problem: FleetProblem, means: Means, scales: Sequence[float] = SCALES) -> tuple[ScaledPromise, ...]:
    """The cheapest fleet for tighter and looser promises, each checked.

    Args:
        problem: what is asked, with promises.
        means: what does the work.
        scales: on all limits of all promises together [unitless].
    """
    limit = _first_limit_ms(problem.question)
    ordered = sorted(scales)
    problems = [_at(problem, means, scale) for scale in ordered]
    points = pareto_front(
        problem.buckets,
        [kind.machine for kind in problem.types],
        [
            MixPromise(latency_ms=scale * limit, goodput_requests_per_s=scaled.part)
            for scale, scaled in zip(ordered, problems, strict=True)
        ],
        hour_factors=_deciding(problem),
        max_types=problem.question.max_types,
    )
    fleets = [
        _checked(scaled, point.mix, means, scale=scale) if point.mix.feasible else None
        for scale, scaled, point in zip(ordered, problems, points, strict=True)
    ]
    kept = [fleet if fleet is None or fleet.holds is not False else None for fleet in fleets]
    better = on_front([None if fleet is None else fleet.usd_per_hour for fleet in kept])
    return tuple(
        ScaledPromise(scale=scale, point=point, fleet=fleet, is_on_front=is_better)
        for scale, point, fleet, is_better in zip(ordered, points, fleets, better, strict=True)
    )


def week_of(problem: FleetProblem, fleet: CheckedFleet) -> WeekMix:
    """What to reserve and what to rent by the hour over a week.

    Hours are told apart by fiftieths of the peak. A type whose fleet grew in the check counts for that much less in every hour.

    Args:
        problem: what is asked.
        fleet: for the hours that decide, checked.
    """
    grown = {use.name: use.serving / (use.serving - use.added) for use in fleet.uses if use.serving > use.added}
    less = np.array([grown.get(kind.name, 1.0) for kind in problem.types])
    return cheapest_week(
        problem.buckets,
        [kind.machine for kind in problem.types],
        problem.part / less,
        rounded_hours(problem.hour_factors),
        max_types=problem.question.max_types,
    )


def _at(problem: FleetProblem, means: Means, scale: float) -> FleetProblem:
    if scale == 1:
        return problem
    return problem_of(problem.question, goodputs(problem.question, means, scale=scale))


def _first_limit_ms(question: Question) -> float:
    return next(limit for promise in question.promises for limit in promise.slo.limits().values())


def _deciding(problem: FleetProblem) -> Floats:
    """Factors of the hours that a fleet must serve so that it serves all, shape (hours, buckets).

    One workload has one such hour, and its rate is not rounded; workloads that peak at different times have several.
    """
    factors = problem.hour_factors
    exact = busiest_hours(factors)
    if exact.size == 1:
        return np.asarray(factors[exact])
    rounded = rounded_hours(factors)
    return np.asarray(rounded[busiest_hours(rounded)])


def _alone(name: str, found: CheckedFleet | NoFleet) -> Alone:
    if isinstance(found, NoFleet):
        return Alone(name=name, fleet=None, reasons=found.reasons)
    return Alone(name=name, fleet=found)


def _checked(problem: FleetProblem, mix: Mix, means: Means, scale: float = 1.0) -> CheckedFleet:
    hours = np.stack([hour.requests_per_s for hour in mix.hours])
    first = np.array([use.serving for use in mix.uses])
    found = check(problem, hours, first, means, scale=scale)
    return CheckedFleet(
        mix=mix,
        uses=_uses(problem, hours, found.assignment, first.tolist(), found.serving),
        hours=hours,
        assignment=found.assignment,
        promises=found.promises,
        unchecked=found.unchecked,
    )


def _uses(
    problem: FleetProblem, hours: Floats, assignment: Floats, first: Sequence[int], serving: Sequence[int]
) -> tuple[Use, ...]:
    sent = hours[:, :, None] * assignment
    with np.errstate(invalid="ignore"):
        loads = np.nan_to_num(sent / problem.part, nan=0.0).sum(axis=1).max(axis=0)
    rates = sent.sum(axis=1).max(axis=0)
    found = []
    for number, kind in enumerate(problem.types):
        if not serving[number]:
            continue
        count = standing(kind, serving[number])
        found.append(
            Use(
                name=kind.name,
                serving=serving[number],
                added=serving[number] - first[number],
                spares=count - serving[number],
                load_replicas=float(loads[number]),
                requests_per_s=float(rates[number]),
                usd_per_hour=count * kind.machine.price_usd_per_hour,
            )
        )
    return tuple(found)
