from __future__ import annotations

import pytest

from probes.record import Percentiles
from tco.handover.load import class_limits_ms, in_flight_per_replica, strictest_limits_ms, waiting_per_replica
from tests.factories import cell, run, scenario


def open_loop(**changes):
    closed = cell(4, 1.6, 250.0, **changes)
    return closed.model_copy(update={"concurrency": None, "request_rate_per_s": 1.6})


def test_in_flight_is_rate_times_time():
    """Times of 1 s at 1 request/s and 4 s at 3 requests/s: at 2 requests/s 2.5 s, and so 5 in flight."""
    cells = [
        cell(1, 1.0, 100.0, e2e_ms=Percentiles(mean=1000.0)),
        cell(12, 3.0, 100.0, e2e_ms=Percentiles(mean=4000.0)),
    ]

    assert 5.0 == pytest.approx(in_flight_per_replica(run(cells=cells), 2.0))


def test_a_closed_loop_holds_as_many_as_its_streams():
    assert 4.0 == pytest.approx(in_flight_per_replica(run(), 1.6))


def test_a_load_beyond_the_curve_is_taken_at_its_end():
    assert 8.0 == pytest.approx(in_flight_per_replica(run(), 50.0))


def test_an_open_loop_without_times_of_requests_adds_the_tokens_up():
    """TTFT 125 ms and 49 more tokens of 10 ms: 0.615 s, at 1.6 requests/s 0.984 in flight."""
    alone = open_loop(e2e_ms=Percentiles())

    assert 1.6 * 0.615 == pytest.approx(in_flight_per_replica(run(cells=[alone]), 1.6))


def test_nothing_is_said_without_any_time():
    bare = open_loop(e2e_ms=Percentiles(), tpot_ms=Percentiles())

    assert in_flight_per_replica(run(cells=[bare]), 1.6) is None


@pytest.mark.parametrize(
    ("limits", "waiting"),
    [
        ({"ttft_p95_ms": 500.0, "tpot_p95_ms": 60.0}, 4.0),  # 8/s · 0.5 s
        ({"ttft_p95_ms": 500.0, "ttft_p50_ms": 250.0}, 2.0),  # the stricter one
        ({"e2e_p99_ms": 3000.0}, 24.0),
        ({"tpot_p95_ms": 60.0}, 480.0),  # a start-up of 60 s
        ({"ttft_p95_ms": 10.0}, 1.0),  # at least one
    ],
)
def test_as_many_may_wait_as_are_answered_in_time(limits, waiting):
    assert waiting == waiting_per_replica(8.0, limits, 60.0)


def test_of_several_classes_the_strictest_limit_of_each_name_counts():
    kind = {"share_fraction": 0.5, "input_tokens_per_request": 100.0, "output_tokens_per_request": 50.0}
    chat = kind | {"slo": {"ttft_p95_ms": 700.0, "tpot_p95_ms": 40.0}}
    documents = kind | {"slo": {"ttft_p95_ms": 3000.0, "e2e_p99_ms": 9000.0}}
    classes = {"chat": chat, "documents": documents, "others": kind | {"share_fraction": 0.0}}
    workload = scenario(
        workload__classes=classes,
        workload__input_tokens_per_request=None,
        workload__output_tokens_per_request=None,
        workload__slo={"ttft_p95_ms": 900.0},
    ).workload

    assert {"ttft_p95_ms": 700.0, "tpot_p95_ms": 40.0, "e2e_p99_ms": 9000.0} == strictest_limits_ms(workload)
    assert {"ttft_p95_ms": 900.0} == class_limits_ms(workload)["others"]


def test_without_classes_the_workloads_own_promise_counts():
    workload = scenario().workload

    assert ({"ttft_p95_ms": 250.0}, {}) == (strictest_limits_ms(workload), class_limits_ms(workload))
