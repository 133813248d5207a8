from __future__ import annotations

import ast
import zipfile
from datetime import date
from pathlib import Path

import genai_prices
import pytest

from pricing.book import shipped_book
from pricing.tokens.cards import TOKENS, merge
from pricing.tokens.crosscheck import SECOND_SELLERS, second_rates
from scripts.build_tokens import plain, read_genai, read_litellm

DATES = {"genai-prices": {"0.2.3": "2026-11-10"}, "litellm": {"1.109.1": "2026-11-12"}}


def literal(text):
    return plain(ast.parse(text, mode="eval").body)


def test_records_become_what_the_published_file_has():
    text = """[ModelInfo(id='m', match=ClauseOr(or_=[ClauseEquals(equals='m')]), prices=[ConditionalPrice(
        constraint=TimeOfDateConstraint(start_time=datetime.time(1, 30, tzinfo=datetime.timezone.utc),
        end_time=datetime.time(4, 0, tzinfo=datetime.UTC)), prices=ModelPrice(input_mtok=TieredPrices(
        base=Decimal('0.1'), tiers=[Tier(start=200000, price=Decimal('2'))]))), ConditionalPrice(
        constraint=StartDateConstraint(start_date=datetime.date(2026, 12, 1)), prices=ModelPrice(output_mtok=None))])]"""
    assert literal(text) == [
        {
            "id": "m",
            "match": {"or": [{"equals": "m"}]},
            "prices": [
                {
                    "constraint": {"start_time": "01:30:00Z", "end_time": "04:00:00Z"},
                    "prices": {"input_mtok": {"base": 0.1, "tiers": [{"start": 200_000, "price": 2}]}},
                },
                {"constraint": {"start_date": "2026-12-01"}, "prices": {"output_mtok": None}},
            ],
        }
    ]


@pytest.mark.parametrize("text", ["open('x')", "[x for x in y]", "datetime.time(1, tzinfo=CET)", "__import__('os')"])
def test_nothing_but_records_is_read(text):
    with pytest.raises(ValueError, match="line 1"):
        literal(text)


def test_the_shipped_file_holds_the_installed_release_as_its_newest_reading(tmp_path):
    wheel = tmp_path / "genai_prices-0.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(Path(genai_prices.__file__).with_name("data.py"), "genai_prices/data.py")
    reading = read_genai(wheel, DATES)
    assert (reading.seen_on, reading.release, reading.rejected) == (date(2026, 11, 10), "0.2.3", ())
    shipped = shipped_book().file(TOKENS).read_bytes()
    assert merge(shipped, reading) == shipped


def test_of_the_second_list_only_the_price_file_is_unzipped(tmp_path):
    wheel = tmp_path / "litellm-1.109.1-py3-none-any.whl"
    row = '{"deepinfra/m": {"litellm_provider": "deepinfra", "mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}}'
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("litellm/model_prices_and_context_window_backup.json", row)
    assert list(read_litellm(wheel, DATES).sellers["deepinfra"].models) == ["m"]


def test_the_second_list_is_shipped_for_every_seller_that_is_compared():
    assert [seller for seller in SECOND_SELLERS if not second_rates(seller)] == []
