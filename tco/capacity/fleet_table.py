"""Fleets of many draws: the fleet is a step function of the load over one replica's goodput, so it is tabulated once and looked up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.capacity.replicas.needed import MAX_REPLICAS, ROUNDING, Counts, Rates

MOST_STEPS = 4096
"""Steps that are kept: where there are more, those of small fleets are, and of large ones neighbours are taken together, by the fleet in their middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Where a fleet changes.

    Attributes:
        ends: upper end of each step but the last, ascending from 0 [mean load over goodput, unitless], shape (steps − 1,).
        middles: a load in each step, 0 in the first, shape (steps,).
    """

    ends: Rates
    middles: Rates

    def of(self, load: Rates) -> Counts:
        """The step that each load is in, in an array of the same shape.

        Args:
            load: mean loads over goodput [unitless].
        """
        return np.asarray(np.searchsorted(self.ends, load, side="left"))


def steps_up_to(most_load: float, weights: Rates) -> Steps:
    """All loads at which an hour needs one replica more: `n / weight` for every hour's weight and n = 1, 2, ….

    Args:
        most_load: largest mean load over goodput that is asked for [unitless].
        weights: rate to be covered over the mean rate, of each hour and of the peak [unitless], any shape.

    Special cases: hours without requests change nothing; loads beyond `MAX_REPLICAS` are cut there, the fleet itself is then refused.

    >>> steps_up_to(1.2, np.array([1.0, 2.0])).ends.round(6).tolist()
    [0.0, 0.5, 1.0, 1.0, 1.5, 2.0, 2.0]
    """
    rates = np.unique(weights[weights > 0])
    if rates.size == 0 or most_load <= 0:
        return Steps(ends=np.zeros(1), middles=np.array([0.0, 1.0]))
    # Where a demand of exactly n replicas is still n: as `replicas_for` rounds.
    most = int(min(np.ceil(most_load * rates.max()), MAX_REPLICAS - 1)) + 1
    ends = np.unique((_counts(most, MOST_STEPS // rates.size)[:, None] + ROUNDING) / rates)
    ends = ends[ends <= (most + 2 * ROUNDING) / rates.max()]
    ends = np.concatenate([[0.0], ends])
    middles = (ends[:-1] + ends[1:]) / 2
    # What lies beyond the last end is refused, not answered.
    middles = np.concatenate([[0.0], middles, middles[-1:]])
    return Steps(ends=ends, middles=middles)


def _counts(most: int, steps: int) -> Rates:
    """Whole numbers up to the most: all of them where they are few, else the first half of the steps one by one and the others in even ratios."""
    if most <= steps:
        return np.arange(1, most + 1).astype(np.float64)
    near = max(1, steps // 2)
    return np.asarray(
        np.unique(np.concatenate([np.arange(1, near + 1), np.geomspace(near, most, max(2, steps - near)).round()])),
        dtype=float,
    )
