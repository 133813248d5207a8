"""The search for the highest random load that keeps a promise, in open loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.analysis.capacity import Search, Tested, goodput, next_rate
from probes.record import Warn
from probes.stages.conductor import BUDGET, INTERRUPTED
from probes.stages.open_loop import answer_s, measure_rate

if TYPE_CHECKING:
    from probes.cell import Cell
    from probes.run import Plan
    from probes.stages.conductor import Conductor

UNRESOLVED = "goodput_unresolved"
REQUESTS = 150
"""Requests of a window without a budget: 96 independent ones that all keep it show 95 % at the search's confidence (Wilson)."""
FEWEST_REQUESTS, MOST_REQUESTS = 60, 600
TESTS_IN_A_SHARE = 4
"""Rates that a budget should leave room for: fewer do not bracket, more leave too few requests to each."""
FIRST_OF_BEST = 0.7
BEYOND_BEST = 1.5
LEAST_OF_BEST = 0.02


async def search_goodput(conductor: Conductor, share_s: float | None) -> None:
    """Offers rates as random arrivals until the boundary of the promise is bracketed, or the time is up.

    Args:
        conductor: the sweep; its plan has the promise, its curve says where to begin.
        share_s: what the search may spend [s]; None without a budget.
    """
    plan = conductor.plan
    best_per_s = max(
        (cell.requests_per_s.mean for cell in conductor.cells if cell.role == "curve" and cell.usable), default=0.0
    )
    if best_per_s <= 0:
        message = "The load that keeps the promise was not searched for: no usable closed loop says where to begin. Measure the curve as well."
        conductor.ledger.warnings.append(Warn(code=UNRESOLVED, message=message))
        return
    search = Search(
        limits_ms=plan.slo_ms,
        target_fraction=plan.slo_target_fraction,
        first_per_s=_first_per_s(conductor, best_per_s),
        least_per_s=LEAST_OF_BEST * best_per_s,
        most_per_s=BEYOND_BEST * best_per_s,
    )
    until_s = None if share_s is None else conductor.elapsed_s + share_s
    tested: list[Tested] = []
    while conductor.stopped is None and (rate := next_rate(tested, search)) is not None:
        rate = float(f"{rate:.4g}")
        requests = _requests(rate, share_s)
        if until_s is not None and conductor.elapsed_s + _takes_s(conductor, rate, requests) > until_s and tested:
            break
        cell = await measure_rate(conductor, rate, role="goodput", requests=requests, limits_ms=dict(search.limits_ms))
        if cell is None or not _tells(cell) or cell.attainment is None:
            _say_why(conductor, cell)
            break
        tested.append(Tested(rate_per_s=rate, attainment=cell.attainment))
    found = goodput(tested, search)
    conductor.ledger.findings["goodput"] = [found]
    if not found.resolved:
        message = f"The search for the load that keeps the promise is not resolved: {found.reason}."
        conductor.ledger.warnings.append(Warn(code=UNRESOLVED, message=message))


def _first_per_s(conductor: Conductor, best_per_s: float) -> float:
    """The rate of the heaviest closed loop whose own percentiles keep the promise, a little less for the bunching of random arrivals."""
    keeping = [
        cell.requests_per_s.mean
        for cell in conductor.cells
        if cell.role == "curve" and cell.usable and _keeps(cell, conductor.plan)
    ]
    return FIRST_OF_BEST * max(keeping, default=best_per_s)


def _keeps(cell: Cell, plan: Plan) -> bool:
    percentile = f"p{plan.slo_target_fraction * 100:g}"
    found = [(getattr(getattr(cell, f"{name}_ms"), percentile, None), limit) for name, limit in plan.slo_ms.items()]
    return all(value is not None and value <= limit for value, limit in found)


def _tells(cell: Cell) -> bool:
    """Whether a cell says something about the promise: a server that refuses or times out has broken it, a client that was late proves nothing."""
    overloaded = cell.requests_failed > 0 and not cell.client_bound and cell.reason not in (BUDGET, INTERRUPTED)
    return cell.usable or overloaded


def _say_why(conductor: Conductor, cell: Cell | None) -> None:
    if cell is None or conductor.stopped is not None:
        return
    why = "the measuring client was the limit" if cell.client_bound else cell.reason
    message = f"The search for the load that keeps the promise ended at {cell.label}, which tells nothing: {why}."
    conductor.ledger.warnings.append(Warn(code=UNRESOLVED, message=message))


def _requests(rate_per_s: float, share_s: float | None) -> int:
    if share_s is None:
        return REQUESTS
    return round(min(MOST_REQUESTS, max(FEWEST_REQUESTS, rate_per_s * share_s / TESTS_IN_A_SHARE)))


def _takes_s(conductor: Conductor, rate_per_s: float, requests: int) -> float:
    return requests / rate_per_s + 2 * answer_s(conductor.cells, rate_per_s)
