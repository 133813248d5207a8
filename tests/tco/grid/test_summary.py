from __future__ import annotations

from typing import Any

import pytest

from tco.grid import Axis, Choice, Flip, GridPoint, OptionAnswer, Summary, summarise


def axis(name: str, *values: Any) -> Axis:
    return Axis(name=name, choices=tuple(Choice(value=value, settings={name: value}) for value in values))


AXES = (axis("gpu", "L4", "H100"), axis("volume", 10, 20, 30))


def option(name: str, **figures: float) -> OptionAnswer:
    values = dict.fromkeys(OptionAnswer.model_fields)
    return OptionAnswer(**(values | {"name": name, "feasible": True, "reasons": []} | figures))


def point(index: int, recommended: str | None, npv_usd: float | None = None, **figures: Any) -> GridPoint:
    options = [option("api", npv_usd=0.0), option("rent", npv_usd=npv_usd, **figures)]
    return GridPoint(index=index, values={}, recommended=recommended, options=options)


def told(points: list[GridPoint], **more: Any) -> Summary:
    return summarise(AXES, points, **more)


POINTS = [
    point(0, "api"),
    point(1, "api"),
    point(2, "rent", 40.0),
    point(3, "api"),
    point(4, "rent", 50.0),
    point(5, "rent", 90.0),
]


def test_the_best_points_come_first_and_equals_in_the_order_of_the_grid() -> None:
    assert (5, 4, 2, 0, 1, 3) == told(POINTS).best
    assert (5, 4) == told(POINTS, best=2).best


def test_recommendations_are_counted() -> None:
    summary = told(POINTS)

    assert [("api", 3), ("rent", 3)] == sorted(summary.recommended.items())
    assert (6, 6, 0, 0) == (summary.points, summary.done, summary.errors, summary.nobody)


def test_the_value_that_wins_is_counted_over_lines_that_differ_in_nothing_else() -> None:
    """By volume 10, 20, 30: L4 has 0, 0, 40; H100 has 0, 50, 90. At 10 the GPU makes no difference."""
    gpu, volume = told(POINTS).axes

    assert (3, {"L4": 0, "H100": 2}) == (gpu.lines, gpu.wins)
    assert (2, {"10": 0, "20": 0, "30": 2}) == (volume.lines, volume.wins)


def test_flips_lie_between_neighbours() -> None:
    gpu, volume = told(POINTS).axes

    assert (Flip(before="L4", after="H100", times=1, from_option="api", to_option="rent"),) == gpu.flips
    assert (
        Flip(before="10", after="20", times=1, from_option="api", to_option="rent"),
        Flip(before="20", after="30", times=1, from_option="api", to_option="rent"),
    ) == volume.flips
    assert (3, 2) == (gpu.flip_lines, volume.flip_lines)


def test_a_recommendation_that_turns_to_nothing_is_a_flip_too() -> None:
    _, volume = told([point(0, "rent", 1.0), point(1, None)]).axes

    assert (Flip(before="10", after="20", times=1, from_option="rent", to_option="nothing"),) == volume.flips


def test_points_that_are_not_there_or_not_valid_are_no_flips_and_win_nothing() -> None:
    points = [point(0, "api"), GridPoint(index=1, values={}, error="bad"), point(2, "rent", 5.0), point(4, "rent", 7.0)]
    summary = told(points)
    gpu, volume = summary.axes

    assert (4, 1, {"bad": 1}) == (summary.done, summary.errors, summary.error_sentences)
    assert ((), ()) == (gpu.flips, volume.flips)
    assert (0, {"L4": 0, "H100": 0}) == (gpu.lines, gpu.wins)
    assert (1, {"10": 0, "20": 0, "30": 1}) == (volume.lines, volume.wins)


@pytest.mark.parametrize(
    ("measure", "figure", "best"),
    [("npv", "npv_usd", 2), ("total", "total_usd", 0), ("mtok", "usd_per_mtok", 0), ("payback", "payback_months", 0)],
)
def test_more_npv_is_better_and_less_of_everything_else(measure: str, figure: str, best: int) -> None:
    points = [
        GridPoint(index=at, values={}, recommended="rent", options=[option("rent", **{figure: float(at + 1)})])
        for at in range(3)
    ]

    assert best == told(points, measure=measure).best[0]


def test_a_figure_that_does_not_exist_is_not_ranked() -> None:
    assert (2,) == told([point(0, "api"), point(2, "rent", 1.0, payback_months=3.0)], measure="payback").best


def test_an_empty_grid_says_nothing() -> None:
    summary = told([])

    assert (0, (), {}) == (summary.done, summary.best, summary.recommended)
    assert [0, 0] == [axis.lines for axis in summary.axes]
