"""Where an option begins to pay: by volume, by the utilisation of its fleet, by the hours of the day, from ledgers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tco.breakeven import SavingsAt, breakeven_hours_per_day, breakeven_volumes
from tco.breakeven_records import BreakEven, HoursBreakEven, SavingStretch
from tco.capacity.fleet import Fleet
from tco.capital import by_time, tax_by_time_usd
from tco.cashflow import Ledger
from tco.finance import npv
from tco.scenario import OwnOption, RentOption, Scenario
from tco.workload.demand import demand

_MOST_STEPS = 24
"""Beyond so many replicas the next one is less than a twentieth of the fleet."""


def breakeven_answer(
    name: str,
    scenario: Scenario,
    ledgers: Mapping[str, Ledger],
    savings_usd: SavingsAt,
    utilisation_at: Callable[[float], float | None],
) -> tuple[float | None, BreakEven]:
    """The break-even volume [requests/day], and what goes with it.

    Args:
        name: of the option.
        scenario: filled.
        ledgers: costs of every option at the scenario's volume, by name.
        savings_usd: at each of several volumes [requests/day], the NPV of the saving against the baseline [USD]; None: it cannot be served.
        utilisation_at: of the option's fleet at a volume; None: it has none.
    """
    found = breakeven_volumes(savings_usd, steps_requests_per_day(scenario, ledgers[name].fleet))
    return found.requests_per_day, BreakEven(
        stretches=[
            SavingStretch(
                low_requests_per_day=each.low,
                high_requests_per_day=each.high,
                is_open_low=each.is_open_low,
                is_open_high=each.is_open_high,
            )
            for each in found.stretches
        ],
        utilisation_fraction=utilisation_at(found.requests_per_day) if found.requests_per_day else None,
        hours=_hours(name, scenario, ledgers),
    )


def steps_requests_per_day(scenario: Scenario, fleet: Fleet | None) -> list[float]:
    """Volumes that fill 1, 2, … 24 replicas in the busiest hour of the largest month [requests/day in the first month]; none without a fleet.

    `volume_k = k · goodput · 86,400 / (peak weight · growth to the largest month)`. Where other things count too (an autoscaling policy, other months), these are some of
    the steps.
    """
    asked = demand(scenario)
    largest = float(np.max(asked.mean_requests_per_s)) * asked.peak_weight
    if fleet is None or largest <= 0 or fleet.goodput_requests_per_s <= 0:
        return []
    a_replica = scenario.workload.requests_per_day.value * fleet.goodput_requests_per_s / largest
    return [count * a_replica for count in range(1, _MOST_STEPS + 1)]


def _hours(name: str, scenario: Scenario, ledgers: Mapping[str, Ledger]) -> list[HoursBreakEven]:
    """Against every rented option that stands around the clock, all year; none for what is not owned."""
    if not isinstance(scenario.option(name), OwnOption):
        return []
    owned = _present_usd(scenario, ledgers[name])
    found = []
    for option in scenario.options:
        rented = ledgers[option.name]
        if isinstance(option, RentOption) and rented.feasible and _stands_always(option):
            rent = _rent_present_usd(scenario, rented)
            fixed = _present_usd(scenario, rented) - rent
            found.append(HoursBreakEven(rented=option.name, hours_per_day=breakeven_hours_per_day(owned, rent, fixed)))
    return found


def _stands_always(option: RentOption) -> bool:
    return option.scaling.policy == "fixed" and option.then is None and option.starts_after_months == 0


def _present_usd(scenario: Scenario, own: Ledger) -> float:
    flows = own.costs_by_time_usd.copy()
    flows[-1] -= own.left_usd
    return npv(scenario.discount_rate_per_year.value, flows)


def _rent_present_usd(scenario: Scenario, rented: Ledger) -> float:
    """Of the rent alone, less the tax that it saves."""
    rent, terms = rented.line_items["gpu_rent"], scenario.finance
    flows = by_time(end=rent) + tax_by_time_usd(terms.tax_fraction.numbers, rent, terms.tax_paid)
    return npv(scenario.discount_rate_per_year.value, flows)
