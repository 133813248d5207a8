"""The fleet: how many replicas, GPUs and servers an option needs, month by month."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from tco.capacity.capacity import capacity_of
from tco.capacity.fleet_rules import (
    covered_weights,
    idle_hours,
    load_of,
    policy_of,
    remarks,
    rented_by_hour,
    rollout_of,
    spares_of,
)
from tco.capacity.fleet_table import steps_up_to
from tco.capacity.replica import Replica
from tco.capacity.replicas.needed import MAX_REPLICAS, Counts
from tco.capacity.replicas.policies import Load, Standing, standing
from tco.capacity.replicas.upgrades import extra_replicas, surge_replica_hours
from tco.capacity.slo_capacity import SloCapacity
from tco.number_style import local
from tco.quantity import Numbers
from tco.scenario import OwnOption, RentOption, Workload
from tco.workload.batch import Hours
from tco.workload.demand import Demand, Months

_ANY = 2**62
"""No limit to the replicas of a table: which of its steps are too large is told by draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What stands and is paid for, busy or idle. Where quantities are drawn, numbers by month are of shape (draws, months).

    Attributes:
        capacity: what one replica carries.
        goodput: the same after the option's throughput factor, shape () or (draws, 1) [requests/s].
        replicas: replicas in the busiest hour of each month, spares included, shape (months,).
        least_replicas: in the quietest hour, likewise.
        paid_replicas: mean number that is paid for over each month, without upgrades, shape (months,).
        serving_replicas: mean number that the requests of each month fill, shape (months,).
        surge_replica_hours: hours of replicas that are rented beside them for upgrades [h/month], shape (months,).
        gpus_per_replica: GPUs of one replica; 0 where it runs on the CPU.
        machines_per_replica: rented units of one replica: its GPUs, or one machine without a GPU.
        servers: servers by month, shape (months,); rented fleets count machines of one replica.
        mean_requests_per_s: what comes, by month [requests/s].
        late_fraction: share of the requests that come before the replicas for them are ready [fraction].
        too_large: draws whose fleet is larger than any, or than the option's `max_replicas`, shape (draws,); of one scenario see `capacity.feasible`.
    """

    capacity: SloCapacity
    goodput: Numbers
    replicas: Months
    least_replicas: Months
    paid_replicas: Months
    serving_replicas: Months
    surge_replica_hours: Months
    gpus_per_replica: int
    machines_per_replica: int
    servers: Months
    mean_requests_per_s: Months
    late_fraction: float
    too_large: npt.NDArray[np.bool_]

    @property
    def goodput_requests_per_s(self) -> float:
        """What one replica carries after the option's throughput factor, of one scenario [requests/s]."""
        return float(self.goodput)

    @property
    def utilisation_fraction(self) -> float:
        """Mean demand over what the replicas that are paid for could carry; an output, never an input [fraction]."""
        paid = float(np.sum(self.paid_replicas))
        return float(np.sum(self.serving_replicas)) / paid if paid > 0 else 0.0


def size_fleet(
    option: RentOption | OwnOption,
    replica: Replica,
    workload: Workload,
    asked: Demand,
    capacity: SloCapacity | None = None,
    *,
    load: Load | None = None,
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
        load: what comes hour by hour, where it is not that of one workload; of one scenario only. Null: from `workload` and `asked`.

    Special cases:
        - zero demand gives an empty fleet;
        - an infeasible capacity, a demand of more replicas than any fleet has, or of more than the option's `max_replicas`, gives an empty fleet that is not
          feasible.
    """
    capacity = capacity or capacity_of(replica, workload)
    factor = option.throughput_factor.numbers if option.throughput_factor is not None else np.ones(())
    goodput = capacity.requests_per_s * factor
    if (factor != 1).any() or replica.gpus != replica.run.gpus_per_replica:
        capacity = replace(capacity, basis="modelled")
    question = _Question(option=option, gpus=replica.gpus, workload=workload, asked=asked, goodput=goodput, load=load)
    if not capacity.feasible:
        return _fleet(question, capacity, _nothing(asked))
    if asked.mean_requests_per_s.ndim > 1 or goodput.ndim > 0:
        return _fleet(question, capacity, _tabulated(question))
    try:
        found = _found(question)
    except OverflowError as error:
        refused = replace(capacity, feasible=False, reasons=(str(error), *capacity.reasons), code="too_many_replicas")
        return _fleet(question, refused, _nothing(asked))
    told = remarks(option, found.standing, _late_fraction(found.standing, asked))
    return _fleet(question, replace(capacity, reasons=(*capacity.reasons, *told)), found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    option: RentOption | OwnOption
    gpus: int
    workload: Workload
    asked: Demand
    goodput: Numbers
    load: Load | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stands, and what upgrades add: replicas all the time, or hours of them. And draws whose fleet is too large."""

    standing: Standing
    extra_replicas: Months
    surge_replica_hours: Months
    too_large: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((), dtype=bool))


