from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.cell import CellShape
from probes.run import Plan, WorkloadShape
from probes.stages.points import Point, context_points, ladder, length_mixes, longest, prefill_points, up_and_down
from tests.factories import cell

SHAPE = WorkloadShape(input_tokens=100, output_tokens=40)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12))
def test_up_and_down_take_every_load_once_and_begin_with_the_lightest(loads: list[int]) -> None:
    points = ladder(Plan(concurrency=loads))
    up, down = up_and_down(points)

    assert points == sorted([*up, *down])
    assert (points[0], points[-1]) == (up[0], up[-1])
    assert down == sorted(down, reverse=True)


def test_neighbours_of_a_long_ladder_are_not_measured_one_after_the_other() -> None:
    up, down = up_and_down([1, 2, 4, 8, 16, 32])

    assert ([1, 2, 8, 32], [16, 4]) == (up, down)


def test_length_mixes_tell_input_from_output() -> None:
    shapes = [point.shape for point in length_mixes(SHAPE, 8)]

    assert [(100, 40), (300, 20), (50, 80), (30, 12)] == [(s.input_tokens, s.output_tokens) for s in shapes]


def test_prefill_is_one_request_at_a_time_with_one_token_out() -> None:
    assert [(1, 50, 1), (1, 100, 1), (1, 200, 1), (1, 400, 1)] == [
        (p.concurrency, p.shape.input_tokens, p.shape.output_tokens) for p in prefill_points(SHAPE)
    ]


def test_context_is_measured_at_the_ends_and_the_middle_of_the_ladder() -> None:
    loads = [(p.concurrency, p.shape.input_tokens) for p in context_points(SHAPE, [1, 2, 4, 8, 16])]

    assert [(1, 100), (4, 100), (16, 100), (1, 300), (4, 300), (16, 300)] == loads


@pytest.mark.parametrize(
    ("measure", "expected"),
    [(["curve"], (100, 40)), (["curve", "lengths"], (300, 20)), (["curve", "prefill"], (400, 1))],
)
def test_the_longest_request_of_a_plan_decides_the_context(measure: list[str], expected: tuple[int, int]) -> None:
    assert expected == longest(SHAPE, Plan(measure=measure))


def test_a_cell_belongs_to_the_point_of_its_role_load_and_lengths() -> None:
    shape = CellShape(input_tokens=300, output_tokens=40)
    point = Point(role="lengths", concurrency=8, shape=shape)

    assert point.is_of(cell(8, 1.0, 100.0, role="lengths", shape=shape))
    assert not point.is_of(cell(8, 1.0, 100.0))
    assert "concurrency 8, 300 in / 40 out" == point.label
