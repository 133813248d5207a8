"""The shared fleet: sized for the sum of all loads, hour by hour; and what each member bears of its cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.replicas.needed import Rates
from tco.capacity.replicas.policies import Load
from tco.capacity.slo_capacity import SloCapacity
from tco.cashflow import Ledger, ledger
from tco.errors import InputError
from tco.line_items import work_items
from tco.portfolio.members import Sharing
from tco.scenario import OwnOption, RentOption
from tco.workload.demand import Demand, Months
from tco.workload.sent import sent

_PEOPLE = ("people", "on_call")
_SET_UP = ("set_up_work", "fine_tuning")
_NOTHING = "one_off"
"""What a ledger that lays out nothing has, so that it has a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The shared fleet and what it costs.

    Attributes:
        machines: what the fleet costs: machines, the site, what stands around them.
        whole: with what members have of their own: people, one-offs, named extras, further models.
    """

    machines: Ledger
    whole: Ledger


def shared_fleet(members: Sequence[Sharing], *, people_shared: bool = False, work_factor: float = 1.0) -> Shared:
    """Sizes and costs one fleet for all members.

    A member's requests fill `requests/s / goodput` replicas, with the goodput at its own lengths and promise; what all fill together adds up by the hour of the
    week. Each keeps its own headroom for bursts, and what can wait is moved within its own quiet hours, so that the sum is on the safe side of what one
    scheduler for all would need. The fleet is run as the first member's option says, for the highest availability target among them.

    Args:
        members: at least one.
        people_shared: one team, the largest of theirs, runs all; else each has its own.
        work_factor: on the load, for requests of several kinds that fill a replica more or less together than alone.

    Raises:
        InputError: together they need more replicas than any fleet has, or than the option allows.
    """
    first = members[0]
    option = _machines_of(members)
    asked = _together(members)
    fleet = _fleet(members, option, asked, work_factor)
    if not fleet.capacity.feasible:
        raise InputError(f"the shared fleet: {'; '.join(fleet.capacity.reasons)}")
    told = ledger(option, first.prepared.replicas[first.option.name], first.scenario, asked, fleet=fleet)
    mine = _own_names(first)
    machines = replace(
        told,
        line_items={name: cost for name, cost in told.line_items.items() if name not in mine},
        investments={name: cost for name, cost in told.investments.items() if name not in mine},
    )
    whole = replace(
        machines,
        line_items=machines.line_items | _added([_own_lines(each) for each in members], people_shared=people_shared),
        investments=machines.investments | _added([_own_investments(each) for each in members], people_shared=False),
    )
    return Shared(machines=machines, whole=whole)


def borne(members: Sequence[Sharing], shared: Shared, *, people_shared: bool = False) -> list[Ledger]:
    """What each member bears: its share of the fleet, and what it has of its own; all together are the whole.

    `share of month m = replicas that its requests fill in it / replicas that all fill`, of running costs; what is bought, and what is left of it, goes by the same
    share over the horizon. A shared team goes by share too.

    Args:
        members: as they were costed.
        shared: of `shared_fleet`.
        people_shared: likewise.

    Special cases: a month without any request is shared as the horizon is; without any request at all evenly.
    """
    shares = shares_of(members)
    months = np.array([each.replicas for each in members])
    over_horizon = _shares(months.sum(axis=1, keepdims=True))[:, 0]
    found = []
    for number, member in enumerate(members):
        lines = {name: cost * shares[number] for name, cost in shared.machines.line_items.items()}
        own = _own_lines(member)
        if people_shared:
            own |= {name: shared.whole.line_items[name] * shares[number] for name in _PEOPLE}
        bought = {name: cost * over_horizon[number] for name, cost in shared.machines.investments.items()}
        found.append(
            Ledger(
                line_items=lines | own,
                investments=bought | _own_investments(member) or {_NOTHING: np.zeros_like(shares[number])},
                residual_usd=np.asarray(shared.machines.residual_usd * over_horizon[number]),
                fleet=None,
            )
        )
    return found


def shares_of(members: Sequence[Sharing]) -> Rates:
    """Share of each member in the load of each month [fraction], shape (members, months); every column adds up to 1."""
    by_month = np.array([each.replicas for each in members])
    over_horizon = _shares(by_month.sum(axis=1, keepdims=True))
    return np.asarray(np.where(by_month.sum(axis=0) > 0, _shares(by_month), over_horizon))


def _shares(loads: Rates) -> Rates:
    total = loads.sum(axis=0)
    even = np.full(loads.shape, 1 / loads.shape[0])
    return np.asarray(np.divide(loads, total, out=even, where=np.broadcast_to(total > 0, loads.shape)))


def _machines_of(members: Sequence[Sharing]) -> RentOption | OwnOption:
    """The first member's option as the fleet is run: what differs by member is in the load already."""
    strictest = max((each.option.availability_target_fraction for each in members), key=lambda target: target.value)
    return members[0].option.model_copy(
        update={
            "throughput_factor": None,
            "tokenizer_factor": None,
            "retry_fraction": None,
            "reasoning_factor": None,
            "availability_target_fraction": strictest,
        }
    )


