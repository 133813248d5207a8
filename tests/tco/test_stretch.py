from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.stretch import Stretch
from tco.stretch import stretches as stretches_of_many

GRID = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0]


def stretches(holds: Callable[[float], bool], values: list[float]) -> tuple[Stretch, ...]:
    return stretches_of_many(lambda many: [holds(value) for value in many], values)


def test_a_condition_that_always_holds_is_one_open_stretch():
    (found,) = stretches(lambda _: True, GRID)

    assert (0.0, 16.0, True, True) == (found.low, found.high, found.is_open_low, found.is_open_high)


def test_one_that_never_holds_has_none():
    assert () == stretches(lambda _: False, GRID)


def test_steps_give_several_stretches():
    found = stretches(lambda value: value < 1.5 or 3.0 <= value <= 5.0, GRID)

    assert [(True, False), (False, False)] == [(each.is_open_low, each.is_open_high) for each in found]
    assert [0.0, 1.5, 3.0, 5.0] == pytest.approx([end for each in found for end in (each.low, each.high)], rel=1e-5)


def test_a_single_value_is_a_stretch_open_on_both_sides():
    (found,) = stretches(lambda _: True, [3.0])

    assert (3.0, 3.0, True, True) == (found.low, found.high, found.is_open_low, found.is_open_high)


@given(st.floats(0.01, 15.9), st.floats(0.001, 20))
def test_ends_hold_and_what_lies_beyond_does_not(low, width):
    high = low + width

    def holds(value: float) -> bool:
        return low <= value <= high

    for each in stretches(holds, GRID):
        assert holds(each.low)
        assert holds(each.high)
        assert each.is_open_low or low == pytest.approx(each.low, rel=1e-5)
        assert each.is_open_high or high == pytest.approx(each.high, rel=1e-5)
