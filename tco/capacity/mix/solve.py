"""The cheapest mix of machine types that serves all buckets within their promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tco.capacity.mix.effort import DEFAULT_GAP_FRACTION, DEFAULT_TIME_LIMIT_S, Effort, gap
from tco.capacity.mix.inputs import problem_of
from tco.capacity.mix.model import Answer, Problem
from tco.capacity.mix.records import Bucket, Floats, HourShare, MachineType, Mix, SingleType, TypeUse
from tco.capacity.mix.refusals import unservable_buckets, without_mix

_OPTIMAL = 0
_ROUNDING = 1e-9


def cheapest_mix(
    buckets: Sequence[Bucket],
    machines: Sequence[MachineType],
    goodput_requests_per_s: npt.ArrayLike,
    *,
    hour_factors: npt.ArrayLike = (1.0,),
    forbidden: Collection[tuple[str, str]] = (),
    min_share_fraction: Mapping[str, float] | None = None,
    max_types: int | None = None,
    slices: int | None = None,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
    gap_fraction: float = DEFAULT_GAP_FRACTION,
) -> Mix:
    """Counts of each machine type, and who serves which requests, at the least cost per hour.

    `minimise Σ_j price_j (y_j + spares_j)` with `Σ_j x_ij = 1`, `Σ_i x_ij · rate_i / goodput_ij ≤ y_j`, `y_j` whole [1]. A replica's time is taken to
    add up over the buckets that it serves: what it does for requests of one size it does as fast beside requests of another.

    Args:
        buckets: what is asked; sizes of one workload, or of several that share the fleet, each with its own promise.
        machines: what can be had, of prices and stock.
        goodput_requests_per_s: of one replica for requests of that bucket alone within its promise, shape (buckets, types). 0 or not a number: it
            cannot hold the promise.
        hour_factors: the fleet stands in all these hours and must serve each; factors on the rates, shape (hours,) or (hours, buckets). An hour in which
            every bucket asks for no more than in another asks for nothing of its own: leave it out (`tco.capacity.mix.hours.busiest_hours`).
        forbidden: pairs of a bucket's or a workload's name and the name of a type that must not serve it.
        min_share_fraction: least part of all requests that a type must serve, by name: a contract, or a second supplier.
        max_types: how many types may be used at most.
        slices: a bucket goes to types in so many whole parts, as in [1]. None: in any parts, which a router that draws the type at random does.
        time_limit_s: when the best mix so far is taken [s].
        gap_fraction: how far above the cheapest is near enough [fraction].

    Special cases:
        - nothing asked: nothing stands;
        - no mix: `feasible` is False with the reasons; `unservable` names the buckets that no type can serve, `served_fraction` how much the stock carries.

    Raises:
        InputError: an input does not fit.

    References:
        [1] T. Griggs et al., "Mélange: Cost Efficient Large Language Model Serving by Exploiting GPU Heterogeneity", arXiv 2404.14527 (2024).

    >>> small, large = MachineType(name="small", price_usd_per_hour=1), MachineType(name="large", price_usd_per_hour=3)
    >>> asked = [Bucket(name="short", requests_per_s=10), Bucket(name="long", requests_per_s=2)]
    >>> mix = cheapest_mix(asked, [small, large], [[5, 10], [0.25, 2]])
    >>> mix.counts, mix.cost_usd_per_hour, mix.best_single.name, round(mix.saving_fraction, 3)
    ({'small': 2, 'large': 1}, 5.0, 'large', 0.167)
    """
    problem = problem_of(
        buckets,
        machines,
        goodput_requests_per_s,
        hour_factors=hour_factors,
        forbidden=forbidden,
        min_share_fraction=min_share_fraction,
        max_types=max_types,
        slices=slices,
    )
    effort = Effort(time_limit_s=time_limit_s, gap_fraction=gap_fraction)
    return solved(_standing(problem), tuple(bucket.name for bucket in buckets), effort)


def _standing(problem: Problem) -> Problem:
    """With what stands in one hour standing in all: "reserved" at the price of an hour; costs stay those of one hour."""
    hours = problem.hours.size
    if hours == 1:
        return replace(problem, hours=np.ones(1))
    machines = tuple(replace(machine, reserved_usd_per_hour=machine.price_usd_per_hour) for machine in problem.machines)
    return replace(problem, machines=machines, hours=np.full(hours, 1 / hours), reserving=True, renting=False)


def solved(problem: Problem, names: tuple[str, ...], effort: Effort) -> Mix:
    """The mix of a problem of what stands in all hours.

    Args:
        problem: with one group of hours, or with nothing that is rented by the hour.
        names: of the buckets.
        effort: how long.
    """
    asked = np.asarray((problem.weights > 0).any(axis=0))
    unservable = unservable_buckets(problem, names)
    if unservable:
        listed = ", ".join(unservable)
        return Mix(
            status="infeasible",
            unservable=unservable,
            single_types=_single_types(problem, names, effort),
            served_fraction=0.0,
            reasons=(f"no machine type holds the promise for: {listed}. Promise more time, or offer a faster type",),
        )
    busy = _only(problem, asked)
    if not asked.any():
        return _mix_of_nothing(problem)
    answer = effort.solve(busy)
    singles = _single_types(problem, names, effort)
    if not answer.found:
        return replace(without_mix(answer, busy, effort), single_types=singles)
    return _mix(answer, busy, asked, singles)


def _only(problem: Problem, asked: npt.NDArray[np.bool_]) -> Problem:
    """Without buckets that nobody asks for: who would serve them does not matter."""
    return replace(problem, loads=problem.loads[:, asked, :], weights=problem.weights[:, asked])


def _mix_of_nothing(problem: Problem) -> Mix:
    uses = tuple(
        TypeUse(name=m.name, count=0, spares=0, load_replicas=0.0, requests_per_s=0.0, cost_usd_per_hour=0.0)
        for m in problem.machines
    )
    return Mix(
        status="optimal",
        uses=uses,
        assignment=np.zeros(problem.loads.shape[1:]),
        cost_usd_per_hour=0.0,
        bound_usd_per_hour=0.0,
        gap_fraction=0.0,
        single_types=tuple(SingleType(name=m.name, count=0, cost_usd_per_hour=0.0) for m in problem.machines),
    )


def _mix(answer: Answer, problem: Problem, asked: npt.NDArray[np.bool_], singles: tuple[SingleType, ...]) -> Mix:
    counts = _counts(answer)
    loads = (np.where(np.isfinite(problem.loads), problem.loads, 0.0) * answer.shares).sum(axis=1).max(axis=0)
    sent = np.einsum("gi,gij->gj", problem.weights, answer.shares).max(axis=0)
    uses = tuple(
        TypeUse(
            name=machine.name,
            count=int(counts[kind]),
            spares=int(answer.spares[kind]),
            load_replicas=float(loads[kind]),
            requests_per_s=float(sent[kind]),
            cost_usd_per_hour=int(counts[kind]) * machine.price_usd_per_hour,
        )
        for kind, machine in enumerate(problem.machines)
    )
    cost = float(sum(use.cost_usd_per_hour for use in uses))
    hours = tuple(_hour(weights, shares, asked) for weights, shares in zip(problem.weights, answer.shares, strict=True))
    bound = None if answer.bound_usd is None else min(answer.bound_usd, cost)
    return Mix(
        status="optimal" if answer.code == _OPTIMAL else "time_limit",
        uses=uses,
        assignment=max(hours, key=lambda hour: float(hour.requests_per_s.sum())).assignment,
        hours=hours,
        cost_usd_per_hour=cost,
        bound_usd_per_hour=bound,
        gap_fraction=gap(cost, bound),
        single_types=singles,
    )


def _counts(answer: Answer) -> npt.NDArray[np.int64]:
    """All that stands, shape (types,)."""
    return np.asarray(answer.reserved + answer.hourly.max(axis=0) + answer.spares, dtype=np.int64)


def _hour(weights: Floats, shares: Floats, asked: npt.NDArray[np.bool_]) -> HourShare:
    rates, whole = np.zeros(asked.size), np.zeros((asked.size, shares.shape[1]))
    rates[asked], whole[asked] = weights, shares
    return HourShare(requests_per_s=rates, assignment=whole)


def _single_types(problem: Problem, names: tuple[str, ...], effort: Effort) -> tuple[SingleType, ...]:
    return tuple(_single(problem, names, kind, effort) for kind in range(len(problem.machines)))


def _single(problem: Problem, names: tuple[str, ...], kind: int, effort: Effort) -> SingleType:
    """A fleet of one type alone; minimal shares of others do not count."""
    machine = problem.machines[kind]
    asked = np.asarray((problem.weights > 0).any(axis=0))
    alone = replace(
        problem,
        loads=problem.loads[:, asked, kind : kind + 1],
        weights=problem.weights[:, asked],
        machines=(machine,),
        min_share_fraction=np.zeros(1),
        slices=None,
        max_types=None,
    )
    if not asked.any():
        return SingleType(name=machine.name, count=0, cost_usd_per_hour=0.0)
    lost = unservable_buckets(alone, tuple(name for name, is_asked in zip(names, asked, strict=True) if is_asked))
    if lost:
        return SingleType(
            name=machine.name,
            count=None,
            cost_usd_per_hour=None,
            reasons=(f"{machine.name} cannot hold the promise for: {', '.join(lost)}",),
        )
    answer = effort.solve(alone)
    if not answer.found:
        return SingleType(
            name=machine.name,
            count=None,
            cost_usd_per_hour=None,
            reasons=(
                f"{machine.name}: {_needed(alone.loads)} replicas and spares are needed, {machine.max_count} can be had",
            ),
        )
    count = int(_counts(answer)[0])
    return SingleType(name=machine.name, count=count, cost_usd_per_hour=count * machine.price_usd_per_hour)


def _needed(loads: Floats) -> int:
    return int(np.ceil(loads.sum(axis=(1, 2)).max() - _ROUNDING))
