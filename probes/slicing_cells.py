"""One load point of a sliced model, carried to full depth; the run as a whole is in `probes.slicing`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probes.affine import Spread, carried, line_weights
from probes.cell import Cell, EnergyReading
from probes.record import Bounds, Interval, Percentiles, Warn

PERCENTILES = ("p50", "p90", "p95", "p99")
_TIMES = ("ttft_ms", "itl_ms", "tpot_ms", "e2e_ms", "ttft_scheduled_ms", "icl_ms")

LINE_TOLERANCE = 0.05
"""Residual of a line through three or more depths [fraction of the time] above which the cell says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicedCell:
    """The same load point at several depths.

    Attributes:
        cells: by rising depth; closed loops of one concurrency.
        depths: layers of each.
        layers_full: where to.
        error_fraction: how far the method misses; intervals are widened by it.
    """

    cells: tuple[Cell, ...]
    depths: tuple[int, ...]
    layers_full: int
    error_fraction: float

    @property
    def weights(self) -> tuple[float, ...]:
        """Of each depth in what the line says at full depth."""
        return line_weights(self.depths, self.layers_full)

    @property
    def streams(self) -> int:
        """Requests in flight."""
        return self.cells[0].concurrency or 1

    def carry(self, points: Sequence[Spread]) -> Spread:
        """A time at full depth, widened by the method's error."""
        spread = carried(points, self.weights)
        return spread.at_least(self.error_fraction * abs(spread.value))


def cycle_time_s(rate: Interval, cell: Cell) -> float | None:
    """Time of one stream from request to request (or token to token) [s]: streams over rate, by Little's law; None without a rate."""
    return (cell.concurrency or 1) / rate.mean if rate.mean > 0 else None


def carried_cell(sliced: SlicedCell, kv_tokens: int | None) -> Cell:
    """A load point at full depth.

    Args:
        sliced: the load point at several depths.
        kv_tokens: what the KV cache holds at full depth; None where not known.

    Returns:
        The cell. Counts are the deepest slice's, `duration_s` what they would take. It is not complete where the KV cache would not hold its requests.
    """
    deepest = sliced.cells[-1]
    rates = {name: _rate(sliced, name) for name in ("requests_per_s", "output_tokens_per_s", "total_tokens_per_s")}
    requests_per_s = rates["requests_per_s"].mean
    times = {name: _percentiles(sliced, [getattr(cell, name) for cell in sliced.cells]) for name in _TIMES}
    needed = sliced.streams * (deepest.input_tokens + deepest.output_tokens) / max(deepest.requests_ok, 1)
    fits = kv_tokens is None or needed <= kv_tokens
    energy = _energy(sliced, rates["output_tokens_per_s"].mean)
    per_token = energy.energy_joules_per_output_token if energy is not None else None
    return Cell(
        concurrency=deepest.concurrency,
        role=deepest.role,
        arrivals=deepest.arrivals,
        shape=deepest.shape,
        repeats=min(cell.repeats for cell in sliced.cells),
        duration_s=deepest.requests_ok / requests_per_s if requests_per_s > 0 else 0.0,
        requests_ok=deepest.requests_ok,
        input_tokens=deepest.input_tokens,
        output_tokens=deepest.output_tokens,
        token_source=deepest.token_source,
        **rates,
        **times,
        energy=energy,
        power_watts=energy.power_watts if energy is not None else None,
        energy_joules=per_token * deepest.output_tokens if per_token is not None else None,
        kv_cache_usage_fraction=None if kv_tokens is None or not fits else needed / kv_tokens,
        complete=fits,
        reason=None if fits else f"the KV cache would hold {kv_tokens} tokens, and these requests need {needed:.0f}",
        warnings=_warnings(sliced, times),
    )


def _rate(sliced: SlicedCell, name: str) -> Interval:
    intervals: list[Interval] = [getattr(cell, name) for cell in sliced.cells]
    if any(interval.mean <= 0 for interval in intervals):
        return Interval(mean=0.0, reason="a slice has no rate")
    time = sliced.carry([_time_of(interval, sliced.streams) for interval in intervals])
    mean = sliced.streams / time.value
    samples = [interval.effective_samples for interval in intervals if interval.effective_samples is not None]
    if time.below is None or time.above is None:
        reason = next((interval.reason for interval in intervals if interval.reason), "a slice has no interval")
        return Interval(mean=mean, reason=reason)
    if time.below >= time.value:
        return Interval(mean=mean, reason="the slices are too uncertain to bound the full depth: measure them longer")
    low, high = sliced.streams / (time.value + time.above), sliced.streams / (time.value - time.below)
    return Interval(mean=mean, low=low, high=high, effective_samples=min(samples, default=None))


