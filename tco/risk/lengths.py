"""What one replica carries when the lengths of requests are uncertain: read off a few capacities, not found anew for each draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tco.capacity.replica import Replica
from tco.ledgers import capacities_of
from tco.quantity import Numbers
from tco.register import with_value
from tco.risk.inputs import Uncertain
from tco.scenario import Scenario

_NONE = 1e-9
"""Share of its capacity that a replica is left with where it cannot keep the promise: any demand then needs more replicas than there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthEffect:
    """How the capacity of one option's replica answers to the lengths.

    A request takes so many seconds of a replica, `1 / goodput`. These add up: a longer prompt takes longer whatever the answer's length. So each length
    is moved alone, and the changes are added: `seconds = s₀ + Σ (s_i(length_i) − s₀)`, with s_i a parabola through its low, central and high value.

    Attributes:
        middle_seconds: s₀ [s].
        inputs: positions of the lengths among the uncertain inputs.
        lengths: low, central and high value of each, shape (lengths, 3) [tokens, or shares of classes].
        seconds: a request's time at these, infinite where the promise cannot be kept, shape (lengths, 3) [s].
        missed_fraction: how far the sum misses the capacity with all lengths at their low or all at their high ends, the larger one; None where one of
            them cannot be served.
    """

    middle_seconds: float
    inputs: tuple[int, ...]
    lengths: Numbers
    seconds: Numbers
    missed_fraction: float | None

    def capacity_factor(self, values: tuple[Numbers, ...]) -> Numbers:
        """Capacity over that at the central lengths, by draw [factor].

        Args:
            values: of all inputs, as in `tco.risk.draws.Group`.
        """
        total, can = np.asarray(self.middle_seconds), np.asarray(True)
        for row, number in enumerate(self.inputs):
            seconds, served = _between(self.lengths[row], self.seconds[row], values[number])
            total, can = total + (seconds - self.middle_seconds), can & served
        return np.where(can, self.middle_seconds / np.maximum(total, self.middle_seconds * _NONE), _NONE)


def length_effects(
    scenario: Scenario, replicas: Mapping[str, Replica], inputs: tuple[Uncertain, ...]
) -> dict[str, LengthEffect]:
    """The effect of uncertain lengths on each self-hosted option that can serve the central ones, by option name.

    Args:
        scenario: filled.
        replicas: of self-hosted options.
        inputs: what is uncertain.
    """
    moved = tuple(number for number, each in enumerate(inputs) if each.is_length)
    if not moved:
        return {}
    found = {name: _effect(scenario, {name: replica}, inputs, moved) for name, replica in replicas.items()}
    return {name: effect for name, effect in found.items() if effect is not None}


def _effect(
    scenario: Scenario, replica: Mapping[str, Replica], inputs: tuple[Uncertain, ...], moved: tuple[int, ...]
) -> LengthEffect | None:
    middle = _seconds(scenario, replica)
    if not np.isfinite(middle):
        return None
    lengths, seconds = np.zeros((len(moved), 3)), np.zeros((len(moved), 3))
    for row, number in enumerate(moved):
        low, high = inputs[number].quantity.bounds or (0.0, 0.0)
        lengths[row] = low, inputs[number].quantity.value, high
        seconds[row] = [
            _seconds(_with(scenario, inputs[number], low), replica),
            middle,
            _seconds(_with(scenario, inputs[number], high), replica),
        ]
    ends = [
        _missed(scenario, replica, [inputs[n] for n in moved], middle, lengths[:, at], seconds[:, at]) for at in (0, 2)
    ]
    known = [miss for miss in ends if miss is not None]
    return LengthEffect(
        middle_seconds=middle,
        inputs=moved,
        lengths=lengths,
        seconds=seconds,
        missed_fraction=max(known) if len(known) == len(ends) else None,
    )


def _missed(
    scenario: Scenario,
    replica: Mapping[str, Replica],
    inputs: list[Uncertain],
    middle: float,
    lengths: Numbers,
    seconds: Numbers,
) -> float | None:
    together = scenario
    for each, length in zip(inputs, lengths.tolist(), strict=True):
        together = _with(together, each, length)
    true, added = _seconds(together, replica), middle + float(np.sum(seconds - middle))
    return abs(added / true - 1) if np.isfinite(true) and np.isfinite(added) else None


def _with(scenario: Scenario, each: Uncertain, value: float) -> Scenario:
    for path in each.paths:
        scenario = with_value(scenario, path, value)
    return scenario


def _seconds(scenario: Scenario, replica: Mapping[str, Replica]) -> float:
    (found,) = capacities_of(scenario, replica).values()
    return 1 / found.requests_per_s if found.feasible and found.requests_per_s > 0 else np.inf


def _between(lengths: Numbers, seconds: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """Seconds at values between low and high, and whether they can be served: beyond the middle of a side whose end cannot, they cannot."""
    low, middle, high = lengths
    known = np.isfinite(seconds)
    served = np.ones(values.shape, dtype=bool)
    if not known[0]:
        served &= values >= (low + middle) / 2
    if not known[2]:
        served &= values <= (middle + high) / 2
    distinct, first = np.unique(lengths[known], return_index=True)
    curve = (
        np.polynomial.Polynomial.fit(distinct, seconds[known][first], distinct.size - 1) if distinct.size > 1 else None
    )
    return (np.full(values.shape, seconds[1]) if curve is None else np.asarray(curve(values))), served
