"""What a replica holds at the load that it was promised to carry: the numbers that an autoscaler watches."""

from __future__ import annotations

import numpy as np

from probes.cell import Cell
from probes.run import Run
from tco.scenario import Workload

MS_PER_S = 1000.0


def in_flight_per_replica(run: Run, requests_per_s: float) -> float | None:
    """Requests in a replica, running and waiting, at a load: Little's law on the run's curve.

    `L(λ) = λ · W(λ)`, with the mean time of a request W interpolated over the rates that were measured. A load beyond them is taken at the nearest one.

    Args:
        run: what was measured.
        requests_per_s: load of one replica, in requests of the run's own lengths [requests/s].

    Returns:
        None where no usable cell has a time of a request.
    """
    points = sorted(
        {
            cell.requests_per_s.mean: seconds for cell in run.usable_cells if (seconds := _e2e_s(cell)) is not None
        }.items()
    )
    if not points or requests_per_s <= 0:
        return None
    rates = np.array([rate for rate, _ in points])
    at = float(np.clip(requests_per_s, rates[0], rates[-1]))
    return at * float(np.interp(at, rates, np.array([seconds for _, seconds in points])))


def class_limits_ms(workload: Workload) -> dict[str, dict[str, float]]:
    """Promises of each class of requests by its name; none where the workload has no classes.

    Args:
        workload: what is asked.
    """
    return {name: (kind.slo or workload.slo).limits() for name, kind in workload.classes.items()}


def strictest_limits_ms(workload: Workload) -> dict[str, float]:
    """The workload's promises; of several classes the smallest limit of each name, which nothing may break that serves them all.

    Args:
        workload: what is asked.
    """
    if not workload.classes:
        return workload.slo.limits()
    found: dict[str, float] = {}
    for limits in class_limits_ms(workload).values():
        for name, limit in limits.items():
            found[name] = min(limit, found.get(name, limit))
    return found


def waiting_per_replica(requests_per_s: float, slo_ms: dict[str, float], start_up_s: float) -> float:
    """Waiting requests that one replica still answers in time.

    A replica takes up `λ` requests a second, so the last of `λ · limit` waiting ones gets its first token just at the limit on TTFT. Where none is promised, the limit on
    the whole request bounds the wait; where that is not either, so many may wait as a replica takes up while another one starts. At least one.

    Args:
        requests_per_s: load that the replica was promised to carry [requests/s].
        slo_ms: limits by name, for example `{"ttft_p95_ms": 1000.0}`.
        start_up_s: until another replica answers [s].

    >>> waiting_per_replica(8.0, {"ttft_p95_ms": 500.0, "e2e_p95_ms": 9000.0}, 60.0), waiting_per_replica(2.0, {}, 60.0)
    (4.0, 120.0)
    """
    for metric in ("ttft", "e2e"):
        limits = [limit for name, limit in slo_ms.items() if name.startswith(f"{metric}_")]
        if limits:
            return max(1.0, requests_per_s * min(limits) / MS_PER_S)
    return max(1.0, requests_per_s * start_up_s)


def _e2e_s(cell: Cell) -> float | None:
    """Mean time of a request [s]: measured, or by the closed loop's law, or TTFT and the tokens after it; None where none is there."""
    if cell.e2e_ms.mean is not None:
        return cell.e2e_ms.mean / MS_PER_S
    if cell.concurrency is not None and cell.requests_per_s.mean > 0:
        return cell.concurrency / cell.requests_per_s.mean
    first = cell.ttft_ms.mean if cell.ttft_ms.mean is not None else cell.ttft_ms.p50
    each = cell.tpot_ms.mean if cell.tpot_ms.mean is not None else cell.tpot_ms.p50
    if first is None or each is None or cell.requests_ok == 0:
        return None
    return (first + each * max(cell.output_tokens / cell.requests_ok - 1, 0.0)) / MS_PER_S
