"""The cheapest fleet of a problem, checked by simulation; alone, by promise, by hour of the week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.mix import (
    Mix,
    busiest_hours,
    cheapest_mix,
    on_front,
    rounded_hours,
)
from tco.capacity.mix.records import Floats
from tco.mixed_fleet.check import Checked, check, standing
from tco.mixed_fleet.found import Alone, CheckedFleet, ScaledPromise, Use
from tco.mixed_fleet.goodputs import goodputs
from tco.mixed_fleet.records import FleetProblem, GoodputTable, Means, Question

ROUNDS = 6
"""How often the program is solved with what the simulation taught."""
SCALES = (0.5, 0.7, 1.0, 1.5, 2.0)
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


def cheapest_fleet(problem: FleetProblem, means: Means, *, scale: float = 1.0) -> CheckedFleet | NoFleet:
    """The cheapest fleet whose mixed traffic keeps every promise in a simulation.

    The program is solved as if sizes of requests did not disturb each other, and its fleet is simulated and enlarged until it holds. Where a type had to
    grow, it can evidently be filled only so far: the program is solved again with that limit on its utilisation, since another mix may now be cheaper,
    until nothing new is learnt or no cheaper fleet is left. The cheapest of the fleets that held is the answer.

    Args:
        problem: what is asked.
        means: what does the work.
        scale: on all limits of the promises [unitless].
    """
    limits = np.ones(len(problem.kinds))
    found: list[CheckedFleet] = []
    for _ in range(ROUNDS):
        mix = cheapest_mix(
            problem.buckets,
            [kind.machine for kind in problem.types],
            problem.part * limits,
            hour_factors=_deciding(problem),
            max_types=problem.question.max_types,
        )
        if mix.cost_usd_per_hour is None:
            return min(found, key=_rank) if found else NoFleet(mix.reasons)
        if found and mix.cost_usd_per_hour >= min(found, key=_rank).usd_per_hour:
            break
        hours = np.stack([hour.requests_per_s for hour in mix.hours])
        checked = check(problem, hours, [use.serving for use in mix.uses], means, scale=scale)
        learnt = np.minimum(limits, checked.broke_at)
        found.append(_fleet(problem, found[0].additive if found else mix, mix, hours, checked, learnt))
        if not (learnt < limits).any():
            break
        limits = learnt
    return min(found, key=_rank)


def _rank(fleet: CheckedFleet) -> tuple[bool, float]:
    return fleet.holds is False, fleet.usd_per_hour


def _fleet(
    problem: FleetProblem, additive: Mix, mix: Mix, hours: Floats, checked: Checked, limits: Floats
) -> CheckedFleet:
    first = [use.serving for use in mix.uses]
    return CheckedFleet(
        additive=additive,
        mix=mix,
        uses=_uses(problem, hours, checked.assignment, first, checked.serving),
        hours=hours,
        assignment=checked.assignment,
        utilisation_limits=limits,
        promises=checked.promises,
        unchecked=checked.unchecked,
    )


def of_single_types(problem: FleetProblem, means: Means) -> tuple[Alone, ...]:
    """What each type alone would cost, checked likewise.

    Args:
        problem: what is asked.
        means: what does the work.
    """
    return tuple(
        _alone(kind.name, _of_one_type(problem.only_type(number), means))
        for number, kind in zip(problem.kinds, problem.types, strict=True)
    )


def _of_one_type(problem: FleetProblem, means: Means) -> CheckedFleet | NoFleet:
    lost = np.flatnonzero(~np.isfinite(problem.part[:, 0]))
    if not lost.size:
        return cheapest_fleet(problem, means)
    rates = np.array([bucket.requests_per_s for bucket in problem.buckets])
    share = rates[lost].sum() / rates.sum()
    return NoFleet((f"cannot serve {share:.1%} of the requests, such as {problem.buckets[int(lost[0])].name}",))


def cheaper_of(fleet: CheckedFleet, singles: Sequence[Alone]) -> CheckedFleet:
    """The mix, or the cheapest fleet of one type where that holds and costs less.

    Args:
        fleet: the mix.
        singles: of each type alone, in the order of the types.
    """
    best, at = fleet, None
    for number, alone in enumerate(singles):
        if alone.fleet is not None and _rank(alone.fleet) < _rank(best):
            best, at = alone.fleet, number
    if at is None:
        return fleet
    assignment, limits = np.zeros(fleet.assignment.shape), np.array(fleet.utilisation_limits)
    assignment[:, :, at], limits[at] = best.assignment[:, :, 0], best.utilisation_limits[0]
    return replace(best, additive=fleet.additive, assignment=assignment, utilisation_limits=limits)


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
    """The cheapest fleet for tighter and looser promises, each checked: the Pareto front of cost and latency.

    A promise is on the front where no tighter one costs as little (`tco.capacity.mix.front`).

    Args:
        problem: what is asked, with promises.
        means: what does the work.
        scales: on all limits of all promises together [unitless].
    """
    ordered = sorted(scales)
    found = _looser([cheapest_fleet(_at(problem, means, scale), means, scale=scale) for scale in ordered])
    costs = [None if isinstance(fleet, NoFleet) or fleet.holds is False else fleet.usd_per_hour for fleet in found]
    return tuple(
        ScaledPromise(
            scale=scale,
            fleet=None if isinstance(fleet, NoFleet) else fleet,
            is_on_front=is_better,
            reasons=fleet.reasons if isinstance(fleet, NoFleet) else (),
        )
        for scale, fleet, is_better in zip(ordered, found, on_front(costs), strict=True)
    )


def _looser(found: Sequence[CheckedFleet | NoFleet]) -> list[CheckedFleet | NoFleet]:
    """A fleet that keeps a tighter promise keeps a looser one too: it is taken where the looser one's own costs more."""
    kept: list[CheckedFleet | NoFleet] = []
    for fleet in found:
        before = kept[-1] if kept else None
        take = isinstance(before, CheckedFleet) and (isinstance(fleet, NoFleet) or _rank(before) < _rank(fleet))
        kept.append(before if take and before is not None else fleet)
    return kept


def _at(problem: FleetProblem, means: Means, scale: float) -> FleetProblem:
    if scale == 1:
        return problem
    return problem_of(problem.question, goodputs(problem.question, means, scale=scale))


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
                changed=serving[number] - first[number],
                spares=count - serving[number],
                load_replicas=float(loads[number]),
                requests_per_s=float(rates[number]),
                usd_per_hour=count * kind.machine.price_usd_per_hour,
            )
        )
    return tuple(found)
