"""The cheapest fleet over the hours of a week: what to reserve or own, and what to rent by the hour beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tco.capacity.mix.effort import DEFAULT_GAP_FRACTION, Effort, gap
from tco.capacity.mix.inputs import problem_of
from tco.capacity.mix.model import Answer, Problem, steady_usd_per_hour
from tco.capacity.mix.records import Bucket, MachineType, MixStatus
from tco.capacity.mix.refusals import unservable_buckets, without_mix

DEFAULT_WEEK_TIME_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekUse:
    """How one machine type is used over the week.

    Attributes:
        name: the type.
        reserved: replicas paid for in every hour.
        hourly: replicas rented beside them, by hour, shape (hours,) as a tuple.
        spares: kept in every hour for failures, at the cheaper price.
        cost_usd: of all, over all hours [USD].
    """

    name: str
    reserved: int
    hourly: tuple[int, ...]
    spares: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekMix:
    """The cheapest fleet over the hours, or why there is none.

    Attributes:
        status: as `Mix.status`.
        uses: of every type; empty where there is no fleet.
        cost_usd: over all hours [USD]; None where there is none.
        bound_usd: no fleet costs less [USD].
        gap_fraction: `(cost - bound) / cost`.
        hourly_only_usd: what the same demand costs with nothing reserved [USD]; None where that cannot serve.
        reserved_only_usd: with nothing rented by the hour [USD]; None where that cannot serve.
        reasons: why there is none.
        unservable: names of buckets that no type can serve.
    """

    status: MixStatus
    uses: tuple[WeekUse, ...] = ()
    cost_usd: float | None = None
    bound_usd: float | None = None
    gap_fraction: float | None = None
    hourly_only_usd: float | None = None
    reserved_only_usd: float | None = None
    reasons: tuple[str, ...] = field(default=())
    unservable: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether there is a fleet."""
        return self.cost_usd is not None


def cheapest_week(
    buckets: Sequence[Bucket],
    machines: Sequence[MachineType],
    goodput_requests_per_s: npt.ArrayLike,
    hour_factors: npt.ArrayLike,
    *,
    forbidden: Collection[tuple[str, str]] = (),
    min_share_fraction: Mapping[str, float] | None = None,
    max_types: int | None = None,
    time_limit_s: float = DEFAULT_WEEK_TIME_LIMIT_S,
    gap_fraction: float = DEFAULT_GAP_FRACTION,
) -> WeekMix:
    """What to pay for in every hour, and what to rent in the hours that need it, at the least cost over all hours.

    A program in two stages: replicas `y_j` at `reserved_usd_per_hour` in every hour, `z_jh` at `price_usd_per_hour` in hour `h`, and in each hour shares of
    every bucket, so that requests may move between types from hour to hour. Hours with equal demand are one group. Starting replicas takes no time here:
    what it costs is the simulator's to say.

    Args:
        buckets: what is asked; the rates are multiplied by the hour's factor.
        machines: with `reserved_usd_per_hour` where a type can be had for all hours.
        goodput_requests_per_s: as `cheapest_mix`.
        hour_factors: shape (hours,) such as the 168 weights of a profile with mean 1, or (hours, buckets) where workloads peak at different times.
        forbidden: as `cheapest_mix`.
        min_share_fraction: likewise, in every hour.
        max_types: likewise.
        time_limit_s: for each of the three programs [s].
        gap_fraction: likewise.

    Raises:
        InputError: an input does not fit.

    >>> one = MachineType(name="one", price_usd_per_hour=3, reserved_usd_per_hour=1)
    >>> week = cheapest_week([Bucket(name="all", requests_per_s=1)], [one], [[1]], [1, 1, 1, 4])
    >>> week.uses[0].reserved, week.uses[0].hourly, week.cost_usd, week.hourly_only_usd, week.reserved_only_usd
    (1, (0, 0, 0, 3), 13.0, 21.0, 16.0)
    """
    problem = problem_of(
        buckets,
        machines,
        goodput_requests_per_s,
        hour_factors=hour_factors,
        forbidden=forbidden,
        min_share_fraction=min_share_fraction,
        max_types=max_types,
        reserving=True,
    )
    effort = Effort(time_limit_s=time_limit_s, gap_fraction=gap_fraction)
    names = tuple(bucket.name for bucket in buckets)
    unservable = unservable_buckets(problem, names)
    if unservable:
        reason = (
            f"no machine type holds the promise for: {', '.join(unservable)}. Promise more time, or offer a faster type"
        )
        return WeekMix(status="infeasible", unservable=unservable, reasons=(reason,))
    problem = _servable(problem)
    answer = effort.solve(problem)
    if not answer.found:
        why = without_mix(answer, problem, effort)
        return WeekMix(status=why.status, reasons=why.reasons)
    return _week(answer, problem, effort, _group_of_hour(hour_factors, len(buckets)))


def _servable(problem: Problem) -> Problem:
    """A bucket that no type serves has no requests here: any type may serve none of them."""
    idle = ~np.isfinite(problem.loads).any(axis=2, keepdims=True)
    return replace(problem, loads=np.where(idle, 0.0, problem.loads))


def _group_of_hour(hour_factors: npt.ArrayLike, buckets: int) -> npt.NDArray[np.int64]:
    factors = np.asarray(hour_factors, dtype=float)
    rows = factors if factors.ndim > 1 else np.broadcast_to(factors[:, None], (factors.size, buckets))
    _, group = np.unique(rows, axis=0, return_inverse=True)
    return np.asarray(group, dtype=np.int64).ravel()


def _week(answer: Answer, problem: Problem, effort: Effort, group: npt.NDArray[np.int64]) -> WeekMix:
    costs = _costs(answer, problem)
    uses = tuple(
        WeekUse(
            name=machine.name,
            reserved=int(answer.reserved[kind]),
            hourly=tuple(int(count) for count in answer.hourly[group, kind]),
            spares=int(answer.spares[kind]),
            cost_usd=costs[kind],
        )
        for kind, machine in enumerate(problem.machines)
    )
    cost = sum(costs)
    bound = None if answer.bound_usd is None else min(answer.bound_usd, cost)
    return WeekMix(
        status="optimal" if answer.code == 0 else "time_limit",
        uses=uses,
        cost_usd=cost,
        bound_usd=bound,
        gap_fraction=gap(cost, bound),
        hourly_only_usd=_cost_of(replace(problem, reserving=False), effort),
        reserved_only_usd=_cost_of(replace(problem, renting=False), effort),
    )


def _costs(answer: Answer, problem: Problem) -> list[float]:
    hours = float(problem.hours.sum())
    return [
        hours * int(answer.reserved[kind]) * (machine.reserved_usd_per_hour or 0.0)
        + float(problem.hours @ answer.hourly[:, kind]) * machine.price_usd_per_hour
        + hours * int(answer.spares[kind]) * steady_usd_per_hour(machine, problem)
        for kind, machine in enumerate(problem.machines)
    ]


def _cost_of(problem: Problem, effort: Effort) -> float | None:
    answer = effort.solve(problem)
    return sum(_costs(answer, problem)) if answer.found else None
