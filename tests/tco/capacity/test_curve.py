from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.findings import Goodput
from probes.record import Percentiles
from tco.capacity.curve import latency_at, slo_capacity
from tco.scenario import Slo
from tests.factories import CURVE, cell, run


def capacity(limit_ms: float | None, **changes: object) -> object:
    return slo_capacity(run(**changes), Slo(ttft_p95_ms=limit_ms), 100, 50)


def test_at_a_measured_latency_the_capacity_is_that_cells_rate() -> None:
    found = capacity(250.0)

    assert found.requests_per_s == pytest.approx(1.6)
    assert found.basis == "interpolated"
    assert (0.9, 1.1) == pytest.approx((found.relative_low, found.relative_high))


def test_between_two_cells_the_capacity_lies_between_their_rates() -> None:
    found = capacity(400.0)

    assert 1.6 < found.requests_per_s < 2.0
    assert found.basis == "interpolated"


def test_straight_lines_are_interpolated_exactly() -> None:
    """Latency and rate linear in concurrency: at 300 ms the load is 3 and the rate 1.5, PCHIP keeps straight lines."""
    found = capacity(300.0, curve=((1, 0.5, 100.0), (2, 1.0, 200.0), (4, 2.0, 400.0), (5, 2.5, 500.0)))

    assert found.requests_per_s == pytest.approx(1.5)


def test_past_the_last_cell_nothing_is_assumed() -> None:
    found = capacity(5000.0)

    assert (2.0, "measured") == (found.requests_per_s, found.basis)
    assert "may be higher" in found.reasons[0]


def test_no_load_meets_the_promise() -> None:
    found = capacity(50.0)

    assert not found.feasible
    assert "at the lightest, concurrency 1, TTFT P95 is 100 ms and the limit is 50 ms" in found.reasons[0]


def test_without_a_promise_capacity_is_the_best_throughput_and_says_so() -> None:
    found = capacity(None)

    assert found.requests_per_s == 2.0
    assert "no latency was promised" in found.reasons[0]


def test_throughput_that_dips_past_the_knee_is_not_taken() -> None:
    found = capacity(700.0, curve=((1, 0.5, 100.0), (4, 2.0, 250.0), (8, 1.0, 800.0)))

    assert found.requests_per_s == pytest.approx(2.0)


def test_cells_limited_by_the_client_or_incomplete_are_left_out() -> None:
    cells = [
        cell(1, 0.5, 100.0),
        cell(2, 9.0, 100.0, client_bound=True),
        cell(4, 9.0, 100.0, complete=False, reason="x"),
    ]

    assert slo_capacity(run(cells=cells), Slo(ttft_p95_ms=250), 100, 50).requests_per_s == 0.5


def test_a_run_without_usable_cells_is_not_feasible() -> None:
    found = slo_capacity(run(cells=[]), Slo(), 100, 50)

    assert not found.feasible
    assert "no usable cell" in found.reasons[0]


def test_a_latency_that_was_not_recorded_is_not_guessed() -> None:
    found = slo_capacity(run(cells=[cell(1, 1.0, 9.0, tpot_ms=Percentiles())]), Slo(tpot_p95_ms=50), 100, 50)

    assert not found.feasible
    assert "did not record tpot_p95_ms" in found.reasons[0]


def test_an_extrapolated_percentile_makes_the_capacity_modelled() -> None:
    cells = [cell(c, r, t, ttft_ms=Percentiles(p50=t / 2, p90=t)) for c, r, t in CURVE]

    assert slo_capacity(run(cells=cells), Slo(ttft_p95_ms=300), 100, 50).basis == "modelled"


@given(st.floats(60, 2000), st.floats(1, 4))
def test_a_looser_promise_never_lowers_capacity(limit: float, looser: float) -> None:
    tight, loose = capacity(limit), capacity(limit * looser)

    assert tight.requests_per_s <= loose.requests_per_s + 1e-9


