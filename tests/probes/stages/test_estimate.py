from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.cell import CellShape
from probes.record import Percentiles
from probes.run import Plan
from probes.stages.estimate import (
    OPEN_LOOP_REQUESTS,
    expected_point_s,
    expected_request_s,
    requests_of,
    requests_per_stream,
)
from probes.stages.points import Point
from tests.factories import cell

PLAN = Plan(repeats=3, requests_per_stream=3)


@given(st.integers(1, 200), st.integers(1, 5), st.integers(1, 5))
def test_a_cell_has_at_least_twenty_measured_requests(concurrency: int, repeats: int, wanted: int) -> None:
    plan = Plan(repeats=repeats, requests_per_stream=wanted)

    assert concurrency * repeats * requests_per_stream(plan, concurrency) >= 20
    assert requests_per_stream(plan, concurrency) >= wanted


def test_time_between_two_loads_is_a_power_of_the_load() -> None:
    # From 1 s at 1 stream to 16 s at 16 the exponent is 1; from 1 to 4 s it is one half.
    assert 4.0 == pytest.approx(expected_request_s(4, [(1, 1.0), (16, 16.0)]))
    assert 2.0 == pytest.approx(expected_request_s(4, [(1, 1.0), (16, 4.0)]))


def test_beyond_the_heaviest_load_the_last_growth_goes_on_but_not_faster_than_the_load() -> None:
    assert 8.0 == pytest.approx(expected_request_s(8, [(1, 1.0), (2, 1.0), (4, 4.0)]))


def test_below_the_lightest_load_it_takes_the_lightest_ones_time() -> None:
    assert 2.0 == expected_request_s(1, [(4, 2.0), (8, 3.0)])


def test_nothing_is_expected_where_nothing_was_measured() -> None:
    assert None is expected_request_s(4, [])
    assert None is expected_point_s(Point(role="curve", concurrency=4), PLAN, [])


def test_a_load_point_takes_its_rounds_and_the_warm_up() -> None:
    known = [cell(4, 1.6, 250.0, e2e_ms=Percentiles(mean=2000.0))]

    # 2 warm-up and 3 x 3 measured requests of 2 s in each stream.
    assert 22.0 == expected_point_s(Point(role="curve", concurrency=4), PLAN, known)
    assert 4 * 11 == requests_of(Point(role="curve", concurrency=4), PLAN)


def test_longer_requests_take_longer() -> None:
    known = [cell(4, 1.6, 250.0, e2e_ms=Percentiles(mean=2000.0))]
    point = Point(role="lengths", concurrency=4, shape=CellShape(input_tokens=100, output_tokens=110))

    # 100 in and 50 out were 60 units of work, 100 in and 110 out are 120.
    assert 44.0 == pytest.approx(expected_point_s(point, PLAN, known))


def test_an_open_loop_takes_as_long_as_its_requests_arrive() -> None:
    assert OPEN_LOOP_REQUESTS / 4 == expected_point_s(Point(role="goodput", request_rate_per_s=4.0), PLAN, [])
