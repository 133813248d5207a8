from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tco.cli import app

PRICE = "options.rent.price_usd_per_hour"


def curve(*arguments: object) -> object:
    return CliRunner().invoke(app, ["curve", *map(str, arguments)])


def test_text_says_where_it_crosses_and_shows_today(question):
    done = curve(question, "--set", f"{PRICE}=0.5")
    text = " ".join(done.stderr.split())

    assert (0, "") == (done.exit_code, done.stdout)
    assert "rent is cheaper from" in text
    assert "today" in text
    assert "USD per million tokens, input and output together, over the horizon and not discounted" in text


def test_json_has_the_documented_names(question):
    data = json.loads(curve(question, "--json").stdout)

    assert {
        "schema", "scenario", "as_of", "option", "baseline", "now", "full_load_requests_per_day", "points", "steps", "crossings", "steps_passed",
        "sentence",
    } == set(data)  # fmt: skip
    assert ("rent", "api") == (data["option"], data["baseline"])
    assert {
        "requests_per_day", "load_fraction", "replicas", "servers", "utilisation_fraction", "usd_per_mtok", "usd_per_request", "baseline_usd_per_mtok",
    } == set(data["points"][0])  # fmt: skip


def test_an_option_that_never_crosses_is_said(question):
    dear = curve(question, "--set", f"{PRICE}=1000").stderr
    cheap = curve(question, "--set", f"{PRICE}=0.0001").stderr

    assert "rent is dearer than api at every load that was tried." in " ".join(dear.split())
    assert "rent is cheaper than api at every load that was tried." in " ".join(cheap.split())


def test_a_chart_is_written(question, tmp_path):
    done = curve(question, "--chart", tmp_path / "curve.json")

    assert done.exit_code == 0
    assert json.loads((tmp_path / "curve.json").read_text())["layer"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--option", "nobody"), "no such option"),
        (("--low", 10, "--high", 5), "the first must be above 0 and smaller than the second"),
        (("--set", "workload.requests_per_day=0"), "no load to start from"),
        (("--chart", "curve.pdf"), "end the name with .svg, .png or .json"),
    ],
)
def test_what_cannot_be_answered_ends_with_a_sentence(question, words, sentence):
    done = curve(question, *words)

    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())


def test_a_refusal_has_its_path_for_machines(question):
    done = curve(question, "--set", "workload.requests_per_day=0", "--json")

    assert json.loads(done.stdout)["error"]["path"] == "workload.requests_per_day"
