"""The fleet: how many replicas, GPUs and servers an option needs, month by month."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.capacity import capacity_of
from tco.capacity.replica import Replica
from tco.capacity.replicas import replicas_needed, with_spares
from tco.capacity.slo_capacity import SloCapacity
from tco.scenario import OwnOption, RentOption, Workload
from tco.workload.demand import Demand, Months


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What stands and is paid for, busy or idle.

    Attributes:
        capacity: what one replica carries.
        goodput_requests_per_s: the same after the option's throughput factor [requests/s].
        replicas: replicas by month, spares included, shape (months,).
        gpus_per_replica: GPUs of one replica; 0 where it runs on the CPU.
        machines_per_replica: rented units of one replica: its GPUs, or one machine without a GPU.
        servers: servers by month, shape (months,); rented fleets count machines of one replica.
        utilisation_fraction: mean demand over what all replicas together could carry; an output, never an input.
    """

    capacity: SloCapacity
    goodput_requests_per_s: float
    replicas: Months
    gpus_per_replica: int
    machines_per_replica: int
    servers: Months
    utilisation_fraction: float


def size_fleet(
    option: RentOption | OwnOption,
    replica: Replica,
    workload: Workload,
    asked: Demand,
    capacity: SloCapacity | None = None,
) -> Fleet:
    """Whole replicas for the peak of every month, spares for the availability target, whole servers.

    A fleet never shrinks below the demand of its month and is not autoscaled: what stands is paid for around the clock.

    Args:
        option: who serves.
        replica: what one replica can do.
        workload: what was promised.
        asked: the demand by month.
        capacity: of one replica, where the caller knows it: it does not hang on how many requests come. Null: from the run.

    Special cases:
        - zero demand gives an empty fleet;
        - an infeasible capacity, or a demand of more replicas than any fleet has, gives an empty fleet that is not feasible.
    """
    capacity = capacity or capacity_of(replica, workload)
    factor = option.throughput_factor.value if option.throughput_factor is not None else 1.0
    goodput = capacity.requests_per_s * factor
    replicas = np.zeros_like(asked.requests)
    if capacity.feasible:
        try:
            replicas = _replicas(option, goodput, asked)
        except OverflowError as error:
            capacity = replace(capacity, feasible=False, reasons=(str(error),))
    gpus = replica.gpus
    if factor != 1 or gpus != replica.run.gpus_per_replica:
        capacity = replace(capacity, basis="modelled")
    units = max(gpus, 1)
    per_server = option.gpus_per_server if isinstance(option, OwnOption) else units
    standing = float(np.sum(replicas)) * goodput
    return Fleet(
        capacity=capacity,
        goodput_requests_per_s=goodput,
        replicas=replicas,
        gpus_per_replica=gpus,
        machines_per_replica=units,
        servers=np.array([_servers(count, units, per_server) for count in replicas]),
        utilisation_fraction=float(np.sum(asked.mean_requests_per_s)) / standing if standing > 0 else 0.0,
    )


def _replicas(option: RentOption | OwnOption, goodput: float, asked: Demand) -> Months:
    available, target = option.replica_availability_fraction.value, option.availability_target_fraction.value
    return np.array(
        [with_spares(replicas_needed(peak, goodput), available, target) for peak in asked.peak_requests_per_s],
        dtype=float,
    )


def _servers(replicas: float, gpus_per_replica: int, gpus_per_server: int) -> int:
    """Whole servers. A replica larger than a server takes whole ones; a smaller one is not split across two."""
    if gpus_per_replica >= gpus_per_server:
        return int(replicas) * math.ceil(gpus_per_replica / gpus_per_server)
    return math.ceil(replicas / (gpus_per_server // gpus_per_replica))
