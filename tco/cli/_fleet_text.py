"""How a mixed fleet is told to people: what stands, who serves whom, whether the promise holds, what else it would cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from tco.cli._shared import console
from tco.cli._tables import cell
from tco.format import share, usd
from tco.workload.profiles import HOURS_PER_WEEK

if TYPE_CHECKING:
    from tco import Scenario
    from tco.capacity.mix import WeekMix, WeekUse
    from tco.capacity.slo_capacity import SloCapacity
    from tco.mixed_fleet import CheckedFleet, FleetPlan, Wishes
    from tco.mixed_fleet.found import Alone

_LEAST_SHARE = 0.005
"""A smaller part of a size goes unmentioned."""
_SAME_USD = 1e-6
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS_PER_DAY = 24


def show_fleet(plan: FleetPlan, questions: Sequence[Scenario], wishes: Wishes) -> None:
    """Prints the answer.

    Args:
        plan: the answer.
        questions: the scenarios.
        wishes: of the asker.
    """
    out = console()
    names = " + ".join(question.name for question in questions)
    out.print(f"\n{names} ({questions[0].as_of}), busiest hour of month {wishes.month}", style="dim", markup=False)
    for sentence in headline(plan):
        out.print(sentence, style="bold", markup=False)
    out.print()
    out.print(_uses(plan))
    _show_check(plan.fleet, out)
    out.print("\nWhich requests go where (share of them; what one replica carries of them alone, requests/s):")
    out.print(_routes(plan))
    for sentence in _bases(plan):
        out.print(f"• {sentence}", markup=False)
    out.print("\nFor comparison, each checked likewise:")
    out.print(_others(plan))
    if plan.week is not None:
        _show_week(plan.week.mix, plan.week.holds, out)
    if plan.front:
        out.print("\nCost against latency (all limits of all promises scaled together; * on the front):")
        out.print(_front(plan))
    if plan.cautions:
        out.print("\nMind:")
        for caution in plan.cautions:
            out.print(f"• {caution}", style="yellow", markup=False)
    out.print(f"\n{_footing(plan)}", style="dim", markup=False)


def headline(plan: FleetPlan) -> Iterator[str]:
    """The answer in a sentence or two.

    Args:
        plan: the answer.
    """
    fleet = plan.fleet
    counts = ", ".join(f"{use.count} x {use.name}" for use in fleet.uses) or "nothing"
    month = usd(fleet.usd_per_hour * plan.question.hours_per_month)
    yield f"The cheapest fleet is {counts}: {usd(fleet.usd_per_hour)} an hour, {month} a month."
    saves, best = plan.mixing_saves_fraction, plan.best_single
    if best is None or best.fleet is None:
        yield "No type alone can serve all requests."
    elif len(fleet.uses) > 1 and saves is not None:
        word = "saves" if saves >= 0 else "costs"
        yield f"Mixing {word} {share(abs(saves))} against the cheapest single type, {best.name} at {usd(best.fleet.usd_per_hour)} an hour."
    else:
        yield "One type serves all requests best; mixing saves nothing."
    shared = plan.sharing_saves_fraction
    if shared is not None:
        yield f"Sharing {'saves' if shared >= 0 else 'costs'} {share(abs(shared))} against a fleet for each workload."


def _uses(plan: FleetPlan) -> Table:
    table = _table("type", "serving", "spares", "load", "utilisation", "requests/s", "USD/hour", "USD/month")
    for use in plan.fleet.uses:
        table.add_row(
            cell(use.name),
            str(use.serving),
            str(use.spares),
            f"{use.load_replicas:.2f}",
            share(use.utilisation_fraction),
            f"{use.requests_per_s:.3g}",
            f"{use.usd_per_hour:,.2f}",
            f"{use.usd_per_hour * plan.question.hours_per_month:,.0f}",
        )
    return table


def _show_check(fleet: CheckedFleet, out: Console) -> None:
    if fleet.unchecked:
        return
    if not fleet.promises:
        out.print("\nNo latency was promised; nothing to check.")
        return
    verdict = "holds" if fleet.holds else "does not hold"
    out.print(f"\nChecked: one replica of each type simulated with its own mixed traffic: the promise {verdict}.")
    alone = fleet.additive.cost_usd_per_hour
    if alone is not None and abs(alone - fleet.usd_per_hour) > _SAME_USD:
        counts = ", ".join(f"{count} x {name}" for name, count in fleet.additive.counts.items())
        why = "broke the promise" if alone < fleet.usd_per_hour else "is more than the promise needs"
        out.print(
            f"By adding up what each size needs alone it would have been {counts} at {usd(alone)} an hour, which {why}.",
            markup=False,
        )
    table = _table("promise", "limit", "promised ms", "simulated ms")
    for kept in fleet.promises:
        found = f"{kept.found_ms:,.0f} ± {kept.standard_error_ms:,.0f}"
        table.add_row(
            cell(kept.promise), kept.metric, f"{kept.limit_ms:,.0f}", found if kept.is_kept else f"{found} (broken)"
        )
    out.print(table)


def _routes(plan: FleetPlan) -> Table:
    used = [number for number, kind in enumerate(plan.question.types) if kind.name in {u.name for u in plan.fleet.uses}]
    table = _table("size", "requests/s", *(plan.question.types[number].name for number in used))
    busiest = int(plan.fleet.hours.sum(axis=1).argmax())
    for row, bucket in enumerate(plan.question.buckets):
        cells = [_route(plan, busiest, row, number) for number in used]
        table.add_row(cell(bucket.name), f"{bucket.requests_per_s:.3g}", *cells)
    return table


def _route(plan: FleetPlan, hour: int, row: int, kind: int) -> str:
    part = float(plan.fleet.assignment[hour, row, kind])
    goodput = plan.table.cells.get((row, kind))
    carries = f"{goodput.requests_per_s:.3g}" if goodput is not None and goodput.feasible else "–"
    if row in plan.table.late:
        carries += " late"
    return f"{part:.0%}; {carries}" if part >= _LEAST_SHARE else f"–; {carries}"


def _bases(plan: FleetPlan) -> Iterator[str]:
    """How the goodputs were had, by type, with their range."""
    for number, kind in enumerate(plan.question.types):
        cells = [cell for at, cell in plan.table.cells.items() if at[1] == number and cell.feasible]
        if not cells:
            continue
        counts = Counter(cell.basis for cell in cells)
        had = ", ".join(f"{count} {basis}" for basis, count in counts.items())
        yield f"{kind.name}: {kind.price_from}, {kind.machine.price_usd_per_hour:,.3f} USD an hour; goodputs of {had}{_error(cells)}"


def _error(cells: Sequence[SloCapacity]) -> str:
    """How far such numbers were off, or their range where no error was measured."""
    errors = [cell.error_fraction for cell in cells if cell.error_fraction is not None]
    bands = [cell.band_fraction for cell in cells if cell.band_fraction is not None]
    if errors and bands:
        return f", which missed what was measured by {np.median(errors):.0%} typically and {np.median(bands):.0%} nine times in ten at most"
    low, high = (float(np.median([getattr(cell, f"relative_{end}") for cell in cells])) for end in ("low", "high"))
    return f", range {low - 1:+.0%} to {high - 1:+.0%}"


def _others(plan: FleetPlan) -> Table:
    table = _table("fleet", "replicas", "USD/hour", "simulated")
    fleet = plan.fleet
    table.add_row("this one", _counts(fleet), f"{fleet.usd_per_hour:,.2f}", _verdict(fleet))
    for alone in plan.singles:
        table.add_row(cell(f"only {alone.name}"), *_alone(alone))
    for alone in plan.separate:
        table.add_row(cell(f"only for {alone.name}"), *_alone(alone))
    return table


def _alone(alone: Alone) -> tuple[str, str, str]:
    if alone.fleet is None:
        return "–", "–", "; ".join(alone.reasons)
    return _counts(alone.fleet), f"{alone.fleet.usd_per_hour:,.2f}", _verdict(alone.fleet)


def _counts(fleet: CheckedFleet) -> str:
    return ", ".join(f"{use.count} {use.name}" for use in fleet.uses)


def _verdict(fleet: CheckedFleet) -> str:
    if fleet.holds is None:
        return "not simulated"
    return ("holds" if fleet.holds else "broken") + (f", {fleet.changed:+d}" if fleet.changed else "")


def _show_week(week: WeekMix, holds: bool | None, out: Console) -> None:
    if week.cost_usd is None:
        out.print(f"\nBy hour of the week: {'; '.join(week.reasons)}", markup=False)
        return
    out.print(f"\nBy hour of the week: {usd(week.cost_usd)} a week ({_against(week)}).", markup=False)
    if holds is not None:
        verdict = "keep every promise" if holds else "break a promise"
        out.print(f"Simulated, its busiest hours {verdict}.")
    for use in week.uses:
        if use.cost_usd:
            out.print(f"• {_week_use(use)}", markup=False)


def _against(week: WeekMix) -> str:
    others = (("all by the hour", week.hourly_only_usd), ("all reserved", week.reserved_only_usd))
    return ", ".join(f"{what}: {usd(cost) if cost is not None else 'not possible'}" for what, cost in others)


def _week_use(use: WeekUse) -> str:
    days = [use.hourly[start : start + _HOURS_PER_DAY] for start in range(0, HOURS_PER_WEEK, _HOURS_PER_DAY)]
    rented = []
    for day, its in groupby(range(len(days)), key=lambda number: days[number]):
        numbers = list(its)
        if any(day):
            span = _DAYS[numbers[0]] if len(numbers) == 1 else f"{_DAYS[numbers[0]]}-{_DAYS[numbers[-1]]}"
            rented.append(f"{span} {_day(day)}")
    beside = f"; by the hour beside them: {'; '.join(rented)}" if rented else ""
    return f"{use.name}: {use.reserved} in every hour, {use.spares} spares{beside}"


def _day(day: Sequence[int]) -> str:
    parts, hour = [], 0
    for count, its in groupby(day):
        length = len(list(its))
        if count:
            parts.append(f"{hour:02d}-{hour + length:02d} h {count}")
        hour += length
    return ", ".join(parts)


def _front(plan: FleetPlan) -> Table:
    table = _table("limits", "replicas", "USD/hour", "simulated", "")
    for point in plan.front:
        label = f"x {point.scale:g}"
        if point.fleet is None:
            table.add_row(label, "–", "–", "; ".join(point.reasons), "")
            continue
        fleet = point.fleet
        table.add_row(
            label,
            _counts(fleet),
            f"{fleet.usd_per_hour:,.2f}",
            _verdict(fleet),
            "*" if point.is_on_front else "",
        )
    return table


def _footing(plan: FleetPlan) -> str:
    gap = plan.fleet.mix.gap_fraction
    near = "the solver stopped early, its gap is not known" if gap is None else f"the solver's gap is {gap:.2%}"
    return (
        f"{plan.question.hours_per_month:g} hours a month; {near} before the check; the program adds up what each size asks of a replica alone "
        "(docs/fleet-mix.md); people, one-off and fixed monthly costs are in `tco plan`"
    )


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table
