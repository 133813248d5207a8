from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tco.cli import app

PRICE = "options.rent.price_usd_per_hour"


def solve(*arguments: object) -> object:
    return CliRunner().invoke(app, ["solve", *map(str, arguments)])


def test_text_says_what_would_have_to_be_true(question):
    done = solve(question, "--for", PRICE, "--until", "payback_months<=6")
    text = " ".join(done.stderr.split())

    # Nothing is laid out: it saves from the first month, or never pays back.
    assert (0, "") == (done.exit_code, done.stdout)
    assert (
        "Payback within 6.0 months holds where Rent of rent is 0.9 USD/hour or less (now 2 USD/hour; that is 55.0% less)."
        in text
    )
    assert "Now: payback_months never for rent." in text


def test_json_has_the_documented_names(question):
    data = json.loads(solve(question, "--for", PRICE, "--json").stdout)

    assert {"schema", "scenario", "as_of", "option", "until", "inputs"} == set(data)
    assert ("rent", "npv_usd>0") == (data["option"], data["until"])
    (found,) = data["inputs"]
    assert {
        "path", "unit", "now", "holds_now", "figure_now", "reached", "nearest", "stretches", "searched", "tried", "closest", "sentence",
    } == set(found)  # fmt: skip
    assert (PRICE, "USD/hour", 2.0, False, True) == tuple(
        found[name] for name in ("path", "unit", "now", "holds_now", "reached")
    )
    assert found["nearest"] == pytest.approx(0.9, rel=2e-6)
    assert [{"low", "high", "open_below", "open_above"}] == [set(each) for each in found["stretches"]]


def test_never_is_null_in_json(question):
    data = json.loads(solve(question, "--for", PRICE, "--until", "payback_months<=6", "--json").stdout)

    assert data["inputs"][0]["figure_now"] is None


def test_without_an_input_every_one_is_asked_and_the_nearest_comes_first(question):
    done = solve(question)
    lines = [line.strip() for line in done.stderr.splitlines()]

    assert "npv_usd>0 for rent does not hold now." in lines[0]
    assert "It begins to hold when one input alone comes to:" in lines[1]
    assert any(line.startswith("Rent of rent") and "-55%" in line for line in lines)
    assert any("do not change it between a tenth and ten times their value" in line for line in lines)


def test_a_setting_changes_the_question_first(question):
    done = solve(question, "--for", PRICE, "--set", f"{PRICE}=0.5")

    assert "holds as long as Rent of rent stays at 0.9 USD/hour or below" in " ".join(done.stderr.split())


def test_the_range_can_be_given(question):
    data = json.loads(solve(question, "--for", PRICE, "--low", 1, "--high", 3, "--json").stdout)

    (found,) = data["inputs"]
    assert (False, None, [1.0, 3.0]) == (found["reached"], found["nearest"], found["searched"])
    assert 1.0 == found["closest"]["value"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--for", "workload.reqests_per_day"), "near names: workload.requests_per_day"),
        (("--until", "payback<=3"), "did you mean payback_months?"),
        (("--option", "own"), "the scenario has: api, rent"),
        (("--option", "api"), "is the baseline, which is compared with itself"),
        (("--until", "recommended=rent", "--option", "api"), "names the option; leave --option out"),
        (("--low", "1"), "--low and --high go with --for PATH"),
        (("--for", PRICE, "--low", "5", "--high", "1"), "the first must be smaller"),
        (("--set", "workload.slo.ttft_p95_ms=1"), "name the option that you ask about with --option"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(question, words, sentence):
    done = solve(question, *words)

    assert (2, "") == (done.exit_code, done.stdout)
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
