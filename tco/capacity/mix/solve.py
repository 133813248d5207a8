"""The cheapest mix of machine types that serves all buckets within their promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from tco.capacity.mix.inputs import problem_of
from tco.capacity.mix.model import Answer, Problem, solve
from tco.capacity.mix.records import Bucket, Floats, MachineType, Mix, MixStatus, SingleType, TypeUse

DEFAULT_TIME_LIMIT_S = 10.0
DEFAULT_GAP_FRACTION = 1e-6

_OPTIMAL, _TIME_LIMIT, _INFEASIBLE = 0, 1, 2
_ROUNDING = 1e-9
_CONFLICT = (
    "no mix keeps the minimal shares and the number of types together with what each type can serve; "
    "loosen `min_share_fraction`, `max_types`, `forbidden` or `slices`"
)


def cheapest_mix(
    buckets: Sequence[Bucket],
    machines: Sequence[MachineType],
    goodput_requests_per_s: npt.ArrayLike,
    *,
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
        forbidden=forbidden,
        min_share_fraction=min_share_fraction,
        max_types=max_types,
        slices=slices,
    )
    effort = Effort(time_limit_s=time_limit_s, gap_fraction=gap_fraction)
    return solved(problem, tuple(bucket.name for bucket in buckets), effort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long the solver may try, and how near is near enough."""

    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    gap_fraction: float = DEFAULT_GAP_FRACTION

    def solve(self, problem: Problem) -> Answer:
        """Solves a problem so."""
        return solve(problem, time_limit_s=self.time_limit_s, gap_fraction=self.gap_fraction)


def solved(problem: Problem, names: tuple[str, ...], effort: Effort) -> Mix:
    """The mix for one hour's problem.

    Args:
        problem: with one group of hours.
        names: of the buckets.
        effort: how long.
    """
    asked = np.asarray(problem.weights[0] > 0)
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


def unservable_buckets(problem: Problem, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the buckets with requests that no type can serve."""
    lost = (problem.weights > 0) & ~np.isfinite(problem.loads).any(axis=2)
    return tuple(name for name, is_lost in zip(names, np.asarray(lost.any(axis=0)).tolist(), strict=True) if is_lost)


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
    shares = answer.shares[0]
    counts = answer.hourly[0] + answer.spares
    loads = (np.where(np.isfinite(problem.loads[0]), problem.loads[0], 0.0) * shares).sum(axis=0)
    sent = problem.weights[0] @ shares
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
    whole = np.zeros((asked.size, counts.size))
    whole[asked] = shares
    bound = None if answer.bound_usd is None else min(answer.bound_usd, cost)
    return Mix(
        status="optimal" if answer.code == _OPTIMAL else "time_limit",
        uses=uses,
        assignment=whole,
        cost_usd_per_hour=cost,
        bound_usd_per_hour=bound,
        gap_fraction=gap(cost, bound),
        single_types=singles,
    )


def gap(cost: float, bound: float | None) -> float | None:
    """How far a cost may lie above the cheapest [fraction]; None where no bound is known."""
    if bound is None:
        return None
    return 0.0 if cost <= 0 else max(0.0, (cost - bound) / cost)


def without_mix(answer: Answer, problem: Problem, effort: Effort) -> Mix:
    """Says why there is no mix: the stock, the other demands, or the time."""
    if answer.code != _INFEASIBLE:
        status: MixStatus = "unsolved"
        return Mix(
            status=status,
            reasons=(
                f"no mix was found within {effort.time_limit_s:g} s ({answer.message}); give more time or fewer buckets",
            ),
        )
    free = effort.solve(problem.with_machines(tuple(replace(machine, max_count=None) for machine in problem.machines)))
    if not free.found:
        return Mix(
            status="infeasible",
            reasons=(_CONFLICT,),
        )
    wanted = (free.reserved + free.hourly).max(axis=0) + free.spares
    over = [
        f"{int(count)} {machine.name} where {machine.max_count} can be had"
        for machine, count in zip(problem.machines, wanted, strict=True)
        if machine.max_count is not None and count > machine.max_count
    ]
    if not over:
        return Mix(status="infeasible", reasons=(_CONFLICT,))
    served = carried_fraction(problem)
    sentence = (
        f"the stock is too small: the cheapest mix without limits is {', '.join(over)}; "
        f"all that can be had carries {served:.0%} of the load at most"
    )
    return Mix(status="infeasible", served_fraction=served, reasons=(sentence,))


def carried_fraction(problem: Problem) -> float:
    """Largest part of the load that the stock carries, all buckets cut alike, at the busiest hour; a linear program, so replicas count in parts."""
    busiest = int(problem.weights.sum(axis=1).argmax())
    loads = problem.loads[busiest]
    buckets, types = loads.shape
    able = np.isfinite(loads)
    # Shares and the common part s: the shares of each bucket add up to s.
    balance = np.hstack([np.kron(np.eye(buckets), np.ones(types)), -np.ones((buckets, 1))])
    work = np.hstack([np.tile(np.eye(types), buckets) * np.where(able, loads, 0.0).ravel(), np.zeros((types, 1))])
    stock = [np.inf if m.max_count is None else max(0, m.max_count - m.spares) for m in problem.machines]
    limited = np.isfinite(stock)
    bounds = [(0.0, 1.0 if is_able else 0.0) for is_able in able.ravel()] + [(0.0, 1.0)]
    result = linprog(
        [*np.zeros(buckets * types), -1.0],
        A_ub=work[limited] if limited.any() else None,
        b_ub=np.asarray(stock)[limited] if limited.any() else None,
        A_eq=balance,
        b_eq=np.zeros(buckets),
        bounds=bounds,
    )
    return -float(result.fun or 0.0) if result.status == 0 else 0.0


def _single_types(problem: Problem, names: tuple[str, ...], effort: Effort) -> tuple[SingleType, ...]:
    return tuple(_single(problem, names, kind, effort) for kind in range(len(problem.machines)))


def _single(problem: Problem, names: tuple[str, ...], kind: int, effort: Effort) -> SingleType:
    """A fleet of one type alone; minimal shares of others do not count."""
    machine = problem.machines[kind]
    asked = np.asarray(problem.weights[0] > 0)
    alone = Problem(
        loads=problem.loads[:, asked, kind : kind + 1],
        weights=problem.weights[:, asked],
        hours=problem.hours,
        machines=(machine,),
        min_share_fraction=np.zeros(1),
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
                f"{machine.name}: {_needed(alone.loads[0])} replicas and spares are needed, {machine.max_count} can be had",
            ),
        )
    count = int(answer.hourly[0, 0] + answer.spares[0])
    return SingleType(name=machine.name, count=count, cost_usd_per_hour=count * machine.price_usd_per_hour)


def _needed(loads: Floats) -> int:
    return int(np.ceil(loads.sum() - _ROUNDING))
