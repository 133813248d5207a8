from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from tco.capital.purchase import Paid, by_time, life_months, paid
from tco.finance import npv
from tco.finance_terms import Cash, Lease, Loan

rates = st.floats(0, 0.3).map(lambda rate: round(rate, 6))
shares = st.floats(0, 1).map(lambda share: round(share, 6))
prices = st_numpy.arrays(float, st.integers(1, 60), elements=st.one_of(st.just(0.0), st.floats(1, 1e6)))


def flows(asked: Paid) -> np.ndarray:
    """All money by time."""
    upfront = sum(asked.investments.values())
    monthly = sum(asked.line_items.values(), start=np.zeros_like(upfront))
    return by_time(start=upfront, end=monthly) + sum(asked.financing.values(), start=np.zeros(upfront.size + 1))


@given(prices, rates, st.integers(1, 90), shares)
def test_a_loan_at_the_discount_rate_leaves_the_present_value_as_it_is(
    price: np.ndarray, rate: float, term: int, share: float
) -> None:
    """Twelve times the monthly rate is the bank's nominal rate of an effective discount rate."""
    nominal = 12 * ((1 + rate) ** (1 / 12) - 1)
    loan = Loan(kind="loan", interest_rate_per_year=nominal, term_months=term, financed_fraction=share)

    assert npv(rate, flows(paid(loan, price))) == pytest.approx(
        npv(rate, flows(paid(Cash(), price))), rel=1e-8, abs=1e-3
    )


def test_a_loan_by_hand() -> None:
    """12,000 at 12 % a year over 2 months: 1 % a month; payments of 6,090.15, interest 120 and 60.30; and nothing after."""
    asked = paid(Loan(kind="loan", interest_rate_per_year=0.12, term_months=2), np.array([12_000.0, 0, 0]))

    assert asked.financing["loan_received"].tolist() == [-12_000, 0, 0, 0]
    assert asked.financing["loan_payments"] == pytest.approx([0, 6_090.15, 6_090.15, 0], abs=0.005)
    assert asked.interest_usd == pytest.approx([120, 60.30, 0], abs=0.005)
    assert asked.financing["loan_paid_off"].tolist() == [0, 0, 0, 0]


def test_what_is_owed_at_the_horizon_is_paid_off_there() -> None:
    asked = paid(Loan(kind="loan", interest_rate_per_year=0.0, term_months=4), np.array([400.0, 0, 800.0]))

    assert asked.financing["loan_payments"].tolist() == [0, 100, 100, 300]
    assert asked.financing["loan_paid_off"].tolist() == [0, 0, 0, 100 + 600]
    assert flows(asked).sum() == pytest.approx(1_200)


@given(prices, rates, st.integers(1, 60), shares)
def test_a_lease_with_purchase_at_the_discount_rate_is_worth_what_buying_is(
    price: np.ndarray, rate: float, term: int, residual: float
) -> None:
    """But for payments that fall due at once where the horizon cuts it, so this horizon is long."""
    nominal = 12 * ((1 + rate) ** (1 / 12) - 1)
    long = np.concatenate([price, np.zeros(60)])
    lease = Lease(
        kind="lease", term_months=term, interest_rate_per_year=nominal, buy_out_fraction=residual, at_end="purchase"
    )

    assert npv(rate, flows(paid(lease, long))) == pytest.approx(
        npv(rate, flows(paid(Cash(), long))), rel=1e-8, abs=1e-3
    )


def test_a_lease_by_hand() -> None:
    """100 at 3 % of the price a month over 3 months, then bought for 10."""
    price = np.array([100.0, 0, 0, 0, 100.0, 0])
    buying = Lease(
        kind="lease", term_months=3, payment_per_month_fraction=0.03, buy_out_fraction=0.1, at_end="purchase"
    )
    asked = paid(buying, price)

    assert asked.line_items["lease"].tolist() == [3, 3, 3, 0, 3, 3]
    assert asked.investments["lease_buy_outs"].tolist() == [0, 0, 0, 10, 0, 0]
    assert asked.financing["lease_due_at_end"].tolist() == [0, 0, 0, 0, 0, 0, 3 + 10]
    assert asked.basis_usd.tolist() == [0, 0, 0, 10, 0, 0]
    assert (float(asked.basis_at_end_usd), float(asked.due_at_end_usd)) == (10, 3)
    assert asked.is_owned.all()


def test_a_lease_that_is_passed_on_or_returned_leaves_nothing() -> None:
    price = np.array([100.0, 0, 0, 0, 100.0, 0])
    passed = Lease(
        kind="lease",
        term_months=3,
        payment_per_month_fraction=0.03,
        buy_out_fraction=0.1,
        at_end="purchase",
        at_horizon="passed-on",
    )
    returned = Lease(kind="lease", term_months=3, payment_per_month_fraction=0.03)

    assert paid(passed, price).financing["lease_due_at_end"][-1] == 0
    assert paid(passed, price).is_owned.tolist() == [True, True, True, False, False, False]
    assert paid(returned, price).financing["lease_due_at_end"][-1] == 3
    assert not paid(returned, price).is_owned.any()


def test_a_leased_server_stays_as_long_as_its_lease() -> None:
    back = Lease(kind="lease", term_months=36, payment_per_month_fraction=0.03)
    kept = back.model_copy(update={"at_end": "purchase"})

    assert [life_months(terms, 48) for terms in (Cash(), back, kept)] == [48, 36, 48]
    assert life_months(kept, 24) == 36


def test_draws_are_one_after_the_other() -> None:
    price = np.array([[100.0, 0, 50.0], [0.0, 70.0, 0]])
    loan = Loan(kind="loan", interest_rate_per_year=0.1, term_months=2, financed_fraction=0.8)
    drawn = loan.model_copy(update={"interest_rate_per_year": loan.interest_rate_per_year.at(np.array([[0.1], [0.2]]))})
    second = loan.model_copy(update={"interest_rate_per_year": loan.interest_rate_per_year.at(0.2)})

    together = paid(drawn, price)
    for number, terms in enumerate((loan, second)):
        alone = paid(terms, price[number])
        for name in alone.financing:
            assert together.financing[name][number] == pytest.approx(alone.financing[name])
        assert together.interest_usd[number] == pytest.approx(alone.interest_usd)
