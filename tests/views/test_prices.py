from __future__ import annotations

from datetime import date
from statistics import median

import pytest

import pricing
from tests.views.conftest import at_page

ON = date(2026, 11, 23)


@pytest.fixture
def prices(open_app):
    app = at_page(open_app(), "prices")
    assert not app.exception
    return app


def test_the_market_table_holds_the_books_median_and_ends(prices):
    market = prices.dataframe[0].value
    row = market[(market["GPU"] == "H100-SXM") & (market["Landlord"] == "neocloud") & (market["Tier"] == "on-demand")]
    quote = pricing.rental_price("H100-SXM", on=ON, provider_class="neocloud")

    assert row[["Median", "Min", "Max", "Offers"]].to_numpy().tolist() == [
        [quote.price.amount, quote.low_usd_per_hour, quote.high_usd_per_hour, quote.count]
    ]


def test_every_offer_has_its_source_and_date(prices):
    offers = prices.dataframe[1].value
    expected = [price for price in pricing.rental_prices(ON) if price.item == "H100-SXM"]

    assert offers["USD"].median() == median(price.amount for price in expected)
    assert offers["Source"].tolist() == [price.source for price in expected]
    assert offers["As of"].tolist() == [price.as_of for price in expected]


def test_a_search_keeps_the_rows_with_all_its_words(prices):
    prices.text_input[0].set_value("h100 sxm").run()

    assert set(prices.dataframe[0].value["GPU"]) == {"H100-SXM"}


def test_a_search_without_a_hit_says_what_to_do(prices):
    prices.text_input[0].set_value("$nonsense").run()

    assert not prices.exception
    assert prices.info[0].value == "Nothing in the book matches \\$nonsense. Search for fewer letters."


def open_tab(app, name):
    app.session_state["price_tabs"] = name
    return app.run()


def test_token_prices_are_those_of_the_book(prices):
    open_tab(prices, "API tokens")
    prices.selectbox(key="seller").select("anthropic").run()
    table = prices.dataframe[0].value
    row = table.iloc[0]
    found = pricing.token_prices(row["Model"], ON)

    assert not prices.exception
    assert set(table["Model"]) <= set(pricing.api_models("anthropic"))
    assert (row["Input"], row["Output"]) == (found.input.amount, found.output.amount)


def test_electricity_and_gpus_to_buy_are_those_of_the_book(prices):
    open_tab(prices, "Electricity")
    table = prices.dataframe[0].value
    german = table[(table["Region"] == "DE") & (table["Sector"] == "industrial")]
    assert german["USD per kWh"].tolist() == [pricing.electricity_price("DE", on=ON).price.amount]

    open_tab(prices, "GPUs to buy")
    assert prices.dataframe[0].value["GPU"].tolist() == pricing.gpu_names()
    assert not prices.exception
