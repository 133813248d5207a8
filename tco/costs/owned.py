"""What servers of one's own cost: they are paid for around the clock, busy or idle."""

from __future__ import annotations

import numpy as np

from tco.capacity.fleet import Fleet
from tco.costs.paths import MONTHS_PER_YEAR, filled
from tco.quantity import Numbers, Quantity
from tco.scenario import OwnOption, Scenario
from tco.workload.demand import Months

WATTS_PER_KW = 1000


def electricity_usd(option: OwnOption, scenario: Scenario, fleet: Fleet) -> Months:
    """Electricity at the site's meter: `servers · watts / 1000 · PUE · hours · price` [USD/month].

    Servers are taken to draw their loaded power around the clock, which overstates a fleet that idles at night; a scaling policy changes nothing here.
    """
    assert isinstance(option.electricity_usd_per_kwh, Quantity)  # filled from the region
    kwh = fleet.servers * _server_kw(option) * option.pue.numbers * scenario.hours_per_month
    return kwh * option.electricity_usd_per_kwh.numbers


def colocation_usd(option: OwnOption, fleet: Fleet) -> Months:
    """Space, cooling and power feed in somebody's data centre, by the servers' rated kW [USD/month]."""
    return fleet.servers * _server_kw(option) * filled(option.colocation_usd_per_kw_month)


def servers_bought_usd(option: OwnOption, bought: Months) -> Months:
    """Servers at their price, at the start of each month: `servers · price` [USD/month].

    Args:
        option: the option, filled.
        bought: servers bought at the start of each month, shape (months,).
    """
    return bought * filled(option.server_price_usd)


def maintenance_usd(option: OwnOption, fleet: Fleet) -> Months:
    """Hardware support and spare parts, a share of the servers' price [USD/month]."""
    return (
        fleet.servers * filled(option.server_price_usd) * option.maintenance_fraction_per_year.numbers / MONTHS_PER_YEAR
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
    worth = filled(option.server_price_usd) * (1 - (1 - option.residual_fraction.numbers) * age)
    return np.asarray(np.sum(purchases * worth, axis=-1))


def _server_kw(option: OwnOption) -> Numbers:
    return filled(option.server_watts) / WATTS_PER_KW
