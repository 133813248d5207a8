"""Each identity is broken by hand, a little and grossly."""

from __future__ import annotations

import dataclasses

import pytest

from probes.imports.conservation import check
from probes.imports.point import Point
from probes.record import Percentiles

# 100 requests of 10 in and 11 out in 10 s, 5 at a time: E2E 500 ms = TTFT 100 + 10 x 40.
GOOD = Point(
    where="x",
    concurrency=5,
    duration_s=10.0,
    requests_ok=100,
    requests_planned=100,
    input_tokens=1000,
    output_tokens=1100,
    requests_per_s=10.0,
    output_tokens_per_s=110.0,
    total_tokens_per_s=210.0,
    ttft_ms=Percentiles(mean=100.0, p50=100.0, p99=120.0),
    tpot_ms=Percentiles(mean=40.0),
    e2e_ms=Percentiles(mean=500.0),
    in_flight_mean=5.0,
)


def broken(**changes):
    return check(dataclasses.replace(GOOD, **changes))


def test_what_adds_up_passes_without_a_word():
    assert check(GOOD) == ([], None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"output_tokens_per_s": 120.0}, "rate_and_count"),
        ({"total_tokens_per_s": 190.0}, "rate_and_count"),
        ({"requests_per_s": 11.0}, "rate_and_count"),
        ({"tpot_ms": Percentiles(mean=45.0)}, "latency_parts"),
        ({"ttft_ms": Percentiles(mean=150.0)}, "latency_parts"),
        ({"in_flight_mean": 5.5}, "littles_law"),
        ({"requests_planned": 110}, "requests_lost"),
        ({"input_mean": 11.0}, "length"),
    ],
)
def test_a_difference_of_a_tenth_is_a_caution_with_both_numbers(changes, code):
    warnings, reason = broken(**changes)

    assert [code] == [warning.code for warning in warnings]
    assert reason is None
    assert f"{warnings[0].observed:.6g}" in warnings[0].message
    assert f"{warnings[0].threshold:.6g}" in warnings[0].message


def test_a_caution_names_the_size_of_the_difference():
    warnings, _ = broken(output_tokens_per_s=120.0)
    assert (
        warnings[0].message
        == "rate of output tokens times duration is 1200, the number of output tokens is 1100: +9.1%."
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"output_tokens_per_s": 1100.0}, "rate of output tokens times duration is 11000"),
        ({"tpot_ms": Percentiles(mean=0.04)}, "mean TTFT + TPOT x (n - 1) [ms] is 100.4, mean E2E [ms] is 500"),
        ({"concurrency": 8, "in_flight_mean": None}, "rate x mean E2E is 5, concurrency is 8: -37.5%."),
        ({"requests_planned": 200}, "succeeded and failed requests is 100, requests planned is 200"),
        ({"ttft_ms": Percentiles(mean=100.0, p50=120.0, p99=100.0)}, "ttft_ms falls from 120 at p50 to 100 at p99"),
        ({"requests_failed": 12, "requests_planned": None}, "12 of 112 requests failed"),
        ({"concurrency": None, "request_rate_per_s": 2.0}, "requests answered a second is 10, the offered rate is 2"),
        ({"refused": "burst"}, "burst"),
    ],
)
def test_a_gross_difference_keeps_the_load_point_from_carrying_a_decision(changes, reason):
    assert reason in broken(**changes)[1]


def test_without_a_request_there_is_nothing():
    point = Point(
        where="x", concurrency=1, duration_s=1.0, requests_ok=0, requests_failed=3, input_tokens=0, output_tokens=0
    )
    assert check(point) == ([], "no request succeeded")


@pytest.mark.parametrize(("answered", "believed"), [(120, True), (131, False)])
def test_arrivals_may_be_more_than_offered_by_chance_only(answered, believed):
    # 100 expected in 10 s at 10/s. Three standard errors of n arrivals: 120 is within 1 + 3/√120 = 1.27, 131 is over 1 + 3/√131 = 1.262 and by over 20 %.
    point = Point(
        where="x", request_rate_per_s=10.0, duration_s=10.0, requests_ok=answered, input_tokens=0, output_tokens=0
    )
    assert (check(point)[1] is None) is believed
