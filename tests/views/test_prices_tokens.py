from __future__ import annotations

from datetime import date

import pytest

import pricing
from tco.words import plain
from tests.factories import API, RENT
from tests.views.conftest import at_page
from tests.views.test_prices import open_tab, words, write

ON = date(2026, 11, 23)


@pytest.fixture
def tokens(open_app):
    return open_tab(at_page(open_app(), "prices"), "API tokens")


def pick(app, model, seller="openai"):
    write(app.selectbox(key=f"token_model|{seller}"), model).run()
    assert not app.exception
    return app


def test_token_prices_are_those_of_the_book(tokens):
    tokens.selectbox(key="seller").select("anthropic").run()
    table = tokens.dataframe[0].value
    row = table.iloc[0]
    found = pricing.token_prices(row["Model"], ON)

    assert not tokens.exception
    assert set(table["Model"]) <= set(pricing.api_models("anthropic"))
    assert (row["Input"], row["Output"]) == (found.input.amount, found.output.amount)
    assert {"book"} == set(table["Layer"])


def test_cached_batch_and_long_requests_have_columns(tokens):
    table = tokens.dataframe[0].value.set_index("Model")
    found = pricing.token_prices("openai/gpt-6.1-sol", ON)
    row = table.loc["openai/gpt-6.1-sol"]

    expected = (
        found.cached_read.amount,
        found.batch_input.amount,
        found.batch_output.amount,
        found.long_context_from_tokens,
    )
    assert expected == tuple(row[["Cached input", "Batch input", "Batch output", "Dearer above (tokens)"]])


def test_a_search_over_every_seller_finds_a_model_wherever_it_is_sold(tokens):
    tokens.selectbox(key="seller").select("every seller").run()
    tokens.text_input[0].set_value("mistral-large-4").run()

    assert "mistral/mistral-large-4" in tokens.dataframe[0].value["Model"].tolist()
    assert all("mistral-large-4" in model for model in tokens.dataframe[0].value["Model"])


def test_a_seller_without_a_hit_says_where_else_to_look(tokens):
    tokens.text_input[0].set_value("mistral-large-4").run()

    assert "openai sells nothing that matches mistral\\-large\\-4\\. Choose every seller" in tokens.info[0].value


def test_a_typed_bare_name_shows_the_history_of_its_price(tokens):
    pick(tokens, "mistral-large-4")
    history = pricing.price_history("mistral-large-4")

    assert len(history) > 1
    assert len(tokens.get("vega_lite_chart")) == 1
    assert "Price of mistral/mistral\\-large\\-4" in words(tokens)
    assert f"{history[1].input.valid_from:%d %b %Y}" in words(tokens)


def test_all_prices_of_the_picked_model_are_in_a_table(tokens):
    pick(tokens, "openai/gpt-6.1-sol")
    expected = pricing.token_prices("openai/gpt-6.1-sol", ON).prices
    table = tokens.dataframe[1].value

    assert [(price.tier, price.amount) for price in expected] == list(
        zip(table["Tier"], table["USD per Mtok"], strict=True)
    )


def test_a_price_that_never_changed_is_a_sentence_and_no_chart(tokens):
    pick(tokens, "openai/gpt-6.1-sol")

    assert len(tokens.get("vega_lite_chart")) == 0
    assert "No change of this price is on record" in words(tokens)


@pytest.mark.parametrize("name", ["openai/gpt-6.1-soll", "$nobody*", "x" * 300, "/etc/passwd"])
def test_an_unknown_model_is_the_books_sentence_with_near_names(tokens, name):
    pick(tokens, name)

    with pytest.raises(pricing.PriceNotFound) as caught:
        pricing.token_prices(name, ON)
    assert [plain(str(caught.value))] == [info.value for info in tokens.info]


def test_the_model_that_the_scenario_pays_for_comes_first(open_app):
    api = {**API, "model": "mistral-large-4"}
    app = open_tab(at_page(open_app(options=[api, dict(RENT)]), "prices"), "API tokens")

    assert "mistral" == app.selectbox(key="seller").value
    assert "mistral/mistral-large-4" == app.selectbox(key="token_model|mistral").value
