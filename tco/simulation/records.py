"""What is answered: the load that was simulated, and what users see at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tco.capacity.simulator.simulate import Routing
from tco.capacity.week.records import WeekEstimate
from tco.simulation.trace import Recording

Kind = Literal["random", "recorded", "week", "split"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLoad:
    """What came, and to what.

    Attributes:
        kind: `random` arrivals at one rate, `recorded` traffic, the hours of a `week`, or random arrivals at pools of their own for prompts and answers (`split`).
        requests_per_s: mean rate [requests/s].
        is_planned: whether that is what the plan has to cover: the peak of its first month, or the mean of its first week.
        replicas: that stand; in the busiest hour of a week.
        spares: of them, as the plan has them; None where the caller said how many stand.
        routing: among them.
        seed: of the draws; None for recorded traffic.
    """

    kind: Kind
    requests_per_s: float
    is_planned: bool
    replicas: int
    spares: int | None
    routing: Routing
    seed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What users see.

    Attributes:
        load: that was simulated.
        found: what they see.
        beside: the same load on as many replicas that do both, where pools were split.
        recording: of recorded traffic.
        cautions: what to know, in sentences.
    """

    load: SimulatedLoad
    found: WeekEstimate
    beside: WeekEstimate | None = None
    recording: Recording | None = None
    cautions: tuple[str, ...] = ()
