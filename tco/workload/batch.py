"""Requests that can wait: how much steady capacity they need until their deadline, and in which hour they are served."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tco.workload.profiles import HOURS_PER_WEEK

Hours = npt.NDArray[np.float64]
"""One number an hour of the week, Monday 00:00 first."""


@lru_cache(maxsize=512)
def least_capacity_weight(weights: tuple[float, ...], batch_fraction: float, deadline_hours: int) -> float:
    """Least steady capacity that serves everything in time, over the mean rate of all requests [unitless].

    Requests that cannot wait are served in their hour. One that can wait comes with the same profile and must be done within `deadline_hours`. Earliest
    deadline first meets all deadlines if and only if no window of time holds more work than the capacity does in it [1]:

    ```
    C >= (work of s..e that cannot wait + work that came since s and is due by e) / (e - s)     for all s < e
    ```

    Args:
        weights: hour-of-week weights with mean 1, shape (168,).
        batch_fraction: share of requests that can wait.
        deadline_hours: by when they must be done, after they came [h].

    Special cases:
        - nothing can wait: the busiest hour;
        - a deadline of an hour: likewise; a deadline of weeks with everything waiting: 1, the mean.

    References:
        [1] S. K. Baruah, A. K. Mok, L. E. Rosier, "Preemptively scheduling hard-real-time sporadic tasks on one processor", RTSS 1990, pp. 182-190
        (the demand bound).

    >>> from tco.workload.profiles import Weights
    >>> office = Weights.from_profile("office-hours").values
    >>> [round(least_capacity_weight(office, 1.0, hours), 2) for hours in (1, 24, 168)]
    [2.55, 1.17, 1.0]
    """
    if batch_fraction <= 0 or deadline_hours <= 1:
        return max(weights)
    urgent, due = window_work(weights, deadline_hours)
    needed = (1 - batch_fraction) * urgent + batch_fraction * due
    # However long the deadline, the mean must be served in the end.
    return max(float(needed.max()), 1.0)


def window_work(weights: tuple[float, ...], deadline_hours: int) -> tuple[Hours, Hours]:
    """Work of every window of time over its length and the mean rate: if nothing can wait, and if everything can [unitless], each of shape (windows,).

    Args:
        weights: hour-of-week weights with mean 1, shape (168,).
        deadline_hours: by when what can wait must be done, after it came [h].
    """
    # A window that is a week longer holds a week more of work: only shorter ones can be above the mean.
    rounds = np.tile(np.asarray(weights), 3 + deadline_hours // HOURS_PER_WEEK)
    cumulated = np.concatenate([[0.0], np.cumsum(rounds)])
    start = np.arange(HOURS_PER_WEEK)[:, None]
    length = np.arange(1, HOURS_PER_WEEK + deadline_hours + 1)[None, :]
    urgent = cumulated[start + length] - cumulated[start]
    due = cumulated[np.maximum(start + length - deadline_hours + 1, start)] - cumulated[start]
    return (urgent / length).ravel(), (due / length).ravel()


@lru_cache(maxsize=512)
def served_by_hour(weights: tuple[float, ...], batch_fraction: float, capacity_weight: float) -> Hours:
    """Work that is done in each hour of the week, over the mean rate [unitless], shape (168,): urgent first, then what waits, oldest first.

    Args:
        weights: hour-of-week weights with mean 1.
        batch_fraction: share of requests that can wait.
        capacity_weight: steady capacity over the mean rate, as `least_capacity_weight` gives it or more.

    Special cases: urgent work above the capacity is served in its hour all the same: it is not this function's to refuse.
    """
    urgent = (1 - batch_fraction) * np.asarray(weights)
    coming = batch_fraction * np.asarray(weights)
    waiting, served = 0.0, np.zeros(HOURS_PER_WEEK)
    # The first week only fills the backlog with which every week begins.
    for hour in range(2 * HOURS_PER_WEEK):
        at = hour % HOURS_PER_WEEK
        waiting += float(coming[at])
        done = min(waiting, max(0.0, capacity_weight - float(urgent[at])))
        waiting -= done
        served[at] = urgent[at] + done
    # Every answer asks for it many times: kept, so nobody may write into it.
    served.setflags(write=False)
    return served
