"""Which option of a scenario is simulated, and how its engine works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pricing import Book
from probes.run import Run
from tco.books import find_book
from tco.capacity.capacity import asked_classes
from tco.capacity.engine_model import EngineModel, NoEngineModel, slower
from tco.capacity.fitted import fitted_engine
from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.fleet_rules import load_of, policy_of, rented_by_hour, spares_of
from tco.capacity.replica import Replica
from tco.capacity.replicas.needed import Counts, Rates, replicas_for
from tco.capacity.simulated import AskedClass
from tco.errors import InputError
from tco.fill_scaling import running_of
from tco.replicas_of import replicas_of
from tco.runs import find_runs
from tco.scenario import OwnOption, RentOption, Scenario, SelfHostedOption
from tco.workload.demand import Demand, demand
from tco.workload.sent import as_work, sent

FIRST = 0
"""The month that is simulated."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A self-hosted option of a scenario with the engine of its replicas.

    Attributes:
        scenario: the question, with this option only.
        option: with the times of its scaling filled in.
        replica: one of it.
        engine: of one replica, as fast as the option's throughput factor says.
        classes: what comes, and what it was promised.
        book: what is known of GPUs and models.
    """

    scenario: Scenario
    option: RentOption | OwnOption
    replica: Replica
    engine: EngineModel
    classes: tuple[AskedClass, ...]
    book: Book

    @cached_property
    def demand(self) -> Demand:
        """What reaches the option, in requests of the length that is simulated: with what is sent in vain, in its own tokens."""
        return as_work(self.option, sent(self.option, self.scenario.workload, demand(self.scenario)))

    @cached_property
    def fleet(self) -> Fleet:
        """What the plan costs.

        Raises:
            InputError: no fleet keeps the promise, with the reasons.
        """
        found = size_fleet(self.option, self.replica, self.scenario.workload, self.demand)
        if not found.capacity.feasible:
            raise InputError(
                f"option {self.option.name!r}: the plan has no replicas for it: {'; '.join(found.capacity.reasons)}. Give --replicas and --requests-per-s to see what "
                "users would get all the same"
            )
        if not found.replicas[FIRST]:
            raise InputError(
                f"option {self.option.name!r}: the first month has no requests, so the plan has no replicas; raise `workload.requests_per_day`, or give --replicas and "
                "--requests-per-s"
            )
        return found

    @cached_property
    def hours(self) -> tuple[Rates, Counts]:
        """Requests of each hour of the first month's week [requests/s], and the replicas that the plan has for them, both of shape (168,).

        A fleet that is fixed, bought or agreed for years stands for its busiest hour; others stand for each hour, spares included. What reactive scaling is late
        with is not in it.
        """
        load, policy = load_of(self.scenario.workload, self.demand), policy_of(self.option)
        most = int(self.fleet.replicas[FIRST])
        rates = load.requests_per_s[FIRST]
        if policy.kind == "fixed" or not rented_by_hour(self.option):
            return rates, np.full(rates.size, most, dtype=np.int64)
        needed = replicas_for(load.covered_requests_per_s[FIRST], self.fleet.goodput_requests_per_s)
        standing = spares_of(self.option, self.replica.gpus)(needed)
        return rates, np.maximum(standing, policy.min_replicas)

    @property
    def peak_requests_per_s(self) -> float:
        """Load that the plan covers in the first month, bursts inside the busiest hour included [requests/s]."""
        return float(self.demand.peak_requests_per_s[FIRST])

    @property
    def spares(self) -> int:
        """Replicas of the plan beyond those that its peak needs."""
        needed = int(replicas_for(np.array([self.peak_requests_per_s]), self.fleet.goodput_requests_per_s)[0])
        return max(0, int(self.fleet.replicas[FIRST]) - needed)


def asked_option(
    scenario: Scenario, name: str | None = None, runs: Mapping[str, Run] | None = None, book: Book | None = None
) -> Asked:
    """The option that is simulated, with its engine as planning has it.

    Args:
        scenario: the question.
        name: of a self-hosted option; None: the only one.
        runs: runs that the caller holds already, by the reference that the scenario uses.
        book: what is known of GPUs and models; None: the one that the scenario names.

    Raises:
        InputError: no such option, several and none named, one that is paid per token; a run that is missing; no step times, with the reason.
    """
    option = _chosen(scenario, name)
    alone = scenario.model_copy(update={"options": [option]})
    book = book or find_book(scenario)
    replica = replicas_of(alone, find_runs(alone, runs), book)[option.name]
    engine = replica.carried or fitted_engine(replica.run)
    if isinstance(engine, NoEngineModel):
        raise InputError(f"option {option.name!r} cannot be simulated ({engine.code}): {engine.sentence}")
    factor = 1.0 if option.throughput_factor is None else option.throughput_factor.value
    option = option.model_copy(update=running_of(option, replica.run, replica.gpus, book))
    return Asked(
        scenario=alone.model_copy(update={"options": [option]}),
        option=option,
        replica=replica,
        engine=engine if factor == 1 else replace(engine, step_time=slower(engine.step_time, 1 / factor)),
        classes=asked_classes(scenario.workload.reasoned(option.reasoning_factor), replica.run),
        book=book,
    )


def _chosen(scenario: Scenario, name: str | None) -> RentOption | OwnOption:
    own = {option.name: option for option in scenario.options if isinstance(option, SelfHostedOption)}
    names = ", ".join(own)
    if not own:
        raise InputError(
            f"{scenario.name!r} has no self-hosted option; what is paid per token has no replicas to simulate. Add one of kind `rent` or `own`"
        )
    if name is None and len(own) > 1:
        raise InputError(f"{scenario.name!r} has several self-hosted options; choose one with --option: {names}")
    if name is not None and name not in own:
        paid = any(option.name == name for option in scenario.options)
        why = "is paid per token and has no replicas to simulate" if paid else "is not in the scenario"
        raise InputError(f"option {name!r} {why}; self-hosted are: {names}")
    return next(iter(own.values())) if name is None else own[name]
