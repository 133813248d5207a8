from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from tco.capital.depreciation import MACRS_5_YEAR, depreciation_usd
from tco.finance_terms import Depreciation

bought = st_numpy.arrays(float, st.integers(1, 120), elements=st.floats(0, 1e6))
methods = st.sampled_from(
    [
        Depreciation(),
        Depreciation(book_life_months=7),
        Depreciation(schedule="macrs-5-year"),
        Depreciation(schedule="table", table_fraction=[0.5, 0.0, 0.5]),
    ]
)


def by_year(months: np.ndarray) -> list[float]:
    return np.add.reduceat(months, np.arange(0, months.size, 12)).tolist()


def test_macrs_gives_the_published_shares_by_year() -> None:
    """IRS Publication 946, table A-1, 5-year property: 20, 32, 19.2, 11.52, 11.52, 5.76 % of 100,000."""
    months = depreciation_usd(Depreciation(schedule="macrs-5-year"), 100_000 * np.eye(1, 84)[0], 48)

    assert by_year(months) == pytest.approx([20_000, 32_000, 19_200, 11_520, 11_520, 5_760, 0])
    assert sum(MACRS_5_YEAR) == pytest.approx(1)


def test_what_is_bought_late_in_a_year_has_the_first_share_in_that_year() -> None:
    months = depreciation_usd(Depreciation(schedule="macrs-5-year"), 100_000 * np.eye(1, 84, 10)[0], 48)

    assert by_year(months)[:3] == pytest.approx([20_000, 32_000, 19_200])
    assert months[9] == 0
    assert months[10:12] == pytest.approx([10_000, 10_000])


def test_a_straight_line_over_the_economic_life_or_the_book_life() -> None:
    at_start = 48_000 * np.eye(1, 60)[0]

    assert depreciation_usd(Depreciation(), at_start, 48) == pytest.approx(np.r_[np.full(48, 1_000), np.zeros(12)])
    assert depreciation_usd(Depreciation(book_life_months=24), at_start, 48)[:25] == pytest.approx(
        np.r_[np.full(24, 2_000), 0]
    )


@given(bought, methods, st.integers(1, 60))
def test_never_more_than_the_price_and_in_the_end_all_of_it(paid: np.ndarray, method: Depreciation, life: int) -> None:
    long = np.concatenate([paid, np.zeros(120)])
    months = depreciation_usd(method, long, life)

    assert months.sum() == pytest.approx(paid.sum())
    assert (np.cumsum(months) <= np.cumsum(long) * (1 + 1e-9) + 1e-6).all()


def test_draws_are_one_after_the_other() -> None:
    drawn = np.array([[100.0, 0.0, 40.0], [0.0, 60.0, 0.0]])
    each = [depreciation_usd(Depreciation(schedule="macrs-5-year"), paid, 36) for paid in drawn]

    assert depreciation_usd(Depreciation(schedule="macrs-5-year"), drawn, 36) == pytest.approx(np.array(each))
