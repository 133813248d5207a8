"""The costs of any option: the one place that knows how each kind of option makes its ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tco.capacity.capacity import capacity_of
from tco.capacity.replica import Replica
from tco.capacity.slo_capacity import SloCapacity
from tco.cashflow import Ledger, ledger
from tco.hybrid.base import mixed
from tco.hybrid.decide import settled
from tco.hybrid.ledger import cascade_ledger, hybrid_ledger
from tco.hybrid_terms import OPTIMAL
from tco.scenario import AnyOption, CascadeOption, HybridOption, Scenario, SelfHostedOption
from tco.splice import involved, served_by, spliced
from tco.workload.demand import Demand, demand


def capacities_of(scenario: Scenario, replicas: Mapping[str, Replica]) -> dict[str, SloCapacity]:
    """What one replica of each self-hosted option carries, by option name.

    It hangs on lengths, promises and reasoning alone, neither on how many requests come nor on any price, and costs more to find than a ledger: who asks for
    many ledgers finds it once.

    Args:
        scenario: filled.
        replicas: of self-hosted options, by option name.
    """
    return {
        option.name: capacity_of(
            replace(replicas[option.name], reasoning_factor=option.reasoning_factor), scenario.workload
        )
        for option in scenario.options
        if isinstance(option, SelfHostedOption) and option.name in replicas
    }


def ledger_of(
    name: str,
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    asked: Demand,
    capacities: Mapping[str, SloCapacity] | None = None,
) -> Ledger:
    """What an option costs, with what serves before and after it. Where quantities are drawn, for all draws at once.

    Args:
        name: of the option.
        scenario: filled.
        replicas: of self-hosted options, by option name.
        asked: the demand by month.
        capacities: of one replica each, where the caller knows them already, by option name.
    """
    known = capacities or {}

    def single(part: str, part_asked: Demand, months: range | None) -> Ledger:
        return ledger(scenario.single(part), replicas.get(part), scenario, part_asked, known.get(part), during=months)

    def during(served: str, months: range | None) -> Ledger:
        option = scenario.option(served)
        if isinstance(option, HybridOption):
            base = option.base
            return hybrid_ledger(mixed(option, replicas[base], scenario, asked, known.get(base), months))
        if isinstance(option, CascadeOption):
            return cascade_ledger(option, scenario, asked, lambda part, own: single(part, own, months), months)
        return single(served, asked, months)

    option = scenario.option(name)
    if option.then is None and option.starts_after_months == 0:
        return during(name, None)
    return spliced([during(served, months) for served, months in served_by(name, scenario)])


def ledgers_of(
    names: Iterable[str],
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    asked: Demand,
    capacities: Mapping[str, SloCapacity] | None = None,
) -> dict[str, Ledger]:
    """What each of several options costs, by name: see `ledger_of`."""
    return {name: ledger_of(name, scenario, replicas, asked, capacities) for name in names}


def decides_anew(names: Iterable[str], scenario: Scenario) -> bool:
    """Whether one of these options, or what serves before, after or within them, has a number of replicas that is chosen for the load: then values of an input must be answered one by one.

    Args:
        names: of options.
        scenario: filled.
    """
    parts = {part for name in names for part in involved(name, scenario)}
    options = [scenario.option(part) for part in parts]
    return any(isinstance(option, HybridOption) and option.replicas == OPTIMAL for option in options)


def with_settled_hybrids(
    scenario: Scenario, replicas: Mapping[str, Replica], capacities: Mapping[str, SloCapacity] | None = None
) -> Scenario:
    """The scenario with the number of replicas of every hybrid decided, before quantities are drawn: one builds before one knows what comes.

    Args:
        scenario: filled, nothing drawn.
        replicas: of self-hosted options, by option name.
        capacities: of one replica each, where the caller knows them already, by option name.
    """
    if not any(isinstance(option, HybridOption) for option in scenario.options):
        return scenario
    asked, known = demand(scenario), capacities or {}

    def decided(option: AnyOption) -> AnyOption:
        if not isinstance(option, HybridOption):
            return option
        during = dict(served_by(option.name, scenario)).get(option.name)
        base = option.base
        return settled(mixed(option, replicas[base], scenario, asked, known.get(base), during))

    return scenario.model_copy(update={"options": [decided(option) for option in scenario.options]})
