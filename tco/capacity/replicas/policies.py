"""Policies: from the load of every hour of every month to replicas that stand, are paid for, and come too late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tco.capacity.replicas.hours import Steps, kept_on, ready, started_ahead
from tco.capacity.replicas.late import late_fraction, sleeping
from tco.capacity.replicas.needed import Counts, Rates, replicas_for
from tco.capacity.replicas.spares import Spares

PolicyKind = Literal["fixed", "scheduled", "reactive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When replicas are started and stopped.

    Attributes:
        kind: `fixed` stands for the busiest hour of each month; `scheduled` follows the known hours of the week, started ahead; `reactive` follows the load, late
            by the start-up.
        min_replicas: that stand in every hour of a month with requests, spares included; 0 lets the last one go.
        start_up_hours: from the decision until a replica answers [h].
        cool_down_hours: how long fewer must have been enough before a reactive fleet shrinks [h].
    """

    kind: PolicyKind = "fixed"
    min_replicas: int = 1
    start_up_hours: float = 0.0
    cool_down_hours: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What comes, hour by hour; all of shape (months, hours) with the hours of a week.

    Attributes:
        requests_per_s: that come, on average over the hour [requests/s].
        covered_requests_per_s: that capacity must cover, bursts inside the hour included [requests/s].
        peak_requests_per_s: that a fleet must cover which does not change inside a month [requests/s], shape (months,).
    """

    requests_per_s: Rates
    covered_requests_per_s: Rates
    peak_requests_per_s: Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in each month, each of shape (months,).

    Attributes:
        most: replicas in the busiest hour, spares included.
        least: in the quietest hour; 0 where the last one may go.
        paid: mean over the hours of what is paid for, start-up times included.
        late_fraction: share of the requests that come before the replicas for them are ready [fraction].
        asleep_fraction: share of the hours in which no replica stands [fraction].
    """

    most: Rates
    least: Rates
    paid: Rates
    late_fraction: Rates
    asleep_fraction: Rates


def standing(load: Load, goodput_requests_per_s: float, policy: Policy, spares: Spares) -> Standing:
    """Replicas of every month under a policy.

    Args:
        load: what comes.
        goodput_requests_per_s: of one replica [requests/s].
        policy: when replicas are started and stopped.
        spares: what stands so that enough answer, by replicas that must answer.

    Special cases: a month without requests has no fleet; a profile without hours of more and fewer requests gives the same under every policy.

    Raises:
        OverflowError: more replicas than any fleet has.
    """
    if policy.kind == "fixed":
        needed = replicas_for(load.peak_requests_per_s, goodput_requests_per_s)
        count = _floored(spares(needed), needed > 0, policy).astype(float)
        none = np.zeros_like(count)
        return Standing(most=count, least=count, paid=count, late_fraction=none, asleep_fraction=none)
    needed = replicas_for(load.covered_requests_per_s, goodput_requests_per_s)
    open_months = load.peak_requests_per_s > 0
    wanted = _floored(spares(needed), open_months[:, None], policy)
    if policy.kind == "scheduled":
        return _scheduled(wanted, policy)
    serving = np.maximum(needed, _floor_that_serves(spares, policy) * open_months[:, None])
    return _reactive(load, goodput_requests_per_s, policy, _Wanted(wanted=wanted, serving=serving))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Replicas that the load asks for, with spares and without, shape (months, hours)."""

    wanted: Counts
    serving: Counts


def _scheduled(wanted: Counts, policy: Policy) -> Standing:
    paid = started_ahead(wanted, policy.start_up_hours)
    none = np.zeros(wanted.shape[0])
    return Standing(
        most=wanted.max(axis=1).astype(float),
        least=wanted.min(axis=1).astype(float),
        paid=paid.mean(axis=1),
        late_fraction=none,
        asleep_fraction=(wanted == 0).mean(axis=1),
    )


def _reactive(load: Load, goodput: float, policy: Policy, asked: _Wanted) -> Standing:
    paid = kept_on(asked.wanted, policy.cool_down_hours).mean
    kept = kept_on(asked.serving, policy.cool_down_hours)
    answering = ready(kept, policy.start_up_hours)
    least, asleep = asked.wanted.min(axis=1).astype(float), np.zeros_like(paid)
    sleepy = np.zeros(paid.shape, dtype=bool) if policy.min_replicas else kept.values.max(axis=0) <= 1
    late = np.zeros_like(paid)
    if sleepy.any():
        # Beside a larger fleet the last replica is never without requests for long; alone, it is.
        nap = sleeping(load.requests_per_s, policy.start_up_hours, policy.cool_down_hours)
        asleep = np.where(sleepy, 1 - nap.standing_fraction, 0.0)
        # In an hour without requests stands what the hour before left awake, for the cool-down.
        awake = np.where(
            asked.wanted > 0, nap.standing_fraction * asked.wanted, np.roll(nap.standing_fraction, 1, 1) * paid
        )
        paid = np.where(sleepy, awake, paid)
        late = np.where(sleepy, nap.late_fraction, 0.0)
        least = np.where(sleepy.any(axis=1), 0.0, least)
        answering = Steps(starts=answering.starts, values=np.where(sleepy, 1, answering.values))
    # In one hour the two never meet: where the last replica may sleep, it carries the hour once it is awake.
    late = np.maximum(late, late_fraction(load.requests_per_s, answering, goodput))
    return Standing(
        most=asked.wanted.max(axis=1).astype(float),
        least=least,
        paid=paid.mean(axis=1),
        late_fraction=_share(late, load.requests_per_s),
        asleep_fraction=asleep.mean(axis=1),
    )


def _share(late: Rates, requests_per_s: Rates) -> Rates:
    """Share of a month's requests, from the shares of its hours."""
    total = requests_per_s.sum(axis=1)
    return np.asarray(np.divide((late * requests_per_s).sum(axis=1), total, out=np.zeros_like(total), where=total > 0))


def _floored(counts: Counts, is_open: npt.NDArray[np.bool_], policy: Policy) -> Counts:
    return np.asarray(np.where(is_open, np.maximum(counts, policy.min_replicas), counts))


def _floor_that_serves(spares: Spares, policy: Policy) -> int:
    """Replicas that `min_replicas` can be relied on for: the most whose spares fit into them."""
    if policy.min_replicas <= 1:
        return policy.min_replicas
    return int(np.searchsorted(spares(np.arange(1, policy.min_replicas + 1)), policy.min_replicas, side="right"))
