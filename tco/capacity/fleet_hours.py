"""The fleet hour by hour: what stands in each hour of the week, for a picture of it. Sizes and costs come from `tco.capacity.fleet`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tco.capacity.fleet_rules import load_of, policy_of, spares_of
from tco.capacity.replicas.hours import kept_on, started_ahead
from tco.capacity.replicas.needed import replicas_for
from tco.capacity.replicas.policies import standing
from tco.scenario import OwnOption, RentOption, Workload
from tco.workload.demand import Demand

Hours = npt.NDArray[np.float64]


def replicas_by_hour(
    option: RentOption | OwnOption, gpus: int, workload: Workload, asked: Demand, goodput_requests_per_s: float
) -> Hours:
    """Mean number of replicas that stand in each hour of the week, by month, spares included, shape (months, 168).

    Its mean over the hours is `paid_by_month` of a fleet that is rented by the hour, without what upgrades add.

    Args:
        option: filled.
        gpus: of one replica.
        workload: the traffic.
        asked: the demand by month, of one scenario.
        goodput_requests_per_s: of one replica [requests/s].

    Special cases: where the last replica may sleep (`min_replicas` of 0 under `reactive`), it is drawn awake in every hour with requests.

    Raises:
        OverflowError: more replicas than any fleet has.
    """
    load, policy, spares = load_of(workload, asked), policy_of(option), spares_of(option, gpus)
    if policy.kind == "fixed":
        most = standing(load, goodput_requests_per_s, policy, spares).most
        return np.asarray(np.broadcast_to(most[:, None], load.requests_per_s.shape), dtype=float)
    wanted = spares(replicas_for(load.covered_requests_per_s, goodput_requests_per_s))
    is_open = load.peak_requests_per_s[:, None] > 0
    wanted = np.where(is_open, np.maximum(wanted, policy.min_replicas), wanted)
    if policy.kind == "scheduled":
        return started_ahead(wanted, policy.start_up_hours)
    return np.asarray(kept_on(wanted, policy.cool_down_hours).mean, dtype=float)
