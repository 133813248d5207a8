"""The fleet: how many replicas, GPUs and servers an option needs, month by month."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.capacity import capacity_of
from tco.capacity.fleet_rules import (
    idle_hours,
    load_of,
    policy_of,
    remarks,
    rented_by_hour,
    rollout_of,
    spares_of,
)
from tco.capacity.replica import Replica
from tco.capacity.replicas.policies import Standing, standing
from tco.capacity.replicas.upgrades import extra_replicas, surge_replica_hours
from tco.capacity.slo_capacity import SloCapacity
from tco.scenario import OwnOption, RentOption, Workload
from tco.workload.demand import Demand, Months


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What stands and is paid for, busy or idle.

    Attributes:
        capacity: what one replica carries.
        goodput_requests_per_s: the same after the option's throughput factor [requests/s].
        replicas: replicas in the busiest hour of each month, spares included, shape (months,).
        least_replicas: in the quietest hour, likewise.
        paid_replicas: mean number that is paid for over each month, without upgrades, shape (months,).
        serving_replicas: mean number that the requests of each month fill, shape (months,).
        surge_replica_hours: hours of replicas that are rented beside them for upgrades [h/month], shape (months,).
        gpus_per_replica: GPUs of one replica; 0 where it runs on the CPU.
        machines_per_replica: rented units of one replica: its GPUs, or one machine without a GPU.
        servers: servers by month, shape (months,); rented fleets count machines of one replica.
        utilisation_fraction: mean demand over what the replicas that are paid for could carry; an output, never an input.
        late_fraction: share of the requests that come before the replicas for them are ready [fraction].
    """

    capacity: SloCapacity
    goodput_requests_per_s: float
    replicas: Months
    least_replicas: Months
    paid_replicas: Months
    serving_replicas: Months
    surge_replica_hours: Months
    gpus_per_replica: int
    machines_per_replica: int
    servers: Months
    utilisation_fraction: float
    late_fraction: float


def size_fleet(
    option: RentOption | OwnOption,
    replica: Replica,
    workload: Workload,
    asked: Demand,
    capacity: SloCapacity | None = None,
) -> Fleet:
    """Whole replicas for every hour that the option's policy tells apart, spares for the availability target, whole servers.

    A `fixed` fleet never shrinks below the demand of its month's busiest hour. What is rented by the hour is paid for while it stands; servers of one's own
    and agreed commitments are paid for around the clock, whatever the policy.

    Args:
        option: who serves.
        replica: what one replica can do.
        workload: what was promised.
        asked: the demand by month.
        capacity: of one replica, where the caller knows it: it does not hang on how many requests come. Null: from the run.

    Special cases:
        - zero demand gives an empty fleet;
        - an infeasible capacity, a demand of more replicas than any fleet has, or of more than the option's `max_replicas`, gives an empty fleet that is not
          feasible.
    """
    capacity = capacity or capacity_of(replica, workload)
    factor = option.throughput_factor.value if option.throughput_factor is not None else 1.0
    goodput = capacity.requests_per_s * factor
    if factor != 1 or replica.gpus != replica.run.gpus_per_replica:
        capacity = replace(capacity, basis="modelled")
    found = _nothing(asked)
    if capacity.feasible:
        try:
            found = _found(option, replica.gpus, workload, asked, goodput)
            told = remarks(option, found.standing, _late_fraction(found.standing, asked))
            capacity = replace(capacity, reasons=(*capacity.reasons, *told))
        except OverflowError as error:
            capacity = replace(
                capacity, feasible=False, reasons=(str(error), *capacity.reasons), code="too_many_replicas"
            )
    return _fleet(option, replica.gpus, asked, capacity, goodput, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stands, and what upgrades add: replicas all the time, or hours of them."""

    standing: Standing
    extra_replicas: Months
    surge_replica_hours: Months


def _nothing(asked: Demand) -> _Found:
    none = np.zeros_like(asked.requests)
    empty = Standing(most=none, least=none, paid=none, late_fraction=none, asleep_fraction=none)
    return _Found(standing=empty, extra_replicas=none, surge_replica_hours=none)


def _found(option: RentOption | OwnOption, gpus: int, workload: Workload, asked: Demand, goodput: float) -> _Found:
    load, spares = load_of(workload, asked), spares_of(option, gpus)
    found = standing(load, goodput, policy_of(option), spares)
    most, limit = int(found.most.max(initial=0)), option.scaling.max_replicas
    if limit is not None and most > limit:
        raise OverflowError(
            f"the busiest hour needs {most:,} replicas, spares included, and `scaling.max_replicas` allows {limit:,}; raise it, or ask for less"
        )
    if not rented_by_hour(option):
        found = replace(found, paid=found.most)
    none, rollout = np.zeros_like(found.most), rollout_of(option)
    if rollout is None:
        return _Found(standing=found, extra_replicas=none, surge_replica_hours=none)
    # What is started later is of the new version anyway: only what always stands is replaced.
    replaced = np.minimum(np.maximum(found.least, 1), found.most)
    extra = extra_replicas(rollout, replaced, idle_hours(option, load, goodput, spares))
    if not rented_by_hour(option):
        # Nobody lets a server, or a commitment of a year, for the hours of an upgrade: it stands all the time.
        return _Found(standing=found, extra_replicas=extra, surge_replica_hours=none)
    hours = surge_replica_hours(rollout, replaced, extra)
    return _Found(standing=found, extra_replicas=none, surge_replica_hours=hours)


def _fleet(
    option: RentOption | OwnOption, gpus: int, asked: Demand, capacity: SloCapacity, goodput: float, found: _Found
) -> Fleet:
    units = max(gpus, 1)
    per_server = option.gpus_per_server if isinstance(option, OwnOption) else units
    replicas = found.standing.most + found.extra_replicas
    paid = found.standing.paid + found.extra_replicas
    carried = float(np.sum(paid)) * goodput
    return Fleet(
        capacity=capacity,
        goodput_requests_per_s=goodput,
        replicas=replicas,
        least_replicas=found.standing.least,
        paid_replicas=paid,
        serving_replicas=asked.mean_requests_per_s / goodput if carried > 0 else np.zeros_like(paid),
        surge_replica_hours=found.surge_replica_hours,
        gpus_per_replica=gpus,
        machines_per_replica=units,
        servers=np.array([_servers(count, units, per_server) for count in replicas]),
        utilisation_fraction=float(np.sum(asked.mean_requests_per_s)) / carried if carried > 0 else 0.0,
        late_fraction=_late_fraction(found.standing, asked),
    )


def _late_fraction(found: Standing, asked: Demand) -> float:
    """Over the whole horizon."""
    requests = float(np.sum(asked.requests))
    return float(np.sum(found.late_fraction * asked.requests)) / requests if requests else 0.0


def _servers(replicas: float, gpus_per_replica: int, gpus_per_server: int) -> int:
    """Whole servers. A replica larger than a server takes whole ones; a smaller one is not split across two."""
    if gpus_per_replica >= gpus_per_server:
        return int(replicas) * math.ceil(gpus_per_replica / gpus_per_server)
    return math.ceil(replicas / (gpus_per_server // gpus_per_replica))
