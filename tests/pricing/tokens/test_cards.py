from __future__ import annotations

import json
from datetime import date

import pytest

from pricing.book import shipped_book
from pricing.tokens.cards import TOKENS, TokensDamaged, decode, merge
from pricing.tokens.records import Card, Feed, Rates, Seller, SoldModel

D1, D2 = date(2026, 1, 10), date(2026, 2, 10)


def feed(seen, name="genai-prices", **sellers):
    """A reading: each seller's models with their input price [USD/Mtok]."""
    return Feed(
        name=name,
        release="1",
        seen_on=seen,
        sellers={
            seller: Seller(
                name=seller,
                feed=name,
                models={
                    model: SoldModel(
                        tiers={"standard": (Card(rates=Rates(input=usd, output=1), seen_from=seen, seen_to=seen),)}
                    )
                    for model, usd in models.items()
                },
            )
            for seller, models in sellers.items()
        },
    )


def inputs(data, seller, model):
    cards = decode(data)["sellers"][seller]["models"][model]["tiers"]["standard"]
    return [(entry.get("valid_from"), entry["rates"]["input"], entry["seen_to"]) for entry in cards]


def test_a_changed_price_closes_the_old_one_on_the_day_of_the_reading():
    data = merge(merge(None, feed(D1, a={"m": 1})), feed(D2, a={"m": 2}))
    assert inputs(data, "a", "m") == [(None, 1, "2026-01-10"), ("2026-02-10", 2, "2026-02-10")]


def test_a_model_that_is_listed_no_more_stays_with_the_day_since_when_and_may_come_back():
    data = merge(None, feed(D1, a={"m": 1, "n": 1}), feed(D2, a={"n": 1}))
    assert decode(data)["sellers"]["a"]["models"]["m"]["gone"] == "2026-02-10"
    assert decode(data)["sellers"]["a"]["models"]["m"]["tiers"]["standard"][0]["seen_to"] == "2026-01-10"
    back = merge(data, feed(date(2026, 3, 1), a={"m": 1}))
    assert "gone" not in decode(back)["sellers"]["a"]["models"]["m"]


def test_a_seller_that_is_listed_no_more_keeps_its_models_with_the_day_since_when():
    data = merge(None, feed(D1, a={"m": 1}, b={"m": 1}), feed(D2, b={"m": 1}))
    assert decode(data)["sellers"]["a"]["models"]["m"]["gone"] == "2026-02-10"


def test_the_first_list_goes_before_the_second():
    data = merge(None, feed(D1, a={"m": 1}), feed(D1, "litellm", a={"m": 9}, b={"m": 9}))
    assert (inputs(data, "a", "m")[0][1], inputs(data, "b", "m")[0][1]) == (1, 9)
    # Its newest reading says nothing about a seller that is the first list's.
    assert "gone" not in decode(data)["sellers"]["a"]["models"]["m"]
    # A seller that the first list takes up is the first list's from then on.
    taken = merge(data, feed(D2, a={"m": 1}, b={"m": 3}))
    assert decode(taken)["sellers"]["b"]["feed"] == "genai-prices"
    assert [usd for _, usd, _ in inputs(taken, "b", "m")] == [9, 3]


def test_a_reading_of_one_list_leaves_the_sellers_of_the_other_alone():
    data = merge(None, feed(D1, a={"m": 1}), feed(D1, "litellm", b={"m": 9}))
    again = merge(data, feed(D2, "litellm", b={"m": 9}))
    assert decode(again)["sellers"]["a"] == decode(data)["sellers"]["a"]


def test_the_models_stay_in_the_order_in_which_the_list_tries_names_on_them():
    data = merge(None, feed(D1, a={"z": 1, "b": 1, "old": 1}), feed(D2, a={"z": 1, "new": 1, "b": 1}))
    assert list(decode(data)["sellers"]["a"]["models"]) == ["z", "new", "b", "old"]


def test_the_same_reading_twice_changes_no_byte():
    data = merge(None, feed(D1, a={"m": 1}), feed(D1, "litellm", b={"m": 9}))
    assert merge(data, feed(D1, a={"m": 1}), feed(D1, "litellm", b={"m": 9})) == data
    assert merge(data) == data


def test_the_shipped_file_is_in_the_form_in_which_it_is_written_and_small():
    data = shipped_book().file(TOKENS).read_bytes()
    assert merge(data) == data
    assert len(data) < 1_500_000


def test_a_reading_older_than_the_file_is_refused():
    with pytest.raises(
        ValueError, match="genai-prices: a reading of 2026-01-10 is older than the book's, of 2026-02-10"
    ):
        merge(merge(None, feed(D2, a={"m": 1})), feed(D1, a={"m": 1}))


def test_an_unknown_list_is_refused():
    with pytest.raises(ValueError, match="unknown feed 'mine'; the book knows genai-prices, litellm"):
        merge(None, feed(D1, "mine", a={"m": 1}))


def test_a_damaged_file_is_not_merged_into():
    entry = {"name": "A", "feed": "litellm", "models": {"m": {"context_tokens": -1}}}
    raw = {"schema": 1, "feeds": {"litellm": {"seen_on": "2026-01-01"}}, "sellers": {"a": entry}}
    with pytest.raises(TokensDamaged, match="damaged at a/m context_tokens"):
        merge(json.dumps(raw).encode())
