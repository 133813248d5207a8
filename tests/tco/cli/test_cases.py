from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tco.cli import app

CASES = {
    "low": {"workload.requests_per_day": 43_200, "probability_fraction": 0.3},
    "cheap": {"options.rent.price_usd_per_hour": 0.1, "probability_fraction": 0.2},
}


@pytest.fixture
def with_cases(question: Path) -> Path:
    data = yaml.safe_load(question.read_text(encoding="utf-8")) | {"cases": CASES}
    question.write_text(yaml.safe_dump(data), encoding="utf-8")
    return question


def tco(*arguments: object) -> object:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_text_shows_all_cases_and_what_is_expected(with_cases):
    done = tco("cases", with_cases)
    lines = [" ".join(line.split()) for line in done.stderr.splitlines()]

    assert (0, "") == (done.exit_code, done.stdout)
    assert "The answer hangs on the case." in lines
    assert "probability 50.0% 20.0% 30.0%" in lines
    assert "recommended api rent api" in lines
    assert any(line.startswith("rent: NPV -$9,643 $7,013") for line in lines)
    assert "Over all cases: api, with an expected NPV of $0.00." in lines
    assert "To know the case before the choice would be worth $1,403." in lines


def test_json_names_are_stable(with_cases):
    data = json.loads(tco("cases", with_cases, "--json").stdout)

    assert {"schema", "scenario", "baseline", "cases", "expected", "recommended_over_all", "foresight_usd"} == set(data)
    assert ["base", "cheap", "low"] == [case["name"] for case in data["cases"]]
    assert {"options.rent.price_usd_per_hour": 0.1} == data["cases"][1]["sets"]
    assert {"name", "feasible", "reasons", "total_usd", "payback_months", "npv_usd", "replicas"} == set(
        data["cases"][0]["options"][0]
    )


def test_a_plan_answers_one_case(with_cases):
    data = json.loads(tco("plan", with_cases, "--case", "cheap", "--json").stdout)

    assert ("test (cheap)", "rent") == (data["scenario"], data["recommended"])
    assert "api" == json.loads(tco("plan", with_cases, "--case", "base", "--json").stdout)["recommended"]


def test_bad_input_is_one_sentence_and_exit_2(question, with_cases):
    for words, sentence in (
        (("plan", with_cases, "--case", "lo"), "no case is called 'lo'"),
        (("cases", with_cases.parent / "none.yaml"), "none.yaml"),
        (("cases", with_cases, "--set", "workload.nonsense=1"), "not a known key"),
    ):
        done = tco(*words)
        assert (2, "") == (done.exit_code, done.stdout)
        assert sentence in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr


def test_the_example_flips_when_the_traffic_halves():
    data = json.loads(
        tco("cases", Path(__file__).parents[3] / "scenarios" / "support-chat-cases.yaml", "--json").stdout
    )

    assert {"base": "rented-h100", "low": "api-today", "high": "rented-h100"} == {
        case["name"]: case["recommended"] for case in data["cases"]
    }
