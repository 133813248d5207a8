"""The week on a grid of minutes, the slow and plain way: what the exact formulas must agree with."""

from __future__ import annotations

import numpy as np


def by_minute(hours: np.ndarray) -> np.ndarray:
    return np.repeat(hours, 60)


def window(values: np.ndarray, before: int, after: int, pick: object) -> np.ndarray:
    """Most or fewest of the whole minutes around each one, in a week that repeats."""
    size = values.size
    return np.array([pick(values[np.arange(at - before, at + after + 1) % size]) for at in range(size)])


def mean_by_hour(minutes: np.ndarray) -> np.ndarray:
    return minutes.reshape(-1, 60).mean(axis=1)


def fluid(load: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Share of each hour in which a backlog stands, from a step of a minute at a time; [requests/s] in, twice around."""
    waiting, busy = 0.0, np.zeros(load.size)
    for lap in range(2):
        for at in range(load.size):
            gain = (load[at] - capacity[at]) * 60
            after = max(0.0, waiting + gain)
            late = 1.0 if gain > 1e-9 or (after > 1e-9) else (waiting / -gain if gain < -1e-9 else 0.0)
            if lap:
                busy[at] = late
            waiting = after if after > 1e-9 else 0.0
    return mean_by_hour(busy)
