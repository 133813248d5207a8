from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pricing.own.exchange import Rate, rate_note, rate_on
from pricing.own.file import parse_overrides
from pricing.price import PriceNotFound

ON = date(2026, 11, 23)


def rate(usd, day, currency="EUR"):
    return Rate(currency=currency, usd=usd, as_of=day, source="ECB reference rate")


RATES = [
    rate(1.18, date(2026, 11, 24)),
    rate(1.25, date(2026, 11, 20)),
    rate(1.10, date(2026, 6, 1)),
    rate(0.0065, date(2026, 11, 22), "JPY"),
]


def test_the_newest_rate_on_or_before_the_day_counts_whatever_the_order():
    assert rate_on(RATES, "EUR", date(2026, 11, 24)).usd == 1.18
    assert rate_on(RATES, "EUR", ON).usd == 1.25
    assert rate_on(list(reversed(RATES)), "EUR", date(2026, 11, 20)).usd == 1.25
    assert rate_on(RATES, "EUR", date(2026, 11, 19)).usd == 1.10


def test_before_the_first_rate_the_oldest_counts_and_the_note_says_so():
    early = date(2026, 1, 1)
    found = rate_on(RATES, "EUR", early)
    assert found.usd == 1.10
    assert rate_note(2, found, early) == (
        "2 EUR x 1.1 USD/EUR of 2026-06-01 (ECB reference rate), the oldest rate there is, later than 2026-01-01"
    )


def test_a_currency_without_a_rate_is_named_with_the_line_to_add():
    with pytest.raises(PriceNotFound) as error:
        rate_on(RATES, "CHF", ON)
    assert str(error.value) == (
        "no rate for CHF; add under `fx:` - {currency: CHF, usd: <US dollars for one CHF>, as_of: 2026-11-23, "
        'source: "<who says so>"}'
    )


@given(
    amount=st.floats(min_value=1e-6, max_value=1e6),
    usd=st.floats(min_value=1e-4, max_value=1e4),
)
def test_there_and_back_is_the_same_amount(amount, usd):
    """What a contract says in euros, as the book gives it in dollars, and back."""
    own = parse_overrides(
        f"""
fx: [{{currency: EUR, usd: {usd!r}, as_of: 2026-11-20, source: ECB}}]
prices: [{{item: x/y, per: mtok_input, amount: {amount!r}, currency: EUR, as_of: 2026-11-20, source: contract}}]
"""
    )
    (price,) = own.own_prices(ON)
    assert (price.currency, price.amount / usd) == ("USD", pytest.approx(amount, rel=1e-12))


@pytest.mark.parametrize("usd", [0, -1, float("nan"), float("inf"), True, "1.16", 1e10])
def test_a_rate_is_a_positive_finite_number(usd):
    with pytest.raises(ValidationError):
        rate(usd, ON)


@pytest.mark.parametrize("currency", ["eur", "EURO", "€", "E1R", "", "USD"])
def test_a_rate_has_the_code_of_a_foreign_currency(currency):
    with pytest.raises(ValidationError):
        rate(1.1, ON, currency)
