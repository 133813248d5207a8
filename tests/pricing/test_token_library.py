from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import genai_prices
import pytest
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TimeOfDateConstraint,
)

from pricing.price import PriceNotFound
from pricing.token_library import RELEASED, api_models, api_sellers, find_model, price_of_day, released, span_of_price

DAY = date(2026, 11, 23)


def dollars(fresh, out):
    return ModelPrice(input_mtok=Decimal(fresh), output_mtok=Decimal(out))


def model(*prices):
    return ModelInfo(id="m", match=ClauseEquals(equals="m"), prices=list(prices))


def hours(start, end, prices):
    return ConditionalPrice(TimeOfDateConstraint(start_time=time(start), end_time=time(end)), prices=prices)


def test_of_two_prices_by_the_hour_the_one_of_most_hours_is_taken():
    info = model(
        ConditionalPrice(prices=dollars("1", "2")), hours(1, 4, dollars("3", "6")), hours(6, 10, dollars("3", "6"))
    )
    chosen, note = price_of_day(info, DAY)
    assert chosen == dollars("1", "2")
    assert note == "off-peak price of 17 hours of the day (UTC); other 7: 3 in, 6 out"


def test_a_night_discount_is_named_but_not_taken():
    chosen, note = price_of_day(model(ConditionalPrice(prices=dollars("1", "2")), hours(0, 16, dollars("3", "6"))), DAY)
    assert chosen == dollars("3", "6")
    assert note == "price of 16 hours of the day (UTC); other 8: 1 in, 2 out"


def test_a_price_without_hours_needs_no_note():
    assert price_of_day(model(ConditionalPrice(prices=dollars("1", "2"))), DAY) == (dollars("1", "2"), None)


def test_the_span_of_a_price_ends_the_day_before_the_next_begins():
    starts = [
        None,
        StartDateConstraint(date(2026, 1, 1)),
        StartDateConstraint(date(2026, 12, 1)),
        StartDateConstraint(date(2027, 1, 1)),
    ]
    assert span_of_price(starts, date(2026, 11, 30)) == (date(2026, 1, 1), date(2026, 11, 30))
    assert span_of_price(starts, date(2025, 12, 31)) == (None, date(2025, 12, 31))
    assert span_of_price(starts, date(2027, 1, 1)) == (date(2027, 1, 1), None)


def test_an_identifier_is_found_exactly_even_where_the_librarys_own_patterns_miss_it():
    seller, info = find_model("openai/ft:gpt-4o")
    assert (seller.id, info.id) == ("openai", "ft:gpt-4o")
    assert seller.find_model("ft:gpt-4o") is None


def test_a_dated_alias_finds_the_model():
    assert find_model("openai/gpt-5-2025-08-07")[1].id == "gpt-5"


def test_every_listed_model_is_found_as_itself():
    wrong = [name for name in api_models() if find_model(name)[1].id != name.partition("/")[2]]
    assert wrong == []


def test_models_without_token_prices_are_not_listed():
    assert "openai/gpt-5" in api_models("openai")
    assert "groq/whisper-large-v3" not in api_models("groq")


def test_there_are_47_sellers_with_those_that_people_ask_for():
    assert len(api_sellers()) == 47
    assert {"openai", "anthropic", "google", "together", "fireworks", "groq", "mistral", "deepseek"} <= set(
        api_sellers()
    )


def test_an_unknown_seller_is_told_near_names():
    with pytest.raises(PriceNotFound, match=r"no seller 'openia'.*Near names: openai"):
        api_models("openia")


@pytest.mark.parametrize("name", ["gpt-5", "openai/", ""])
def test_a_name_without_seller_is_told_the_form(name):
    with pytest.raises(PriceNotFound, match="write it as `seller/model`"):
        find_model(name)


def test_a_name_without_seller_is_told_who_sells_it():
    with pytest.raises(PriceNotFound, match="It is sold as: openai/gpt-5"):
        find_model("gpt-5")


def test_a_newer_library_is_dated_as_the_newest_known_release(monkeypatch):
    monkeypatch.setattr(genai_prices, "__version__", "9.9.9")
    assert released() == max(RELEASED.values())
