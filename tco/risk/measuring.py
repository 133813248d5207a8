"""What a run on one's own machine is worth: the same simulation once with its interval and once without it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tco.capacity.carried import PRIOR_SOURCE
from tco.capacity.steptime.priors import BACKTEST
from tco.compare import Prepared
from tco.quantity import Quantity
from tco.risk.inputs import Uncertain

OWN_RUN_FRACTION = 0.05
"""Half of the 95 % interval that a run of one's own gives, where there is none yet: three repeats of the shipped runs lie within 1 to 6 %."""

_95_OVER_90 = 1.959963984540054 / 1.6448536269514722
"""Half of the interval of a normal distribution that holds 95 %, over half of the one that holds 90 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """The inputs of the other simulation.

    Attributes:
        inputs: as in the first one, with another range for the throughput.
        is_measured: whether the first one had a measured throughput, so that the other one is that without a run.
        error_fraction: how far nine of ten predictions from data sheets missed at most [fraction].
        source: of that error.
    """

    inputs: tuple[Uncertain, ...]
    is_measured: bool
    error_fraction: float
    source: str


def without_run(prepared: Prepared, option: str, inputs: tuple[Uncertain, ...]) -> Without | None:
    """The simulation to hold beside that of an option: without its run where it has one, with one where it is modelled.

    Args:
        prepared: the scenario.
        option: self-hosted; any other has no throughput.
        inputs: of the first simulation.

    Special cases: None for an option paid per token, and where the throughput is the user's own word without a range.
    """
    replica = prepared.replicas.get(option)
    path = f"options.{option}.throughput_factor"
    at = next((number for number, each in enumerate(inputs) if path in each.paths), None)
    if replica is None or at is None:
        return None
    modelled = replica.carried is not None or replica.run.evidence == "modelled"
    error = BACKTEST.nine_of_ten_fraction
    range_ = _around(inputs[at].quantity, OWN_RUN_FRACTION if modelled else error * _95_OVER_90)
    changed = tuple(replace(each, quantity=range_) if number == at else each for number, each in enumerate(inputs))
    return Without(inputs=changed, is_measured=not modelled, error_fraction=error, source=PRIOR_SOURCE)


def _around(quantity: Quantity, half_fraction: float) -> Quantity:
    """The same value within a factor of 1 + half either way."""
    return quantity.model_copy(
        update={
            "low": quantity.value / (1 + half_fraction),
            "high": quantity.value * (1 + half_fraction),
            "distribution": "lognormal",
            "samples": None,
        }
    )
