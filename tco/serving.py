"""The months in which an option serves, and what is cut to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tco.capacity.fleet import Fleet
from tco.quantity import Numbers
from tco.workload.demand import Demand, Months


class Serving:
    """The months in which an option serves, of all months; those of `None` are all, and nothing is then cut.

    Attributes:
        start: the first of them, 0 is the first of the horizon.
        last: the last of them; None: that of the horizon.
    """

    def __init__(self, months: int, during: range | None) -> None:
        self.start = during.start if during else 0
        self._months = months
        self.last = None if not during else during.stop - 1
        self._active = None if during is None else np.isin(np.arange(months), during).astype(float)

    def cut(self, items: dict[str, Months]) -> dict[str, Months]:
        """Running costs, in these months only."""
        if self._active is None:
            return items
        return {name: cost * self._active for name, cost in items.items()}

    def at_start(self, amount_usd: Numbers) -> Months:
        """An amount at the start of the first of them; nothing where there is none."""
        at_start = np.eye(1, self._months, self.start)[0]
        return np.asarray(amount_usd * (at_start if self._active is None else at_start * self._active))

    def demand(self, asked: Demand) -> Demand:
        """What is asked in them."""
        if self._active is None:
            return asked
        return replace(
            asked,
            requests=asked.requests * self._active,
            mean_requests_per_s=asked.mean_requests_per_s * self._active,
        )

    def fleet(self, fleet: Fleet) -> Fleet:
        """What stands in them; replicas that a policy always keeps are gone in the others too."""
        if self._active is None:
            return fleet
        return replace(
            fleet,
            replicas=fleet.replicas * self._active,
            least_replicas=fleet.least_replicas * self._active,
            paid_replicas=fleet.paid_replicas * self._active,
            serving_replicas=fleet.serving_replicas * self._active,
            surge_replica_hours=fleet.surge_replica_hours * self._active,
            servers=fleet.servers * self._active,
        )
