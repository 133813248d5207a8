"""What rented machines cost: they are paid for while they stand, agreed commitments around the clock."""

from __future__ import annotations

from tco.capacity.fleet import Fleet
from tco.costs.commitments import uncommitted_replicas
from tco.costs.paths import filled, price_path
from tco.scenario import RentOption, Scenario
from tco.workload.demand import Months


def gpu_rent_usd(option: RentOption, scenario: Scenario, fleet: Fleet, start: int = 0) -> Months:
    """Rented GPUs (or machines) while they stand: `(mean replicas · hours + upgrade hours) · units · price` [USD/month].

    The mean is over the hours of the week that the option's policy tells apart; a `fixed` fleet and an agreed commitment stand around the clock.
    Where the option has `commitments`, it is those beside them (`tco.costs.commitments`).

    A spot machine that restarts is paid for and answers nobody: it is one of the replicas that stand, spares for it included.
    """
    path = price_path(filled(option.price_change_per_year_fraction), fleet.replicas.shape[-1])
    price = filled(option.price_usd_per_hour)
    replicas = uncommitted_replicas(option, fleet, start) if option.commitments else fleet.paid_replicas
    standing = replicas * fleet.machines_per_replica * price * scenario.hours_per_month * path
    return standing + fleet.surge_replica_hours * fleet.machines_per_replica * price * path
