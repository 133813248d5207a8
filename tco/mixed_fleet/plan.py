"""From scenarios to the cheapest fleet of several machine types: the whole of it, top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pricing import Book
from probes.run import Run
from tco.errors import InputError
from tco.mixed_fleet.found import CheckedFleet, FleetPlan
from tco.mixed_fleet.goodputs import goodputs
from tco.mixed_fleet.question import Rows, known_types, question_of
from tco.mixed_fleet.records import FleetProblem, Means, Wishes
from tco.mixed_fleet.solve import (
    NoFleet,
    cheaper_of,
    cheapest_fleet,
    front_of,
    of_single_types,
    of_single_workloads,
    problem_of,
)
from tco.mixed_fleet.week import week_of
from tco.scenario import Scenario

_TOLD = 3
"""Sizes that a sentence names."""


def plan_fleet(
    scenarios: Sequence[Scenario],
    wishes: Wishes | None = None,
    *,
    runs: Mapping[str, Run] | None = None,
    book: Book | None = None,
    lengths: Sequence[Rows | None] = (),
    means: Means | None = None,
    week: bool = False,
    front: bool = False,
) -> FleetPlan:
    """The cheapest fleet of machine types for one workload, or for several that share it.

    1. the self-hosted options are the types, one replica each, at its price by the hour;
    2. requests are cut into sizes, and each pair of a size and a type has its goodput within the promise;
    3. a program of whole numbers finds the cheapest counts (`tco.capacity.mix.cheapest_mix`);
    4. one replica of each type is simulated with the mixed traffic that it was given, and mended until every promise holds with no more than it needs.

    Args:
        scenarios: whose workloads share the fleet.
        wishes: which types, how many, in which month.
        runs: that the caller holds already, by the reference that a scenario uses.
        book: of prices; None: those that each scenario names.
        lengths: recorded lengths of each scenario; None: its own.
        means: what does the work.
        week: also what to reserve and what to rent by the hour.
        front: also the cost of tighter and looser promises.

    Raises:
        InputError: an input does not fit; a size that no type can serve, named with why; stock that is too small; `front` without a promise.
    """
    wishes, means = wishes or Wishes(), means or Means()
    known_types(scenarios, wishes)
    question = question_of(scenarios, wishes, runs=runs, book=book, lengths=lengths)
    if front and not any(promise.slo.limits() for promise in question.promises):
        raise InputError(
            "--front: no latency is promised, so no promise can be made tighter; give `workload.slo` a limit"
        )
    problem = problem_of(question, goodputs(question, means))
    _servable(problem)
    fleet = cheapest_fleet(problem, means)
    if isinstance(fleet, NoFleet):
        raise InputError(f"fleet: {'; '.join(fleet.reasons)}")
    singles = of_single_types(problem, means)
    fleet = cheaper_of(fleet, singles)
    return FleetPlan(
        question=question,
        table=problem.table,
        fleet=fleet,
        singles=singles,
        separate=of_single_workloads(problem, means),
        week=week_of(problem, fleet, means) if week else None,
        front=front_of(problem, means) if front else (),
        cautions=tuple(_cautions(problem, fleet)),
    )


def _servable(problem: FleetProblem) -> None:
    """Refuses sizes that no type can serve: which, why, and what would."""
    lost = np.flatnonzero(~np.isfinite(problem.goodput).any(axis=1) & (problem.question.rates > 0)).tolist()
    if not lost:
        return
    question = problem.question
    names = ", ".join(question.buckets[row].name for row in lost[:_TOLD])
    more = f" and {len(lost) - _TOLD} more sizes" if len(lost) > _TOLD else ""
    row = lost[0]
    bucket = question.buckets[row]
    why = "; ".join(
        question.barred.get((row, kind)) or f"{its.name}: {' '.join(problem.table.cells[row, kind].reasons)}"
        for kind, its in enumerate(question.types)
    )
    share = question.rates[lost].sum() / question.rates.sum()
    raise InputError(
        f"fleet: no type serves {names}{more} ({share:.1%} of all requests). "
        f"Requests of {bucket.input_tokens:,.0f} tokens in and {bucket.output_tokens:,.0f} out: {why}"
    )


def _cautions(problem: FleetProblem, fleet: CheckedFleet) -> Iterator[str]:
    used = [kind for kind in problem.types if kind.name in {use.name for use in fleet.uses}]
    models = sorted({kind.model for kind in used})
    if len(models) > 1:
        yield (
            f"the types run different models ({', '.join(models)}): which one answers hangs on the length of a request. "
            "Take types of one model with --types, or make sure that each is good enough for all"
        )
    if fleet.unchecked:
        yield f"the mixed traffic was not simulated: {fleet.unchecked}. Counts rest on adding up what each size asks for alone"
    elif fleet.holds is False:
        broken = next(promise for promise in fleet.promises if not promise.is_kept)
        yield (
            f"the promise does not hold in the simulation of the mixed traffic, and more replicas did not mend it: {broken.promise}, {broken.metric} "
            f"{broken.found_ms:,.0f} ms where {broken.limit_ms:,.0f} ms is promised"
        )
    yield from _about_sizes(problem)
    yield from _about_servers(problem, fleet)


def _about_sizes(problem: FleetProblem) -> Iterator[str]:
    question, late = problem.question, sorted(problem.table.late)
    if late:
        share = question.rates[late].sum() / question.rates.sum()
        names = ", ".join(question.buckets[row].name for row in late[:_TOLD])
        yield (
            f"no type answers {names}{' and others' if len(late) > _TOLD else ''} in time ({share:.2%} of all requests): "
            "they are served late, within what the percentiles of the promise leave free"
        )
    for (row, kind), why in problem.question.barred.items():
        if row == 0 and "licence" in why:
            yield f"{why}; {question.types[kind].name} serves none of {question.buckets[row].workload!r}"


def _about_servers(problem: FleetProblem, fleet: CheckedFleet) -> Iterator[str]:
    """An owned type is priced by its share of a server; a server that is not full costs more."""
    kinds = {kind.name: kind for kind in problem.types}
    for use in fleet.uses:
        share = kinds[use.name].replicas_per_server
        if share and use.count % share:
            servers = -(-use.count // share)
            whole = servers * share * kinds[use.name].machine.price_usd_per_hour
            yield (
                f"{use.name}: {use.count} replicas fill {use.count / share:.2g} of {servers} servers; whole servers cost {whole:,.2f} USD an hour "
                f"instead of {use.usd_per_hour:,.2f}"
            )
