"""How many replicas a deployment has, and what its autoscaler watches."""

from __future__ import annotations

from dataclasses import dataclass

from probes.run import Run
from tco.capacity.replicas import replicas_needed
from tco.capacity.shape import convert
from tco.errors import InputError
from tco.handover.load import in_flight_per_replica, strictest_limits_ms, waiting_per_replica
from tco.handover.names import one_line
from tco.handover.records import FIXED, Scaling, StartUp
from tco.result import Capacity
from tco.scenario import OwnOption, RentOption, Scenario
from tco.workload.demand import demand
from tco.workload.sent import as_work, sent

_SHORTEST_SCALE_DOWN_S = 300
"""Kubernetes' own window before a replica is taken away [s]."""

_LONGEST_SCALE_DOWN_S = 3600
"""A longer window is refused by Kubernetes [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaBounds:
    """Between how many replicas a scaling policy moves.

    Attributes:
        policy: its name, for people.
        min_replicas: that always stand, spares included; 0 where it lets the last one go.
        max_replicas: in the busiest hour of the largest month, spares included.
        scale_down_s: how long fewer must have been enough before a replica is stopped [s]; None: twice the start-up.
    """

    policy: str
    min_replicas: int
    max_replicas: int
    scale_down_s: float | None = None

    def __post_init__(self) -> None:
        """Refuses bounds that are none.

        Raises:
            InputError: as said.
        """
        if not 0 <= self.min_replicas <= self.max_replicas or self.max_replicas < 1:
            raise InputError(
                f"scaling policy {self.policy!r}: {self.min_replicas} to {self.max_replicas} replicas; give at least one at most, and no more at least than at most"
            )


def scaling_of(
    option: RentOption | OwnOption,
    scenario: Scenario,
    run: Run,
    capacity: Capacity,
    start_up: StartUp,
    bounds: ReplicaBounds | None = None,
) -> Scaling:
    """Replicas of a deployment and when another one is started.

    Args:
        option: what was costed, filled.
        scenario: the question, filled.
        run: what was measured.
        capacity: the answer's, with at least one replica in some month.
        start_up: of one replica.
        bounds: of the option's scaling policy; None: what stands changes with the months only.
    """
    months = capacity.replicas_by_month or [capacity.replicas]
    standing = [count for count in months if count > 0]
    bounds = bounds or ReplicaBounds(policy=FIXED, min_replicas=min(standing), max_replicas=max(standing))
    goodput = capacity.goodput_requests_per_s
    in_flight = in_flight_per_replica(run, _in_lengths_of_the_run(option, scenario, run, goodput))
    waiting = waiting_per_replica(goodput, strictest_limits_ms(scenario.workload), start_up.total_s)
    surge, away = _upgrades(option)
    return Scaling(
        policy=one_line(bounds.policy),
        # The engine's own numbers wake nobody up: without a replica there are none, so the last one stays.
        min_replicas=max(1, bounds.min_replicas),
        max_replicas=bounds.max_replicas,
        replicas_by_month=tuple(months),
        spare_replicas=_spares(option, months, scenario, goodput),
        in_flight_per_replica=None if in_flight is None else round(max(1.0, in_flight), 1),
        waiting_per_replica=round(waiting, 1),
        scale_down_s=_scale_down_s(bounds, start_up),
        max_surge=surge,
        max_unavailable=away,
    )


def _upgrades(option: RentOption | OwnOption) -> tuple[int, int] | tuple[None, None]:
    """Replicas that may stand beside the fleet, and that may miss, as upgrades were costed; None where none were."""
    upgrades = option.upgrades
    return (upgrades.max_surge, upgrades.max_unavailable) if upgrades.happen else (None, None)


def _scale_down_s(bounds: ReplicaBounds, start_up: StartUp) -> int:
    """As it was costed, else twice the start-up within Kubernetes' own bounds."""
    if bounds.scale_down_s is not None:
        return max(1, round(min(bounds.scale_down_s, _LONGEST_SCALE_DOWN_S)))
    return int(min(max(_SHORTEST_SCALE_DOWN_S, 2 * start_up.total_s), _LONGEST_SCALE_DOWN_S))


def _spares(option: RentOption | OwnOption, months: list[int], scenario: Scenario, goodput: float) -> int:
    """Replicas beyond what the peak needs, in the month with the fewest."""
    peaks = as_work(option, sent(option, scenario.workload, demand(scenario))).peak_requests_per_s
    beyond = [
        count - replicas_needed(float(peak), goodput) for count, peak in zip(months, peaks, strict=False) if count > 0
    ]
    return max(0, min(beyond, default=0))


def _in_lengths_of_the_run(option: RentOption | OwnOption, scenario: Scenario, run: Run, goodput: float) -> float:
    """Load of one replica in requests of the run's own lengths [requests/s]."""
    workload = scenario.workload
    shape = convert(run.workload, workload.mean_input_tokens, workload.mean_output_tokens, run.cost_split)
    factor = option.throughput_factor.value if option.throughput_factor is not None else 1.0
    return goodput / (factor * shape.rate)
