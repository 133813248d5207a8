"""How many replicas are paid for, and how many are ready, when a fleet follows the hours of the week.

All arrays end with the hours of a week that repeats: after the last hour comes the first. What changes inside an hour is kept as `Steps`: so start-up and
cool-down times of minutes are exact, without a grid of minutes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tco.capacity.replicas.needed import Counts, Rates

_DIGITS = 9
"""Of an hour: moments that are closer are one, else a piece of no length would be left between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A number of replicas that is constant between a few moments, the same ones in every hour.

    Attributes:
        starts: when each piece begins, over the hour [fraction], ascending from 0.
        values: replicas in each piece, shape (pieces, ..., hours).
    """

    starts: tuple[float, ...]
    values: Counts

    @property
    def lengths(self) -> Rates:
        """How long each piece is [h], shape (pieces,)."""
        return np.diff((*self.starts, 1.0))

    @property
    def mean(self) -> Rates:
        """Mean number over each hour, shape (..., hours)."""
        return np.asarray(np.tensordot(self.lengths, self.values, axes=1))


def started_ahead(counts: Counts, start_up_hours: float) -> Rates:
    """Replicas paid for in each hour, when those of a later hour are started early enough to be ready at its beginning.

    At time t stands the most of what is needed from t to `t + start-up`; a gap shorter than the start-up is stood through.

    Args:
        counts: replicas that must be ready, shape (..., hours).
        start_up_hours: from the start until a replica answers [h].

    >>> started_ahead(np.array([1, 1, 3, 1]), 0.25).tolist()
    [1.0, 1.5, 3.0, 1.0]
    """
    whole, part = divmod(start_up_hours, 1.0)
    near, far = _most(counts, after=int(whole)), _most(counts, after=int(whole) + 1)
    return (1 - part) * near + part * far


def kept_on(counts: Counts, cool_down_hours: float) -> Steps:
    """Replicas that stand when they are started as load comes and stopped when fewer have been enough for the cool-down time.

    At time t stands the most of what was needed from `t - cool-down` to t, as in Kubernetes' stabilisation window.

    Args:
        counts: replicas that the load asks for, shape (..., hours).
        cool_down_hours: how long fewer must have been enough [h].

    >>> kept_on(np.array([1, 1, 3, 1]), 0.5).mean.tolist()
    [1.0, 1.0, 3.0, 2.0]
    """
    whole, part = divmod(round(cool_down_hours, _DIGITS), 1.0)
    later = _most(counts, before=int(whole))
    if part == 0:
        return Steps(starts=(0.0,), values=later[None])
    return Steps(starts=(0.0, part), values=np.stack([_most(counts, before=int(whole) + 1), later]))


def ready(standing: Steps, start_up_hours: float) -> Steps:
    """Replicas that answer: those that have stood for the start-up time.

    At time t answers the fewest of what stood from `t - start-up` to t; what is stopped is what was started last.

    Args:
        standing: replicas that were started, as `kept_on` gives them.
        start_up_hours: from the start until a replica answers [h].

    >>> ready(kept_on(np.array([1, 1, 3, 3]), 0.0), 0.25).mean.tolist()
    [1.0, 1.0, 2.5, 3.0]
    """
    start_up_hours = round(start_up_hours, _DIGITS)
    # Rounded a second time: what is nearly a whole hour later is the same moment of the next hour.
    moments = {
        0.0,
        *standing.starts,
        *(round((start + start_up_hours) % 1.0, _DIGITS) % 1.0 for start in standing.starts),
    }
    starts = tuple(sorted(moments))
    ends = (*starts[1:], 1.0)
    values = [_fewest(standing, (start + end) / 2, start_up_hours) for start, end in zip(starts, ends, strict=True)]
    return Steps(starts=starts, values=np.stack(values))


def _fewest(standing: Steps, moment: float, back_hours: float) -> Counts:
    """Fewest that stood in the time before a moment of each hour."""
    ends = (*standing.starts[1:], 1.0)
    found: Counts | None = None
    for hour in range(math.floor(moment - back_hours), 1):
        for piece, (start, end) in enumerate(zip(standing.starts, ends, strict=True)):
            if hour + start < moment and hour + end > moment - back_hours:
                there = np.roll(standing.values[piece], -hour, axis=-1)
                found = there if found is None else np.minimum(found, there)
    assert found is not None  # the piece of the moment itself is always there
    return found


def _most(counts: Counts, *, before: int = 0, after: int = 0) -> Counts:
    """Most of so many hours before and after each hour, itself included."""
    hours = counts.shape[-1]
    around = counts[..., np.arange(-before, hours + after) % hours]
    return np.asarray(np.lib.stride_tricks.sliding_window_view(around, before + after + 1, axis=-1).max(axis=-1))
