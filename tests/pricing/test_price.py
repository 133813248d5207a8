from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from pricing.price import Price, PriceNotFound

FIELDS = {
    "item": "L4",
    "amount": 0.8,
    "per": "gpu_hour",
    "provider": "p",
    "tier": "spot",
    "as_of": date(2026, 1, 1),
    "source": "s",
}


def test_a_price_is_in_dollars_as_listed_unless_it_says_otherwise():
    price = Price.model_validate(FIELDS)
    assert (price.currency, price.evidence, price.region) == ("USD", "listed", None)


def test_a_price_survives_json():
    price = Price.model_validate(FIELDS)
    assert Price.model_validate_json(price.model_dump_json()) == price


@pytest.mark.parametrize(
    "change", [{"amount": -1}, {"amount": float("inf")}, {"tier": "cheap"}, {"per": "hour"}, {"colour": "red"}]
)
def test_an_impossible_price_is_refused(change):
    with pytest.raises(ValidationError):
        Price.model_validate(FIELDS | change)


def test_a_missing_price_prints_its_message_without_quotes():
    assert str(PriceNotFound("no such price")) == "no such price"
    assert issubclass(PriceNotFound, LookupError)
