"""Prices as the list has them, read off it by hand; the whole of it is held against the library in test_token_oracle.py."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.book import Book, shipped_book
from pricing.own.file import parse_overrides
from pricing.price import Price, PriceNotFound
from pricing.tokens.names import api_models
from pricing.tokens.prices import _token_prices, price_of_request, token_prices

ON = date(2026, 11, 23)


def amounts(*prices):
    return tuple(None if price is None else price.amount for price in prices)


@pytest.mark.parametrize(
    ("model", "fresh", "cached", "out"),
    [
        ("openai/gpt-6-astra", 10, 1, 50),
        ("openai/gpt-6-luna", 0.10, 0.01, 0.50),
        ("openai/gpt-5", 1.25, 0.125, 10),
        ("openai/gpt-4o-mini", 0.15, 0.075, 0.6),
        ("anthropic/claude-fable-5-2", 8, 0.20, 40),
        ("anthropic/claude-opus-5-5", 4, 0.20, 20),
        ("google/gemini-2.5-flash", 0.30, 0.03, 2.5),
        ("mistral/mistral-large-4", 0.70, 0.07, 2.10),
        ("deepseek/deepseek-v4-pro", 0.66, 0.022, 1.98),
        ("x-ai/grok-4.7", 2, 0.50, 6),
        ("cohere/command-a", 2.5, None, 10),
        ("groq/llama-3.3-70b-versatile", 0.59, None, 0.79),
        ("together/meta-llama/Llama-3.3-70B-Instruct-Turbo", 0.88, None, 0.88),
        # From the second list, which has sellers that the first one lacks.
        ("deepinfra/meta-llama/Llama-3.3-70B-Instruct", 0.23, None, 0.40),
        ("sambanova/gpt-oss-120b", 0.22, None, 0.59),
    ],
)
def test_a_flagships_prices_are_those_of_its_price_page(model, fresh, cached, out):
    prices = token_prices(model, ON)
    assert amounts(prices.input, prices.cached_read, prices.output) == (fresh, cached, out)


def test_a_price_names_its_page_the_lists_release_and_the_day_of_the_reading():
    price = token_prices("openai/gpt-5", ON).input
    assert price.source == "https://developers.openai.com/api/docs/pricing via genai-prices 0.2.3"
    assert (price.as_of, price.per, price.tier, price.evidence) == (
        date(2026, 11, 10),
        "mtok_input",
        "standard",
        "listed",
    )


def test_a_price_that_the_second_list_gives_no_link_for_is_no_listed_price():
    linked, bare = (
        token_prices("sambanova/gpt-oss-120b", ON),
        token_prices("deepinfra/meta-llama/Llama-3.3-70B-Instruct", ON),
    )
    assert (linked.input.evidence, linked.note) == ("listed", None)
    assert linked.input.source == "https://cloud.sambanova.ai/plans/pricing via litellm 1.109.1"
    assert bare.input.evidence == "literature"
    assert bare.note == "the list does not say where it read this price: check it before use"


def test_a_price_that_is_no_longer_shown_is_as_old_as_the_last_reading_that_showed_it():
    price = token_prices("deepseek/deepseek-v4-pro", date(2026, 5, 20)).input
    assert (price.amount, price.as_of, price.valid_to) == (1.74, date(2026, 5, 25), date(2026, 6, 4))
    assert price.source.endswith("via genai-prices of 2026-05-25")


@pytest.mark.parametrize(
    ("on", "fresh", "out", "first", "last"),
    [
        (date(2026, 11, 30), 2, 10, None, date(2026, 11, 30)),
        (date(2026, 12, 1), 4, 20, date(2026, 12, 1), None),
    ],
)
def test_a_price_that_is_announced_to_double_does_so_on_its_day(on, fresh, out, first, last):
    prices = token_prices("google/gemini-4-argon", on)
    assert amounts(prices.input, prices.output) == (fresh, out)
    assert (prices.input.valid_from, prices.input.valid_to) == (first, last)


@pytest.mark.parametrize("model", ["gemini-3.6-flash", "gemini-3.7-flash", "gemini-3.8-flash"])
def test_the_flash_models_double_on_new_years_day(model):
    before, after = (token_prices(f"google/{model}", day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert amounts(after.input, after.output) == tuple(2 * amount for amount in amounts(before.input, before.output))
    assert "announced, as read on 2026-11-10" in (after.note or "")


def test_the_batch_price_follows_its_own_history():
    before, after = token_prices("google/gemini-4-argon", ON), token_prices("google/gemini-4-argon", date(2026, 12, 1))
    assert amounts(before.batch_input, before.batch_output, before.batch_cached_read) == (1, 5, 0.05)
    assert amounts(after.batch_input, after.batch_output) == (2, 10)
    assert before.batch_input is not None
    assert (before.batch_input.tier, before.batch_input.valid_to) == ("batch", date(2026, 11, 30))


def test_batch_prices_are_unknown_before_the_list_began_to_keep_them():
    prices = token_prices("openai/gpt-5", date(2026, 10, 13))
    assert (prices.batch_input, prices.batch_output) == (None, None)
    assert amounts(token_prices("openai/gpt-5", date(2026, 10, 14)).batch_input) == (0.625,)


def test_flex_priority_and_fast_are_tiers_of_their_own():
    prices = token_prices("openai/gpt-5", ON)
    assert amounts(prices.flex_input, prices.flex_output, prices.flex_cached_read) == (0.625, 5, 0.0625)
    assert amounts(prices.priority_input, prices.priority_output, prices.priority_cached_read) == (2.5, 20, 0.25)
    # Anthropic's `speed: fast` costs twice the standard price.
    opus = token_prices("anthropic/claude-opus-5-5", ON)
    assert amounts(opus.fast_input, opus.fast_output, opus.fast_cached_read) == (8, 40, 0.4)


@pytest.mark.parametrize(
    ("on", "fresh", "out"),
    [
        (date(2026, 10, 19), 0.68, 2.09),
        (date(2026, 10, 20), 1.36, 4.18),
        (date(2026, 10, 28), 1.36, 4.18),
        (date(2026, 10, 29), 0.70, 2.10),
    ],
)
def test_past_prices_are_kept(on, fresh, out):
    prices = token_prices("mistral/mistral-large-4", on)
    assert amounts(prices.input, prices.output) == (fresh, out)


def test_a_price_that_a_later_reading_showed_differently_says_between_which_days():
    prices = token_prices("deepseek/deepseek-v4-pro", date(2026, 6, 5))
    assert amounts(prices.input, prices.output) == (0.435, 0.87)
    assert "read differently on 2026-05-25: changed, or corrected, between then and 2026-06-05" in (prices.note or "")


def test_a_day_before_the_first_reading_gets_the_first_price_and_a_caution():
    prices = token_prices("openai/gpt-5", date(2025, 1, 1))
    assert (prices.input.amount, prices.input.valid_from) == (1.25, None)
    assert prices.note == "not known since when it holds: first read on 2025-08-09"


def test_a_stated_day_on_which_nothing_changed_does_not_split_a_price():
    # The list states 2026-01-05 for Gemini 3 Flash Preview, with the rates of before; it was first read on 2026-01-06.
    prices = token_prices("google/gemini-3-flash-preview", date(2026, 5, 1))
    assert (prices.input.valid_from, prices.input.valid_to, prices.note) == (None, None, None)


def test_peak_hours_are_in_the_note_and_the_off_peak_price_is_taken():
    prices = token_prices("deepseek/deepseek-v4-pro", ON)
    assert (prices.note or "").startswith("off-peak price of 17 hours of the day (UTC); other 7: 1.32 in, 3.96 out; ")
    assert "from Monday to Friday only" in (prices.note or "")
    assert prices.input.hours_utc == prices.hours_utc == "00:00-01:00, 04:00-06:00, 10:00-24:00"
    peak = [price for price in prices.further if price.per == "mtok_output"]
    assert [(price.amount, price.hours_utc) for price in peak] == [(3.96, "01:00-04:00, 06:00-10:00")]


def test_hours_belong_to_the_price_that_they_were_read_with():
    # Off-peak hours were introduced on 2026-08-17; between then and 2026-09-10 V4 Flash cost 0.22, and 0.44 in the peak.
    assert token_prices("deepseek/deepseek-v4-flash", date(2026, 8, 16)).hours_utc is None
    prices = token_prices("deepseek/deepseek-v4-flash", date(2026, 9, 1))
    assert amounts(prices.input, *prices.further) == (0.22, 0.44, 1.32, 0.014)


def test_a_long_request_pays_the_higher_rate_for_all_of_its_tokens():
    prices = token_prices("openai/gpt-6.1-sol", ON)
    assert prices.long_context_from_tokens == 272_000
    long = (prices.long_context_input, prices.long_context_output, prices.long_context_cached_read)
    assert amounts(*long, prices.long_context_cache_write) == (4, 15, 0.2, 5)
    assert prices.long_context_input is not None
    assert prices.long_context_input.note == "all tokens of a request with more than 272000 input tokens"
    assert prices.long_context_input.above_input_tokens == 272_000


def test_a_model_without_tiers_has_no_long_context_price():
    prices = token_prices("openai/gpt-5", ON)
    assert (prices.long_context_from_tokens, prices.long_context_input, prices.long_context_output) == (
        None,
        None,
        None,
    )


def test_a_second_threshold_has_prices_of_its_own():
    prices = token_prices("openrouter/qwen/qwen3-coder-flash", ON)
    assert prices.long_context_from_tokens == 32_000
    second = [price for price in prices.further if price.per == "mtok_input"]
    assert [(price.amount, price.above_input_tokens) for price in second] == [(0.52, 128_000)]


def test_the_shortest_lived_cache_write_and_that_of_an_hour_are_both_there():
    prices = token_prices("anthropic/claude-fable-5-2", ON)
    assert amounts(prices.cache_write, prices.cache_write_1h) == (10, 16)


def test_a_model_says_how_much_it_reads_and_whether_it_is_withdrawn():
    assert (token_prices("openai/gpt-5", ON).context_tokens, token_prices("openai/gpt-5", ON).deprecated) == (
        400_000,
        False,
    )
    assert token_prices("avian/Meta-Llama-3.1-405B-Instruct", ON).deprecated


def test_a_routers_price_for_an_open_model_is_cautioned():
    assert "OpenAI does not sell this open model" in (token_prices("openai/gpt-oss-120b", ON).note or "")


def test_a_price_taken_from_the_maker_says_so():
    prices = token_prices("azure/gpt-5", ON)
    assert (prices.provider, prices.input.amount, prices.input.derived) == ("azure", 1.25, "the list price of openai")
    assert "azure has no row of its own: the maker's list price" in (prices.note or "")
    assert (prices.batch_input, prices.batch_output) == (None, None)


def test_an_alias_says_what_it_is_priced_as():
    assert token_prices("openai/gpt-5-2025-08-07", ON).note == "gpt-5-2025-08-07 is priced as gpt-5"


def test_a_bare_name_is_the_makers_model():
    prices = token_prices("mistral-large-4", ON)
    assert (prices.model, prices.provider) == ("mistral/mistral-large-4", "mistral")


def test_a_fee_for_each_request_is_in_the_note():
    assert "USD per 1,000 requests besides" in (token_prices("perplexity/sonar", ON).note or "")


def test_a_model_sold_by_the_hour_is_not_found_and_says_why():
    with pytest.raises(
        PriceNotFound, match=r"groq does not price it by input and output token but by .*hours.*`input_usd_per_mtok`"
    ):
        token_prices("groq/whisper-large-v3", ON)


def test_a_missing_model_is_told_near_names_and_what_to_do():
    with pytest.raises(
        PriceNotFound,
        match=r"openai sells no model 'gpt-55'.*Near names: gpt-5.*Give `input_usd_per_mtok`.*prices.yaml",
    ):
        token_prices("openai/gpt-55", ON)


def test_every_listed_model_has_a_price_now_and_in_three_years():
    for day in (ON, date(2030, 1, 1)):
        assert [name for name in api_models() if token_prices(name, day).output.per != "mtok_output"] == []


def test_the_prices_come_in_the_order_of_the_fields_and_each_once():
    prices = token_prices("openai/gpt-6.1-sol", ON)
    units = [(price.tier, price.per) for price in prices.prices if price.above_input_tokens is None]
    assert units[:5] == [
        ("standard", "mtok_input"),
        ("standard", "mtok_output"),
        ("standard", "mtok_cached_read"),
        ("standard", "mtok_cache_write"),
        ("batch", "mtok_input"),
    ]
    # Five tiers of four units, below and above one threshold.
    keys = {(price.tier, price.per, price.above_input_tokens, price.hours_utc) for price in prices.prices}
    assert len(prices.prices) == len(keys) == 5 * 4 * 2


class Own:
    """The user's own prices, as a book carries them: 10 % off everything of OpenAI, and a model that nobody else knows."""

    def apply(self, price, on):
        if price.provider != "openai":
            return price
        return price.model_copy(update={"amount": price.amount * 0.9, "layer": "prices.yaml: discounts[0]"})

    def own_prices(self, on, item=None):
        rows = [("house/llm", "mtok_input", 0.2), ("house/llm", "mtok_output", 0.8), ("house/half", "mtok_input", 1)]
        return [
            Price(item=name, amount=usd, per=per, provider="house", tier="standard", as_of=on, source="a contract")
            for name, per, usd in rows
            if item == name
        ]


