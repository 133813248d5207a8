"""Why there is no mix: what no type can serve, stock that is too small, demands that contradict each other, no time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linprog

from tco.capacity.mix.effort import Effort
from tco.capacity.mix.model import Answer, Problem
from tco.capacity.mix.records import Mix, MixStatus

_INFEASIBLE = 2
_CONFLICT = (
    "no mix keeps the minimal shares and the number of types together with what each type can serve; "
    "loosen `min_share_fraction`, `max_types`, `forbidden` or `slices`"
)


def unservable_buckets(problem: Problem, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the buckets with requests that no type can serve."""
    lost = (problem.weights > 0) & ~np.isfinite(problem.loads).any(axis=2)
    return tuple(name for name, is_lost in zip(names, np.asarray(lost.any(axis=0)).tolist(), strict=True) if is_lost)


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
