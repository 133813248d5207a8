"""The load at which the latency promise still holds on a run's measured curve.

This is the only place where a run becomes a capacity. It never reads past the last measured load, and it says how each
number was had: `measured`, `interpolated` or `modelled`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

from probes.cell import Cell
from probes.findings import Goodput
from probes.run import Run
from tco.capacity.latency import Basis, read_latency
from tco.capacity.shape import Conversion, convert
from tco.capacity.slo_capacity import SloCapacity, infeasible
from tco.format import limit_title, milliseconds
from tco.number_style import local
from tco.workload.asked import Slo

Floats = npt.NDArray[np.float64]


def slo_capacity(run: Run, slo: Slo, input_tokens: float, output_tokens: float) -> SloCapacity:
    """Goodput of one replica under the latency promise, for requests of the given mean lengths.

    Walks the run's cells from the lightest load up to the last one at which every limit holds. Between that cell and the
    next, each latency and the achieved rate are interpolated monotonely (PCHIP) over the load, and the load where the first
    limit is reached is found by Brent's method [1]. Past the last cell nothing is assumed: the last cell's rate is the
    answer.

    Args:
        run: the probe; cells that are incomplete or limited by the measuring client are left out. Where it searched for the
            load that keeps just these limits (`Run.goodput`), that is the answer.
        slo: the limits.
        input_tokens: mean prompt length of the scenario [tokens].
        output_tokens: mean answer length of the scenario [tokens].

    Returns:
        The capacity; `feasible` is False with the reason where no measured load meets the limits, or where the run's
        request lengths are too far from the scenario's (`tco.capacity.shape`).

    References:
        [1] F. N. Fritsch and J. Butland, "A method for constructing local monotone piecewise cubic interpolants", SIAM J.
        Sci. Stat. Comput. 5(2), 300-304 (1984); scipy.interpolate.PchipInterpolator.
    """
    cells = sorted(run.usable_cells, key=_load)
    if not cells:
        return infeasible(
            "the run has no usable cell: none is complete with answers and free of client limits; probe again",
            "no_usable_cell",
        )
    shape = convert(run.workload, input_tokens, output_tokens, run.cost_split)
    if not shape.usable:
        return infeasible(shape.sentence, "lengths_too_far")
    found = _search_for(run, slo.limits()) if shape.is_same else None
    if found is not None and found.requests_per_s:
        return _with_shape(_searched(found, found.requests_per_s, cells), shape, slo)
    missing = [name for name in slo.limits() if any(read_latency(cell, name) is None for cell in cells)]
    if missing:
        return infeasible(
            f"the run did not record {missing[0]}; probe with more requests, or promise a percentile it has",
            "percentile_not_recorded",
        )
    capacity = _on_curve(cells, slo.limits(), shape)
    return _with_shape(capacity if found is None else _below_broken(capacity, found), shape, slo)


def records(run: Run, slo: Slo) -> bool:
    """Whether every load point of a run has the percentiles that are promised.

    Args:
        run: the probe.
        slo: the limits.
    """
    return all(read_latency(cell, name) is not None for name in slo.limits() for cell in run.usable_cells)


def latency_at(run: Run, requests_per_s: float, metric: str) -> float | None:
    """A latency at a rate, on the very curves on which `slo_capacity` finds the rate: at its answer the limit that decides is met exactly.

    Args:
        run: the probe.
        requests_per_s: of one replica; below the lightest load the latency there is the answer, above the heaviest the one there [requests/s].
        metric: such as `ttft_p95_ms`.

    Returns:
        The latency at the run's own lengths [ms]; None where no load point has it.
    """
    read = [(cell, read_latency(cell, metric)) for cell in sorted(run.usable_cells, key=_load)]
    known = [(_load(cell), cell.requests_per_s.mean, reading.value_ms) for cell, reading in read if reading is not None]
    if not known:
        return None
    loads, rates, values = (list(column) for column in zip(*known, strict=True))
    reached = next((place for place, rate in enumerate(rates) if rate >= requests_per_s), len(rates) - 1)
    load = loads[reached]
    if reached and rates[reached] > requests_per_s:
        load = _root(_monotone(loads, rates), requests_per_s, loads[reached - 1], loads[reached])
    return _monotone(loads, np.maximum.accumulate(values).tolist())(load)


def _search_for(run: Run, limits: dict[str, float]) -> Goodput | None:
    """The run's search in open loop for just this promise, if it made one.

    Requests that arrive at random wait for each other more than those of a closed loop at the same rate, so the search knows better than the curve.
    """
    for found in run.goodput:
        promised = {f"{name}_p{found.target_fraction * 100:g}_ms": limit for name, limit in found.limits_ms.items()}
        if promised == limits:
            return found
    return None


def _searched(found: Goodput, rate: float, cells: list[Cell]) -> SloCapacity:
    at = max((cell for cell in cells if cell.requests_per_s.mean <= rate), key=_load, default=cells[0])
    note = f"searched with random arrivals: {local(rate):g} requests/s kept the promise"
    if not found.resolved:
        note += f" ({found.reason})"
    return SloCapacity(
        requests_per_s=rate,
        relative_low=1.0 if found.low is None else min(1.0, found.low / rate),
        relative_high=1.0 if found.high is None else max(1.0, found.high / rate),
        basis="measured",
        power_watts=at.power_watts,
        reasons=(note,),
    )


def _below_broken(capacity: SloCapacity, found: Goodput) -> SloCapacity:
    """The curve's answer, not above a rate that a search has shown to break the promise, where it showed none that keeps it."""
    note = f"no random traffic was shown to keep the promise ({found.reason}): the closed loop's curve is used, which waits less"
    broken = found.high
    if not capacity.feasible or broken is None or capacity.requests_per_s < broken:
        return replace(capacity, reasons=(*capacity.reasons, note))
    return replace(
        capacity,
        requests_per_s=broken,
        relative_low=0.0,
        relative_high=1.0,
        basis="modelled",
        reasons=(*capacity.reasons, f"{note}, cut to {local(broken):g} requests/s, which broke it"),
    )


