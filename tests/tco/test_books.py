from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import tco
from pricing import parse_overrides, shipped_book
from pricing.upkeep.snapshots import write_snapshot
from tco.books import find_book
from tco.errors import InputError
from tests.factories import API, OWN, run, scenario

LISTED = {"name": "api", "kind": "api", "model": "openai/gpt-6.1-sol"}
CONTRACT = """
prices:
  - {item: openai/gpt-6.1-sol, per: mtok_input, amount: 1.6, as_of: 2026-09-01, source: contract 4711}
"""


def question(**prices: str) -> tco.Scenario:
    return scenario(options=[LISTED], prices=prices)


def input_price(asked: tco.Scenario, **kwargs: object) -> tco.Quantity:
    result = tco.evaluate(asked, {"test-run": run()}, **kwargs)
    return next(row for row in result.assumptions if row.path == "options.api.input_usd_per_mtok")


def test_without_a_wish_the_book_is_the_one_that_shipped() -> None:
    assert shipped_book() is find_book(question())


def test_a_pin_by_id_finds_the_same_book() -> None:
    assert shipped_book().id == find_book(question(book=shipped_book().id)).id


def test_an_unknown_pin_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match=r"prices: no price book '2001-01-01-000000000000'.*There is: `shipped`"):
        find_book(question(book="2001-01-01-000000000000"))


def test_a_contract_price_beside_the_scenario_wins_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(CONTRACT, encoding="utf-8")
    asked = question(file="prices.yaml").in_folder(tmp_path)
    row = input_price(asked)

    assert (1.6, "contract", "contract 4711") == (row.value, row.evidence, row.source)
    assert "prices.yaml: prices[0] (openai/gpt-6.1-sol)" in row.note
    assert tco.evaluate(asked).price_book.own_prices.startswith("prices.yaml (")


def test_prices_that_the_caller_holds_need_no_file() -> None:
    asked = question(file="mine.yaml")
    book = find_book(asked, {"mine.yaml": parse_overrides(CONTRACT, name="mine.yaml")})

    assert 1.6 == input_price(asked, book=book).value


def test_a_missing_or_broken_file_of_prices_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"prices: nowhere\.yaml"):
        find_book(question(file="nowhere.yaml"))
    (tmp_path / "prices.yaml").write_text("prices: [{item: x}]", encoding="utf-8")
    with pytest.raises(InputError, match=r"prices: .*prices\.yaml: `prices\[0\].source` is missing"):
        find_book(question(file="prices.yaml").in_folder(tmp_path))


def test_an_entry_that_matches_nothing_is_told() -> None:
    text = CONTRACT + "discounts: [{item: 'openia/*', discount_fraction: 0.1, source: x}]"
    book = find_book(question(file="mine.yaml"), {"mine.yaml": parse_overrides(text, name="mine.yaml")})
    told = [caution.message for caution in tco.evaluate(question(), book=book).warnings if caution.code == "own_prices"]

    assert 1 == len(told)
    assert "mine.yaml: " in told[0]
    assert "openia/*" in told[0]


def test_an_answer_is_the_same_again_after_a_refresh_where_the_scenario_pins_its_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refresh doubles the industrial electricity of Ohio: 0.079 to 0.158 USD/kWh."""
    monkeypatch.setenv("TCO_PRICES_FOLDER", str(tmp_path))
    options = [API, {**OWN, "electricity_usd_per_kwh": {"region": "US-OH"}}]
    before = tco.evaluate(scenario(options=options), {"test-run": run()})
    table = shipped_book().text("electricity.csv").replace("US-OH,industrial,0.0790", "US-OH,industrial,0.1580")
    write_snapshot(
        {"electricity.csv": table.encode()},
        as_of=date(2026, 12, 1),
        created_at=datetime(2026, 12, 1, tzinfo=UTC),
        tool="test",
        parent=shipped_book(),
    )
    after = tco.evaluate(scenario(options=options), {"test-run": run()})
    again = tco.evaluate(scenario(options=options, prices={"book": before.price_book.id}), {"test-run": run()})

    def electricity(result: tco.Result) -> float:
        return result.option("own").line_items["electricity"][0]

    assert electricity(after) == pytest.approx(2 * electricity(before))
    assert after.price_book.id.startswith("2026-12-01-")
    assert before == again
