import math

import pytest

from probes.cell import Cell
from probes.estimate import (
    expected_cell_s,
    expected_request_s,
    gain_fraction,
    is_flat,
    load_points,
    requests_per_stream,
    requests_planned,
)
from probes.record import Interval, Percentiles
from probes.run import Plan


def _cell(concurrency: int, mean: float, half: float | None = None, **more) -> Cell:
    rate = Interval(mean=mean) if half is None else Interval(mean=mean, low=mean - half, high=mean + half)
    values = {"requests_ok": 20, "duration_s": 1, "input_tokens": 1, "output_tokens": 1, "token_source": "usage"}
    none = {name: Percentiles() for name in ("ttft_ms", "itl_ms", "tpot_ms", "e2e_ms")}
    rates = dict.fromkeys(("output_tokens_per_s", "total_tokens_per_s", "requests_per_s"), rate)
    return Cell(concurrency=concurrency, **(values | none | rates | more))


def test_load_points_are_ascending_without_repeats_and_have_a_default():
    assert (load_points(Plan(concurrency=[8, 1, 4, 8])), load_points(Plan())) == ([1, 4, 8], [1, 2, 4, 8, 16])


@pytest.mark.parametrize("repeats", [1, 2, 3, 5])
@pytest.mark.parametrize("concurrency", [1, 2, 3, 7, 19, 20, 64])
def test_a_cell_has_at_least_the_twenty_requests_that_a_p95_needs(concurrency, repeats):
    plan = Plan(repeats=repeats, requests_per_stream=1)
    each = requests_per_stream(plan, concurrency)
    assert True is (concurrency * repeats * each >= 20 and (each == 1 or concurrency * repeats * (each - 1) < 20))


def test_the_plans_own_number_stands_where_it_is_larger():
    assert requests_per_stream(Plan(repeats=3, requests_per_stream=9), 1) == 9


def test_requests_planned_by_hand():
    # 1 stream: 1 + 3 * 7 = 22; 16 streams: 16 * (1 + 3 * 3) = 160
    assert requests_planned(Plan(concurrency=[1, 16])) == 182


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([], None),
        ([(4, 1.0)], math.sqrt(2)),
        ([(2, 1.0), (4, 1.0)], 1.0),
        ([(2, 1.0), (4, 2.0)], 4.0),
        ([(2, 1.0), (4, 9.0)], 18.0),
        ([(2, 2.0), (4, 1.0)], 1.0),
        ([(4, 1.0), (4, 1.0)], math.sqrt(2)),
    ],
)
def test_request_time_goes_on_as_it_went_between_the_last_two_points(known, expected):
    assert expected_request_s(8, known) == (None if expected is None else pytest.approx(expected))


def test_a_cells_time_is_that_of_its_requests_one_after_the_other():
    # 8 streams: 1 warm-up + 3 * 3 requests of sqrt(2) s
    assert expected_cell_s(8, Plan(), [(4, 1.0)]) == pytest.approx(10 * math.sqrt(2))


@pytest.mark.parametrize(
    ("before", "after", "flat"),
    [
        (_cell(4, 100, 1), _cell(8, 104, 4), True),
        (_cell(4, 100, 1), _cell(8, 104.9), True),
        (_cell(4, 100, 1), _cell(8, 106, 50), False),
        (_cell(4, 100, 1), _cell(8, 104, 1), False),
        (_cell(4, 100, 1), _cell(8, 80, 1), True),
        (_cell(4, 100, 1), _cell(8, 100, 1, client_bound=True), False),
        (_cell(4, 100, 1, complete=False), _cell(8, 100, 1), False),
        (_cell(4, 100, 1), _cell(8, 0, 0, requests_ok=0), False),
    ],
)
def test_flat_is_under_five_per_cent_and_no_shown_gain_between_points_that_count(before, after, flat):
    assert is_flat(before, after) is flat


def test_gain_after_nothing_is_infinite():
    assert (math.inf, 0.25) == (gain_fraction(_cell(1, 0), _cell(2, 5)), gain_fraction(_cell(1, 4), _cell(2, 5)))
