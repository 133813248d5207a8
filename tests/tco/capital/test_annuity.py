from __future__ import annotations

import numpy as np
import numpy_financial
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.capital.annuity import owed_fractions, payment_fraction, principal_fractions

rates = st.one_of(st.just(0.0), st.floats(1e-5, 0.05))
terms = st.integers(1, 120)


@given(rates, terms, st.floats(0, 1))
def test_the_payment_is_that_of_numpy_financial(rate: float, term: int, residual: float) -> None:
    ours = float(payment_fraction(np.asarray(rate), term, residual))

    assert ours == pytest.approx(-numpy_financial.pmt(rate, term, 1.0, -residual), rel=1e-7, abs=1e-12)


@given(st.floats(1e-5, 0.05), terms)
def test_interest_and_principal_are_those_of_numpy_financial(rate: float, term: int) -> None:
    held = np.asarray(rate)
    number = np.arange(1, term + 1)
    interest = rate * owed_fractions(held, term)[:-1]

    assert principal_fractions(held, term) == pytest.approx(-numpy_financial.ppmt(rate, number, term, 1.0), rel=1e-6)
    assert interest == pytest.approx(-numpy_financial.ipmt(rate, number, term, 1.0), rel=1e-6, abs=1e-9)


@given(rates, terms)
def test_all_that_is_borrowed_is_paid_off(rate: float, term: int) -> None:
    held = np.asarray(rate)

    assert principal_fractions(held, term).sum() == pytest.approx(1.0, rel=1e-9)
    assert owed_fractions(held, term)[0] == 1
    assert (np.diff(owed_fractions(held, term)) < 0).all()


def test_each_draw_has_its_own_rate() -> None:
    drawn = np.array([[0.0], [0.01]])

    assert payment_fraction(drawn, 12).ravel() == pytest.approx(
        [float(payment_fraction(np.asarray(rate), 12)) for rate in (0.0, 0.01)]
    )
    assert owed_fractions(drawn, 12).shape == (2, 13)
