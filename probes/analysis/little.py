"""Little's law, L = λW, as a check that no request was lost, counted twice, or left idle. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from probes.cell import LittleCheck
from probes.trace import NS_PER_S, RequestTrace

MAX_ERROR_FRACTION = 0.05


def in_flight_mean(traces: Iterable[RequestTrace], start_ns: int, end_ns: int) -> float:
    """Requests in flight, integrated over a window and divided by its length; each counts from sent to ended.

    Args:
        traces: all requests of the load, also those that failed or were cut off.
        start_ns: the window's beginning.
        end_ns: its end; the mean of an empty window is 0.
    """
    if end_ns <= start_ns:
        return 0.0
    inside = sum(max(0, min(trace.ended_ns, end_ns) - max(trace.sent_ns, start_ns)) for trace in traces)
    return inside / (end_ns - start_ns)


def check(in_flight: float, rate_times_time: float) -> LittleCheck:
    """Compares the two sides: `error_fraction` is L / λW - 1; 0 where both are 0, 1 where only one is."""
    error = in_flight / rate_times_time - 1 if rate_times_time > 0 else float(in_flight > 0)
    return LittleCheck(in_flight_mean=in_flight, rate_times_time=rate_times_time, error_fraction=error)


def closed_check(
    traces: Sequence[RequestTrace], streams: Iterable[Sequence[RequestTrace]], start_ns: int, end_ns: int
) -> LittleCheck:
    """Little's law of a closed loop over whole request cycles.

    λW is summed stream by stream, `Σ n_s / T_s · mean time_s`: requests of the stream over the time of its cycles, times their mean time. It is the number
    of streams less the idle moments between their requests. L is integrated over the window from all requests, so a lost one
    makes it smaller and a doubled one larger.

    Args:
        traces: all requests of the load.
        streams: the measured requests of each stream, in order.
        start_ns: the window's beginning.
        end_ns: its end.
    """
    busy = 0.0
    for stream in streams:
        if stream and stream[-1].ended_ns > stream[0].sent_ns:
            times_ns = sum(trace.ended_ns - trace.sent_ns for trace in stream)
            busy += times_ns / (stream[-1].ended_ns - stream[0].sent_ns)
    return check(in_flight_mean(traces, start_ns, end_ns), busy)


def open_check(traces: Sequence[RequestTrace], start_ns: int, end_ns: int) -> LittleCheck:
    """Little's law of an open loop: λ and W are those of the requests sent in the window, L is integrated over it.

    The two differ by what was in flight at the window's edges, so a backlog that grows shows as an error below 0.

    Args:
        traces: all requests of the load.
        start_ns: the window's beginning.
        end_ns: its end.
    """
    within = [trace for trace in traces if start_ns <= trace.sent_ns < end_ns]
    total_s = sum(trace.ended_ns - trace.sent_ns for trace in within) / NS_PER_S
    length_s = (end_ns - start_ns) / NS_PER_S
    return check(in_flight_mean(traces, start_ns, end_ns), total_s / length_s if length_s > 0 else 0.0)


def miscounted(traces: Iterable[RequestTrace], *, due: Collection[int] = ()) -> tuple[int, int]:
    """Requests that are missing from their stream or schedule, and requests that are there twice.

    Args:
        traces: all requests of the load.
        due: numbers of a schedule that must have been sent. Without, numbers of a stream rise by one, and those between its first and its last must all
            be there.

    Returns:
        How many are lost, and how many are double.
    """
    seen = Counter((trace.stream, trace.number) for trace in traces)
    double = sum(count - 1 for count in seen.values())
    if due:
        return len(set(due) - {number for _, number in seen}), double
    numbers: dict[int, list[int]] = {}
    for stream, number in seen:
        numbers.setdefault(stream, []).append(number)
    return sum(max(those) - min(those) + 1 - len(those) for those in numbers.values()), double
