from __future__ import annotations

import numpy as np
import numpy_financial
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.finance import irr, irr_roots_per_year, npv, npv_profile, sign_changes_count

monthly = st.lists(st.floats(0.005, 0.6), min_size=1, max_size=4, unique_by=lambda rate: round(rate * 50))


def flows_with_roots(rates: list[float]) -> np.ndarray:
    """Flows whose present value is zero at these monthly rates and nowhere else: the product of (1 + rate) x − 1 over x."""
    product = np.array([1.0])
    for rate in rates:
        product = np.convolve(product, [-1.0, 1 + rate])
    return 1e4 * product


@given(monthly)
def test_all_rates_are_found_that_the_flows_were_made_of(rates: list[float]) -> None:
    flows = flows_with_roots(rates)
    found = irr_roots_per_year(flows)

    assert found == pytest.approx(sorted((1 + rate) ** 12 - 1 for rate in rates), rel=1e-6)
    assert sign_changes_count(flows) >= len(found)
    assert (irr(flows).status == "several") == (len(rates) > 1)


def test_a_rate_below_zero_beside_one_above_leaves_that_one() -> None:
    """Saved first, and a replacement in the end: the NPV is above zero at all rates from zero to the one that is reported."""
    flows = [-1_000.0, *[200.0] * 11, -1_150.0]
    found = irr(flows)

    assert len(found.roots_per_year) == 2
    assert [npv(rate, flows) for rate in found.roots_per_year] == pytest.approx([0, 0], abs=1e-6)
    assert found.roots_per_year[0] < 0 < found.roots_per_year[1]
    assert (found.status, found.rate_per_year) == ("ok", found.roots_per_year[1])


def test_of_a_loss_with_two_rates_none_is_the_return() -> None:
    """A loss at any rate that one would ask for has two rates below zero."""
    flows = [-1_000.0, *[230.0] * 6, -420.0]

    assert sum(flows) < 0
    assert [rate < 0 for rate in irr(flows).roots_per_year] == [True, True]
    assert (irr(flows).rate_per_year, irr(flows).status) == (None, "several")


@given(st.integers(0, 120))
def test_the_return_of_what_starts_later_is_that_of_what_starts_now(months: int) -> None:
    flows = [-100.0, *[10.0] * 24]

    assert irr([0.0] * months + flows).rate_per_year == pytest.approx(irr(flows).rate_per_year, rel=1e-9)
    assert irr_roots_per_year([0.0] * months + flows) == pytest.approx([irr(flows).rate_per_year], rel=1e-9)


def test_the_profile_is_the_npv_at_each_rate() -> None:
    flows = [-100.0, *[9.0] * 12]

    assert npv_profile(flows, [-0.5, 0.0, 0.3]) == pytest.approx([npv(rate, flows) for rate in (-0.5, 0.0, 0.3)])
    assert irr_roots_per_year([1.0, 2.0]) == irr_roots_per_year([0.0]) == []


@given(st.integers(2, 5), st.floats(0.0, 0.4), st.floats(0.06, 0.1))
def test_taxes_once_a_year_turn_signs_and_leave_one_return(years: int, tax: float, saved: float) -> None:
    """The saving of each month, and at the end of each year the tax on the year's: many changes of sign, one rate above zero."""
    flows = np.array([-100.0, *[100 * saved] * (12 * years)])
    flows[12::12] -= tax * 12 * 100 * saved
    found = irr(flows)
    is_gain = bool(flows.sum() > 1e-6)

    assert (found.status == "ok") >= is_gain
    if is_gain:
        assert found.rate_per_year is not None
        assert found.rate_per_year > 0
        assert npv(found.rate_per_year, flows) == pytest.approx(0, abs=1e-6)


def test_norstroms_criterion_on_a_textbook_case() -> None:
    """Net flows -12, -2, 3, 8, 8, -1: two changes of sign, but the cumulative flow changes once, so one rate; numpy-financial gives the same."""
    yearly = [-12.0, -2.0, 3.0, 8.0, 8.0, -1.0]
    flows = np.zeros(61)
    flows[::12] = yearly
    found = irr(flows)

    assert sign_changes_count(flows) == 2
    assert found.status == "ok"
    assert found.rate_per_year == pytest.approx(numpy_financial.irr(yearly), rel=1e-9)


def test_changes_of_sign_that_no_rate_brings_to_zero_have_no_return() -> None:
    assert (irr([-100.0, 10.0, -100.0]).rate_per_year, irr([-100.0, 10.0, -100.0]).status) == (None, "none")
