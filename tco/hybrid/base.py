"""The base of a hybrid and its overflow: what each of them costs with a number of replicas, for one number or many at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.capacity import capacity_of
from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.fleet_rules import rented_by_hour, replica_availability, spares_of
from tco.capacity.replica import Replica
from tco.capacity.replicas.availability import group_availability
from tco.capacity.replicas.spares import Spares
from tco.capacity.slo_capacity import SloCapacity
from tco.cashflow import Ledger, ledger
from tco.hybrid.split import Split, Week, split
from tco.quantity import Numbers, Quantity
from tco.scaling import Failures
from tco.scenario import HybridOption, OwnOption, Scenario, SelfHostedOption, TokenOption
from tco.workload.demand import Demand, Months
from tco.workload.profiles import HOURS_PER_WEEK
from tco.workload.sent import as_work, sent

_ALWAYS = 0.999999
_TAIL, _MOST_TERMS = 1e-9, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """A hybrid with all that its costs rest on.

    Attributes:
        option: the hybrid.
        base: whose replicas carry the base load, as it stands around the clock.
        overflow: who takes the rest.
        replica: of the base.
        capacity: of one replica.
        scenario: filled; quantities may be drawn.
        asked: the demand by month, cut to the months in which the option serves.
        work: the same as the base gets it, in requests of the length that its capacity is known for.
        during: these months; None: all.
        spares: what stands for the requests that may not leave, so that enough replicas answer.
        answers_fraction: share of time that one replica answers; 1 where the base has spares of its own [fraction].
    """

    option: HybridOption
    base: SelfHostedOption
    overflow: TokenOption
    replica: Replica
    capacity: SloCapacity
    scenario: Scenario
    asked: Demand
    work: Demand
    spares: Spares
    answers_fraction: float
    during: range | None = None

    @property
    def goodput(self) -> Numbers:
        """What one replica carries within the promise, shape () or (draws, 1) [requests/s]."""
        factor = self.base.throughput_factor
        return np.asarray(self.capacity.requests_per_s * (np.ones(()) if factor is None else factor.numbers))

    @property
    def week(self) -> Week:
        """The week of the requests."""
        workload = self.scenario.workload
        return Week(
            weights=workload.weights.values,
            batch_fraction=workload.batchable_fraction.value,
            deadline_hours=workload.batch_deadline_hours,
            headroom_fraction=workload.peak_headroom_fraction.value,
        )


def mixed(
    option: HybridOption,
    replica: Replica,
    scenario: Scenario,
    asked: Demand,
    capacity: SloCapacity | None = None,
    during: range | None = None,
) -> Mixed:
    """A hybrid with its parts. Its base stands around the clock, whatever the policy of the option that it is taken from.

    Args:
        option: the hybrid, filled.
        replica: of the base.
        scenario: filled.
        asked: the demand by month.
        capacity: of one replica of the base; None: from its run.
        during: months in which it serves; None: all.
    """
    base, overflow = scenario.single(option.base), scenario.single(option.overflow)
    assert isinstance(overflow, TokenOption)
    assert not isinstance(base, TokenOption)  # the scenario refuses both
    alone = option.spares == "overflow"
    if replica.reasoning_factor != base.reasoning_factor:
        replica = replace(replica, reasoning_factor=base.reasoning_factor)
    found = Mixed(
        option=option,
        base=steady(base, option),
        overflow=overflow,
        replica=replica,
        capacity=capacity or capacity_of(replica, scenario.workload),
        scenario=scenario,
        asked=asked,
        work=asked,
        spares=spares_of(base, replica.gpus) if alone else np.asarray,
        answers_fraction=_answers(base, replica.gpus) if alone else 1.0,
        during=during,
    )
    return with_demand(found, asked)


def steady(base: SelfHostedOption, option: HybridOption) -> SelfHostedOption:
    """The base as it stands in a hybrid: around the clock, and without spares where the overflow is the spare.

    Args:
        base: the option, filled.
        option: the hybrid.
    """
    update: dict[str, object] = {
        "scaling": base.scaling.model_copy(update={"policy": "fixed", "min_replicas": 1}),
    }
    if option.spares == "overflow":
        update |= {
            "availability_target_fraction": Quantity(value=0.5),
            "replica_availability_fraction": Quantity(value=_ALWAYS),
            "failures": Failures(),
        }
    return base.model_copy(update=update)


def _answers(base: SelfHostedOption, gpus: int) -> float:
    """Share of time that one replica answers, its server or servers included."""
    server = base.failures.server_availability_fraction
    if server is None or not isinstance(base, OwnOption):
        return replica_availability(base, gpus)
    return replica_availability(base, gpus) * group_availability(server.value, -(-gpus // base.gpus_per_server))


def with_demand(mix: Mixed, asked: Demand) -> Mixed:
    """The hybrid for another demand, cut to the months in which it serves.

    Args:
        mix: the hybrid.
        asked: the demand by month.
    """
    if mix.during is not None:
        served = np.isin(np.arange(asked.requests.shape[-1]), mix.during)
        asked = replace(asked, requests=asked.requests * served, mean_requests_per_s=asked.mean_requests_per_s * served)
    return replace(mix, asked=asked, work=as_work(mix.base, sent(mix.base, mix.scenario.workload, asked)))


def split_of(mix: Mixed, replicas: Months) -> Split:
    """Who serves what with a number of replicas by month.

    Args:
        mix: the hybrid.
        replicas: that serve, of the shape of the demand or one more axis before it.
    """
    mean, carried = mix.work.mean_requests_per_s, replicas * mix.goodput
    shape = np.broadcast_shapes(mean.shape, carried.shape)
    # A month without requests is served whole by nobody.
    x = np.divide(carried, mean, out=np.full(shape, np.inf), where=np.broadcast_to(mean > 0, shape))
    sensitive = mix.option.sensitive_fraction.numbers
    if mix.answers_fraction >= 1:
        return split(mix.week, x, sensitive)
    return _expected(mix, replicas, x, sensitive)


def _expected(mix: Mixed, replicas: Months, capacity: Numbers, sensitive: Numbers) -> Split:
    """Mean over how many replicas answer, which is binomial; of very many the mean number itself, which they hardly leave."""
    # Loading it takes half a second, which only a hybrid whose machines fail needs.
    from scipy.stats import binom  # noqa: PLC0415

    most = int(np.max(replicas, initial=0))
    terms = int(binom.ppf(1 - _TAIL, most, 1 - mix.answers_fraction)) + 1 if most else 1
    if terms > _MOST_TERMS:
        return split(mix.week, capacity * mix.answers_fraction, sensitive)
    per_replica = np.divide(
        capacity, replicas, out=np.zeros_like(capacity), where=np.broadcast_to(replicas > 0, capacity.shape)
    )
    base, waiting, total = np.zeros_like(capacity), np.zeros_like(capacity), np.zeros_like(capacity)
    for missing in range(terms):
        likely = binom.pmf(missing, replicas, 1 - mix.answers_fraction)
        left = replicas - missing
        # Without requests one replica carries infinitely many of them, and none carries none.
        x = np.where(
            left > 0,
            np.maximum(left, 0) * np.where(left > 0, per_replica, 0.0),
            np.where(np.isinf(capacity), np.inf, 0.0),
        )
        part = split(mix.week, x, sensitive)
        base, total = base + likely * part.base, total + likely
        waiting = waiting + likely * part.overflow * part.overflow_batch
    base, waiting = base / total, waiting / total
    overflow = 1 - base
    share = np.divide(waiting, overflow, out=np.zeros_like(overflow), where=overflow > 0)
    return Split(base=base, overflow=overflow, overflow_batch=np.clip(share, 0.0, 1.0))


def base_ledger(mix: Mixed, replicas: Months, shares: Split) -> Ledger:
    """What the base costs: so many replicas that serve in each month, their spares, servers whole, its people and named costs.

    Args:
        mix: the hybrid.
        replicas: that serve, by month.
        shares: of `split_of`.
    """
    asked = replace(
        mix.asked,
        requests=mix.asked.requests * shares.base,
        mean_requests_per_s=mix.asked.mean_requests_per_s * shares.base,
    )
    fleet = _fleet(mix, replicas, shares)
    return ledger(mix.base, mix.replica, mix.scenario, asked, mix.capacity, during=mix.during, fleet=fleet)


def overflow_ledger(mix: Mixed, shares: Split) -> Ledger:
    """What the overflow costs: the requests that the base does not serve, with their own share of such as can wait.

    Args:
        mix: the hybrid.
        shares: of `split_of`.
    """
    workload = mix.scenario.workload
    waiting = workload.batchable_fraction.at(shares.overflow_batch)
    scenario = mix.scenario.model_copy(update={"workload": workload.model_copy(update={"batchable_fraction": waiting})})
    asked = replace(
        mix.asked,
        requests=mix.asked.requests * shares.overflow,
        mean_requests_per_s=mix.asked.mean_requests_per_s * shares.overflow,
    )
    return ledger(mix.overflow, None, scenario, asked, during=mix.during)


def is_rented_by_hour(mix: Mixed) -> bool:
    """Whether each month may have its own number of replicas: not so for servers of one's own, nor for agreed commitments."""
    return rented_by_hour(mix.base)


def _fleet(mix: Mixed, replicas: Months, shares: Split) -> Fleet:
    """The fleet of so many replicas, with the requests that it really serves."""
    # A load of exactly so many replicas, steady through the week, is laid out as any other fleet.
    steady = replace(
        mix.work,
        mean_requests_per_s=replicas * mix.goodput,
        peak_weight=1.0,
        hour_weights=np.ones(HOURS_PER_WEEK),
    )
    fleet = size_fleet(mix.base, mix.replica, mix.scenario.workload, steady, mix.capacity)
    mean = mix.work.mean_requests_per_s * shares.base
    shape = np.broadcast_shapes(mean.shape, fleet.goodput.shape)
    filled = np.divide(mean, fleet.goodput, out=np.zeros(shape), where=fleet.goodput > 0)
    return replace(fleet, mean_requests_per_s=mean, serving_replicas=np.minimum(filled, fleet.paid_replicas))
