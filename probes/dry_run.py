"""What a plan would do, without doing it: load points, requests, tokens, time and dollars. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from probes.cell import Cell, CellShape
from probes.run import Plan, WorkloadShape
from probes.servers.spending import SpendingCap, Usage
from probes.stages.estimate import expected_point_s, expected_request_s, rounds
from probes.stages.load import usage_of
from probes.stages.points import Point, context_points, ladder, length_mixes, prefill_points

TRIAL_REQUESTS = 10
"""Requests, at most, of the run's own length by which it is found out what a server understands."""

TRIAL_TOKENS = 2_500
"""Tokens of the trials beside these: whether a server has a prefix cache shows with a prompt of some hundred tokens only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast one user alone is answered: what the time of a plan is computed from where nothing was measured yet.

    Attributes:
        ttft_ms: time to first token [ms].
        tpot_ms: time per further token [ms].
    """

    ttft_ms: float
    tpot_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPoint:
    """One load point.

    Attributes:
        part: which part of the plan it belongs to.
        label: how people name it.
        usage: requests and tokens, warm-up included, at least.
        expected_s: how long it will take [s]; None where nothing is known to compute it from.
    """

    part: str
    label: str
    usage: Usage
    expected_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a plan would do.

    Attributes:
        points: load points that are certain to be planned, in the order of the parts.
        open_ended: parts whose load points depend on what is measured; they end with their share of the budget.
        usage: all of `points`, and trials.
        expected_s: all of `points` [s]; None where one is not known.
        usd: what `usage` costs on a paid endpoint [USD]; None without prices.
    """

    points: tuple[PlannedPoint, ...]
    open_ended: tuple[str, ...]
    usage: Usage
    expected_s: float | None
    usd: float | None


def dry_run(
    plan: Plan,
    shape: WorkloadShape,
    *,
    speed: Speed | None = None,
    cells: Sequence[Cell] = (),
    prices: SpendingCap | None = None,
) -> DryRun:
    """What a plan would do.

    Time of a load point: `rounds × request time`, with the request time of `cells` at that load, or grown from one user's as the square root of the
    load (see `probes.stages.estimate.expected_request_s`).

    Args:
        plan: parts, load points, repeats.
        shape: mean lengths.
        speed: of one user, where nothing was measured.
        cells: of an earlier run on such hardware; they go before `speed`.
        prices: of a paid endpoint.
    """
    points = tuple(_planned(part, point, plan, shape, speed, cells) for part, point in planned_points(plan, shape))
    if shape.trace is not None and "trace" in plan.measure:
        points += (_replay(shape),)
    trials = Usage(
        input_tokens=TRIAL_TOKENS + TRIAL_REQUESTS * shape.input_tokens,
        output_tokens=TRIAL_REQUESTS * shape.output_tokens,
        requests=TRIAL_REQUESTS,
    )
    usage = sum((point.usage for point in points), trials)
    known = [point.expected_s for point in points if point.expected_s is not None]
    return DryRun(
        points=points,
        open_ended=tuple(part for part in plan.measure if part in ("goodput", "idle")),
        usage=usage,
        expected_s=sum(known) if len(known) == len(points) else None,
        usd=None if prices is None else prices.usd(usage),
    )


def planned_points(plan: Plan, shape: WorkloadShape) -> list[tuple[str, Point]]:
    """Load points that are certain to be planned, each with its part.

    The saturated load at which lengths are told apart is not known yet; the plan's heaviest stands for it, so that requests are not underestimated.

    Args:
        plan: parts and load points.
        shape: mean lengths.
    """
    loads = ladder(plan)
    found: list[tuple[str, Point]] = []
    if "curve" in plan.measure:
        found += [("curve", Point(role="curve", concurrency=load)) for load in loads]
        found += [
            ("curve", Point(role="curve", request_rate_per_s=rate)) for rate in sorted(set(plan.request_rates_per_s))
        ]
    if "lengths" in plan.measure:
        found += [("lengths", point) for point in length_mixes(shape, loads[-1])]
    if "prefill" in plan.measure:
        found += [("prefill", point) for point in prefill_points(shape)]
    if "context" in plan.measure:
        found += [("context", point) for point in context_points(shape, loads)]
    return found


def _planned(
    part: str, point: Point, plan: Plan, shape: WorkloadShape, speed: Speed | None, cells: Sequence[Cell]
) -> PlannedPoint:
    own = CellShape(input_tokens=shape.input_tokens, output_tokens=shape.output_tokens)
    # The earlier run may have had other lengths; with lengths of its own a point's time is carried over.
    expected_s = expected_point_s(replace(point, shape=point.shape or own), plan, cells)
    if expected_s is None and speed is not None and point.concurrency is not None:
        lengths = point.shape or shape
        alone_s = (speed.ttft_ms + speed.tpot_ms * max(0.0, lengths.output_tokens - 1)) / 1e3
        # A longer prompt takes longer to be read, in proportion.
        alone_s += speed.ttft_ms / 1e3 * max(0.0, lengths.input_tokens / shape.input_tokens - 1)
        request_s = expected_request_s(point.concurrency, [(1, alone_s)])
        expected_s = None if request_s is None else request_s * rounds(plan, point.concurrency)
    return PlannedPoint(part=part, label=point.label, usage=usage_of(point, plan, shape), expected_s=expected_s)


def _replay(shape: WorkloadShape) -> PlannedPoint:
    assert shape.trace is not None
    count = shape.trace.requests
    usage = Usage(input_tokens=count * shape.input_tokens, output_tokens=count * shape.output_tokens, requests=count)
    return PlannedPoint(part="trace", label=f"replay of {shape.trace.source}", usage=usage, expected_s=None)


def most_usage(run: DryRun, plan: Plan) -> Usage:
    """Requests and tokens where every load point needs all the repeats that the plan allows.

    Args:
        run: the least.
        plan: with `max_repeats`.
    """
    most = plan.model_copy(update={"repeats": max(plan.repeats, plan.max_repeats or plan.repeats)})
    load = ladder(plan)[-1]
    factor = rounds(most, load) / rounds(plan, load)
    return Usage(
        input_tokens=round(run.usage.input_tokens * factor),
        output_tokens=round(run.usage.output_tokens * factor),
        requests=round(run.usage.requests * factor),
    )
