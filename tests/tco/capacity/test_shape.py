from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.findings import CostSplit
from probes.record import Interval
from probes.run import WorkloadShape
from tco.capacity.shape import convert

PROBED = WorkloadShape(input_tokens=100, output_tokens=50)


def test_the_same_shape_changes_nothing() -> None:
    same = convert(PROBED, 101, 50)

    assert same.is_same
    assert same.latency_factor("ttft_p95_ms") == 1.0


@given(st.floats(0, 10), st.floats(0.01, 10), st.floats(0, 100), st.floats(5, 400), st.floats(2.5, 200))
def test_the_bounds_hold_for_any_split_of_work(
    per_input: float, per_output: float, per_request: float, asked_in: float, asked_out: float
) -> None:
    factors = convert(PROBED, asked_in, asked_out)
    true_factor = (100 * per_input + 50 * per_output + per_request) / (
        asked_in * per_input + asked_out * per_output + per_request
    )

    assert factors.low * 0.98 <= true_factor <= factors.high * 1.0201


def test_shorter_requests_get_no_credit() -> None:
    factors = convert(PROBED, 10, 5)

    assert (1.0, 10.0, True) == (factors.low, factors.high, factors.usable)


def test_longer_prompts_raise_ttft_but_shorter_ones_do_not_lower_it() -> None:
    assert convert(PROBED, 200, 50).latency_factor("ttft_p95_ms") == 2.0
    assert convert(PROBED, 50, 50).latency_factor("ttft_p95_ms") == 1.0
    assert convert(PROBED, 200, 150).latency_factor("e2e_p95_ms") == 3.0
    assert convert(PROBED, 200, 150).latency_factor("tpot_p95_ms") == 1.0


@pytest.mark.parametrize(("asked_in", "usable"), [(1, True), (400, True), (401, False)])
def test_four_times_longer_is_the_furthest(asked_in: float, usable: bool) -> None:
    assert convert(PROBED, asked_in, 50).usable is usable


def split(input_token_s: Interval, output_token_s: Interval, residual_fraction: float = 0.0) -> CostSplit:
    return CostSplit(
        input_token_s=input_token_s,
        output_token_s=output_token_s,
        request_s=Interval(mean=0.0),
        mixes=4,
        residual_fraction=residual_fraction,
        concurrency=8,
    )


def test_measured_work_carries_the_rate_over() -> None:
    # 100 in and 50 out are 0.1 + 0.5 s of work, 300 in and 50 out 0.3 + 0.5 s: the rate falls to 6/8.
    factors = convert(PROBED, 300, 50, split(Interval(mean=0.001), Interval(mean=0.01)))

    assert 0.75 == pytest.approx(factors.rate)
    assert (factors.rate, factors.rate) == (factors.low, factors.high)


def test_shorter_requests_get_the_credit_that_was_measured() -> None:
    # 0.6 s of work against 0.05 + 0.5 s.
    assert 0.6 / 0.55 == pytest.approx(convert(PROBED, 50, 50, split(Interval(mean=0.001), Interval(mean=0.01))).rate)


def test_the_intervals_of_the_split_and_what_it_misses_widen_the_range() -> None:
    uncertain = split(Interval(mean=0.001, low=0.0, high=0.002), Interval(mean=0.01), residual_fraction=0.1)
    factors = convert(PROBED, 300, 50, uncertain)

    # Input free: 0.5 / 0.5; input twice as dear: 0.7 / 1.1.
    assert (0.9 * 0.7 / 1.1, 1.1) == pytest.approx((factors.low, factors.high))
