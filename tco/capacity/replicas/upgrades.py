"""Rolling upgrades: what stands beside the fleet while its replicas are replaced one after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tco.capacity.replicas.needed import Counts, Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How a fleet is upgraded, in the words of a Kubernetes Deployment [1].

    Attributes:
        per_month: upgrades in a month.
        max_surge: replicas that may stand beyond the fleet meanwhile.
        max_unavailable: replicas of the fleet that may be missing meanwhile.
        start_up_hours: until a replaced replica answers [h].

    References:
        [1] https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
    """

    per_month: float
    max_surge: int
    max_unavailable: int
    start_up_hours: float

    def hours(self, replicas: float) -> float:
        """How long one upgrade takes: `ceil(replicas / (max_surge + max_unavailable)) · start-up` [h].

        >>> Rollout(per_month=2, max_surge=1, max_unavailable=1, start_up_hours=0.25).hours(5)
        0.75
        """
        return math.ceil(replicas / (self.max_surge + self.max_unavailable)) * self.start_up_hours


def extra_replicas(rollout: Rollout, replicas: Rates, needed_by_hour: Counts | None) -> Rates:
    """Replicas that must stand beside the fleet during an upgrade so that the promise holds, by month.

    The surge, and one for each that may be missing, unless the fleet stands idle by as many in some stretch of the week that is long enough: then the
    upgrade is done there and needs none.

    Args:
        rollout: how it is upgraded.
        replicas: that are replaced, by month, shape (months,).
        needed_by_hour: what must stand in each hour, spares included, shape (months, 168); None: nothing is ever idle.

    Special cases: a month without replicas needs none.

    >>> rollout = Rollout(per_month=1, max_surge=0, max_unavailable=1, start_up_hours=0.5)
    >>> office = np.array([[3] * 10 + [1] * 14])
    >>> extra_replicas(rollout, np.array([3.0]), office).tolist(), extra_replicas(rollout, np.array([3.0]), None).tolist()
    ([0.0], [1.0])
    """
    extra = np.full(replicas.shape, float(rollout.max_surge))
    for month, count in enumerate(replicas):
        quiet = None if needed_by_hour is None else _quietest(needed_by_hour[month], rollout.hours(count))
        if quiet is None or quiet + rollout.max_unavailable > count:
            extra[month] += rollout.max_unavailable
    return np.where(replicas > 0, extra, 0.0)


def surge_replica_hours(rollout: Rollout, replicas: Rates, extra: Rates) -> Rates:
    """Replica-hours of a month in which the extra replicas stand: `upgrades · hours of one · extra` [h], shape (months,).

    Args:
        rollout: how the fleet is upgraded.
        replicas: that are replaced, by month.
        extra: of `extra_replicas`.
    """
    return np.array([rollout.per_month * rollout.hours(count) for count in replicas]) * extra


def _quietest(needed: Counts, length_hours: float) -> int | None:
    """Most that must stand in the quietest stretch of so many hours; None where a week is too short."""
    stretch = max(1, math.ceil(length_hours))
    if stretch > needed.size:
        return None
    around = np.concatenate([needed, needed[: stretch - 1]])
    return int(np.lib.stride_tricks.sliding_window_view(around, stretch).max(axis=-1).min())
