"""What reactive scaling does to the promise: requests that come before the replicas for them are ready."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.capacity.replicas.hours import Steps
from tco.capacity.replicas.needed import Rates

_S_PER_HOUR = 3600
_SAME = 1e-6
"""Rates that differ by less are the same: whole replicas are rounded."""

_LARGEST_EXPONENT = 700.0


def late_fraction(requests_per_s: Rates, answering: Steps, goodput_requests_per_s: float) -> Rates:
    """Share of the requests of each hour that come while a backlog stands, in a week that repeats [fraction], shape (..., hours).

    Requests are taken as a fluid, first come first served. With load λ and capacity `μ = ready replicas · goodput` the backlog q moves by

    ```
    dq/dt = λ − μ    while λ > μ or q > 0
    late  = ∫ λ · [λ > μ or q > 0] dt / ∫ λ dt
    ```

    so a request is late if it comes while the load outruns the replicas that are ready, or before what waited then is worked off. Everything that is late waits
    longer than the promise allows for a moment's queue; how much longer is the simulator's to say.

    Args:
        requests_per_s: requests that come in each hour [requests/s], shape (..., hours).
        answering: replicas that are ready.
        goodput_requests_per_s: of one replica [requests/s].

    Special cases: an hour without requests has none that are late.

    >>> half = Steps(starts=(0.0, 0.25), values=np.array([[1, 1], [1, 2]]))  # in the second hour another one is ready after a quarter
    >>> late_fraction(np.array([0.5, 1.5]), half, 1.0).tolist()  # 0.25 h · 0.5 pile up, worked off at 0.5 in another 0.25 h
    [0.0, 0.5]
    """
    lengths = answering.lengths
    load = requests_per_s[..., None] * np.ones(lengths.size)
    capacity = np.moveaxis(answering.values, 0, -1) * goodput_requests_per_s
    gain = load - capacity
    gain = np.where(np.abs(gain) <= _SAME * load, 0.0, gain)
    waiting = _backlog(gain * lengths * _S_PER_HOUR)
    waiting = np.where(waiting <= _SAME * load * _S_PER_HOUR, 0.0, waiting)
    falling = np.where(gain < 0, -gain, 1.0)
    worked_off = np.where(gain < 0, np.minimum(waiting / falling / _S_PER_HOUR, lengths), lengths)
    busy = np.where(gain > 0, lengths, np.where(waiting > 0, worked_off, 0.0))
    return np.asarray(np.where(requests_per_s > 0, busy.sum(axis=-1), 0.0))


def _backlog(gains: Rates) -> Rates:
    """What waits at the beginning of each piece: Lindley's recursion, `q' = max(0, q + gain)`, after one week to fill up.

    In closed form `q_n = X_n − min(X_0 … X_n)` with X the sum of the gains so far [1].

    References:
        [1] D. V. Lindley, "The theory of queues with a single server", Proc. Cambridge Phil. Soc. 48 (1952), pp. 277-289.
    """
    *outer, hours, pieces = gains.shape
    week = gains.reshape(*outer, hours * pieces)
    summed = np.cumsum(np.concatenate([np.zeros((*outer, 1)), week, week], axis=-1), axis=-1)
    waiting = summed - np.minimum.accumulate(summed, axis=-1)
    return np.asarray(waiting[..., week.shape[-1] : -1].reshape(gains.shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """The last replica when it may go, in each hour.

    Attributes:
        standing_fraction: share of time that it is paid for [fraction].
        late_fraction: share of requests that wait for its start [fraction].
    """

    standing_fraction: Rates
    late_fraction: Rates


def sleeping(requests_per_s: Rates, start_up_hours: float, cool_down_hours: float) -> Sleep:
    """One replica that stops after a cool-down without requests, and starts when one comes.

    With Poisson arrivals at rate λ, start-up L and cool-down C a cycle has a first request that wakes it, `λL` more that come before it is ready, then
    `e^(λC) − 1` until a gap of C (which takes `(e^(λC) − 1)/λ` on average), and `1/λ` asleep:

    ```
    paid = 1 − 1 / (λL + e^(λC))            late = (1 + λL) / (λL + e^(λC))
    ```

    The time that requests take is left out: it keeps the replica awake a little longer.

    Args:
        requests_per_s: requests that come [requests/s].
        start_up_hours: from the start until it answers [h].
        cool_down_hours: without requests, before it stops [h].

    Special cases: no requests, nothing is paid and nobody is late; no cool-down, every request wakes it.

    >>> one = sleeping(np.array([1 / 3600]), 0.5, 0.0)  # a request an hour, half an hour to start
    >>> one.standing_fraction.round(3).tolist(), one.late_fraction.tolist()
    ([0.333], [1.0])
    """
    per_hour = requests_per_s * _S_PER_HOUR
    cycle = per_hour * start_up_hours + np.exp(np.minimum(per_hour * cool_down_hours, _LARGEST_EXPONENT))
    late = np.where(per_hour > 0, (1 + per_hour * start_up_hours) / cycle, 0.0)
    return Sleep(standing_fraction=np.asarray(1 - 1 / cycle), late_fraction=late)
