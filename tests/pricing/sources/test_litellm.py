"""The importer of litellm's price file, its rows as the file writes them (USD per token)."""

from __future__ import annotations

import json
from datetime import date

import pytest

from pricing.sources.litellm import HOSTS, MAX_BYTES, SHARED, read

SEEN = date(2026, 11, 12)


def row(**fields):
    return {
        "litellm_provider": "deepinfra",
        "mode": "chat",
        "input_cost_per_token": 2.3e-07,
        "output_cost_per_token": 4e-07,
    } | fields


def reading(**rows):
    return read(json.dumps({name.replace("__", "/"): fields for name, fields in rows.items()}).encode(), SEEN)


def model(**fields):
    feed = reading(deepinfra__m=row(**fields))
    assert feed.rejected == ()
    return feed.sellers["deepinfra"].models["m"]


def rates(record):
    return record.model_dump(exclude_none=True)


def test_a_price_per_token_becomes_one_per_million_without_binary_dust():
    assert 2.3e-07 * 1e6 != 0.23
    assert rates(model().tiers["standard"][0].rates) == {"input": 0.23, "output": 0.4}


def test_cached_input_and_both_cache_writes_are_read():
    card = model(
        cache_read_input_token_cost=2e-08,
        cache_creation_input_token_cost=3e-07,
        cache_creation_input_token_cost_above_1hr=5e-07,
    ).tiers["standard"][0]
    assert rates(card.rates) == {
        "input": 0.23,
        "output": 0.4,
        "cached_read": 0.02,
        "cache_write": 0.3,
        "cache_write_1h": 0.5,
    }


def test_other_tiers_take_the_standard_rate_where_they_name_none():
    tiers = model(
        cache_read_input_token_cost=2e-08, input_cost_per_token_batches=1e-07, output_cost_per_token_batches=2e-07
    ).tiers
    assert rates(tiers["batch"][0].rates) == {"input": 0.1, "output": 0.2, "cached_read": 0.02}
    assert list(tiers) == ["standard", "batch"]


def test_thresholds_are_read_from_the_names_of_the_columns():
    card = model(input_cost_per_token_above_200k_tokens=5e-07, output_cost_per_token_above_200k_tokens=8e-07).tiers[
        "standard"
    ][0]
    assert [(step.above, rates(step.rates)) for step in card.steps] == [(200_000, {"input": 0.5, "output": 0.8})]


def test_ranges_of_input_are_a_base_and_steps():
    ranges = [
        {"input_cost_per_token": 1e-07, "output_cost_per_token": 4e-07, "range": [0, 32_000]},
        {"input_cost_per_token": 2e-07, "output_cost_per_token": 8e-07, "range": [32_000, 1_000_000]},
    ]
    fields = {"tiered_pricing": ranges, "input_cost_per_token": None, "output_cost_per_token": None}
    card = model(**fields).tiers["standard"][0]
    assert rates(card.rates) == {"input": 0.1, "output": 0.4}
    assert [(step.above, rates(step.rates)) for step in card.steps] == [(32_000, {"input": 0.2, "output": 0.8})]


def test_a_row_says_where_it_was_read_how_much_it_takes_and_whether_it_is_withdrawn():
    record = model(source="https://deepinfra.com/pricing", max_input_tokens=131_072, deprecation_date="2026-11-01")
    assert (record.url, record.context_tokens, record.deprecated) == ("https://deepinfra.com/pricing", 131_072, True)
    assert (model().url, model(deprecation_date="2027-01-01").deprecated) == (None, False)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"input_cost_per_token": -1e-07}, "input: Input should be greater than or equal to 0"),
        ({"output_cost_per_token": 0.011}, "output: Input should be less than or equal to 10000"),
        ({"input_cost_per_token": float("nan")}, "input: Input should be a finite number"),
        ({"input_cost_per_token": float("inf")}, "input: Input should be "),
        ({"input_cost_per_token": "2.3e-07"}, "input: Input should be a valid number"),
        ({"output_cost_per_token": None}, "no price of input and output tokens"),
        ({"input_cost_per_token": 0, "output_cost_per_token": 0}, "input and output at 0: free for a time"),
        ({"mode": "image_generation"}, "sold as 'image_generation', not by input and output token"),
    ],
)
def test_a_row_that_is_no_price_by_the_token_is_turned_away_alone_with_the_reason(fields, reason):
    feed = reading(deepinfra__bad=row(**fields), deepinfra__good=row())
    assert list(feed.sellers["deepinfra"].models) == ["good"]
    assert [turned.row for turned in feed.rejected] == ["deepinfra/bad"]
    assert reason in feed.rejected[0].reason


def test_a_row_with_a_plain_mistake_of_units_is_turned_away():
    dear = row(litellm_provider="watsonx", input_cost_per_token=0.0005, output_cost_per_token=0.002)
    feed = reading(watsonx__core42__jais_13b=dear, **{"watsonx__core42__jais-13b-chat": dear})
    assert list(feed.sellers["watsonx"].models) == ["core42/jais_13b"]
    assert "a mistake of units" in feed.rejected[0].reason


def test_resellers_and_unknown_sellers_are_left_out_without_a_word():
    feed = reading(deepinfra__m=row(), kyma__m=row(litellm_provider="kyma"), sample_spec={"mode": "chat"}, odd=[])
    assert list(feed.sellers) == ["deepinfra"]
    assert feed.rejected == ()


def test_a_seller_is_either_taken_from_this_list_or_compared_with_it():
    assert {seller for seller, _ in HOSTS.values()} & {seller for seller, _ in SHARED.values()} == set()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "one entry a model was expected"),
        (b" " * (MAX_BYTES + 1), "not its price file"),
    ],
)
def test_a_file_that_is_not_the_list_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        read(data, SEEN)
