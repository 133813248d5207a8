"""The costs of any option: the one place that knows how each kind of option makes its ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tco.capacity.replica import Replica
from tco.capacity.slo_capacity import SloCapacity
from tco.cashflow import Ledger, ledger
from tco.scenario import Scenario
from tco.workload.demand import Demand


def ledger_of(
    name: str,
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    asked: Demand,
    capacities: Mapping[str, SloCapacity] | None = None,
) -> Ledger:
    """What an option costs. Where quantities are drawn, for all draws at once.

    Args:
        name: of the option.
        scenario: filled.
        replicas: of self-hosted options, by option name.
        asked: the demand by month.
        capacities: of one replica each, where the caller knows them already, by option name.
    """
    known = (capacities or {}).get(name)
    return ledger(scenario.option(name), replicas.get(name), scenario, asked, known)


def ledgers_of(
    names: Iterable[str],
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    asked: Demand,
    capacities: Mapping[str, SloCapacity] | None = None,
) -> dict[str, Ledger]:
    """What each of several options costs, by name: see `ledger_of`."""
    return {name: ledger_of(name, scenario, replicas, asked, capacities) for name in names}
