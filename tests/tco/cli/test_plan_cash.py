from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from tco import evaluate
from tco.cash_records import NpvProfile
from tco.cli import app
from tco.cli._plan_cash import money_sentences
from tests.factories import API, OWN, RENT, run, scenario

EURO = {"currency": "EUR", "usd": 1.25, "as_of": "2026-11-20", "source": "a bank"}


def plan(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["plan", *map(str, arguments)])


def changed(question: Path, **changes: Any) -> Path:
    """The question with some keys of its file changed."""
    data = yaml.safe_load(question.read_text(encoding="utf-8"))
    question.write_text(yaml.safe_dump(data | changes), encoding="utf-8")
    return question


def more(question: Path, *options: dict[str, Any], **changes: Any) -> Path:
    """The question with more options, which run as its rented one does."""
    data = yaml.safe_load(question.read_text(encoding="utf-8"))
    run = next(option["run"] for option in data["options"] if "run" in option)
    return changed(question, options=[*data["options"], *({**option, "run": run} for option in options)], **changes)


def test_years_are_printed_when_asked_for(question: Path) -> None:
    plain, yearly = plan(question), plan(question, "--yearly")

    assert (plain.exit_code, yearly.exit_code) == (0, 0)
    assert "year 1" not in plain.stderr
    assert "by year of the plan" in yearly.stderr
    assert "taxes" not in yearly.stderr


def test_taxes_are_a_column_and_the_footing_says_so(question: Path) -> None:
    done = plan(question, "--yearly", "--set", "finance.tax_fraction=0.25")

    assert done.exit_code == 0
    assert "taxes" in done.stderr
    assert "after 25% of tax" in " ".join(done.stderr.split())
    assert "before tax" in " ".join(plan(question).stderr.split())


def test_who_serves_when_is_told(question: Path) -> None:
    later = {**OWN, "name": "later", "starts_after_months": 3}
    done = plan(more(question, later))

    assert done.exit_code == 0
    assert "later: api until the end of month 3, then itself until the end of month" in " ".join(done.stderr.split())


def test_inflation_and_another_currency_are_told(question: Path) -> None:
    path = changed(question, finance={"inflation_per_year_fraction": 0.02, "reporting_currency": EURO})
    done = plan(path)
    text = " ".join(done.stderr.split())

    assert "in money of today, at 2.0% inflation, in all: api" in text
    assert "api in EUR:" in text
    assert "1 EUR is 1.25 USD (2026-11-20, a bank), one rate for all months" in text


def test_json_has_money_by_period_and_the_count_of_sign_changes(question: Path) -> None:
    data = json.loads(plan(question, "--json").stdout)
    rent = next(option for option in data["options"] if option["name"] == "rent")

    assert sum(rent["cash"]["by_year"]["total_usd"]) == pytest.approx(rent["total_usd"])
    assert rent["npv_profile"]["sign_changes_count"] >= 0
    assert data["conventions"]["taxes"] == "before tax"


@pytest.mark.parametrize(
    ("finance", "words"),
    [
        ({"tax_fraction": 25}, "write a fraction"),
        ({"depreciation": {"schedule": "table", "table_fraction": [0.5]}}, "adds up to 0.5"),
        ({"purchase": {"kind": "lease", "term_months": 36}}, "payment_per_month_fraction"),
        ({"reporting_currency": {**EURO, "currency": "USD"}}, "needs no rate"),
        ({"taxes": 1}, "taxes"),
    ],
)
def test_bad_terms_end_with_a_sentence_and_2(question: Path, finance: dict[str, Any], words: str) -> None:
    done = plan(changed(question, finance=finance))

    assert done.exit_code == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_baseline_that_starts_later_ends_with_a_sentence_and_2(question: Path) -> None:
    data = yaml.safe_load(question.read_text(encoding="utf-8"))
    first = {**data["options"][0], "starts_after_months": 2}
    done = plan(changed(question, options=[first, *data["options"][1:]]))

    assert done.exit_code == 2
    assert "the baseline 'api' is what is paid for today" in " ".join(done.stderr.split())


def test_several_rates_of_return_are_told_with_the_mirr() -> None:
    result = evaluate(scenario(), {"test-run": run()})
    profile = NpvProfile(rates_per_year=[0.0], npv_usd=[1.0], sign_changes_count=2, irr_roots_per_year=[0.1, 0.5])
    odd = result.option("rent").model_copy(
        update={"irr_status": "several", "npv_profile": profile, "mirr_per_year": 0.08, "breakeven": None}
    )

    assert list(money_sentences(result.model_copy(update={"options": [odd]}))) == [
        "rent has no single rate of return: its saving changes sign 2 times (NPV zero at 10.0% and 50.0% a year); its MIRR is 8.0% a year"
    ]


def test_stretches_that_save_are_told_where_there_are_several() -> None:
    cheap = scenario(options=[API, {**RENT, "price_usd_per_hour": 0.5}])
    told = [sentence for sentence in money_sentences(evaluate(cheap, {"test-run": run()})) if "stretches" in sentence]

    assert len(told) == 1
    assert told[0].startswith("rent is cheaper than api in")
    assert "48,000 to 138,000" in told[0]


def test_hours_of_the_day_are_told() -> None:
    asked = scenario(options=[API, RENT, {**OWN, "server_price_usd": 2_000.0}, {**OWN, "name": "dear"}])
    told = list(money_sentences(evaluate(asked, {"test-run": run()})))

    assert any("own costs less than rent where that would stand more than" in sentence for sentence in told)
    assert "dear costs more than rent even around the clock" in told
