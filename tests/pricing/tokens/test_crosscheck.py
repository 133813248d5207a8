from __future__ import annotations

from datetime import date

import pytest

from pricing.book import Book
from pricing.price import PriceNotFound
from pricing.tokens.cards import TokensDamaged
from pricing.tokens.crosscheck import (
    SECOND,
    Alternative,
    ListedRates,
    book_rates,
    crosscheck,
    second_file,
    second_rates,
)
from pricing.tokens.records import Card, Feed, Rates, Seller, SoldModel

ON = date(2026, 11, 23)


def listed(fresh, out, cached=None, **more):
    return ListedRates(input=fresh, output=out, cached_read=cached, as_of=ON, **more)


def found(first, second):
    return [(d.model, d.rate, d.ratio, d.reason) for d in crosscheck({"s/m": first}, {"s/m": second})]


def test_equal_rates_are_no_difference_and_rounding_is_none_either():
    assert found(listed(1, 2, 0.1), listed(1, 2.0099, 0.1)) == []
    assert found(listed(1, 2), listed(1, 2, 0.1)) == []


def test_a_difference_has_the_rate_and_the_ratio():
    assert found(listed(1, 2, 0.1), listed(1, 3, 0.05)) == [
        ("s/m", "output", 1.5, None),
        ("s/m", "cached_read", 0.5, None),
    ]


def test_a_free_rate_has_no_ratio():
    assert found(listed(0, 2), listed(1, 2)) == [("s/m", "input", None, None)]


def test_a_price_of_other_hours_or_other_days_explains_the_difference():
    other = Alternative(why="peak", input=2, output=4)
    assert found(listed(1, 2, alternatives=(other,)), listed(2, 4)) == [
        ("s/m", "input", 2, "peak"),
        ("s/m", "output", 2, "peak"),
    ]
    assert found(listed(1, 2, alternatives=(other,)), listed(2, 5))[0][3] is None


def test_a_withdrawn_model_explains_the_difference():
    assert found(listed(1, 2), listed(1, 3, withdrawn=True)) == [
        ("s/m", "output", 1.5, "withdrawn: one of the lists does not keep the price up")
    ]


def test_a_model_that_only_one_list_has_is_not_compared():
    assert crosscheck({"s/m": listed(1, 2)}, {"s/n": listed(9, 9)}) == []


def reasons(provider):
    second = second_rates(provider)
    return {(d.model, d.rate): d.reason for d in crosscheck(book_rates(second, ON), second)}


def test_the_second_list_has_deepseek_at_its_peak_price():
    found = reasons("deepseek")
    assert found["deepseek/deepseek-v4-pro", "input"] == (
        "the second list shows the price of other hours (01:00-04:00, 06:00-10:00 UTC in the book)"
    )


def test_the_second_list_has_not_seen_that_mistral_large_4_was_cut():
    assert reasons("mistral")["mistral/mistral-large-4", "input"] == (
        "the second list still shows the price of before 2026-10-29"
    )


def test_the_two_lists_agree_on_openai_anthropic_and_google():
    # Independent readings of the same three price pages: no text model differs.
    assert len(second_rates("openai")) > 40
    for provider in ("openai", "anthropic", "google"):
        assert reasons(provider) == {}


def test_a_seller_that_the_second_list_is_not_read_for_is_refused():
    with pytest.raises(PriceNotFound, match=r"the second list is not read for 'opnai'. Near names: openai"):
        second_rates("opnai")


def test_only_models_that_the_book_lists_are_kept_under_its_names():
    def model(usd):
        return SoldModel(tiers={"standard": (Card(rates=Rates(input=usd, output=1), seen_from=ON, seen_to=ON),)})

    models = {"o3-2025-04-16": model(2), "unheard-of": model(9)}
    feed = Feed(name="litellm", seen_on=ON, sellers={"openai": Seller(name="OpenAI", feed="litellm", models=models)})
    text = second_file(feed, Book()).decode()
    assert '"openai/o3":{"input":2.0,"output":1.0,"name":"o3-2025-04-16"}' in text
    assert "unheard-of" not in text


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"models": {}, "as_of": 1', '{"models": {"a/b": {"input": -1}}, "as_of": "2026-11-12"}']
)
def test_a_damaged_second_list_is_refused_by_name(text, tmp_path):
    (tmp_path / SECOND).write_text(text)
    with pytest.raises(TokensDamaged, match=r"tokens_second\.json is damaged"):
        second_rates("openai", Book(newer={SECOND: tmp_path / SECOND}))