def _time_of(rate: Interval, streams: int) -> Spread:
    value = streams / rate.mean
    if rate.low is None or rate.high is None or rate.low <= 0:
        return Spread(value=value)
    return Spread(value=value, below=value - streams / rate.high, above=streams / rate.low - value)


def _percentiles(sliced: SlicedCell, measured: Sequence[Percentiles]) -> Percentiles:
    values: dict[str, float | None] = {}
    bounds: dict[str, Bounds] = {}
    missing: dict[str, str] = {}
    floor = 0.0
    for name in ("mean", *PERCENTILES):
        spread, reason = _percentile(sliced, measured, name)
        if spread is not None and name in PERCENTILES and spread.value < floor:
            spread, reason = None, "carried to full depth it fell below a lower percentile: too few samples"
        if spread is None:
            missing |= {name: reason} if reason else {}
            continue
        values[name] = spread.value
        floor = spread.value if name in PERCENTILES else floor
        if spread.below is not None and spread.above is not None and name in PERCENTILES:
            bounds[name] = Bounds(low=max(0.0, spread.value - spread.below), high=spread.value + spread.above)
    samples = [each.samples for each in measured if each.samples is not None]
    return Percentiles(**values, samples=min(samples, default=None), bounds=bounds, missing=missing)


def _percentile(sliced: SlicedCell, measured: Sequence[Percentiles], name: str) -> tuple[Spread | None, str]:
    points = [_point(each, name) for each in measured]
    known = [point for point in points if point is not None]
    if len(known) < len(points):
        return None, next((each.missing[name] for each in measured if name in each.missing), "")
    spread = sliced.carry(known)
    if known[-1].value < known[0].value or spread.value <= 0:
        return None, "more layers were not slower: the difference is lost in noise"
    return spread, ""


def _point(measured: Percentiles, name: str) -> Spread | None:
    value: float | None = getattr(measured, name)
    if value is None:
        return None
    bounds = measured.bounds.get(name)
    return (
        Spread(value=value)
        if bounds is None
        else Spread(value=value, below=max(0.0, value - bounds.low), above=max(0.0, bounds.high - value))
    )


def _energy(sliced: SlicedCell, output_tokens_per_s: float) -> EnergyReading | None:
    """Energy a token is affine in layers as time is; power is energy a token times tokens a second."""
    readings = [cell.energy for cell in sliced.cells]
    known = [reading for reading in readings if reading is not None]
    if len(known) < len(readings):
        return None
    joules = [reading.energy_joules_per_output_token for reading in known]
    codes = sorted({code for reading in known for code in reading.codes})
    if codes or any(value is None for value in joules):
        reason = next((reading.reason for reading in known if reading.reason), "a slice has no valid energy")
        return EnergyReading(codes=codes, estimate=True, reason=reason)
    per_token = carried([Spread(value=value or 0.0) for value in joules], sliced.weights).value
    power_watts, limit_watts = per_token * output_tokens_per_s, known[-1].power_limit_watts
    if per_token <= 0 or (limit_watts is not None and power_watts > limit_watts):
        reason = f"carried to full depth it would be {power_watts:.0f} W: the slices' energy is too uncertain"
        return EnergyReading(estimate=True, reason=reason)
    return EnergyReading(
        source=known[-1].source,
        power_watts=power_watts,
        energy_joules_per_output_token=per_token,
        power_limit_watts=limit_watts,
        estimate=True,
    )


def _warnings(sliced: SlicedCell, times: dict[str, Percentiles]) -> list[Warn]:
    cycle = [cycle_time_s(cell.requests_per_s, cell) or 0.0 for cell in sliced.cells]
    residuals = [
        abs(carried([Spread(value=value) for value in cycle], line_weights(sliced.depths, depth)).value / time - 1)
        for depth, time in zip(sliced.depths, cycle, strict=True)
        if time > 0
    ]
    found = []
    if residuals and max(residuals) > LINE_TOLERANCE:
        text = f"{sliced.cells[0].label}: the depths do not lie on a line; the worst is {max(residuals):.0%} off it."
        found.append(Warn(code="not_affine", message=text, observed=max(residuals), threshold=LINE_TOLERANCE))
    nothing = carried([Spread(value=value) for value in cycle], line_weights(sliced.depths, 0)).value
    if nothing < -LINE_TOLERANCE * cycle[0]:
        text = f"{sliced.cells[0].label}: carried back to no layers at all the time would be negative, so the deeper slice was slowed down by something else."
        found.append(Warn(code="negative_overhead", message=text, observed=nothing))
    lost = [name for name in _TIMES[:4] if times[name].mean is None and times[name].missing]
    if lost:
        text = f"{sliced.cells[0].label}: {', '.join(lost)} cannot be carried to full depth; the difference between depths is lost in noise."
        found.append(Warn(code="lost_in_noise", message=text, observed=len(lost)))
    return found
