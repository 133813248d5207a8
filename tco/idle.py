"""What machines cost while they do not serve."""

from __future__ import annotations

import numpy as np

from tco.cashflow import Ledger
from tco.workload.demand import Months

_RUNNING = ("gpu_rent", "electricity", "colocation", "maintenance")
_BOUGHT = "servers"


def idle_usd(own: Ledger, hours_per_month: float) -> float | None:
    """Cost of the machines beyond the replica-hours that serve, over the horizon [USD].

    In a month serve as many replicas as its requests fill, `mean demand / goodput`; the rest of what is paid for is idle: quiet hours, spares, headroom,
    start-ups, upgrades.

    ```
    idle = Σ_m running cost of the machines_m · (1 − serving_m / paid_m)  +  (servers − residual) · (1 − Σ serving / Σ paid)
    ```

    Running costs of machines are rent, or electricity, space and support of servers; people and named extras are not idle.

    Args:
        own: what an option costs.
        hours_per_month: in which replicas are paid for [h].

    Special cases: an option paid per token has no machines (None); without a fleet nothing is idle.
    """
    if own.fleet is None:
        return None
    serving = own.fleet.serving_replicas
    paid = own.fleet.paid_replicas + own.fleet.surge_replica_hours / hours_per_month
    running = np.sum([items for name, items in own.line_items.items() if name in _RUNNING], axis=0)
    idle = float(np.sum(running * (1 - _over(serving, paid))))
    if _BOUGHT in own.investments:
        worn = float(np.sum(own.investments[_BOUGHT])) - own.residual_usd
        idle += worn * float(1 - _over(np.sum(serving, keepdims=True), np.sum(paid, keepdims=True))[0])
    return idle


def _over(serving: Months, paid: Months) -> Months:
    return np.divide(serving, paid, out=np.ones_like(serving), where=paid > 0)
