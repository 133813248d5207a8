"""Fills what the running of a fleet leaves open: how long a replica takes to start, how often a spot machine is taken back."""

from __future__ import annotations

from datetime import date
from typing import Any

from pricing import Book
from probes.run import Run
from tco.handover.models import served_model
from tco.handover.start_up import start_up_of
from tco.number_style import local
from tco.quantity import Quantity
from tco.scaling import LONGEST_COOL_DOWN_MINUTES, LONGEST_START_UP_MINUTES
from tco.scenario import OwnOption, RentOption

_S_PER_MINUTE = 60

MACHINE_MINUTES = (1.0, 4.0, 7.0)
"""Until a new machine runs the engine's container: low, usual, high [min].

An 8B model on a new ml.g6.2xlarge took 525 s, of which 333 s pulled the container; with the container cached 258 s, of which 77 s fetched the weights. Without
the engine's own two minutes that leaves one minute with a cached container, and six to seven without.
"""

_MACHINE_SOURCE = "https://aws.amazon.com/blogs/machine-learning/introducing-container-caching-in-amazon-sagemaker-ai-for-faster-model-scaling/"
_MACHINE_DAY = date(2026, 6, 16)

_UNMEASURED_LOW, _UNMEASURED_HIGH = 0.5, 2.0
"""An engine whose start nobody measured may take from half to twice the usual time."""

INTERRUPTIONS_PER_HOUR = (7.1e-5, 0.005, 0.31)
"""How often a spot machine with a GPU is taken back: low, usual, high [1/hour].

The two ends are what was seen: 5 % of machines in a month (`−ln(1 − 0.05) / 720 h`, the edge of the lowest band of AWS's Spot Instance Advisor, in which L4
machines were on 2025-05-01; p5 machines were in that of 10 to 20 %), and 44 times in the 141 hours that the steadiest of four zones gave one V100 in a week's
trace of April 2023 (the others: 0.44 to 0.74 an hour). The usual value lies midway between them on a logarithmic scale: once in eight days.
"""

_SPOT_SOURCE = "https://github.com/skypilot-org/spot-traces (preemption/1-node/aws-04-22-2023); AWS Spot Instance Advisor, read in https://www.thundercompute.com/blog/should-i-use-cloud-gpu-spot-instances"

OUTAGE_MINUTES = 50.0
"""Mean time until the same zone had a machine again, in the two steadiest of the four traced zones [min]."""

_SHORTEST_COOL_DOWN_MINUTES = 5.0
"""Kubernetes' own window before a replica is stopped [min]."""


def running_of(option: RentOption | OwnOption, run: Run, gpus: int, book: Book) -> dict[str, Any]:
    """The option's `scaling` and `failures` with nothing open that it needs.

    A fleet that stands all the time, is never taken back and never upgraded needs none of it, and gets none: what does not count is no assumption.

    Args:
        option: who serves.
        run: what was measured.
        gpus: of one replica.
        book: where the size of the weights is looked up.
    """
    spot = isinstance(option, RentOption) and option.price.commitment == "spot"
    scaling, failures = option.scaling, option.failures
    interrupted = spot or failures.interruptions_per_hour is not None
    if scaling.policy == "fixed" and not interrupted and option.upgrades.upgrades_per_month is None:
        return {}
    start_up = scaling.start_up_minutes or _start_up(option, run, gpus, book)
    update: dict[str, Any] = {"start_up_minutes": start_up}
    if scaling.policy == "reactive" and scaling.cool_down_minutes is None:
        update["cool_down_minutes"] = _cool_down(start_up)
    found: dict[str, Any] = {"scaling": scaling.model_copy(update=update)}
    if interrupted:
        often, restart = (
            failures.interruptions_per_hour or _interruptions(),
            failures.restart_minutes or _restart(start_up),
        )
        found["failures"] = failures.model_copy(update={"interruptions_per_hour": often, "restart_minutes": restart})
    return found


def _start_up(option: RentOption | OwnOption, run: Run, gpus: int, book: Book) -> Quantity:
    """From the decision until a replica answers: a machine with its container, the weights over the network, the engine."""
    model = served_model(option, run, book)
    start = start_up_of(run, model.weights_bytes, on_cpu=gpus == 0)
    low, usual, high = MACHINE_MINUTES
    engine, fetch = start.engine_s / _S_PER_MINUTE, start.fetch_s / _S_PER_MINUTE
    slack = (1.0, 1.0) if start.measured else (_UNMEASURED_LOW, _UNMEASURED_HIGH)
    how = "measured by the run" if start.measured else "as usual, not measured"
    return Quantity(
        value=_within_a_day(engine + fetch + usual),
        low=_within_a_day(engine * slack[0] + fetch + low),
        high=_within_a_day(engine * slack[1] + fetch + high),
        evidence="expert",
        source=_MACHINE_SOURCE,
        as_of=_MACHINE_DAY,
        note=f"engine {local(engine):.2g} min ({how}), weights {local(fetch):.2g} min at 1 Gbit/s, machine and container {local(low):g} to {local(high):g} min",
    )


def _within_a_day(minutes: float) -> float:
    return min(round(minutes, 2), LONGEST_START_UP_MINUTES)


def _cool_down(start_up: Quantity) -> Quantity:
    """Twice the start-up, at least Kubernetes' own five minutes, at most its longest window: as the hand-over writes it."""
    minutes = min(max(_SHORTEST_COOL_DOWN_MINUTES, round(2 * start_up.value, 2)), LONGEST_COOL_DOWN_MINUTES)
    return Quantity(value=minutes, note="twice the start-up, 5 to 60 minutes")


def _interruptions() -> Quantity:
    low, usual, high = INTERRUPTIONS_PER_HOUR
    return Quantity(
        value=usual,
        low=low,
        high=high,
        evidence="literature",
        source=_SPOT_SOURCE,
        note="from 5 % of machines a month to once in three hours, by GPU and zone; ask your landlord",
    )


def _restart(start_up: Quantity) -> Quantity:
    """A start elsewhere; at worst, waiting until the same zone has a machine again."""
    low = start_up.value if start_up.low is None else start_up.low
    high = start_up.value if start_up.high is None else start_up.high
    return Quantity(
        value=start_up.value,
        low=low,
        high=round(high + OUTAGE_MINUTES, 2),
        evidence="expert",
        source=_SPOT_SOURCE,
        note=f"a start-up elsewhere; at worst, {local(OUTAGE_MINUTES):g} minutes more until the zone has a machine again",
    )
