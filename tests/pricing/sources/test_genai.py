"""The importer of genai-prices' `data.json`, its rows as the list writes them."""

from __future__ import annotations

import json
from datetime import date

import pytest
from genai_prices.types import _providers_from_raw

from pricing.sources.genai import MAX_BYTES, read

SEEN = date(2026, 11, 23)


def listed(prices, **more):
    """The list with one seller and one model."""
    entry = {"id": "m", "match": {"equals": "m"}, "prices": prices, **more}
    return json.dumps(
        [{"id": "s", "name": "S", "pricing_urls": ["https://s.example/prices"], "models": [entry]}]
    ).encode()


def model(prices, **more):
    feed = read(listed(prices, **more), SEEN)
    assert feed.rejected == ()
    return feed.sellers["s"].models["m"]


def rates(record):
    return record.model_dump(exclude_none=True)


def test_every_unit_of_a_text_request_is_read():
    keys = ["input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok"]
    card = model(dict(zip(keys, [5, 25, 0.5, 6.25, 10], strict=True)) | {"web_searches_kcount": 10}).tiers["standard"][
        0
    ]
    assert rates(card.rates) == {
        "input": 5,
        "output": 25,
        "cached_read": 0.5,
        "cache_write": 6.25,
        "cache_write_1h": 10,
    }
    assert (card.valid_from, card.seen_from, card.seen_to) == (None, SEEN, SEEN)


def test_above_a_threshold_the_whole_request_pays_more_and_units_without_a_step_stay():
    prices = {
        "input_mtok": {"base": 1, "tiers": [{"start": 128_000, "price": 3}, {"start": 32_000, "price": 2}]},
        "output_mtok": {"base": 4, "tiers": [{"start": 32_000, "price": 8}]},
        "cache_read_mtok": 0.1,
    }
    steps = model(prices).tiers["standard"][0].steps
    assert [(step.above, rates(step.rates)) for step in steps] == [
        (32_000, {"input": 2, "output": 8, "cached_read": 0.1}),
        (128_000, {"input": 3, "output": 8, "cached_read": 0.1}),
    ]


def test_dated_prices_are_cards_in_order():
    dated = [
        {"prices": {"input_mtok": 2, "output_mtok": 10}},
        {"constraint": {"start_date": "2026-12-01"}, "prices": {"input_mtok": 4, "output_mtok": 20}},
    ]
    cards = model(dated).tiers["standard"]
    assert [(card.valid_from, card.rates.input) for card in cards] == [(None, 2), (date(2026, 12, 1), 4)]


def test_hours_belong_to_the_price_of_today():
    dated = [
        {"prices": {"input_mtok": 1, "output_mtok": 2}},
        {"constraint": {"start_date": "2026-08-17"}, "prices": {"input_mtok": 3, "output_mtok": 6}},
        {
            "constraint": {"start_time": "01:00:00Z", "end_time": "04:00:00Z"},
            "prices": {"input_mtok": 6, "output_mtok": 12},
        },
    ]
    before, now = model(dated).tiers["standard"]
    assert before.windows == ()
    assert [(window.utc, window.rates.input) for window in now.windows] == [("01:00-04:00", 6)]


def test_a_variant_replaces_the_rates_that_it_names_from_its_day_on():
    variants = [
        {"when": {"service_tier": "default"}, "prices": {}},
        {"when": {"processing": "batch"}, "constraint": {"start_date": "2026-10-14"}, "prices": {"input_mtok": 1}},
        {"when": {"speed": "fast"}, "prices": {"input_mtok": 4, "output_mtok": 20}},
        {"when": {"route": "eu"}, "prices": {"input_mtok": 9}},
    ]
    tiers = model({"input_mtok": 2, "output_mtok": 10, "cache_read_mtok": 0.2}, price_variants=variants).tiers
    assert list(tiers) == ["standard", "batch", "fast"]
    assert [(card.valid_from, rates(card.rates)) for card in tiers["batch"]] == [
        (date(2026, 10, 14), {"input": 1, "output": 10, "cached_read": 0.2})
    ]
    assert rates(tiers["fast"][0].rates) == {"input": 4, "output": 20, "cached_read": 0.2}


