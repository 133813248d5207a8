"""From a planned load point to the load that is generated, and what it uses of a paid endpoint. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.loadgen.contract import Load
from probes.servers.spending import Usage, planned
from probes.stages.estimate import requests_of

if TYPE_CHECKING:
    from probes.cell import Arrivals
    from probes.loadgen.contract import LoadResult
    from probes.run import Plan, WorkloadShape
    from probes.stages.points import Point
    from probes.workload.request import Arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An open loop's arrivals and the window of them that is measured, on the schedule's own clock.

    Attributes:
        arrivals: when requests are sent, ascending.
        start_s: end of the warm-up and beginning of the window [s].
        end_s: end of the window [s]; later arrivals keep the load on until its requests are answered.
        kind: how the arrivals came about.
    """

    arrivals: tuple[Arrival, ...]
    start_s: float
    end_s: float
    kind: Arrivals


def load_of(point: Point, schedule: Schedule | None, *, shape: WorkloadShape, number: int, attempt: int) -> Load:
    """The load of a point.

    Args:
        point: the load point.
        schedule: of an open loop; None for a closed one.
        shape: the run's own workload, whose lengths the point may replace.
        number: how many loads went before; part of every prompt's seed.
        attempt: see `probes.loadgen.contract.Load`.
    """
    if point.shape is not None:
        into, out = round(point.shape.input_tokens), round(point.shape.output_tokens)
        shape = shape.model_copy(update={"input_tokens": into, "output_tokens": out})
    if schedule is None:
        return Load(cell=number, shape=shape, attempt=attempt, concurrency=point.concurrency)
    return Load(cell=number, shape=shape, attempt=attempt, arrivals=schedule.arrivals, kind=schedule.kind)


def usage_of(point: Point, plan: Plan, shape: WorkloadShape, schedule: Schedule | None = None) -> Usage:
    """What a load point will use at least.

    Args:
        point: the load point.
        plan: repeats and requests.
        shape: the run's own lengths.
        schedule: of an open loop, where it is known: all of it.
    """
    requests = requests_of(point, plan) if schedule is None else len(schedule.arrivals)
    return usage_of_requests(requests, point, shape, schedule)


def usage_of_requests(requests: int, point: Point, shape: WorkloadShape, schedule: Schedule | None = None) -> Usage:
    """What some requests of a load point use: of its mean lengths, or the first of its schedule.

    Args:
        requests: how many.
        point: the load point.
        shape: the run's own lengths.
        schedule: of an open loop; its arrivals know their own lengths.
    """
    if schedule is not None:
        due = schedule.arrivals[:requests]
        return Usage(
            input_tokens=sum(arrival.input_tokens for arrival in due),
            output_tokens=sum(arrival.output_tokens for arrival in due),
            requests=len(due),
        )
    lengths = point.shape or shape
    return planned(requests, input_tokens=lengths.input_tokens, output_tokens=lengths.output_tokens)


def used(point: Point, shape: WorkloadShape, result: LoadResult) -> Usage:
    """What a load has used: the server's counts, and for requests that failed or were cut off what they asked for, since it may be billed.

    Args:
        point: the load point.
        shape: the run's own lengths.
        result: what came back.
    """
    asked = round((point.shape or shape).output_tokens)
    return Usage(
        input_tokens=sum(trace.input_tokens for trace in result.traces),
        output_tokens=sum(asked if trace.failure else trace.output_tokens for trace in result.traces),
        requests=len(result.traces),
    )
