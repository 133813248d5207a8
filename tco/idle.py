"""What machines cost while they serve, and while they do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.capacity.fleet import Fleet
from tco.cashflow import Ledger, added
from tco.workload.demand import Months

MACHINE_ITEMS = (
    "gpu_rent",
    "committed_rent",
    "lease",
    "electricity",
    "colocation",
    "hosting",
    "maintenance",
    "repairs",
    "software",
)
"""Line items that are paid for machines, busy or idle."""

MACHINE_INVESTMENTS = ("servers", "commitment_upfront", "lease_buy_outs", "network", "installation", "spares")
"""Investments likewise; what is still fetched for them at the end is taken off, what lenders ask for is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineCosts:
    """What machines cost in each month, servers spread over the months by what stands.

    Attributes:
        used: by the replicas that the requests fill [USD/month], shape (months,).
        idle: by all others [USD/month], shape (months,).
    """

    used: Months
    idle: Months


def machine_costs(own: Ledger, hours_per_month: float, gpus_per_server: int | Months = 0) -> MachineCosts | None:
    """Cost of an option's machines, split into what serves and what is idle.

    In a month serve as many replicas as its requests fill, `mean demand / goodput`; the rest of what is paid for is idle: quiet hours, spares, headroom,
    start-ups, upgrades, GPUs of a server on which no replica stands.

    ```
    machines_m = running cost of the machines_m + (investments in machines + cost of lenders − residual) · paid_m / Σ paid
    used_m     = machines_m · serving_m / paid_m
    idle_m     = machines_m − used_m
    ```

    `paid_m` counts replicas for which there is room: those that stand on rented machines, all that fit on servers of one's own. All is before tax.

    Args:
        own: what an option costs.
        hours_per_month: in which replicas are paid for [h].
        gpus_per_server: of servers of one's own, by month where several options follow one another; 0 for rented machines.

    Special cases: an option paid per token has no machines (None); in a month without a fleet nothing is idle.
    """
    if own.fleet is None:
        return None
    paid = _paid(own.fleet, hours_per_month, np.asarray(gpus_per_server))
    machines = sum((own.line_items[name] for name in MACHINE_ITEMS if name in own.line_items), np.zeros_like(paid))
    spread = np.sum(added([_laid_out(own), np.zeros_like(paid)]), axis=-1, keepdims=True)
    machines = machines + (spread + _financed(own) - np.asarray(own.residual_usd)[..., None]) * _over(
        paid, np.sum(paid, axis=-1, keepdims=True)
    )
    used = machines * _over(own.fleet.serving_replicas, paid)
    return MachineCosts(used=used, idle=machines - used)


def _laid_out(own: Ledger) -> Months:
    return np.asarray(
        sum((own.investments[name] for name in MACHINE_INVESTMENTS if name in own.investments), np.zeros(1))
    )


def _financed(own: Ledger) -> Months:
    """What lenders ask for in the end beyond what they gave, kept as a row of one."""
    flows = [] if own.capital is None else list(own.capital.financing.values())
    return np.sum(added(flows), axis=-1, keepdims=True) if flows else np.zeros(1)


def idle_usd(own: Ledger, hours_per_month: float, gpus_per_server: int | Months = 0) -> float | None:
    """Cost of the machines beyond the replica-hours that serve, over the horizon [USD]; None without machines (see `machine_costs`)."""
    found = machine_costs(own, hours_per_month, gpus_per_server)
    return None if found is None else float(np.sum(found.idle))


def _paid(fleet: Fleet, hours_per_month: float, gpus_per_server: Months) -> Months:
    """Replicas for which there is room, mean over each month. A replica that is larger than a server takes whole ones and leaves no room."""
    standing = fleet.paid_replicas + fleet.surge_replica_hours / hours_per_month
    return np.maximum(standing, fleet.servers * (gpus_per_server // fleet.machines_per_replica))


def _over(part: Months, whole: Months) -> Months:
    """A quotient; 1 where nothing is paid for."""
    shape = np.broadcast_shapes(part.shape, whole.shape)
    return np.divide(part, whole, out=np.ones(shape), where=np.broadcast_to(whole, shape) > 0)
