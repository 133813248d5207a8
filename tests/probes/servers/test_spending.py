import math

import pytest

from probes.errors import ProbeError
from probes.servers.spending import SpendingCap, SpendingGuard, Usage, check_plan, planned

PRICES = {"usd_per_mtok_input": 2.0, "usd_per_mtok_output": 10.0}
CELL = planned(1000, input_tokens=500, output_tokens=100)  # 500,000 in and 100,000 out: $1 + $1


def test_dollars_are_tokens_times_the_price_of_a_million():
    assert 2.0 == SpendingCap(**PRICES).usd(CELL)


def test_without_prices_there_are_no_dollars_rather_than_none_spent():
    assert SpendingCap(max_tokens=5).usd(CELL) is None


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (SpendingCap(max_tokens=600_000), None),
        (SpendingCap(max_tokens=599_999), "600,000 tokens, above the cap of 599,999"),
        (SpendingCap(max_usd=2.0, **PRICES), None),
        (SpendingCap(max_usd=1.99, **PRICES), "$2.00, above the cap of $1.99"),
        (SpendingCap(max_tokens=10, max_usd=100.0, **PRICES), "600,000 tokens, above the cap of 10"),
        (SpendingCap(), None),
        (SpendingCap(max_tokens=0), "600,000 tokens, above the cap of 0"),
    ],
)
def test_the_limit_itself_may_be_used_up_and_not_passed(cap, expected):
    assert expected == cap.passed_by(CELL)


def test_the_guard_stops_before_the_load_point_that_would_pass_the_cap():
    guard = SpendingGuard(cap=SpendingCap(max_usd=5.0, **PRICES))
    started = 0
    while guard.reason_to_stop(CELL) is None:
        guard, started = guard.add(CELL), started + 1
    assert (2, "the next load point would bring the probe to $6.00, above the cap of $5.00") == (
        started,
        guard.reason_to_stop(CELL),
    )


def test_what_was_really_used_counts_and_not_what_was_planned():
    guard = SpendingGuard(cap=SpendingCap(max_tokens=1_300_000)).add(Usage(input_tokens=700_000, output_tokens=200_000))
    assert "1,500,000 tokens" in guard.reason_to_stop(CELL)


@pytest.mark.parametrize(
    ("cap", "left"),
    [
        (SpendingCap(max_tokens=6_599), 10),
        (SpendingCap(max_usd=0.01, **PRICES), 5),
        (SpendingCap(max_tokens=1_200, max_usd=0.01, **PRICES), 2),
        (SpendingCap(max_tokens=5), 0),
        (SpendingCap(), None),
        (SpendingCap(max_usd=1.0, usd_per_mtok_input=0.0, usd_per_mtok_output=0.0), None),
    ],
)
def test_the_requests_that_still_fit_are_counted(cap, left):
    assert left == SpendingGuard(cap=cap).requests_left(input_tokens=500, output_tokens=100)


@pytest.mark.parametrize(
    "bad",
    [
        {"max_tokens": -1},
        {"max_usd": -0.5, **PRICES},
        {"usd_per_mtok_input": math.nan},
        {"max_usd": math.inf, **PRICES},
    ],
)
def test_a_limit_or_a_price_that_is_none_is_refused(bad):
    with pytest.raises(ProbeError, match="0 or more") as caught:
        SpendingCap(**bad)
    assert "bad_arguments" == caught.value.kind


@pytest.mark.parametrize("prices", [{}, {"usd_per_mtok_input": 1.0}, {"usd_per_mtok_output": 1.0}])
def test_a_cap_in_dollars_without_prices_would_hold_nothing_back_and_is_refused(prices):
    with pytest.raises(ProbeError, match="a cap in tokens"):
        SpendingCap(max_usd=1.0, **prices)


def test_a_plan_is_summed_before_it_starts():
    assert Usage(input_tokens=1_000_000, output_tokens=200_000, requests=2000) == check_plan(
        SpendingCap(max_tokens=700_000), [CELL, CELL]
    )


def test_a_plan_whose_first_load_point_does_not_fit_is_refused():
    with pytest.raises(ProbeError, match=r"first load point alone would use 600,000 tokens.*Raise the cap"):
        check_plan(SpendingCap(max_tokens=100), [CELL])
