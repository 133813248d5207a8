from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tco.cli import app

ROOT = Path(__file__).parents[3]


def check(*arguments: object) -> object:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


@pytest.fixture
def actuals(question: Path) -> Path:
    path = question.parent / "actuals.csv"
    path.write_text("month,path,value\n1,workload.requests_per_day,43200\n2,workload.requests_per_day,43200\n")
    return path


@pytest.fixture
def cheap(question: Path) -> Path:
    path = question.parent / "cheap.yaml"
    path.write_text("actuals:\n- {month: 2026-12, path: options.rent.price_usd_per_hour, value: 0.5}\n")
    return path


def test_a_decision_that_stands_ends_with_0(question, actuals):
    done = check(question, "--actuals", actuals)
    lines = [" ".join(line.split()) for line in done.stderr.splitlines()]

    assert (0, "") == (done.exit_code, done.stdout)
    assert "The decision stands: api. The NPV of rent was -$9,643 and is -$13.6k with what" in " ".join(lines)
    assert "workload.requests_per_day 1 86,400 43,200 -50.0%" in lines
    assert "workload.requests_per_day 86,400 43,200 -$3,945 -$13.6k" in lines


def test_a_decision_that_flips_ends_with_4(question, cheap):
    done = check(question, "--actuals", cheap)

    assert (4, "") == (done.exit_code, done.stdout)
    assert "The decision does not stand: api was recommended, now it is rent." in " ".join(done.stderr.split())


def test_json_names_are_stable_and_steps_add_up(question, cheap):
    done = check(question, "--actuals", cheap, "--json")
    data = json.loads(done.stdout)

    assert 4 == done.exit_code
    assert {
        "schema", "first_month", "months", "option", "recommended_before", "recommended_now", "npv_before_usd", "npv_now_usd", "flips",
        "rows", "put_in", "compared_only", "steps", "notes",
    } == set(data)  # fmt: skip
    assert {"month", "path", "assumed", "actual", "deviation_fraction", "explained"} == set(data["rows"][0])
    assert data["npv_now_usd"] - data["npv_before_usd"] == pytest.approx(
        sum(step["change_usd"] for step in data["steps"])
    )


def test_focus_rows_are_mapped(question):
    bill = question.parent / "bill.csv"
    bill.write_text("ChargePeriodStart,ServiceName,BilledCost\n2026-12-01,Some API,1314.9\n")
    data = json.loads(check(question, "--actuals", bill, "--map", "Some API=options.api.monthly_usd", "--json").stdout)

    assert [1314.9] == [row["actual"] for row in data["rows"]]
    assert [2.0, 6.0] == pytest.approx([level["after"] for level in data["put_in"]])


def test_bad_input_is_one_sentence_and_exit_2(question, actuals):
    for words, sentence in (
        ((question, "--actuals", question.parent / "none.csv"), "none.csv"),
        ((question, "--actuals", actuals, "--map", "x"), "write SERVICE=PATH"),
        ((question, "--actuals", actuals, "--option", "nobody"), "has no such option"),
        ((question, "--actuals", actuals, "--first-month", "x"), "'x' is no month"),
    ):
        done = check(*words)
        assert (2, "") == (done.exit_code, done.stdout)
        assert sentence in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr


def test_the_example_runs():
    done = check(
        ROOT / "scenarios" / "support-chat-eu.yaml", "--actuals", ROOT / "scenarios" / "actuals" / "support-chat.yaml", "--json"
    )  # fmt: skip

    assert done.exit_code in (0, 4)
    assert {"workload.requests_per_day"} < {level["path"] for level in json.loads(done.stdout)["put_in"]}
