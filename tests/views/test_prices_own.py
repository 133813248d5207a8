from __future__ import annotations

from datetime import date

import pytest

import pricing
from tco import parse
from tco.views._prices_own import EXAMPLE
from tests.factories import API, RENT
from tests.views.conftest import at_page
from tests.views.test_prices import open_tab, words, write

ON = date(2026, 11, 23)
MODEL = "openai/gpt-6.1-sol"
CONTRACT = f"""
prices: [{{item: {MODEL}, per: mtok_input, amount: 1.50, as_of: 2026-09-01, source: contract 4711}}]
discounts: [{{provider: aws, per: gpu_hour, discount_fraction: 0.25, source: agreement}}]
"""


@pytest.fixture
def prices(open_app):
    api = {name: value for name, value in API.items() if not name.endswith("put_usd_per_mtok")} | {"model": MODEL}
    return at_page(open_app(options=[api, dict(RENT)]), "prices")


def upload(app, name, content):
    app.file_uploader[0].upload(name, content.encode() if isinstance(content, str) else content).run()
    assert not app.exception
    return app


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def row(app):
    table = open_tab(app, "API tokens").dataframe[0].value
    return table[table["Model"] == MODEL].iloc[0]


def spent_per_month(app):
    at_page(app, "decision")
    assert not app.exception
    spent = next(metric.value for metric in app.metric if metric.label == "Today, per month")
    at_page(app, "prices")
    return spent


def scenario(app):
    return parse(app.session_state["scenario_text"])


def test_a_contract_changes_the_price_on_the_page_and_in_the_decision(prices):
    # 86,400 requests a day are 2,629,800 a month: 262.98 Mtok in and 131.49 out, at 2 and 10 USD.
    assert (2.0, 10.0) == tuple(row(prices)[["Input", "Output"]])
    assert "$1,841" == spent_per_month(prices)

    upload(prices, "prices.yaml", CONTRACT)

    assert "prices.yaml" == scenario(prices).prices.file
    assert (1.5, 10.0) == tuple(row(prices)[["Input", "Output"]])
    assert f"prices.yaml: prices[0] ({MODEL})" == row(prices)["Layer"]
    # 262.98 x 1.50 + 131.49 x 10
    assert "$1,709" == spent_per_month(prices)
    assert "under your own prices, prices\\.yaml" in prices.caption[0].value


def test_a_discount_shows_in_the_offers_and_in_the_market(prices):
    upload(prices, "prices.yaml", CONTRACT)
    market, offers = prices.dataframe[0].value, prices.dataframe[1].value
    own = pricing.open_book(None, pricing.parse_overrides(CONTRACT))
    expected = [
        price.amount
        for price in pricing.rental_prices(ON, own)
        if (price.item, price.tier, price.provider) == ("H100-SXM", "on-demand", "aws")
    ]

    assert expected == offers[offers["Provider"] == "aws"]["USD"].tolist()
    assert {"prices.yaml: discounts[0] (25 % off aws gpu_hour)"} == set(offers[offers["Provider"] == "aws"]["Layer"])
    assert (
        len(expected) == market[(market["GPU"] == "H100-SXM") & (market["Landlord"] == "hyperscaler")]["Yours"].item()
    )


def test_a_model_that_only_the_file_has_is_in_the_table_and_can_be_picked(prices):
    entry = "{{item: acme/own-model, per: {}, amount: {}, as_of: 2026-09-01, source: contract}}"
    upload(prices, "prices.yaml", f"prices: [{entry.format('mtok_input', 0.3)}, {entry.format('mtok_output', 0.9)}]")
    open_tab(prices, "API tokens")
    prices.selectbox(key="seller").select("every seller").run()
    assert "acme/own-model" in prices.dataframe[0].value["Model"].tolist()

    write(prices.selectbox(key="token_model|every seller"), "acme/own-model").run()
    assert not prices.exception
    assert not prices.info
    assert [0.3, 0.9] == prices.dataframe[1].value["USD per Mtok"].tolist()


