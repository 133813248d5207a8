from __future__ import annotations

import numpy as np
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


def test_a_fall_below_zero_in_the_end_leaves_two_rates_and_no_return() -> None:
    """Two servers' worth saved, then a replacement: the textbook case of two rates."""
    flows = [-1_000.0, *[200.0] * 11, -1_150.0]
    found = irr_roots_per_year(flows)

    assert (irr(flows).rate_per_year, irr(flows).status) == (None, "several")
    assert len(found) == 2
    assert [npv(rate, flows) for rate in found] == pytest.approx([0, 0], abs=1e-6)


@given(st.integers(0, 120))
def test_the_return_of_what_starts_later_is_that_of_what_starts_now(months: int) -> None:
    flows = [-100.0, *[10.0] * 24]

    assert irr([0.0] * months + flows).rate_per_year == pytest.approx(irr(flows).rate_per_year, rel=1e-9)
    assert irr_roots_per_year([0.0] * months + flows) == pytest.approx([irr(flows).rate_per_year], rel=1e-9)


def test_the_profile_is_the_npv_at_each_rate() -> None:
    flows = [-100.0, *[9.0] * 12]

    assert npv_profile(flows, [-0.5, 0.0, 0.3]) == pytest.approx([npv(rate, flows) for rate in (-0.5, 0.0, 0.3)])
    assert irr_roots_per_year([1.0, 2.0]) == irr_roots_per_year([0.0]) == []
