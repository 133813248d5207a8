"""Other currencies: the user's own exchange rates, and amounts to US dollars and back.

No rate is shipped and none is fetched: a plan that depends on a rate says which one, from where and of which day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from pricing.price import PriceNotFound
from pricing.tables import Record
from pricing.yaml_file import Day, Text, broken_rule

USD = "USD"
"""The currency that all prices of the book are in."""

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""The form of an ISO 4217 code. Codes come and go, so no list of them is held against it: a rate must be there anyway."""


class Rate(Record):
    """What one unit of a currency was worth on a day.

    Attributes:
        currency: ISO 4217 code, never USD.
        usd: US dollars for one unit [USD/unit].
        as_of: the day of the rate.
        source: who published it.
    """

    currency: CurrencyCode = Field(description="three capital letters, the ISO 4217 code, such as EUR")
    usd: Annotated[float, Field(strict=True, ge=1e-9, le=1e9)] = Field(
        description="US dollars for one unit of the currency, a number from 1e-9 to 1e9, such as 1.16"
    )
    as_of: Day = Field(description="the day of the rate, YYYY-MM-DD")
    source: Text = Field(description="who published the rate, as text of 1 to 500 characters")

    @model_validator(mode="after")
    def _is_foreign(self) -> Rate:
        if self.currency == USD:
            raise broken_rule("USD needs no rate, since the book is in USD; leave this line out")
        return self


def rate_on(rates: Iterable[Rate], currency: str, on: date) -> Rate:
    """The rate that counts on a day: the newest on or before it; where all are later, the oldest.

    Args:
        rates: any number, of any currencies.
        currency: ISO 4217 code.
        on: the day.

    Raises:
        PriceNotFound: there is no rate of that currency; the message has the line to add.
    """
    known = sorted((rate for rate in rates if rate.currency == currency), key=lambda rate: rate.as_of)
    if not known:
        raise PriceNotFound(no_rate(currency, on))
    return next((rate for rate in reversed(known) if rate.as_of <= on), known[0])


def no_rate(currency: str, on: date) -> str:
    """What to tell a person who uses a currency without a rate: the line to add.

    >>> no_rate("EUR", date(2026, 11, 23))
    'no rate for EUR; add under `fx:` - {currency: EUR, usd: <US dollars for one EUR>, as_of: 2026-11-23, source: "<who says so>"}'
    """
    return (
        f"no rate for {currency}; add under `fx:` - {{currency: {currency}, usd: <US dollars for one {currency}>, "
        f'as_of: {on.isoformat()}, source: "<who says so>"}}'
    )


def rate_note(amount: float, rate: Rate, on: date) -> str:
    """How an amount was converted, for a price's note: amount, currency, rate, day, and whether the rate is later.

    >>> euro = Rate(currency="EUR", usd=1.16, as_of=date(2026, 11, 20), source="ECB reference rate")
    >>> rate_note(1.6, euro, date(2026, 11, 23))
    '1.6 EUR x 1.16 USD/EUR of 2026-11-20 (ECB reference rate)'
    """
    note = f"{amount:.10g} {rate.currency} x {rate.usd:.10g} USD/{rate.currency} of {rate.as_of} ({rate.source})"
    return f"{note}, the oldest rate there is, later than {on}" if rate.as_of > on else note
