from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pricing import shipped_book
from tco.cli import app

OWN = """
discounts: [{item: "openai/*", discount_fraction: 0.15, source: agreement}]
prices:
  - {item: electricity, region: DE, per: kwh, amount: 0.145, as_of: 2026-10-31, source: invoice, evidence: invoice}
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(OWN, encoding="utf-8")
    return str(path)


def prices(*words):
    return CliRunner().invoke(app, ["prices", *words])


def test_the_users_prices_are_shown_with_the_entry_they_come_from(own):
    """gpt-6.1-sol lists 10 USD/Mtok of output: 8.50 at 15 % off."""
    shown = json.loads(prices("show", "openai/gpt-6.1-sol", "--on", "2026-11-23", "--own", own, "--json").stdout)

    assert 8.5 == shown["tokens"]["output"]["amount"]
    assert "prices.yaml: discounts[0] (15 % off openai/*)" == shown["tokens"]["output"]["layer"]


def test_the_table_says_whose_a_price_is_only_where_one_is_the_users(own):
    assert "whose" in prices("show", "openai/gpt-6.1-sol", "--own", own).stdout
    assert "whose" not in prices("show", "openai/gpt-6.1-sol").stdout


@pytest.mark.parametrize("words", [("show", "electricity/DE"), ("list", "--provider", "openai"), ("managed",)])
def test_every_way_to_look_takes_the_users_prices(own, words):
    assert 0 == prices(*words, "--own", own).exit_code


def test_electricity_of_the_users_invoice_wins(own):
    shown = json.loads(prices("show", "electricity/DE", "--own", own, "--json").stdout)

    assert {0.145} == {quote["price"]["amount"] for quote in shown["electricity"]}


def test_a_book_can_be_pinned_and_an_unknown_one_is_refused():
    assert 0 == prices("show", "H100-SXM", "--book", shipped_book().id).exit_code
    refused = prices("show", "H100-SXM", "--book", "1999-01-01-000000000000")
    assert 2 == refused.exit_code
    assert "no price book" in refused.stderr


def test_a_broken_file_is_one_sentence(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("discounts: [{discount_fraction: 15}]", encoding="utf-8")
    refused = prices("list", "--own", str(path))

    assert 2 == refused.exit_code
    assert refused.stderr.startswith("error: ")
    assert "Traceback" not in refused.stderr