def _on_curve(cells: list[Cell], limits: dict[str, float], shape: Conversion) -> SloCapacity:
    kept = _kept(cells, limits, shape)
    if kept == 0:
        return infeasible(_first_failure(cells[0], limits, shape), "slo_not_met_at_lightest_load")
    if kept == len(cells):
        best = max(range(kept), key=lambda i: cells[i].requests_per_s.mean)
        note = (
            ()
            if not limits
            else ("the promise still holds at the highest load that was probed; the true capacity may be higher",)
        )
        found = _at(cells[best], cells[best].requests_per_s.mean, _weakest(cells, limits, "measured"), note)
        return replace(found, code="beyond_last_load" if note else None)
    load = _crossing(cells, kept, limits, shape)
    rate = _monotone([_load(cell) for cell in cells], [cell.requests_per_s.mean for cell in cells])
    # Throughput may dip past the knee: a lighter load that was measured and carried more is the better operating point.
    achieved = max(float(rate(load)), *(cell.requests_per_s.mean for cell in cells[:kept]))
    return _at(cells[kept - 1], achieved, _weakest(cells[kept - 1 : kept + 1], limits, "interpolated"), ())


def _kept(cells: list[Cell], limits: dict[str, float], shape: Conversion) -> int:
    """How many cells, from the lightest load on, meet every limit before the first that does not."""
    for number, cell in enumerate(cells):
        if any(_latency_ms(cell, name, shape) > limit for name, limit in limits.items()):
            return number
    return len(cells)


def _crossing(cells: list[Cell], kept: int, limits: dict[str, float], shape: Conversion) -> float:
    """Lightest load between the last kept cell and the next at which some limit is reached."""
    loads = [_load(cell) for cell in cells]
    low, high = loads[kept - 1], loads[kept]
    crossings = [high]
    for name, limit in limits.items():
        # A latency that falls with load is noise or warm-up; the running maximum keeps the promise on the safe side.
        values = np.maximum.accumulate([_latency_ms(cell, name, shape) for cell in cells])
        if values[kept] > limit:
            curve = _monotone(loads, values.tolist())
            crossings.append(low if values[kept - 1] >= limit else _root(curve, limit, low, high))
    return min(crossings)


def _root(curve: Callable[[float], float], limit: float, low: float, high: float) -> float:
    return float(brentq(lambda load: float(curve(load)) - limit, low, high))


def _monotone(x: list[float], y: list[float]) -> Callable[[float], float]:
    if len(x) == 1:
        return lambda _: y[0]
    interpolant = PchipInterpolator(np.asarray(x), np.asarray(y))
    return lambda load: float(interpolant(load))


def _load(cell: Cell) -> float:
    return float(cell.concurrency) if cell.concurrency is not None else float(cell.request_rate_per_s or 0.0)


def _latency_ms(cell: Cell, metric: str, shape: Conversion) -> float:
    reading = read_latency(cell, metric)
    assert reading is not None  # slo_capacity has refused runs without it
    return reading.value_ms * shape.latency_factor(metric)


def _weakest(cells: list[Cell], limits: dict[str, float], otherwise: Basis) -> Basis:
    """`modelled` as soon as one latency that decided was extrapolated to its percentile."""
    readings = [read_latency(cell, name) for cell in cells for name in limits]
    return "modelled" if any(r is not None and r.basis == "modelled" for r in readings) else otherwise


def _at(cell: Cell, rate: float, basis: Basis, reasons: tuple[str, ...]) -> SloCapacity:
    interval = cell.requests_per_s
    low = interval.low / interval.mean if interval.low is not None and interval.mean > 0 else 1.0
    high = interval.high / interval.mean if interval.high is not None and interval.mean > 0 else 1.0
    return SloCapacity(
        requests_per_s=rate,
        relative_low=min(low, 1.0),
        relative_high=max(high, 1.0),
        basis=basis,
        power_watts=cell.power_watts,
        feasible=rate > 0,
        reasons=reasons,
    )


def _with_shape(capacity: SloCapacity, shape: Conversion, slo: Slo) -> SloCapacity:
    if not capacity.feasible:
        return capacity
    notes = list(capacity.reasons)
    if not slo.limits():
        notes.append("no latency was promised: capacity is the highest measured throughput, whatever the wait")
    if shape.is_same:
        return replace(capacity, reasons=tuple(notes))
    notes.append(shape.sentence)
    return replace(
        capacity,
        requests_per_s=capacity.requests_per_s * shape.rate,
        relative_low=capacity.relative_low * shape.low / shape.rate,
        relative_high=capacity.relative_high * shape.high / shape.rate,
        basis="modelled",
        reasons=tuple(notes),
    )


def _first_failure(cell: Cell, limits: dict[str, float], shape: Conversion) -> str:
    name, limit = next((n, limit) for n, limit in limits.items() if _latency_ms(cell, n, shape) > limit)
    value, name = _latency_ms(cell, name, shape), limit_title(name)
    return (
        f"no measured load meets the promise: at the lightest, {cell.label}, {name} is {milliseconds(value)} and the limit is "
        f"{milliseconds(limit)}. Promise more, use a faster GPU or a smaller model, or probe a lighter load"
    )