def _nothing(asked: Demand) -> _Found:
    none = np.zeros_like(asked.requests)
    empty = Standing(most=none, least=none, paid=none, late_fraction=none, asleep_fraction=none)
    return _Found(standing=empty, extra_replicas=none, surge_replica_hours=none)


def _found(question: _Question, most_replicas: int | None = None) -> _Found:
    """The fleet of one scenario.

    Raises:
        OverflowError: it needs more replicas than any fleet has, or than allowed.
    """
    option, asked, goodput = question.option, question.asked, float(question.goodput)
    load, spares = question.load or load_of(question.workload, asked), spares_of(option, question.gpus)
    found = standing(load, goodput, policy_of(option), spares)
    most, limit = int(found.most.max(initial=0)), most_replicas or option.scaling.max_replicas
    if limit is not None and most > limit:
        raise OverflowError(
            f"the busiest hour needs {local(most):,} replicas, spares included, and `scaling.max_replicas` allows {local(limit):,}; raise it, or ask for less"
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


def _tabulated(question: _Question) -> _Found:
    """The fleets of many draws: worked out once for every step of the load over the goodput, then looked up.

    Fleets depend on that ratio alone, but for one that lets its last replica sleep, where the requests between two naps count: there the middle
    goodput stands for all.
    """
    asked = question.asked
    load = asked.mean_requests_per_s / question.goodput
    steps = steps_up_to(float(load.max()), _deciding_weights(question))
    middle = np.asarray(np.median(question.goodput))
    each = replace(
        asked,
        requests=np.where(steps.middles > 0, 1.0, 0.0),
        mean_requests_per_s=steps.middles * middle,
    )
    found = _found(replace(question, asked=each, goodput=middle), most_replicas=_ANY)
    at = steps.of(load)
    limit = question.option.scaling.max_replicas or MAX_REPLICAS
    look_up = _LookUp(at)
    looked_up = {part.name: look_up(getattr(found.standing, part.name)) for part in fields(Standing)}
    return _Found(
        standing=Standing(**looked_up),
        extra_replicas=look_up(found.extra_replicas),
        surge_replica_hours=look_up(found.surge_replica_hours),
        too_large=np.asarray(((looked_up["most"] > limit) | (load * asked.peak_weight > MAX_REPLICAS)).any(axis=-1)),
    )


class _LookUp:
    """Values of a table at the steps of all draws: each table once, and one that is zero throughout without looking."""

    def __init__(self, at: Counts) -> None:
        self._at = at
        self._known: list[tuple[Months, Months]] = []

    def __call__(self, table: Months) -> Months:
        for known, values in self._known:
            if known is table:
                return values
        values = np.asarray(table[self._at] if table.any() else np.zeros(self._at.shape))
        self._known.append((table, values))
        return values


def _deciding_weights(question: _Question) -> Hours:
    """Weights of the hours that change the fleet: of a fleet that stands for the peak, the peak alone."""
    option, peak = question.option, np.array([question.asked.peak_weight])
    if option.scaling.policy == "fixed" and rollout_of(option) is None:
        return peak
    return np.asarray(np.minimum(np.append(covered_weights(question.workload, question.asked), peak), peak))


def _fleet(question: _Question, capacity: SloCapacity, found: _Found) -> Fleet:
    option, asked, goodput = question.option, question.asked, question.goodput
    units = max(question.gpus, 1)
    per_server = option.gpus_per_server if isinstance(option, OwnOption) else units
    replicas = found.standing.most + found.extra_replicas
    paid = found.standing.paid + found.extra_replicas
    serving = np.zeros(np.broadcast_shapes(paid.shape, asked.mean_requests_per_s.shape, goodput.shape))
    np.divide(asked.mean_requests_per_s, goodput, out=serving, where=(paid > 0) & (goodput > 0))
    return Fleet(
        capacity=capacity,
        goodput=goodput,
        replicas=replicas,
        least_replicas=found.standing.least,
        paid_replicas=paid,
        serving_replicas=serving,
        surge_replica_hours=found.surge_replica_hours,
        gpus_per_replica=question.gpus,
        machines_per_replica=units,
        servers=_servers(replicas, units, per_server),
        mean_requests_per_s=asked.mean_requests_per_s,
        late_fraction=_late_fraction(found.standing, asked),
        too_large=found.too_large,
    )


def _late_fraction(found: Standing, asked: Demand) -> float:
    """Over the whole horizon."""
    requests = float(np.sum(asked.requests))
    return float(np.sum(found.late_fraction * asked.requests)) / requests if requests else 0.0


def _servers(replicas: Months, gpus_per_replica: int, gpus_per_server: int) -> Months:
    """Whole servers. A replica larger than a server takes whole ones; a smaller one is not split across two."""
    if gpus_per_replica >= gpus_per_server:
        return np.asarray(replicas * -(-gpus_per_replica // gpus_per_server))
    return np.asarray(np.ceil(replicas / (gpus_per_server // gpus_per_replica)))