def test_other_lengths_give_the_safe_bound_and_its_range() -> None:
    """Asked 200/50 of a 100/50 run: the rate is between half (all input work) and the same (all output work)."""
    found = slo_capacity(run(), Slo(), 200, 50)

    assert found.requests_per_s == pytest.approx(2.0 * 0.5)
    assert found.relative_high == pytest.approx(1.1 * 2)
    assert found.basis == "modelled"
    assert "tco probe run --input-tokens 200 --output-tokens 50" in " ".join(found.reasons)


def test_lengths_too_far_apart_are_refused() -> None:
    found = slo_capacity(run(), Slo(), 1000, 50)

    assert not found.feasible
    assert "over 4 times longer" in found.reasons[0]


def searched(**changes: object) -> Goodput:
    values = {
        "limits_ms": {"ttft": 300.0},
        "target_fraction": 0.95,
        "requests_per_s": 1.5,
        "low": 1.4,
        "high": 1.8,
        "resolved": True,
    }
    return Goodput.model_validate(values | changes)


def test_a_search_for_just_this_promise_knows_better_than_the_curve() -> None:
    found = slo_capacity(run(goodput=[searched()]), Slo(ttft_p95_ms=300), 100, 50)

    assert (1.5, "measured") == (found.requests_per_s, found.basis)
    assert (1.4 / 1.5, 1.8 / 1.5) == pytest.approx((found.relative_low, found.relative_high))


@pytest.mark.parametrize(
    "other",
    [
        {"limits_ms": {"ttft": 301.0}},
        {"limits_ms": {"ttft": 300.0, "tpot": 50.0}},
        {"target_fraction": 0.9},
    ],
)
def test_a_search_for_another_promise_is_left_aside(other: dict[str, object]) -> None:
    with_search = slo_capacity(run(goodput=[searched(**other)]), Slo(ttft_p95_ms=300), 100, 50)

    assert slo_capacity(run(), Slo(ttft_p95_ms=300), 100, 50) == with_search


def test_where_no_rate_was_shown_to_keep_the_promise_the_curve_is_cut_to_the_rate_that_broke_it() -> None:
    nothing = searched(
        requests_per_s=None, low=0.0, high=1.0, resolved=False, reason="even 1 requests/s broke the promise"
    )
    found = slo_capacity(run(goodput=[nothing]), Slo(ttft_p95_ms=300), 100, 50)

    assert (1.0, "modelled", 0.0) == (found.requests_per_s, found.basis, found.relative_low)
    assert "even 1 requests/s broke the promise" in found.reasons[0]


def test_requests_of_other_lengths_are_judged_by_the_curve() -> None:
    assert slo_capacity(run(), Slo(ttft_p95_ms=300), 150, 50) == slo_capacity(
        run(goodput=[searched()]), Slo(ttft_p95_ms=300), 150, 50
    )


def test_a_search_answers_a_percentile_that_the_curve_did_not_record() -> None:
    found = slo_capacity(run(goodput=[searched(target_fraction=0.99)]), Slo(ttft_p99_ms=300), 100, 50)

    assert (True, 1.5) == (found.feasible, found.requests_per_s)


@pytest.mark.parametrize("limit_ms", [100.0, 120.0, 250.0, 300.0, 640.0, 799.0])
def test_at_the_capacity_the_latency_is_the_limit_that_decides(limit_ms: float) -> None:
    found = capacity(limit_ms)

    assert latency_at(run(), found.requests_per_s, "ttft_p95_ms") == pytest.approx(limit_ms)


def test_beyond_what_was_probed_the_latency_is_that_of_the_nearest_load() -> None:
    assert latency_at(run(), 0.01, "ttft_p95_ms") == CURVE[0][2]
    assert latency_at(run(), 99.0, "ttft_p95_ms") == CURVE[-1][2]
    assert latency_at(run(cells=[]), 1.0, "ttft_p95_ms") is None
    assert latency_at(run(cells=[cell(1, 0.5, 100.0, ttft_ms=Percentiles())]), 1.0, "ttft_p95_ms") is None
