"""Prices as genai-prices 0.2.3 has them, read off its data by hand."""

from __future__ import annotations

from datetime import date

import genai_prices
import pytest
from genai_prices import Usage, calc_price

from pricing.price import PriceNotFound
from pricing.token_library import api_models
from pricing.token_prices import token_prices

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
    ],
)
def test_a_flagships_prices_are_those_of_its_price_page(model, fresh, cached, out):
    prices = token_prices(model, ON)
    assert amounts(prices.input, prices.cached_read, prices.output) == (fresh, cached, out)


def test_a_price_names_its_page_the_librarys_version_and_its_day():
    price = token_prices("openai/gpt-5", ON).input
    assert price.source == f"https://developers.openai.com/api/docs/pricing via genai-prices {genai_prices.__version__}"
    assert (price.as_of, price.per, price.tier, price.evidence) == (
        date(2026, 11, 10),
        "mtok_input",
        "standard",
        "listed",
    )


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


def test_the_batch_price_follows_its_own_history():
    before, after = token_prices("google/gemini-4-argon", ON), token_prices("google/gemini-4-argon", date(2026, 12, 1))
    assert amounts(before.batch_input, before.batch_output) == (1, 5)
    assert amounts(after.batch_input, after.batch_output) == (2, 10)
    assert before.batch_input is not None
    assert (before.batch_input.tier, before.batch_input.valid_to) == ("batch", date(2026, 11, 30))


def test_batch_prices_are_unknown_before_the_library_began_to_keep_them():
    prices = token_prices("openai/gpt-5", date(2026, 10, 13))
    assert (prices.batch_input, prices.batch_output) == (None, None)
    assert amounts(token_prices("openai/gpt-5", date(2026, 10, 14)).batch_input) == (0.625,)


def test_past_prices_are_kept():
    assert amounts(token_prices("mistral/mistral-large-4", date(2026, 10, 28)).output) == (4.18,)


def test_peak_hours_are_in_the_note_and_the_off_peak_price_is_taken():
    note = token_prices("deepseek/deepseek-v4-pro", ON).note
    assert note == "off-peak price of 17 hours of the day (UTC); other 7: 1.32 in, 3.96 out"


def test_a_long_request_pays_the_higher_rate_for_all_of_its_tokens():
    prices = token_prices("openai/gpt-6.1-sol", ON)
    assert prices.long_context_from_tokens == 272_000
    assert amounts(prices.long_context_input, prices.long_context_output) == (4, 15)
    assert prices.long_context_input is not None
    assert prices.long_context_output is not None
    assert prices.long_context_input.note == "all tokens of a request with more than 272000 input tokens"
    # 300k in and 1k out: 0.3 x 4 + 0.001 x 15 = 1.215, as the library itself counts.
    bill = 0.3 * prices.long_context_input.amount + 0.001 * prices.long_context_output.amount
    usage = Usage(input_tokens=300_000, output_tokens=1_000)
    assert bill == pytest.approx(1.215)
    assert bill == pytest.approx(float(calc_price(usage, "gpt-6.1-sol", provider_id="openai").total_price))


def test_a_model_without_tiers_has_no_long_context_price():
    prices = token_prices("openai/gpt-5", ON)
    assert (prices.long_context_from_tokens, prices.long_context_input, prices.long_context_output) == (
        None,
        None,
        None,
    )


def test_a_second_threshold_is_in_the_note():
    assert token_prices("openrouter/qwen/qwen3-coder-flash", ON).long_context_from_tokens == 32_000
    assert "input above 128000 tokens: 0.52" in (token_prices("openrouter/qwen/qwen3-coder-flash", ON).note or "")


def test_the_shortest_lived_cache_write_is_taken():
    assert amounts(token_prices("anthropic/claude-fable-5-2", ON).cache_write) == (10,)


def test_a_routers_price_for_an_open_model_is_cautioned():
    assert "OpenAI does not sell this open model" in (token_prices("openai/gpt-oss-120b", ON).note or "")


def test_a_price_taken_from_the_maker_says_so():
    prices = token_prices("azure/gpt-5", ON)
    assert (prices.provider, prices.input.amount) == ("azure", 1.25)
    assert prices.note == "azure has no row of its own: the maker's list price"
    assert (prices.batch_input, prices.batch_output) == (None, None)


def test_an_alias_says_what_it_is_priced_as():
    assert token_prices("openai/gpt-5-2025-08-07", ON).note == "gpt-5-2025-08-07 is priced as gpt-5"


def test_a_model_sold_by_the_hour_is_not_found_and_says_why():
    with pytest.raises(PriceNotFound, match=r"groq does not price it by input and output token.*`input_usd_per_mtok`"):
        token_prices("groq/whisper-large-v3", ON)


def test_a_missing_model_is_told_near_names_and_what_to_do():
    with pytest.raises(
        PriceNotFound, match=r"openai sells no model 'gpt-55'.*Near names: gpt-5.*Give `input_usd_per_mtok`"
    ):
        token_prices("openai/gpt-55", ON)


def test_every_listed_model_has_a_price_two_years_ago_now_and_in_three_years():
    for day in (date(2024, 1, 1), ON, date(2030, 1, 1)):
        assert [name for name in api_models() if token_prices(name, day).output.per != "mtok_output"] == []


def test_the_prices_come_in_the_order_of_the_fields():
    prices = token_prices("openai/gpt-6.1-sol", ON).prices
    assert [price.per for price in prices] == [
        "mtok_input", "mtok_output", "mtok_cached_read", "mtok_cache_write", "mtok_input", "mtok_output", "mtok_input", "mtok_output",
    ]  # fmt: skip
