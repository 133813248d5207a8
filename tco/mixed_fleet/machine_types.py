"""A scenario's self-hosted options as machine types: what one replica costs an hour, how many can be had."""

from __future__ import annotations

import math

import numpy as np

import pricing
from pricing import Book, PriceNotFound
from tco.capacity.fleet import Fleet
from tco.capacity.fleet_rules import rented_by_hour, replica_availability
from tco.capacity.mix import MachineType
from tco.capacity.replica import Replica
from tco.capacity.replicas.availability import group_availability
from tco.capacity.slo_capacity import SloCapacity
from tco.costs import (
    MONTHS_PER_YEAR,
    colocation_usd,
    electricity_usd,
    gpu_rent_usd,
    maintenance_usd,
    price_path,
)
from tco.mixed_fleet.records import FleetType
from tco.replicas_of import gpu_of, model_of
from tco.scenario import OwnOption, RentOption, Scenario


def fleet_type(
    asked: RentOption | OwnOption,
    filled: RentOption | OwnOption,
    replica: Replica,
    scenario: Scenario,
    book: Book,
    *,
    month: int,
    max_count: int | None,
) -> FleetType:
    """One replica of an option as a machine type.

    Args:
        asked: the option as it was written: a price that it leaves out is the book's, which may have a reserved one beside it.
        filled: the same, filled.
        replica: of it.
        scenario: the question, filled.
        book: prices.
        month: whose price counts, from 1.
        max_count: replicas that can be had; None: the option's `scaling.max_replicas`.
    """
    gpu = gpu_of(filled, replica.run)
    if isinstance(filled, OwnOption):
        hourly = owned_usd_per_hour(filled, replica.gpus, scenario)
        reserved: float | None = hourly
        source = "capital over its life, power, space, maintenance"
    else:
        assert isinstance(asked, RentOption)
        hourly = _rent_usd_per_hour(filled, replica.gpus, scenario, month)
        reserved = _reserved(asked, replica, gpu, scenario, book) if rented_by_hour(filled) else hourly
        source = f"{filled.price.commitment} rent" if asked.price_usd_per_hour is None else "rent as given"
    machine = MachineType(
        name=filled.name,
        price_usd_per_hour=hourly,
        reserved_usd_per_hour=reserved,
        max_count=filled.scaling.max_replicas if max_count is None else max_count,
        replica_availability_fraction=_availability(filled, replica.gpus),
        availability_target_fraction=filled.availability_target_fraction.value,
        by_the_hour=rented_by_hour(filled),
    )
    return FleetType(
        machine=machine,
        replica=replica,
        throughput_factor=1.0 if filled.throughput_factor is None else filled.throughput_factor.value,
        model=model_of(filled, replica.run),
        gpu=gpu,
        price_from=source,
        replicas_per_server=_replicas_per_server(filled, replica.gpus) if isinstance(filled, OwnOption) else 0,
    )


def owned_usd_per_hour(option: OwnOption, gpus: int, scenario: Scenario) -> float:
    """One replica on servers of one's own, by the hour [USD/hour].

    The servers' price is spread evenly over their economic life with the scenario's discount rate, less what they then fetch (capital recovery):

    ```
    a month = (price − residual (1 + i)^−n) · i / (1 − (1 + i)^−n)      n months of life, i the monthly rate
    ```

    Electricity, space and maintenance are those of `tco.costs`. A replica that does not fill a server bears its share of it, as if all others of the
    server were used too. People and one-off costs belong to no replica and are left out.

    Args:
        option: filled.
        gpus: of one replica.
        scenario: with the discount rate and the hours of a month.

    Special cases: without a discount rate the price falls in a straight line.
    """
    per_server = _replicas_per_server(option, gpus)
    units = max(gpus, 1)
    fleet = _one_of(per_server or 1, gpus, 1 if per_server else math.ceil(units / option.gpus_per_server))
    running = electricity_usd(option, scenario, fleet) + colocation_usd(option, fleet) + maintenance_usd(option, fleet)
    assert option.server_price_usd is not None  # filled
    capital = option.server_price_usd.value * _recovery(option, scenario.discount_rate_per_year.value)
    a_month = float(running[0]) + float(fleet.servers[0]) * capital
    return a_month / scenario.hours_per_month / float(fleet.replicas[0])


def _availability(option: RentOption | OwnOption, gpus: int) -> float:
    """Share of time that one replica answers; servers that fail take it with them."""
    answers = replica_availability(option, gpus)
    server = option.failures.server_availability_fraction
    if server is None or not isinstance(option, OwnOption):
        return answers
    return answers * group_availability(server.value, math.ceil(max(gpus, 1) / option.gpus_per_server))


def _replicas_per_server(option: OwnOption, gpus: int) -> int:
    """How many replicas share a server; 0 where one takes whole servers."""
    units = max(gpus, 1)
    return option.gpus_per_server // units if units < option.gpus_per_server else 0


def _recovery(option: OwnOption, rate_per_year: float) -> float:
    """Share of the price that a month of the servers' life bears."""
    months, residual = option.economic_life_months, option.residual_fraction.value
    monthly = (1 + rate_per_year) ** (1 / MONTHS_PER_YEAR) - 1
    if abs(monthly) < 1e-12:  # noqa: PLR2004 - no rate
        return (1 - residual) / months
    later = (1 + monthly) ** -months
    return float((1 - residual * later) * monthly / (1 - later))


def _one_of(replicas: int, gpus: int, servers: int) -> Fleet:
    """So many replicas for a month, as `tco.costs` wants them."""
    none = np.zeros(1)
    standing = np.array([float(replicas)])
    return Fleet(
        capacity=SloCapacity(requests_per_s=0.0),
        goodput=none[0],
        replicas=standing,
        serving_replicas=standing,
        least_replicas=standing,
        paid_replicas=standing,
        surge_replica_hours=none,
        gpus_per_replica=gpus,
        machines_per_replica=max(gpus, 1),
        servers=np.array([float(servers)]),
        mean_requests_per_s=none,
        late_fraction=0.0,
        too_large=np.zeros((), dtype=bool),
    )


def _rent_usd_per_hour(option: RentOption, gpus: int, scenario: Scenario, month: int) -> float:
    """One replica in the month that is sized, at that month's price."""
    change = option.price_change_per_year_fraction
    path = 1.0 if change is None else float(price_path(change.value, month)[-1])
    return float(gpu_rent_usd(option, scenario, _one_of(1, gpus, 1))[0]) / scenario.hours_per_month * path


def _reserved(asked: RentOption, replica: Replica, gpu: str | None, scenario: Scenario, book: Book) -> float | None:
    """The book's price of the same GPU for a year, where the option took the book's price too [USD/hour]."""
    if asked.price_usd_per_hour is not None or gpu is None:
        return None
    wish = asked.price
    try:
        quote = pricing.rental_price(
            gpu,
            on=scenario.as_of,
            provider_class=wish.class_,
            tier="reserved-1y",
            provider=wish.provider,
            region=wish.region,
            book=book,
        )
    except PriceNotFound:
        return None
    return quote.price.amount * max(replica.gpus, 1)
