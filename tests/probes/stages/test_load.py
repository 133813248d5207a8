from __future__ import annotations

from probes.cell import CellShape
from probes.run import Plan, WorkloadShape
from probes.servers.spending import Usage
from probes.stages.load import Schedule, load_of, usage_of, usage_of_requests, used
from probes.stages.points import Point
from probes.workload.request import Arrival
from tests.probes.analysis.loads import failed, request, result

SHAPE = WorkloadShape(input_tokens=24, output_tokens=8, seed=1)
POINT = Point(role="curve", concurrency=4)
LONG = Point(role="lengths", concurrency=4, shape=CellShape(input_tokens=72, output_tokens=4))
ARRIVALS = tuple(Arrival(offset_s=n / 10, input_tokens=10 + n, output_tokens=1 + n) for n in range(5))
SCHEDULE = Schedule(arrivals=ARRIVALS, start_s=0.1, end_s=0.4, kind="trace")


def test_a_closed_loop_takes_the_lengths_of_its_point() -> None:
    own = load_of(POINT, None, shape=SHAPE, number=3, attempt=7)
    other = load_of(LONG, None, shape=SHAPE, number=4, attempt=7)

    assert (3, 7, 4, SHAPE, "closed-loop") == (own.cell, own.attempt, own.concurrency, own.shape, own.kind)
    assert (72, 4, 1) == (other.shape.input_tokens, other.shape.output_tokens, other.shape.seed)


def test_an_open_loop_has_arrivals_and_no_concurrency() -> None:
    load = load_of(Point(role="trace", request_rate_per_s=10.0), SCHEDULE, shape=SHAPE, number=1, attempt=0)

    assert (ARRIVALS, None, "trace") == (load.arrivals, load.concurrency, load.kind)


def test_planned_usage_is_every_request_of_every_stream_with_the_warm_up() -> None:
    # 4 streams x (2 warm-up + 3 repeats x 3), of 24 + 8 and of 72 + 4 tokens.
    plan = Plan(repeats=3, requests_per_stream=3)

    assert Usage(input_tokens=44 * 24, output_tokens=44 * 8, requests=44) == usage_of(POINT, plan, SHAPE)
    assert Usage(input_tokens=44 * 72, output_tokens=44 * 4, requests=44) == usage_of(LONG, plan, SHAPE)


def test_planned_usage_of_a_schedule_is_all_of_its_requests_with_their_own_lengths() -> None:
    point = Point(role="trace", request_rate_per_s=10.0)

    # 10 + 11 + 12 + 13 + 14 in, 1 + 2 + 3 + 4 + 5 out; of the first two 21 and 3.
    assert Usage(input_tokens=60, output_tokens=15, requests=5) == usage_of(point, Plan(), SHAPE, SCHEDULE)
    assert Usage(input_tokens=21, output_tokens=3, requests=2) == usage_of_requests(2, point, SHAPE, SCHEDULE)
    assert Usage(input_tokens=60, output_tokens=15, requests=5) == usage_of_requests(99, point, SHAPE, SCHEDULE)


def test_what_failed_or_was_cut_off_is_counted_as_it_was_asked_for() -> None:
    # Two good answers of 10 in and 11 out; one that failed and one that was cut off may be billed in full: 8 each.
    traces = [
        request(0),
        request(100),
        failed(0, 5, "dropped_mid_stream", input_tokens=24),
        failed(0, 5, "cancelled", input_tokens=24),
    ]

    assert Usage(input_tokens=68, output_tokens=38, requests=4) == used(POINT, SHAPE, result(traces))