def test_every_price_goes_through_the_users_own():
    prices = token_prices("openai/gpt-6.1-sol", ON, Book(overrides=Own()))
    assert amounts(prices.input, prices.batch_input, prices.long_context_output) == (1.8, 0.9, 13.5)
    assert {price.layer for price in prices.prices} == {"prices.yaml: discounts[0]"}


def test_a_model_that_only_the_user_knows_is_found():
    prices = token_prices("house/llm", ON, Book(overrides=Own()))
    assert (prices.provider, prices.as_of, amounts(prices.input, prices.output)) == ("house", ON, (0.2, 0.8))


def test_a_model_of_the_users_own_needs_both_prices():
    with pytest.raises(PriceNotFound, match="no seller of tokens 'house'"):
        token_prices("house/half", ON, Book(overrides=Own()))


def test_a_request_is_billed_by_its_tokens():
    # 1,000 in of which 400 cached, 500 out: 600 x 1.25 + 400 x 0.125 + 500 x 10 = 5800 micro-USD.
    usd = price_of_request("openai/gpt-5", ON, input_tokens=1000, cached_tokens=400, output_tokens=500)
    assert usd == pytest.approx(0.0058)


def test_a_long_request_is_billed_whole_at_the_long_rate_from_the_first_token_above_the_threshold():
    # 300,000 x 4 + 1,000 x 15 = 1,215,000 micro-USD; at the threshold itself 272,000 x 2 + 1,000 x 10.
    assert price_of_request("openai/gpt-6.1-sol", ON, input_tokens=300_000, output_tokens=1000) == pytest.approx(1.215)
    assert price_of_request("openai/gpt-6.1-sol", ON, input_tokens=272_000, output_tokens=1000) == pytest.approx(0.554)


