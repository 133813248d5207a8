"""One option after another: which months each serves, and one ledger of several.

Delaying an option and following it by another are one thing: stretches of months, each served by one option, whose ledgers are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import reduce

import numpy as np

from tco.capacity.fleet import Fleet
from tco.capital import Capital
from tco.cashflow import Ledger
from tco.scenario import AnyOption, MixedOption, Scenario
from tco.workload.demand import Months

_BY_MONTH = ("replicas", "least_replicas", "paid_replicas", "serving_replicas", "surge_replica_hours", "servers")
"""What a fleet has by month: of two that follow one another, it adds up."""


def served_by(name: str, scenario: Scenario) -> list[tuple[str, range]]:
    """Which option serves in which months (0 is the first) where this one is chosen, in order; months of none are left out.

    Until `starts_after_months` the baseline serves, with what follows it; from `then.after_months` on what follows the option.

    Args:
        name: of the option.
        scenario: filled.

    Special cases: a start at or past the horizon leaves the baseline; a follower after 0 months leaves the follower.
    """
    horizon = scenario.horizon_months
    option = scenario.option(name)
    start = min(option.starts_after_months, horizon)
    before = [
        (other, range(months.start, min(months.stop, start)))
        for other, months in (served_by(scenario.baseline, scenario) if start else [])
    ]
    if option.then is None:
        own = [(name, range(start, horizon))]
    else:
        change = min(option.then.after_months, horizon)
        own = [(name, range(start, change)), (option.then.option, range(change, horizon))]
    return [(other, months) for other, months in (*before, *own) if months]


def involved(name: str, scenario: Scenario) -> list[str]:
    """Names of all options that serve some time where this one is chosen, or are a part of one that does, itself first."""
    serving = [name, *(other for other, _ in served_by(name, scenario))]
    parts = [part for other in serving for part in _parts(scenario.option(other))]
    return list(dict.fromkeys((*serving, *parts)))


def _parts(option: AnyOption) -> tuple[str, ...]:
    return option.parts if isinstance(option, MixedOption) else ()


def spliced(parts: Sequence[Ledger]) -> Ledger:
    """One ledger of several, each of which has costs in its own months: all amounts add up.

    What one of them borrowed or deducts later than it serves stays in, and so does what its servers still fetch at the end of the horizon.

    Args:
        parts: at least one, all of the same months.
    """
    return reduce(_added, parts)


def _added(first: Ledger, second: Ledger) -> Ledger:
    return Ledger(
        line_items=_by_name(first.line_items, second.line_items),
        investments=_by_name(first.investments, second.investments),
        residual_usd=np.asarray(first.residual_usd + second.residual_usd),
        fleet=_fleets(first.fleet, second.fleet),
        barred=(*first.barred, *(reason for reason in second.barred if reason not in first.barred)),
        capital=_capitals(first.capital, second.capital),
    )


def _by_name(first: Mapping[str, Months], second: Mapping[str, Months]) -> dict[str, Months]:
    return {
        name: first[name] + second[name]
        if name in first and name in second
        else (first if name in first else second)[name]
        for name in dict.fromkeys((*first, *second))
    }


def _fleets(first: Fleet | None, second: Fleet | None) -> Fleet | None:
    """What stands by month; of two the later one's replica, and what keeps either from serving."""
    if first is None or second is None:
        return first or second
    by_month = {name: getattr(first, name) + getattr(second, name) for name in _BY_MONTH}
    capacity = second.capacity
    if not first.capacity.feasible:
        capacity = replace(first.capacity, reasons=(*first.capacity.reasons, *second.capacity.reasons))
    return replace(
        second,
        **by_month,
        capacity=capacity,
        mean_requests_per_s=first.mean_requests_per_s + second.mean_requests_per_s,
        late_fraction=_weighted_late(first, second),
        too_large=first.too_large | second.too_large,
    )


def _weighted_late(first: Fleet, second: Fleet) -> float:
    """Late requests of both over the requests of both."""
    ours, theirs = (float(np.mean(np.sum(fleet.mean_requests_per_s, axis=-1))) for fleet in (first, second))
    if ours + theirs == 0:
        return 0.0
    return (first.late_fraction * ours + second.late_fraction * theirs) / (ours + theirs)


def _capitals(first: Capital | None, second: Capital | None) -> Capital | None:
    if first is None or second is None:
        return first or second
    return Capital(
        financing=_by_name(first.financing, second.financing),
        **{
            part.name: np.asarray(getattr(first, part.name) + getattr(second, part.name))
            for part in fields(Capital)
            if part.name != "financing"
        },
    )
