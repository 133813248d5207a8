"""What an option costs: one function a line item, each a number a month, with months on the last axis.

Quantities may be drawn (`tco.quantity.Quantity.at`): then each gives (draws, months).

Token prices move by `price_change_per_year_fraction`: `price_m = price · (1 + change)^((m − 1) / 12)`. What stands is paid
for, busy or idle: rented replicas while they stand, servers and agreed commitments around the clock.
"""

from __future__ import annotations

import numpy as np

from tco.capacity.fleet import Fleet
from tco.quantity import Numbers, Quantity
from tco.scenario import OwnOption, RentOption, Scenario, TokenOption
from tco.workload.demand import TOKENS_PER_MTOK, Demand, Months, powers

MONTHS_PER_YEAR = 12
WATTS_PER_KW = 1000


def _value(quantity: Quantity | None) -> Numbers:
    assert quantity is not None  # `tco.fill` leaves nothing open
    return quantity.numbers


def price_path(change_per_year_fraction: float | Numbers, months: int) -> Months:
    """Factor on a price by month: `(1 + change)^((m − 1) / 12)`, 1 in the first month [unitless].

    >>> price_path(-0.10, 25)[[0, 12, 24]].round(3).tolist()
    [1.0, 0.9, 0.81]
    """
    return powers(np.asarray(change_per_year_fraction), np.arange(months) / MONTHS_PER_YEAR)


def input_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Input tokens that are not read from the vendor's cache [USD/month].

    `requests · tokens · tokenizer factor · ((1 − batch) · (1 − cached) · price + batch · batch price)`. The batch share
    gets no cache discount; where the vendor sells no batch tier it is sent and billed like the rest.
    """
    batch, cached = _shares(option, scenario)
    price = (1 - batch) * (1 - cached) * _value(option.input_usd_per_mtok)
    if option.batch_input_usd_per_mtok is not None:
        price = price + batch * option.batch_input_usd_per_mtok.numbers
    return _input_mtok(option, asked) * price * _path(option, asked)


def cached_input_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Input tokens read from the vendor's cache at its cached-read price [USD/month]."""
    batch, cached = _shares(option, scenario)
    if option.cached_input_usd_per_mtok is None:
        return np.zeros_like(asked.requests)
    return (
        _input_mtok(option, asked)
        * (1 - batch)
        * cached
        * option.cached_input_usd_per_mtok.numbers
        * _path(option, asked)
    )


def output_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Output tokens, reasoning included, the batch share at the batch price [USD/month]."""
    batch, _ = _shares(option, scenario)
    price = (1 - batch) * _value(option.output_usd_per_mtok)
    if option.batch_output_usd_per_mtok is not None:
        price = price + batch * option.batch_output_usd_per_mtok.numbers
    mtok = asked.requests * asked.output_tokens_per_request * option.tokenizer_factor.numbers / TOKENS_PER_MTOK
    return mtok * price * _path(option, asked)


def gpu_rent_usd(option: RentOption, scenario: Scenario, fleet: Fleet) -> Months:
    """Rented GPUs (or machines) while they stand: `(mean replicas · hours + upgrade hours) · units · price` [USD/month].

    The mean is over the hours of the week that the option's policy tells apart; a `fixed` fleet and an agreed commitment stand around the clock.
    """
    path = price_path(_value(option.price_change_per_year_fraction), fleet.replicas.shape[-1])
    price = _value(option.price_usd_per_hour)
    standing = fleet.paid_replicas * fleet.machines_per_replica * price * scenario.hours_per_month * path
    return standing + fleet.surge_replica_hours * fleet.machines_per_replica * price * path


def electricity_usd(option: OwnOption, scenario: Scenario, fleet: Fleet) -> Months:
    """Electricity at the site's meter: `servers · watts / 1000 · PUE · hours · price` [USD/month].

    Servers are taken to draw their loaded power around the clock, which overstates a fleet that idles at night; a scaling policy changes nothing here.
    """
    assert isinstance(option.electricity_usd_per_kwh, Quantity)  # filled from the region
    kwh = fleet.servers * _server_kw(option) * option.pue.numbers * scenario.hours_per_month
    return kwh * option.electricity_usd_per_kwh.numbers


def colocation_usd(option: OwnOption, fleet: Fleet) -> Months:
    """Space, cooling and power feed in somebody's data centre, by the servers' rated kW [USD/month]."""
    return fleet.servers * _server_kw(option) * _value(option.colocation_usd_per_kw_month)


def servers_bought_usd(option: OwnOption, bought: Months) -> Months:
    """Servers at their price, at the start of each month: `servers · price` [USD/month].

    Args:
        option: the option, filled.
        bought: servers bought at the start of each month, shape (months,).
    """
    return bought * _value(option.server_price_usd)


def maintenance_usd(option: OwnOption, fleet: Fleet) -> Months:
    """Hardware support and spare parts, a share of the servers' price [USD/month]."""
    return (
        fleet.servers * _value(option.server_price_usd) * option.maintenance_fraction_per_year.numbers / MONTHS_PER_YEAR
    )


def server_purchases(option: OwnOption, fleet: Fleet) -> Months:
    """Servers bought at the start of each month: what demand adds, and what has reached the end of its economic life."""
    bought, standing = np.zeros_like(fleet.servers), np.zeros(fleet.servers.shape[:-1])
    for month in range(bought.shape[-1]):
        if month >= option.economic_life_months:
            standing -= bought[..., month - option.economic_life_months]
        bought[..., month] = np.maximum(0.0, fleet.servers[..., month] - standing)
        standing += bought[..., month]
    return bought


def residual_usd(option: OwnOption, purchases: Months) -> Numbers:
    """What the servers would still fetch at the end of the horizon [USD], shape () or (draws,).

    Each loses value in a straight line from its price to `residual_fraction` at the end of its economic life.
    """
    months = purchases.shape[-1]
    age = np.minimum((months - np.arange(months)) / option.economic_life_months, 1.0)
    worth = _value(option.server_price_usd) * (1 - (1 - option.residual_fraction.numbers) * age)
    return np.asarray(np.sum(purchases * worth, axis=-1))


def people_usd(option: TokenOption | RentOption | OwnOption, months: int) -> Months:
    """Staff who run the option: `FTE · cost per FTE / 12` [USD/month]."""
    monthly = option.people.run_fte.numbers * option.people.cost_per_fte_usd_per_year.numbers / MONTHS_PER_YEAR
    return monthly * np.ones(months)


def _shares(option: TokenOption, scenario: Scenario) -> tuple[Numbers, Numbers]:
    """Shares of batch and of cached input that this vendor has a price for."""
    batch = scenario.workload.batchable_fraction.numbers
    cached = scenario.workload.cacheable_input_fraction.numbers
    none = np.zeros(())
    sells_batch = option.batch_input_usd_per_mtok is not None and option.batch_output_usd_per_mtok is not None
    return batch if sells_batch else none, cached if option.cached_input_usd_per_mtok is not None else none


def _input_mtok(option: TokenOption, asked: Demand) -> Months:
    return asked.requests * asked.input_tokens_per_request * option.tokenizer_factor.numbers / TOKENS_PER_MTOK


def _path(option: TokenOption, asked: Demand) -> Months:
    return price_path(_value(option.price_change_per_year_fraction), asked.requests.shape[-1])


def _server_kw(option: OwnOption) -> Numbers:
    return _value(option.server_watts) / WATTS_PER_KW
