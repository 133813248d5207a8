"""Open-loop load points: the schedule of one, the plan's own rates, the replay of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.stages.estimate import OPEN_LOOP_REQUESTS
from probes.stages.load import Schedule
from probes.stages.points import Point
from probes.workload.arrivals import ArrivalKind, realised_rate_per_s, schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.cell import Cell, CellRole
    from probes.run import WorkloadShape
    from probes.stages.conductor import Conductor
    from probes.workload.request import Arrival

WARM_UP_REQUESTS = 10
WARM_UP_ANSWERS = 2.0
"""The warm-up lasts for so many answers: from then on as many requests are in flight as the load keeps there."""
TAIL_ANSWERS = 3.0
"""After the window arrivals go on for so many answers, so that the window's last requests do not run on a server that empties."""
TRACE_WARM_UP_FRACTION = 0.1


async def measure_rates(conductor: Conductor) -> None:
    """Measures the open-loop rates that the plan names, from the lightest on.

    Args:
        conductor: the sweep.
    """
    rates = sorted(set(conductor.plan.request_rates_per_s))
    conductor.ahead += [Point(role="curve", request_rate_per_s=rate) for rate in rates]
    for rate in rates:
        await measure_rate(conductor, rate, role="curve")
        if conductor.stopped is not None:
            conductor.ahead.clear()
            return


async def measure_rate(
    conductor: Conductor,
    rate_per_s: float,
    *,
    role: CellRole,
    requests: int = OPEN_LOOP_REQUESTS,
    limits_ms: dict[str, float] | None = None,
) -> Cell | None:
    """Measures one rate.

    Args:
        conductor: the sweep.
        rate_per_s: mean arrivals [requests/s].
        role: what for.
        requests: in the window.
        limits_ms: a promise, for the share of requests that kept it.
    """
    point = Point(role=role, request_rate_per_s=rate_per_s)
    plan = schedule_of(
        conductor.shape,
        rate_per_s,
        requests=requests,
        answer_s=answer_s(conductor.cells, rate_per_s),
        attempt=conductor.ledger.attempt,
        cell=len(conductor.cells),
    )
    return await conductor.open(point, plan, limits_ms=limits_ms)


def schedule_of(
    shape: WorkloadShape, rate_per_s: float, *, requests: int, answer_s: float, attempt: int = 0, cell: int = 0
) -> Schedule:
    """Arrivals of a rate: warm-up, a window of so many requests on average, and a tail that keeps the load on.

    Args:
        shape: lengths, kind and burstiness of arrivals, seed.
        rate_per_s: mean arrivals [requests/s].
        requests: in the window, on average.
        answer_s: how long an answer is expected to take [s].
        attempt: see `probes.loadgen.contract.Load`.
        cell: part of the seed: two rates never share a schedule.
    """
    kind: ArrivalKind = shape.arrivals if shape.arrivals in ("constant", "gamma") else "poisson"
    warm_up_s = max(WARM_UP_REQUESTS / rate_per_s, WARM_UP_ANSWERS * answer_s)
    window_s = requests / rate_per_s
    total_s = warm_up_s + window_s + max(WARM_UP_REQUESTS / rate_per_s, TAIL_ANSWERS * answer_s)
    arrivals = schedule(kind, shape, rate_per_s=rate_per_s, duration_s=total_s, attempt=attempt, cell=cell)
    return Schedule(arrivals=arrivals, start_s=warm_up_s, end_s=warm_up_s + window_s, kind=kind)


def answer_s(cells: Sequence[Cell], rate_per_s: float) -> float:
    """How long an answer took at the lightest load that carried the rate, else at the heaviest [s]; 1 where nothing was measured.

    Args:
        cells: what was measured so far.
        rate_per_s: the rate that is meant [requests/s].
    """
    known = sorted(
        (cell.requests_per_s.mean, cell.e2e_ms.mean / 1e3)
        for cell in cells
        if cell.usable and cell.shape is None and cell.e2e_ms.mean is not None
    )
    if not known:
        return 1.0
    return next((took_s for rate, took_s in known if rate >= rate_per_s), known[-1][1])


async def measure_trace(conductor: Conductor, arrivals: tuple[Arrival, ...]) -> None:
    """Replays recorded traffic; the first tenth of it is warm-up.

    Args:
        conductor: the sweep.
        arrivals: as recorded.
    """
    rate = realised_rate_per_s(arrivals)
    if rate is None:
        return
    start_s = arrivals[0].offset_s + TRACE_WARM_UP_FRACTION * (arrivals[-1].offset_s - arrivals[0].offset_s)
    plan = Schedule(arrivals=arrivals, start_s=start_s, end_s=arrivals[-1].offset_s + 1e-9, kind="trace")
    await conductor.open(Point(role="trace", request_rate_per_s=rate), plan)
