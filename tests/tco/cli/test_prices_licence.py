from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tco.cli.prices import app


def run(*words):
    return CliRunner().invoke(app, ["licence", *words])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_the_answer_has_verdict_clause_section_link_and_notice():
    found = answer("Mistral-Large-Instruct-2407", "--country", "fr")
    assert (found["verdict"], found["company"]["country"]) == ("no", "FR")
    [reason] = found["reasons"]
    assert (reason["licence"], reason["rule"]["section"]) == ("mistral-research-0.1", "3.2")
    assert reason["url"] == "https://mistral.ai/static/licenses/MRL-0.1.md"
    assert found["notice"].startswith("Not legal advice.")


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (["Mistral-Large-2407", "--paid-licence"], "yes"),
        (["Mistral-Large-2407", "--non-commercial"], "yes"),
        (["Llama-4-Scout", "--country", "DE"], "no"),
        (["Llama-4-Scout", "--country", "US", "--monthly-active-users", "10000000"], "yes"),
        (["Llama-4-Scout", "--country", "US", "--monthly-active-users", "8e8"], "no"),
        (["Llama-4-Scout", "--country", "US", "--monthly-active-users", "8e8", "--users-on", "2026-01-01"], "ask a lawyer"),
        (["Qwen2.5-72B", "--monthly-active-users", "150000000"], "no"),
        (["Mistral-Medium-3.5", "--revenue-usd-per-year", "1000000"], "yes"),
        (["Mistral-Medium-3.5", "--revenue-usd-per-month", "30000000"], "no"),
        (["Llama-2-70b", "--trains-other-models"], "no"),
        (["Kimi-K3", "--sells-model-access", "--revenue-usd-per-year", "30e6"], "no"),
        (["no-such-model"], "ask a lawyer"),
    ],
)  # fmt: skip
def test_each_option_reaches_the_licence(words, verdict):
    assert answer(*words)["verdict"] == verdict


def test_duties_that_a_company_takes_on_by_what_it_does_apply_now():
    duties = answer("Llama-3.1-8B", "--redistributes", "--changes-model")["duties"]
    assert {duty["rule"]["section"] for duty in duties if duty["applies"]} == {"1.b.i", "1.b.iii", "1.b.iv"}


def test_text_names_the_verdict_first_and_the_notice_last():
    result = run("Llama-4-Scout", "--country", "DE")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "Llama-4-Scout: NO  (licence: Llama 4 Community License Agreement)"
    assert lines[-1].startswith("Not legal advice.")
    assert "European Union" in result.stdout
    assert "Built with Llama" in result.stdout


def test_text_of_an_open_question_names_the_fact_to_supply():
    result = run("Qwen2.5-72B")
    assert "Qwen2.5-72B: ASK A LAWYER" in result.stdout
    assert "Supply: monthly active users" in result.stdout
    assert "tco prices licence --help" in result.stderr


def test_text_of_an_unknown_model_has_near_names():
    assert "Near name: Llama-3.1-8B" in run("Llama-3.1-8").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["MIT", "--country", "UK"], "--country: 'UK' is not a country"),
        (["MIT", "--users-on", "soon"], "--users-on 'soon' is not a day. Write YYYY-MM-DD"),
        (["MIT", "--monthly-active-users", "inf"], "--monthly-active-users: Input should be a finite number"),
        (["MIT", "--revenue-usd-per-year", "-1"], "revenue-usd-per-year"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