def test_removing_the_file_gives_the_books_prices_back(prices):
    before = prices.session_state["scenario_text"]
    upload(prices, "prices.yaml", CONTRACT)
    press(prices, "prices_remove")

    assert before == prices.session_state["scenario_text"]
    assert {} == prices.session_state["own_prices"]
    assert (2.0, "book") == tuple(row(prices)[["Input", "Layer"]])
    assert "$1,841" == spent_per_month(prices)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("prices: [", "YAML"),
        ("discounts: [{provider: aws, discount_fraction: 15, source: x}]", "discount_fraction"),
        ("prices: [{item: a/b, per: mtok_input, amount: .nan, as_of: 2026-09-01, source: x}]", "amount"),
        (b"\xff\xfe", "not a text file"),
        ("", "empty"),
    ],
)
def test_a_bad_file_is_one_sentence_and_changes_nothing(prices, content, sentence):
    before = prices.session_state["scenario_text"]
    upload(prices, "bad*.yaml", content)

    assert 1 == len(prices.error)
    assert sentence in prices.error[0].value
    assert prices.error[0].value.startswith("bad\\*\\.yaml")
    assert prices.error[0].value.endswith("Nothing was changed\\.")
    assert before == prices.session_state["scenario_text"]
    assert 2.0 == row(prices)["Input"]


def test_a_bad_file_after_a_good_one_leaves_the_good_one(prices):
    upload(prices, "prices.yaml", CONTRACT)
    upload(prices, "bad.yaml", "prices: 7")

    assert 1 == len(prices.error)
    assert 1.5 == row(prices)["Input"]


def test_what_is_odd_about_the_file_is_said(prices):
    upload(prices, "prices.yaml", "discounts: [{provider: nobody, discount_fraction: 0.1, source: agreement}]")

    [warning] = prices.warning
    assert "matches no price of the book" in warning.value


def test_a_file_that_the_scenario_names_and_nobody_has_is_said_and_can_be_taken_away(open_app):
    app = at_page(open_app(prices={"file": "gone.yaml"}), "prices")
    assert not app.exception
    assert "gone\\.yaml" in app.error[0].value
    assert not app.dataframe

    press(app, "prices_remove")
    assert not app.error
    assert scenario(app).prices.file is None
    assert app.dataframe


def test_a_file_beside_the_scenario_counts_again_when_the_upload_is_removed(open_app, folder):
    (folder / "ours.yaml").write_text(CONTRACT, encoding="utf-8")
    app = at_page(open_app(prices={"file": "ours.yaml"}), "prices")
    assert "under your own prices, ours\\.yaml" in app.caption[0].value

    upload(app, "first.yaml", CONTRACT.replace("1.50", "1.40"))
    upload(app, "second.yaml", CONTRACT.replace("1.50", "1.30"))
    assert "second.yaml" == scenario(app).prices.file
    press(app, "prices_remove")
    assert "ours.yaml" == scenario(app).prices.file
    assert "under your own prices, ours\\.yaml" in app.caption[0].value


def test_a_scenario_that_does_not_name_the_file_can_be_told_to_use_it(prices):
    upload(prices, "prices.yaml", CONTRACT)
    prices.session_state["scenario_text"] = prices.session_state["scenario_text"].replace(
        "  file: prices.yaml\n", "  {}\n"
    )
    prices.run()
    assert scenario(prices).prices.file is None
    assert 2.0 == row(prices)["Input"]

    press(prices, "use prices.yaml")
    assert 1.5 == row(prices)["Input"]


def test_another_visitor_does_not_see_the_file(prices, open_app):
    upload(prices, "prices.yaml", CONTRACT)
    other = at_page(open_app(), "prices")

    assert {} == other.session_state["own_prices"]
    assert "own prices" not in other.caption[0].value


def test_the_book_is_read_once_and_not_on_every_run(prices):
    upload(prices, "prices.yaml", CONTRACT)
    first = prices.session_state["book"]
    prices.run()
    assert prices.session_state["book"] is first

    upload(prices, "prices.yaml", CONTRACT.replace("1.50", "1.40"))
    assert prices.session_state["book"] is not first


def test_the_example_is_accepted_and_each_of_its_lines_is_used(prices):
    upload(prices, "prices.yaml", EXAMPLE)

    assert not prices.error
    assert not prices.warning
    # 1.60 EUR at 1.16 USD
    assert 1.856 == pytest.approx(row(prices)["Input"])
    assert "is in use" in words(prices)
