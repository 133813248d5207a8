from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tco.cli import app

PRICE = "options.api.output_usd_per_mtok"
RANGE = f"{PRICE}={{value: 9, low: 3, high: 15, distribution: uniform}}"


def risk(*arguments: object) -> object:
    return CliRunner().invoke(app, ["risk", *map(str, arguments)])


def test_text_says_how_often_it_saves_and_by_when_it_pays_back(question):
    done = risk(question, "--set", RANGE, "--draws", 2000)
    text = " ".join(done.stderr.split())

    assert (0, "") == (done.exit_code, done.stdout)
    assert "rent saves money against api in" in text
    assert "points) of the runs;" in text
    assert "Output price of api (USD/Mtok)" in text
    assert "2,000 runs, seed 1" in text


def test_no_bare_percentile_is_printed(question):
    text = risk(question, "--set", RANGE, "--draws", 500).stderr

    assert not any(word in text for word in ("P10", "P50", "P90", "p90", "nan", "inf "))


def test_json_has_the_documented_names_and_the_same_seed_gives_the_same_bytes(question):
    first, again = (risk(question, "--set", RANGE, "--draws", 500, "--seed", 3, "--json").stdout for _ in range(2))
    data = json.loads(first)

    assert first == again
    assert {
        "schema", "scenario", "as_of", "baseline", "option", "recommended", "draws", "seed", "horizon_months", "price_book", "options", "shares",
        "unexplained_fraction", "measuring", "inputs", "warnings",
    } == set(data)  # fmt: skip
    rent = data["options"][1]
    assert {"fraction", "standard_error"} == set(rent["saves"])
    assert ["5", "10", "25", "50", "75", "90", "95"] == list(rent["npv_usd"]["percentiles"])
    assert 13 == len(rent["paid_back_by_month"])


def test_a_chart_is_written(question, tmp_path):
    chart = tmp_path / "paid-back.json"
    done = risk(question, "--set", RANGE, "--draws", 500, "--chart", chart)

    assert 0 == done.exit_code
    assert "Runs that have paid back" in chart.read_text(encoding="utf-8")


def test_a_map_shows_two_inputs_at_once(question):
    done = risk(question, "--map", "workload.requests_per_day", PRICE, "--json")
    data = json.loads(done.stdout)

    assert ("rent", "workload.requests_per_day", PRICE) == (
        data["option"],
        data["across"]["path"],
        data["down"]["path"],
    )
    assert (len(data["down"]["values"]), len(data["across"]["values"])) == (
        len(data["npv_usd"]),
        len(data["npv_usd"][0]),
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--draws", 5), "--draws 5: 100 to 10,000,000 runs can be made"),
        (("--option", "own"), "no such option; the scenario has: api, rent"),
        (("--map", PRICE, PRICE), "name two different inputs"),
        (("--map", PRICE, "workload.reqests_per_day"), "near names: workload.requests_per_day"),
        (("--set", f"{PRICE}={{value: 9, low: 10, high: 15}}"), "does not hold the value 9"),
        (("--set", f"{PRICE}={{value: 9, low: 0, high: 15, distribution: lognormal}}"), "only values above 0"),
        (("--set", "correlations=[{between: [a, b], correlation: 2}]"), "less than or equal to 1"),
        (("--set", "correlations=[{between: [a, b], correlation: 0.5}]"), "no input has the path 'a'"),
        (("--set", "horizon_months=0"), "greater than or equal to 1"),
        (("--set", "horizon_months=12000"), "less than or equal to 120"),
        (("--set", "discount_rate_per_year=-1"), "outside -0.99 to 1"),
    ],
)
def test_what_cannot_be_is_a_sentence(question, words, sentence):
    done = risk(question, *words, "--json")

    assert 2 == done.exit_code
    assert sentence in json.loads(done.stdout)["error"]["message"]
    assert "Traceback" not in done.stderr