def combined_load(members: Sequence[Sharing], work_factor: float = 1.0) -> Load:
    """What all ask for in every hour of the week and month, in replicas that it fills, shape (months, 168).

    Args:
        members: on one clock.
        work_factor: on the load.
    """
    covered = work_factor * np.sum([each.load.covered_requests_per_s for each in members], axis=0)
    return Load(
        requests_per_s=work_factor * np.sum([each.load.requests_per_s for each in members], axis=0),
        covered_requests_per_s=covered,
        peak_requests_per_s=covered.max(axis=-1),
    )


def _fleet(members: Sequence[Sharing], option: RentOption | OwnOption, asked: Demand, work_factor: float) -> Fleet:
    """The fleet in replicas of load: one of it a second is what one replica carries."""
    first = members[0]
    bases = [each.own.fleet.capacity for each in members if each.own.fleet is not None]
    same = len({each.goodput_requests_per_s for each in members}) == 1 and work_factor == 1
    unit = SloCapacity(requests_per_s=1.0, basis=bases[0].basis if same else "modelled")
    filled = work_factor * np.sum([each.replicas for each in members], axis=0)
    in_replicas = replace(asked, mean_requests_per_s=filled)
    return size_fleet(
        option,
        first.prepared.replicas[first.option.name],
        first.scenario.workload,
        in_replicas,
        unit,
        load=combined_load(members, work_factor),
    )


def _together(members: Sequence[Sharing]) -> Demand:
    """The requests of all, with the mean lengths of all; as they reach the option."""
    reached = [sent(each.option, each.scenario.workload, each.asked) for each in members]
    requests = np.sum([each.requests for each in reached], axis=0)
    into = np.sum([each.input_tokens for each in reached], axis=0)
    out = float(np.sum([each.output_tokens for each in reached]))
    total = float(requests.sum())
    mean = float(into.sum()) / total if total else 0.0
    by_month = np.divide(into, requests * mean, out=np.ones_like(requests), where=requests * mean > 0)
    return replace(
        reached[0],
        requests=requests,
        mean_requests_per_s=np.sum([each.mean_requests_per_s for each in reached], axis=0),
        input_tokens_per_request=np.asarray(mean),
        output_tokens_per_request=np.asarray(out / total if total else 0.0),
        input_by_month=by_month,
        work_by_month=None,
    )


def _own_names(member: Sharing) -> set[str]:
    return {*work_items(member.option, member.asked), *member.option.one_off_usd, *_SET_UP}


def _own_lines(member: Sharing) -> dict[str, Months]:
    names = work_items(member.option, member.asked)
    return {name: cost for name, cost in member.own.line_items.items() if name in names}


def _own_investments(member: Sharing) -> dict[str, Months]:
    names = {*member.option.one_off_usd, *_SET_UP}
    return {name: cost for name, cost in member.own.investments.items() if name in names}


def _added(parts: Sequence[dict[str, Months]], *, people_shared: bool) -> dict[str, Months]:
    """Costs by name over all members; of people the most expensive team where it is shared."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {
        name: np.asarray(
            (np.max if people_shared and name in _PEOPLE else np.sum)(
                [part[name] for part in parts if name in part], axis=0
            )
        )
        for name in names
    }
