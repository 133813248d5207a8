"""What a solved task costs, with what is handed on to another option or to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tco.capacity.replica import Replica
from tco.capacity.slo_capacity import SloCapacity
from tco.cashflow import Ledger
from tco.ledgers import ledger_of
from tco.scenario import Scenario
from tco.success_terms import HUMAN
from tco.unit_records import TaskCost
from tco.units import LEAST_REQUESTS
from tco.workload.demand import demand


def task_cost(
    name: str, scenario: Scenario, replicas: Mapping[str, Replica], ledgers: Mapping[str, Ledger]
) -> TaskCost | None:
    """Cost of a solved task where an option says how often it succeeds; else None: nothing is assumed.

    ```
    cost of a solved task = (cost of an attempt + escalations · cost of an escalated task) / solved
    solved                = success + escalations · solved where they go
    ```

    Escalated tasks cost what the other option costs *at that volume*: its whole replicas, people and one-offs for just these requests, and so on along the
    chain. A person solves every task that comes. Everything is summed over the horizon and not discounted, as `usd_per_request` is.

    The sum is the expected cost of a cascade (Chen, Zaharia, Zou: FrugalGPT, arXiv 2305.05176) over its share of right answers.

    Args:
        name: of the option.
        scenario: the filled scenario.
        replicas: of self-hosted options, by option name.
        ledgers: the costs of every option, by name.

    Special cases: no requests, None; nothing is ever solved, or an escalation goes where it cannot be served: no cost, with the reason.
    """
    success = scenario.option(name).success
    requests = float(np.sum(demand(scenario).requests))
    if success is None or requests < LEAST_REQUESTS:
        return None
    chain = _Chain(scenario, replicas, ledgers)
    try:
        solved, further_usd = chain.beyond(name, 1.0)
    except _NoWayError as error:
        return TaskCost(reason=str(error))
    own_usd = float(ledgers[name].total_usd)
    total_usd = own_usd + further_usd
    return TaskCost(
        solved_fraction=solved,
        usd_per_attempt=own_usd / requests,
        escalation_usd_per_attempt=further_usd / requests,
        total_usd=total_usd,
        usd_per_successful_task=total_usd / (requests * solved) if solved > 0 else None,
        reason=None if solved > 0 else f"{name} solves no task",
    )


def escalates_through(name: str, scenario: Scenario) -> list[str]:
    """Names of the options to which an option's tasks escalate, and on from there, in order."""
    names = {option.name for option in scenario.options}
    found: list[str] = []
    success = scenario.option(name).success
    while success is not None and success.escalates_to in names - set(found):
        found.append(success.escalates_to)
        success = scenario.option(success.escalates_to).success
    return found


class _NoWayError(Exception):
    """An escalation cannot be served where it goes."""


@dataclass(frozen=True, slots=True)
class _Chain:
    scenario: Scenario
    replicas: Mapping[str, Replica]
    ledgers: Mapping[str, Ledger]

    def beyond(self, name: str, share: float) -> tuple[float, float]:
        """What is solved of the tasks that an option is given [fraction], and what that costs beyond the option's own cost [USD].

        Args:
            name: of the option.
            share: of all requests that it is given.
        """
        if name not in self.ledgers:
            raise _NoWayError(f"tasks escalate to {name}, which is not among the options that are asked about")
        success = self.scenario.option(name).success
        if success is None:
            raise _NoWayError(f"tasks escalate to {name}, whose success is not given; add `success` to it")
        solved = success.success_fraction.value
        # A sensitivity run moves one of the two shares alone.
        handed = min(success.escalation_fraction.value, 1 - solved)
        if handed <= 0 or success.escalates_to is None:
            return solved, 0.0
        if success.escalates_to == HUMAN:
            assert success.human_usd_per_task is not None  # the record refuses it
            return solved + handed, share * handed * self._requests() * success.human_usd_per_task.value
        there, further_usd = self.beyond(success.escalates_to, share * handed)
        return solved + handed * there, self._cost_usd(success.escalates_to, share * handed) + further_usd

    def _requests(self) -> float:
        return float(np.sum(demand(self.scenario).requests))

    def _cost_usd(self, name: str, share: float) -> float:
        """What an option costs for a share of the requests [USD]."""
        whole = self.ledgers.get(name)
        if whole is None or whole.barred:
            raise _NoWayError(f"tasks escalate to {name}, which may not be used")
        workload = self.scenario.workload
        asked = workload.requests_per_day
        part = workload.model_copy(update={"requests_per_day": asked.at(asked.value * share)})
        at_share = self.scenario.model_copy(update={"workload": part})
        own = ledger_of(name, at_share, self.replicas, demand(at_share), self._capacities())
        if not own.feasible:
            raise _NoWayError(f"tasks escalate to {name}, which cannot serve them: {'; '.join(own.reasons)}")
        return float(own.total_usd)

    def _capacities(self) -> dict[str, SloCapacity]:
        """What one replica carries, of options that serve alone all the time: of several that follow one another a ledger tells the last one's only."""
        alone = {
            option.name for option in self.scenario.options if option.then is None and not option.starts_after_months
        }
        return {
            name: own.fleet.capacity for name, own in self.ledgers.items() if own.fleet is not None and name in alone
        }
