"""The members of a portfolio: what each asks for, in replicas of the shared option, and what it pays without the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tco.capacity.fleet_rules import load_of
from tco.capacity.replicas.policies import Load
from tco.cashflow import Ledger
from tco.compare import Comparison, Prepared, compare, prepare
from tco.errors import InputError
from tco.portfolio.portfolio_file import Member, Portfolio
from tco.scenario import OwnOption, RentOption, Scenario
from tco.workload.demand import Demand, Months
from tco.workload.sent import as_work, sent

_SAME_FOR_ALL = ("horizon_months", "hours_per_month", "as_of", "currency")
_SAME_REPLICA = (
    "kind", "model", "gpu", "gpus_per_replica", "tensor_parallel_size", "pipeline_parallel_size", "precision", "kv_cache_dtype", "gpus_per_server",
)  # fmt: skip
_OWN = (
    "name", "run", "one_off_usd", "extra_usd_per_month", "people", "throughput_factor", "availability_target_fraction", "success", "tokenizer_factor",
    "retry_fraction", "reasoning_factor",
)  # fmt: skip
"""Where options may differ: what each member keeps for itself, or what is in its own load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """A member with all that is known of it alone.

    Attributes:
        name: of the member.
        prepared: its scenario, filled, with runs and prices.
        found: its own answer.
        option: that it shares, filled.
        asked: its demand by month.
        load: what it asks for hour by hour, on the portfolio's clock, in replicas of the shared option.
        replicas: its mean demand by month, likewise, shape (months,).
    """

    name: str
    prepared: Prepared
    found: Comparison
    option: RentOption | OwnOption
    asked: Demand
    load: Load
    replicas: Months

    @property
    def scenario(self) -> Scenario:
        """Its scenario, filled."""
        return self.prepared.scenario

    @property
    def own(self) -> Ledger:
        """What the option costs it alone."""
        return self.found.ledgers[self.option.name]

    @property
    def today(self) -> Ledger:
        """What it pays today."""
        return self.found.ledgers[self.scenario.baseline]

    @property
    def goodput_requests_per_s(self) -> float:
        """What one replica carries of its requests within its promise [requests/s]."""
        assert self.own.fleet is not None
        return self.own.fleet.goodput_requests_per_s


def members_of(portfolio: Portfolio) -> list[Sharing]:
    """Every member, answered alone.

    Args:
        portfolio: the question.

    Raises:
        InputError: a scenario cannot be read; an option that cannot be shared, or cannot serve; members that do not fit together.
    """
    members = [_member(portfolio, member) for member in portfolio.members]
    _refuse_misfits(members)
    return members


def _member(portfolio: Portfolio, member: Member) -> Sharing:
    scenario, name = portfolio.scenario_of(member), portfolio.option_of(member)
    prepared = prepare(scenario)
    filled = prepared.scenario
    option = next((each for each in filled.options if each.name == name), None)
    if option is None:
        there = ", ".join(each.name for each in filled.options)
        raise InputError(f"member {member.called!r}: its scenario has no option {name!r}; it has: {there}")
    if not isinstance(option, RentOption | OwnOption):
        raise InputError(
            f"member {member.called!r}: {name!r} is of kind {option.kind!r}; machines are shared, of kind `rent` or `own`"
        )
    if option.then is not None or option.starts_after_months:
        raise InputError(
            f"member {member.called!r}: {name!r} starts later or is followed by another option, which a shared fleet is not; leave it out"
        )
    found = compare(prepared, filled)
    own, today = found.ledgers[name], found.ledgers[filled.baseline]
    for ledger, called in ((own, name), (today, filled.baseline)):
        if not ledger.feasible:
            raise InputError(f"member {member.called!r}: {called} cannot serve it: {'; '.join(ledger.reasons)}")
        if ledger.capital is not None:
            raise InputError(
                f"member {member.called!r}: taxes, loans and leases are not shared out yet; leave `finance` and `purchase` away"
            )
    assert own.fleet is not None
    work = as_work(option, sent(option, filled.workload, found.demand))
    goodput = own.fleet.goodput_requests_per_s
    return Sharing(
        name=member.called,
        prepared=prepared,
        found=found,
        option=option,
        asked=found.demand,
        load=_in_replicas(load_of(filled.workload, work), goodput, member.clock_shift_hours),
        replicas=work.mean_requests_per_s / goodput,
    )


def _in_replicas(load: Load, goodput: float, shift_hours: int) -> Load:
    """A load in replicas that it fills, with its week moved to the portfolio's clock."""
    return Load(
        requests_per_s=np.roll(load.requests_per_s, shift_hours, axis=-1) / goodput,
        covered_requests_per_s=np.roll(load.covered_requests_per_s, shift_hours, axis=-1) / goodput,
        peak_requests_per_s=load.peak_requests_per_s / goodput,
    )


def _refuse_misfits(members: Sequence[Sharing]) -> None:
    first = members[0]
    for other in members[1:]:
        for field in _SAME_FOR_ALL:
            ours, theirs = getattr(first.scenario, field), getattr(other.scenario, field)
            if ours != theirs:
                raise InputError(
                    f"`{field}` is {ours} of {first.name} and {theirs} of {other.name}; make them the same, by `set` if need be"
                )
        rates = [each.scenario.discount_rate_per_year.value for each in (first, other)]
        if rates[0] != rates[1]:
            raise InputError(
                f"`discount_rate_per_year` is {rates[0]:g} of {first.name} and {rates[1]:g} of {other.name}; make them the same"
            )
        if first.prepared.runs[first.option.name] != other.prepared.runs[other.option.name]:
            raise InputError(f"{first.name} and {other.name} rest on two runs; who shares a replica shares its run")
        for field in _SAME_REPLICA:
            ours, theirs = getattr(first.option, field, None), getattr(other.option, field, None)
            if ours != theirs:
                raise InputError(
                    f"`{field}` of the shared option is {ours} of {first.name} and {theirs} of {other.name}; one replica cannot be both"
                )


def differing_terms(members: Sequence[Sharing]) -> Iterator[str]:
    """Where members' options differ in what the fleet costs or how it is run, in sentences: the first member's counts."""
    first = members[0]
    mine = first.option.model_dump(mode="json")
    for other in members[1:]:
        theirs = other.option.model_dump(mode="json")
        fields = [name for name in mine if name not in _OWN and mine[name] != theirs.get(name)]
        if fields:
            yield f"{other.name} has other terms than {first.name} ({', '.join(fields)}); the shared fleet has those of {first.name}"
