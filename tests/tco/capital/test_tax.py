from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from tco.capital.tax import disposal_tax_usd, tax_by_time_usd

costs = st_numpy.arrays(float, st.integers(1, 60), elements=st.floats(0, 1e6))
shares = st.floats(0, 1)


@given(costs, shares)
def test_both_ways_of_paying_save_the_share_of_all_deductions(deducted: np.ndarray, tax: float) -> None:
    for when in ("year-end", "monthly"):
        assert tax_by_time_usd(np.asarray(tax), deducted, when).sum() == pytest.approx(-tax * deducted.sum())


def test_a_year_is_settled_at_its_end_and_the_last_one_at_the_horizon() -> None:
    yearly = tax_by_time_usd(np.asarray(0.3), np.full(14, 10.0))

    assert yearly.nonzero()[0].tolist() == [12, 14]
    assert yearly[[12, 14]] == pytest.approx([-36, -6])
    assert tax_by_time_usd(np.asarray(0.3), np.full(14, 10.0), "monthly") == pytest.approx(np.r_[0, np.full(14, -3)])


def test_draws_have_their_own_rate() -> None:
    drawn = tax_by_time_usd(np.array([[0.2], [0.4]]), np.full((2, 12), 1.0))

    assert drawn[:, 12] == pytest.approx([-2.4, -4.8])
    assert disposal_tax_usd(np.array([[0.2], [0.4]]), np.array([10.0, 10.0]), np.array([0.0, 20.0])) == pytest.approx(
        [2.0, -4.0]
    )
