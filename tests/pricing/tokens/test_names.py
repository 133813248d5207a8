from __future__ import annotations

import json

import pytest

from pricing.book import Book, shipped_book
from pricing.price import PriceNotFound
from pricing.tokens.cards import TOKENS, TokensDamaged
from pricing.tokens.names import NoSuchModel, SoldBySeveral, api_models, api_sellers, exact_names, find_model
from pricing.tokens.prices import token_prices


def test_an_identifier_is_found_exactly_even_where_its_own_clauses_miss_it():
    assert find_model("openai/ft:gpt-4o").model == "ft:gpt-4o"
    assert find_model("OpenAI/FT:GPT-4o").model == "ft:gpt-4o"


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("openai/gpt-5-2025-08-07", "gpt-5"),
        ("openai/gpt-5-20250807", "gpt-5"),  # the compact day of other lists
        ("anthropic/claude-haiku-5-5-20261009", "claude-haiku-5-5"),  # a regular expression
        ("google/gemini-4-argon-preview-11", "gemini-4-argon"),  # a beginning
    ],
)
def test_an_alias_finds_the_model(name, model):
    assert find_model(name).model == model


def test_a_seller_without_a_row_of_its_own_falls_back_on_the_maker():
    found = find_model("azure/gpt-5")
    assert (found.seller, found.owner, found.model) == ("azure", "openai", "gpt-5")


@pytest.mark.parametrize("name", ["x-ai/grok-4.7", "xai/grok-4.7", "X_AI/grok-4.7"])
def test_a_sellers_name_may_be_spelt_otherwise(name):
    assert find_model(name).seller == "x-ai"


def test_a_seller_may_go_by_another_name():
    assert find_model("vertex_ai/gemini-4-argon").seller == "google"


def test_every_listed_model_is_found_as_itself():
    assert [] == [name for name in api_models() if "/".join(find_model(name)[1:3]) != name]


def test_models_without_token_prices_are_not_listed():
    assert "openai/gpt-5" in api_models("openai")
    assert "groq/whisper-large-v3" not in api_models("groq")


def test_models_that_are_no_longer_listed_keep_their_price_and_say_so():
    sold = json.loads(shipped_book().text(TOKENS))["sellers"]
    seller, model, gone = next(
        (seller, model, entry["gone"])
        for seller, record in sold.items()
        for model, entry in record["models"].items()
        if "gone" in entry and "tiers" in entry and find_model(f"{seller}/{model}").sold.gone
    )
    assert f"{seller}/{model}" not in api_models(seller)
    prices = token_prices(f"{seller}/{model}", shipped_book().as_of)
    assert prices.deprecated
    assert f"no longer listed since {gone}" in (prices.note or "")


def test_there_are_47_sellers_of_the_first_list_and_16_of_the_second():
    sellers = api_sellers()
    assert len(sellers) == 47 + 16
    assert {"openai", "anthropic", "google", "together", "fireworks", "groq", "mistral", "deepseek"} <= set(sellers)
    assert {"deepinfra", "sambanova", "nebius"} <= set(sellers)


@pytest.mark.parametrize(
    ("name", "seller"),
    [
        ("mistral-large-4", "mistral"),  # several list it, and Mistral makes it
        ("gpt-5", "openai"),
        ("claude-opus-5-5", "anthropic"),
        ("gpt-5-2025-08-07", "openai"),  # nobody lists it under this name; its maker knows it
        ("llama-3.3-70b-versatile", "groq"),  # one seller has it
    ],
)
def test_a_bare_name_is_the_one_sellers_or_the_makers(name, seller):
    assert find_model(name).seller == seller


@pytest.mark.parametrize("name", ["gpt-oss-120b", "meta-llama/Llama-3.3-70B-Instruct"])
def test_a_bare_name_that_several_sell_and_none_of_them_makes_is_refused_with_who_sells_it(name):
    # OpenAI made gpt-oss and does not sell it, whatever the list says.
    with pytest.raises(SoldBySeveral, match=rf"is sold by several: cerebras/{name}|is sold by several: crusoe/{name}"):
        find_model(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openia/gpt-5", "no seller of tokens 'openia' in the book. Near names: openai"),
        ("openai/gpt-55", "openai sells no model 'gpt-55' in the book. Near names: gpt-5"),
        ("openai/", "no model 'openai/': write it as `seller/model`"),
        ("", "no model ''"),
        ("mistral-large-44", "Near names: mistral/mistral-large-4"),
        ("x" * 201, r"is too long for a model's name \(201 characters\)"),
    ],
)
def test_a_miss_says_what_is_near_and_what_to_do(name, message):
    with pytest.raises(PriceNotFound, match=message) as caught:
        find_model(name)
    if len(name) < 201:
        assert isinstance(caught.value, NoSuchModel)
        assert "prices.yaml" in str(caught.value)


def test_an_unknown_seller_is_told_near_names():
    with pytest.raises(PriceNotFound, match=r"no seller of tokens 'openia'.*Near names: openai"):
        api_models("openia")


def test_the_names_that_a_list_has_in_so_many_words():
    assert exact_names("openai/o3") == ["o3", "o3-2025-04-16"]


WRONG_CARD = {"seen_from": "2026-01-01", "seen_to": "2026-01-01", "rates": {"input": -1, "output": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "tokens.json is damaged: Expecting"),
        ("[]", "it has no `feeds` and `sellers`"),
        ('{"schema": 2, "feeds": {}, "sellers": {}}', "has schema 2, this version reads 1"),
        ('{"schema": 1, "feeds": {}, "sellers": {"a": []}}', "damaged at a: it has no models"),
        ('{"schema": 1, "feeds": {}, "sellers": {"a": {"models": {}}}}', "damaged at a: no such feed, None"),
        ('{"schema": 1, "feeds": {"f": {}}, "sellers": {}}', "damaged at feeds seen_on: Field required"),
        (
            json.dumps(
                {
                    "schema": 1,
                    "feeds": {"f": {"seen_on": "2026-01-01"}},
                    "sellers": {
                        "a": {"name": "A", "feed": "f", "models": {"m": {"tiers": {"standard": [WRONG_CARD]}}}}
                    },
                }
            ),
            r"damaged at a/m tiers.standard.0.rates.input: Input should be greater than or equal to 0",
        ),
    ],
)
def test_a_damaged_file_is_refused_by_name(text, message, tmp_path):
    (tmp_path / TOKENS).write_text(text)
    with pytest.raises(TokensDamaged, match=message):
        find_model("a/m", Book(newer={TOKENS: tmp_path / TOKENS}))
