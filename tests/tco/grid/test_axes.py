from __future__ import annotations

import itertools
from typing import Any

import pytest

from tco.errors import InputError
from tco.grid import Axis, parse_grid
from tco.grid.axes import axes_of, choices_at, point_count
from tco.grid.grid_file import Grid


def axes(forms: dict[str, Any]) -> tuple[Axis, ...]:
    return axes_of(Grid(name="g", scenario="s.yaml", axes=forms))


def test_points_are_in_the_order_of_nested_loops() -> None:
    found = axes({"a.x": [1, 2], "b.x": ["p", "q", "r"], "c.x": [True, False]})

    assert point_count(found) == 12
    assert list(itertools.product([1, 2], "pqr", [True, False])) == [
        tuple(choice.value for choice in choices_at(found, index)) for index in range(12)
    ]


def test_a_choice_sets_what_it_names() -> None:
    (axis,) = axes({"model": {"small": {"options.a.run": "s.json", "options.a.model": "s"}}})

    assert ("small", {"options.a.run": "s.json", "options.a.model": "s"}) == (
        axis.choices[0].label,
        axis.choices[0].settings,
    )


def test_a_grid_of_more_than_a_million_points_is_refused_with_its_sizes() -> None:
    forms = {f"a.x{n}": list(range(101)) for n in range(3)}

    with pytest.raises(InputError, match=r"1,030,301 points \(a\.x0 101 × a\.x1 101 × a\.x2 101\); at most 1,000,000"):
        axes(forms)


def test_a_million_points_are_allowed() -> None:
    assert point_count(axes({f"a.x{n}": list(range(100)) for n in range(3)})) == 1_000_000


@pytest.mark.parametrize(
    ("forms", "sentence"),
    [
        ({"a.x": [1, 1]}, "axis 'a.x': the value 1 is given twice"),
        ({"a.x": ["1", 1]}, "the value 1 is given twice"),
        ({"a..x": [1]}, "'a..x' is not the path of an input"),
        ({"model": {"small": {" a.x": 1}}}, "' a.x' is not the path of an input"),
        ({"a.x": [1], "model": {"small": {"a.x": 2}}}, "the axes 'a.x' and 'model' both set 'a.x'"),
        ({"a.slo": [1], "a.slo.ttft_p95_ms": [2]}, "both set 'a.slo'"),
    ],
)
def test_axes_that_make_no_sense_are_refused(forms: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        axes(forms)

    assert sentence in str(refused.value)


def test_paths_that_only_begin_alike_are_apart() -> None:
    assert len(axes({"a.slo": [1], "a.slow": [2]})) == 2


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        axes_of(parse_grid("{name: g, scenario: s.yaml, axes: {a.x: [.inf]}}"))