def test_without_a_price_for_cached_input_it_is_billed_as_fresh():
    usd = price_of_request("cohere/command-a", ON, input_tokens=1000, cached_tokens=400, output_tokens=0)
    assert usd == pytest.approx(0.0025)


def test_input_written_to_the_cache_has_its_own_price():
    # 500 fresh x 8 + 500 written x 10 = 9,000 micro-USD.
    usd = price_of_request("anthropic/claude-fable-5-2", ON, input_tokens=1000, cache_write_tokens=500, output_tokens=0)
    assert usd == pytest.approx(0.009)


def test_the_hour_decides_where_prices_have_hours():
    bill = [
        price_of_request("deepseek/deepseek-v4-pro", ON, input_tokens=1e6, output_tokens=0, at=at)
        for at in (None, time(0, 59), time(1), time(9, 59), time(10))
    ]
    assert bill == pytest.approx([0.66, 0.66, 1.32, 1.32, 0.66])


def test_a_tier_that_is_not_sold_is_told_those_that_are():
    with pytest.raises(PriceNotFound, match=r"cohere/command-a is not sold as 'batch'.*There is: standard"):
        price_of_request("cohere/command-a", ON, input_tokens=1, output_tokens=1, tier="batch")


@pytest.mark.parametrize("usage", [{"input_tokens": 10, "cached_tokens": 11}, {"input_tokens": -1}])
def test_more_cached_input_than_input_is_refused(usage):
    with pytest.raises(ValueError, match="none may be negative"):
        price_of_request("openai/gpt-5", ON, output_tokens=1, **usage)


def test_a_rate_that_only_the_contract_has_stands_beside_the_listed_ones():
    """Groq lists no cached read of this model; the contract has one."""
    text = "prices: [{item: groq/llama-3.3-70b-versatile, per: mtok_cached_read, amount: 0.2, as_of: 2026-09-01, source: c}]"
    book = Book(overrides=parse_overrides(text))
    assert token_prices("groq/llama-3.3-70b-versatile", ON).cached_read is None
    found = token_prices("groq/llama-3.3-70b-versatile", ON, book)
    assert amounts(found.input, found.output, found.cached_read) == (0.59, 0.79, 0.2)
    assert found.cached_read.layer.startswith("prices.yaml: prices[0]")


@given(
    st.sampled_from(
        ["mistral/mistral-large-4", "google/gemini-4-argon", "deepseek/deepseek-v4-pro", "openai/gpt-6.1-sol"]
    ),
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
)
def test_a_remembered_price_is_the_price_of_the_day(model, on):
    """Look-ups are remembered by spans of days; looked up anew on the day itself, nothing differs."""
    assert token_prices(model, on) == _token_prices.__wrapped__(model, on, shipped_book())
