"""How simulated replicas were used, added up over replications and hours."""

from __future__ import annotations

import numpy as np

from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.week.records import UseEstimate


class UseSums:
    """Sums over replications of the same load."""

    __slots__ = (
        "_block_s",
        "_busy_s",
        "_hits",
        "_peak",
        "_preemptions",
        "_prompts",
        "_requests",
        "_sequence_s",
        "_span_s",
    )

    def __init__(self) -> None:
        self._busy_s = self._span_s = self._sequence_s = self._block_s = self._peak = 0.0
        self._preemptions = self._hits = self._prompts = self._requests = 0

    def add(self, traffic: Traffic, outcome: Outcome, span_s: float, *, sign: int = 1) -> None:
        """Adds one simulation, or takes one off.

        Args:
            traffic: what came.
            outcome: what became of it.
            span_s: time that it stands for [s].
            sign: 1 adds; -1 takes off, so that what remains of a simulation and its own beginning is the time between their ends: both had an empty engine
                that filled, and one that emptied when nobody came any more.
        """
        for use in outcome.use:
            self._busy_s += sign * use.busy_s
            self._span_s += sign * span_s
            self._sequence_s += sign * use.busy_s * use.sequences_mean
            self._block_s += sign * use.busy_s * use.kv_usage_mean_fraction
            self._peak = max(self._peak, use.kv_usage_peak_fraction)
            self._preemptions += sign * use.preemptions
            self._hits += sign * use.prefix_hit_tokens
        self._prompts += sign * int(traffic.input_tokens.sum(dtype=np.int64))
        self._requests += sign * traffic.requests

    @property
    def use(self) -> UseEstimate:
        """What was added, as one."""
        busy_s = max(self._busy_s, np.finfo(float).tiny)
        return UseEstimate(
            utilisation_fraction=min(1.0, self._busy_s / self._span_s) if self._span_s > 0 else 0.0,
            sequences_mean=self._sequence_s / busy_s,
            kv_usage_mean_fraction=self._block_s / busy_s,
            kv_usage_peak_fraction=self._peak,
            preemptions_per_request=max(0, self._preemptions) / max(1, self._requests),
            prefix_hit_fraction=max(0, self._hits) / max(1, self._prompts),
        )


def mixed_use(uses: list[UseEstimate], replica_hours: list[float], requests: list[float]) -> UseEstimate:
    """Use over several kinds of hours: times by the replicas that stand, shares of requests by requests.

    Args:
        uses: of each kind.
        replica_hours: that stand in each [h].
        requests: that come in each.
    """
    utilised = np.array([use.utilisation_fraction for use in uses])
    busy = utilised * replica_hours
    shares = busy if busy.sum() > 0 else np.ones(len(uses))

    def over_busy(values: list[float]) -> float:
        return float(np.average(values, weights=shares))

    return UseEstimate(
        utilisation_fraction=float(np.average(utilised, weights=replica_hours)),
        sequences_mean=over_busy([use.sequences_mean for use in uses]),
        kv_usage_mean_fraction=over_busy([use.kv_usage_mean_fraction for use in uses]),
        kv_usage_peak_fraction=max(use.kv_usage_peak_fraction for use in uses),
        preemptions_per_request=float(np.average([use.preemptions_per_request for use in uses], weights=requests)),
        prefix_hit_fraction=float(np.average([use.prefix_hit_fraction for use in uses], weights=requests)),
    )