def test_of_two_variants_for_one_rate_the_first_that_has_begun_counts():
    variants = [
        {"when": {"processing": "batch"}, "constraint": {"start_date": "2026-12-01"}, "prices": {"input_mtok": 2}},
        {"when": {"processing": "batch"}, "prices": {"input_mtok": 1}},
    ]
    cards = model({"input_mtok": 2, "output_mtok": 10}, price_variants=variants).tiers["batch"]
    assert [(card.valid_from, card.rates.input) for card in cards] == [(None, 1), (date(2026, 12, 1), 2)]


def test_a_model_sold_by_something_else_has_no_card_and_says_by_what():
    record = model({"audio_hours": 0.1, "input_mtok": None})
    assert (record.tiers, record.sold_by) == ({}, ("audio_hours",))


def test_a_fee_for_each_request_is_kept_beside_the_rates():
    assert model({"input_mtok": 1, "output_mtok": 1, "requests_kcount": 12}).tiers["standard"][0].also == {
        "requests_kcount": 12
    }


def test_rules_for_names_are_kept():
    both = {"and": [{"contains": "hugging"}, {"or": [{"ends_with": "a"}, {"ends_with": "b"}]}]}
    match = {"or": [{"equals": "m"}, {"starts_with": "m-"}, {"regex": r"^n\d"}, both]}
    assert model({"input_mtok": 1, "output_mtok": 1}, match=match).match == (
        "=m",
        "^m-",
        r"/^n\d",
        ("*hugging", "$a"),
        ("*hugging", "$b"),
    )


@pytest.mark.parametrize(
    ("prices", "reason"),
    [
        ({"input_mtok": -1, "output_mtok": 1}, "input: Input should be greater than or equal to 0"),
        ({"input_mtok": 1, "output_mtok": 10_001}, "output: Input should be less than or equal to 10000"),
        ({"input_mtok": float("nan"), "output_mtok": 1}, "input: Input should be a finite number"),
        ({"input_mtok": "1", "output_mtok": 1}, "input: Input should be a valid number"),
        ({"input_mtok": {"base": 1}, "output_mtok": 1}, "tiers"),
        ([{"constraint": {"start_date": "soon"}, "prices": {"input_mtok": 1, "output_mtok": 1}}], "Invalid isoformat"),
    ],
)
def test_a_wrong_row_is_turned_away_alone_with_the_reason(prices, reason):
    good = {"id": "good", "match": {"equals": "good"}, "prices": {"input_mtok": 1, "output_mtok": 1}}
    rows = json.loads(listed(prices))
    rows[0]["models"].append(good)
    feed = read(json.dumps(rows).encode(), SEEN)
    assert list(feed.sellers["s"].models) == ["good"]
    assert [row.row for row in feed.rejected] == ["s/m"]
    assert reason in feed.rejected[0].reason


def test_an_unknown_rule_and_a_broken_expression_are_turned_away():
    for match in ({"sounds_like": "m"}, {"regex": "("}):
        feed = read(listed({"input_mtok": 1, "output_mtok": 1}, match=match), SEEN)
        assert [row.row for row in feed.rejected] == ["s/m"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>", "not JSON"),
        (b"{}", "a list of sellers was expected"),
        (b" " * (MAX_BYTES + 1), "not its price file"),
    ],
)
def test_a_file_that_is_not_the_list_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        read(data, SEEN)


def test_a_seller_without_an_identifier_is_turned_away():
    rows = [{"name": "nobody"}, *json.loads(listed({"input_mtok": 1, "output_mtok": 1}))]
    feed = read(json.dumps(rows).encode(), SEEN)
    assert list(feed.sellers) == ["s"]
    assert feed.rejected[0].reason == "a seller needs an `id` without a slash"


def test_the_library_reads_the_same_file():
    # The rows of these tests are what the library itself takes: its own parser accepts them.
    rows = json.loads(listed([{"prices": {"input_mtok": 2, "output_mtok": 10}}], price_variants=[]))
    rows[0]["api_pattern"] = "https://s"
    assert _providers_from_raw(rows)[0].models[0].prices[0].prices.input_mtok == 2
