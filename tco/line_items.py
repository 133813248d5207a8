"""The line items of an option by name: which of `tco.costs` it has. What nobody set is there, with zeros, so that it is seen."""

from __future__ import annotations

import numpy as np

from tco import costs
from tco.capacity.fleet import Fleet
from tco.scenario import OwnOption, RentOption, Scenario, TokenOption
from tco.workload.demand import Demand, Months

Items = dict[str, Months]

UPFRONT = "commitment_upfront"
"""Investment of a rented fleet whose terms are paid in part when they begin."""

AnyOption = TokenOption | RentOption | OwnOption


def token_items(option: TokenOption, scenario: Scenario, reached: Demand) -> Items:
    """What the vendor bills, at prices that have a path of their own.

    Args:
        option: filled.
        scenario: filled.
        reached: the demand as it reaches the option (`tco.workload.sent`).
    """
    return {
        "input_tokens": costs.input_tokens_usd(option, scenario, reached),
        "cached_input_tokens": costs.cached_input_tokens_usd(option, scenario, reached),
        "cache_write_tokens": costs.cache_write_tokens_usd(option, scenario, reached),
        "output_tokens": costs.output_tokens_usd(option, scenario, reached),
    }


def rent_items(option: RentOption, scenario: Scenario, fleet: Fleet, start: int = 0) -> Items:
    """What rented machines cost: agreed commitments, where there are any, and the rest.

    Args:
        option: filled.
        scenario: filled.
        fleet: what stands.
        start: month in which the option begins to serve, 0 is the first.
    """
    rest = {"gpu_rent": costs.gpu_rent_usd(option, scenario, fleet, start)}
    if not option.commitments:
        return rest
    return rest | {"committed_rent": costs.committed_rent_usd(option, scenario, fleet, start)}


def site_items(option: OwnOption, scenario: Scenario, fleet: Fleet) -> Items:
    """What servers of one's own cost while they stand."""
    return {
        "electricity": costs.electricity_usd(option, scenario, fleet),
        "colocation": costs.colocation_usd(option, fleet),
        "hosting": costs.hosting_usd(option, fleet),
        "maintenance": costs.maintenance_usd(option, fleet),
        "repairs": costs.repairs_usd(option, fleet),
        "software": costs.software_usd(option, fleet),
    }


def around_items(option: RentOption | OwnOption, scenario: Scenario, reached: Demand, fleet: Fleet) -> Items:
    """What stands around the machines of a self-hosted model."""
    return {
        "storage": costs.storage_usd(option, reached, fleet),
        "egress": costs.egress_usd(option, reached),
        "load_balancing": costs.load_balancing_usd(option, scenario, reached),
        "logging": costs.logging_usd(option, reached),
    }


def work_items(option: AnyOption, asked: Demand, last: int | None = None) -> Items:
    """People, further models, and what recurs, of any option; named extras first.

    Args:
        option: filled.
        asked: the demand.
        last: month in which it ends, 0 is the first; None: the last one.
    """
    months = asked.requests.shape[-1]
    extras = {name: quantity.numbers * np.ones(months) for name, quantity in option.extra_usd_per_month.items()}
    work = {
        "people": costs.people_usd(option, months),
        "on_call": costs.on_call_usd(option, months),
        "pipeline": costs.pipeline_usd(option, asked),
        "evaluation": costs.evaluation_usd(option, months),
        "retraining": costs.retraining_usd(option, months),
        "migrations": costs.migrations_usd(option, months),
        "support": costs.support_usd(option, months),
        "audits": costs.audits_usd(option, months),
        "exit": costs.exit_usd(option, months, last),
    }
    return merged(extras, work)


def merged(*parts: Items) -> Items:
    """Amounts by name; where a name comes twice, because somebody named an own cost like a line, both count.

    >>> merged({"support": np.ones(2)}, {"support": np.ones(2), "audits": np.zeros(2)})["support"].tolist()
    [2.0, 2.0]
    """
    found: Items = {}
    for items in parts:
        for name, amounts in items.items():
            found[name] = found[name] + amounts if name in found else amounts
    return found
