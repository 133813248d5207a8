"""What servers of one's own cost: they are paid for around the clock, busy or idle."""

from __future__ import annotations

from collections.abc import Mapping

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

    Each loses value in a straight line from its price to `residual_fraction` at the end of its economic life; where `hardware.resale_fraction` gives a resale
    curve, it fetches that share of its price, between two ages in a straight line. One that has reached the end of its economic life fetches what it did then.
    """
    months = purchases.shape[-1]
    age_months = np.minimum(months - np.arange(months), option.economic_life_months)
    curve = option.hardware.resale_fraction
    if isinstance(curve, dict):
        kept = _resale(curve, age_months)
    else:
        kept = 1 - (1 - option.residual_fraction.numbers) * (age_months / option.economic_life_months)
    worth = filled(option.server_price_usd) * kept
    return np.asarray(np.sum(purchases * worth, axis=-1))


def _resale(curve: Mapping[str, Quantity], age_months: Months) -> Months:
    """Share of the price by age: from 1 when new, between the curve's ages in a straight line, after the last one as there."""
    points = sorted((int(age), share.numbers) for age, share in curve.items())
    if points[0][0] > 0:
        points = [(0, np.ones(())), *points]
    ages = np.array([age for age, _ in points], dtype=float)
    # Weights of the points are the same in every draw, so drawn shares need no loop over draws.
    weights = [np.interp(age_months, ages, unit) for unit in np.eye(len(points))]
    return np.asarray(sum(weight * share for weight, (_, share) in zip(weights, points, strict=True)))


def hosting_usd(option: OwnOption, fleet: Fleet) -> Months:
    """A rack that is paid by the server: `servers · USD a year / 12` [USD/month]."""
    return _by_year(fleet.servers, option.hardware.hosting_usd_per_server_per_year)


def software_usd(option: OwnOption, fleet: Fleet) -> Months:
    """Licences that are paid by the GPU, of all GPUs of the servers: `servers · GPUs · USD a year / 12` [USD/month]."""
    return _by_year(fleet.servers, option.hardware.software_usd_per_gpu_per_year, option.gpus_per_server)


def repairs_usd(option: OwnOption, fleet: Fleet) -> Months:
    """GPUs that fail and that no maintenance contract replaces: `servers · GPUs · failures a year / 12 · repair` [USD/month]."""
    failures = option.hardware.failures_per_gpu_per_year
    if not isinstance(failures, Quantity):
        return np.zeros(fleet.servers.shape[-1])
    failed = _by_year(fleet.servers, failures, option.gpus_per_server)
    return np.asarray(failed * filled(option.hardware.repair_usd_per_gpu))


def network_usd(option: OwnOption, bought: Months) -> Months:
    """Fabric between servers and switches to the users, once for each server: `servers · (GPUs · USD/GPU + USD/server)` [USD/month].

    Args:
        option: the option, filled.
        bought: servers bought at the start of each month, shape (months,), as in all below. One that replaces a worn-out server takes over its network.
    """
    hardware = option.hardware
    if hardware.network_usd_per_gpu is None and hardware.frontend_network_usd_per_server is None:
        return np.zeros(bought.shape[-1])
    per_server = option.gpus_per_server * _given(hardware.network_usd_per_gpu)
    return _first_of_all(bought, option) * (per_server + _given(hardware.frontend_network_usd_per_server))


def installation_usd(option: OwnOption, bought: Months) -> Months:
    """Freight, racking, cabling, burn-in: `servers · USD/server`, of replacements too [USD/month]."""
    per_server = option.hardware.installation_usd_per_server
    return np.zeros(bought.shape[-1]) if per_server is None else np.asarray(bought * _given(per_server))


def spares_usd(option: OwnOption, bought: Months) -> Months:
    """Parts on the shelf: `servers · price · share` [USD/month]."""
    share = option.hardware.spares_fraction
    if share is None:
        return np.zeros(bought.shape[-1])
    return np.asarray(bought * filled(option.server_price_usd) * _given(share))


def _first_of_all(bought: Months, option: OwnOption) -> Months:
    """Servers beyond any number that stood before: those that replace others are left out."""
    life = option.economic_life_months
    standing = np.cumsum(bought, axis=-1)
    if life < bought.shape[-1]:
        standing[..., life:] -= np.cumsum(bought, axis=-1)[..., :-life]
    most = np.maximum.accumulate(standing, axis=-1)
    return np.asarray(np.diff(most, axis=-1, prepend=0.0))


def _by_year(servers: Months, per_year: Quantity | None, each: int = 1) -> Months:
    if per_year is None:
        return np.zeros(servers.shape[-1])
    return np.asarray(servers * (each * per_year.numbers / MONTHS_PER_YEAR))


def _given(figure: Quantity | str | None) -> Numbers:
    """A figure of the hardware; `tco.fill` leaves no name of the book in its place."""
    return figure.numbers if isinstance(figure, Quantity) else np.zeros(())


def _server_kw(option: OwnOption) -> Numbers:
    return filled(option.server_watts) / WATTS_PER_KW
