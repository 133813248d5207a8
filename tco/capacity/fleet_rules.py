"""What an option says of how its fleet is run, in the terms of `tco.capacity.replicas`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tco.capacity.replicas.availability import MINUTES_PER_HOUR, group_availability, kept_fraction
from tco.capacity.replicas.needed import Counts, replicas_for
from tco.capacity.replicas.policies import Load, Policy, Standing
from tco.capacity.replicas.spares import Spares, with_servers, with_spares_each
from tco.capacity.replicas.upgrades import Rollout
from tco.number_style import local
from tco.quantity import Quantity
from tco.scenario import OwnOption, RentOption, Workload
from tco.workload.batch import Hours
from tco.workload.demand import Demand

_BY_HOUR = {"on-demand", "spot"}
_WORTH_SAYING = 0.0005


def rented_by_hour(option: RentOption | OwnOption) -> bool:
    """Whether a replica that does not stand is not paid for: not so for servers of one's own, nor for agreed commitments."""
    return isinstance(option, RentOption) and option.price.commitment in _BY_HOUR


def policy_of(option: RentOption | OwnOption) -> Policy:
    """When the option's replicas are started and stopped.

    Args:
        option: filled.
    """
    scaling = option.scaling
    return Policy(
        kind=scaling.policy,
        min_replicas=scaling.min_replicas,
        start_up_hours=_hours(scaling.start_up_minutes),
        cool_down_hours=_hours(scaling.cool_down_minutes),
    )


def load_of(workload: Workload, asked: Demand) -> Load:
    """What comes in every hour of the week, month by month.

    The hour's own rate has headroom for bursts on what cannot wait, as the peak of `tco.workload.demand.demand` has; what can wait counts in the hour in which
    it is served, and fills the gaps between bursts:

    `covered_h = mean · max((1 − batchable) · weight_h · (1 + headroom), served_h)`, at most the peak.

    Args:
        workload: the traffic.
        asked: the demand by month, of one scenario: draws are tabulated (`tco.capacity.fleet_table`).
    """
    weights = covered_weights(workload, asked)
    mean, peak = asked.mean_requests_per_s[:, None], asked.peak_requests_per_s[:, None]
    return Load(
        requests_per_s=mean * asked.hour_weights,
        covered_requests_per_s=np.minimum(mean * weights, peak),
        peak_requests_per_s=asked.peak_requests_per_s,
    )


def covered_weights(workload: Workload, asked: Demand) -> Hours:
    """Rate that each hour of the week must cover, over the mean rate, before it is cut at the peak [unitless], shape (168,)."""
    urgent = (1 - workload.batchable_fraction.value) * np.asarray(workload.weights.values)
    return np.maximum(urgent * (1 + workload.peak_headroom_fraction.value), asked.hour_weights)


def spares_of(option: RentOption | OwnOption, gpus: int) -> Spares:
    """What must stand so that enough replicas answer for the option's availability target.

    One replica answers `a_replica` of the time (or `a_gpu ^ gpus`, where `failures.gpu_availability_fraction` is given) while its machine is not taken back. It
    needs `ceil(gpus / gpus_per_server)` servers of its own fleet; where several replicas share one, they fail with it.

    Args:
        option: filled.
        gpus: of one replica.
    """
    answers, target = replica_availability(option, gpus), option.availability_target_fraction.value
    server = option.failures.server_availability_fraction
    if server is None or not isinstance(option, OwnOption):
        return lambda needed: with_spares_each(needed, answers, target)
    together = option.gpus_per_server // max(gpus, 1)
    if together <= 1:
        alone = answers * group_availability(server.value, -(-gpus // option.gpus_per_server))
        return lambda needed: with_spares_each(needed, alone, target)

    def standing(needed: Counts) -> Counts:
        distinct, cell = np.unique(needed, return_inverse=True)
        counts = [with_servers(int(count), answers, target, server.value, together) for count in distinct]
        return np.array(counts, dtype=np.int64)[cell].reshape(needed.shape)

    return standing


def replica_availability(option: RentOption | OwnOption, gpus: int) -> float:
    """Share of time that one replica answers while the server that it stands on is up [fraction].

    Args:
        option: filled.
        gpus: of one replica.
    """
    failures = option.failures
    gpu, taken = failures.gpu_availability_fraction, failures.interruptions_per_hour
    answers = option.replica_availability_fraction.value if gpu is None else group_availability(gpu.value, gpus)
    return answers if taken is None else answers * kept_fraction(taken.value, _filled(failures.restart_minutes).value)


def rollout_of(option: RentOption | OwnOption) -> Rollout | None:
    """How the fleet is upgraded; None: it is not.

    Args:
        option: filled.
    """
    upgrades = option.upgrades
    if not upgrades.happen:
        return None
    return Rollout(
        per_month=_filled(upgrades.upgrades_per_month).value,
        max_surge=upgrades.max_surge,
        max_unavailable=upgrades.max_unavailable,
        start_up_hours=_filled(option.scaling.start_up_minutes).value / MINUTES_PER_HOUR,
    )


def idle_hours(
    option: RentOption | OwnOption, load: Load, goodput_requests_per_s: float, spares: Spares
) -> Counts | None:
    """What must stand in each hour of a fleet that stands for the busiest one; None where the fleet follows the hours, so that none is idle.

    Args:
        option: filled.
        load: what comes.
        goodput_requests_per_s: of one replica [requests/s].
        spares: of `spares_of`.
    """
    if rented_by_hour(option) and option.scaling.policy != "fixed":
        return None
    return spares(replicas_for(load.covered_requests_per_s, goodput_requests_per_s))


def remarks(option: RentOption | OwnOption, found: Standing, late_fraction: float) -> Iterator[str]:
    """What is to be known of a fleet that is not just there, in sentences.

    Args:
        option: filled.
        found: what stands.
        late_fraction: share of all requests that come before the replicas for them are ready.
    """
    scaling, failures = option.scaling, option.failures
    if scaling.policy == "reactive":
        minutes = _filled(scaling.start_up_minutes).value
        yield (
            f"reactive scaling with a start-up of {local(minutes):.3g} minutes: {local(late_fraction):.2%} of the requests come while the load outruns the replicas "
            "that are ready, and wait longer than promised"
        )
    if scaling.policy != "fixed" and not rented_by_hour(option):
        yield f"`scaling.policy` {scaling.policy} saves nothing here: what is bought or agreed for years is paid for around the clock"
    asleep = float(np.mean(found.asleep_fraction)) if found.asleep_fraction.size else 0.0
    if asleep > _WORTH_SAYING:
        minutes = _filled(scaling.start_up_minutes).value
        yield f"no replica stands in {local(asleep):.1%} of the hours: a request that comes then waits for a start of {local(minutes):.3g} minutes"
    if failures.interruptions_per_hour is not None and failures.interruptions_per_hour.value > 0:
        between, restart = 1 / failures.interruptions_per_hour.value, _filled(failures.restart_minutes).value
        yield (
            f"a replica's machine is taken back every {local(between):,.3g} hours on average and is missed for {local(restart):.3g} minutes each time; spares are "
            "reckoned as if machines went one by one, and a landlord may take many at once"
        )


def _filled(quantity: Quantity | None) -> Quantity:
    assert quantity is not None  # `tco.fill` leaves nothing open that a policy needs
    return quantity


def _hours(quantity: Quantity | None) -> float:
    return 0.0 if quantity is None else quantity.value / MINUTES_PER_HOUR
