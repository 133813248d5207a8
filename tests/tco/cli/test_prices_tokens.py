from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pricing.upkeep.snapshots import FOLDER_VARIABLE
from tco.cli.prices import app

ON = ["--on", "2026-11-23"]


@pytest.fixture(autouse=True)
def no_snapshots(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))


def run(*words):
    return CliRunner().invoke(app, [*words])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_history_has_each_price_with_its_days():
    told = answer("history", "mistral-large-4")
    assert told["model"] == "mistral/mistral-large-4"
    assert [(row["valid_from"], row["valid_to"], row["input"]["amount"]) for row in told["history"]] == [
        (None, "2026-10-19", 0.68),
        ("2026-10-20", "2026-10-28", 1.36),
        ("2026-10-29", None, 0.7),
    ]


def test_history_as_text_has_the_days_the_prices_and_the_cautions():
    result = run("history", "deepseek/deepseek-v4-pro")
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "2026-08-16" in line)
    assert [text.strip() for text in row.strip("│").split("│")][:5] == [
        "2026-06-05",
        "2026-08-16",
        "0.435",
        "0.003625",
        "0.87",
    ]
    assert "read differently on 2026-05-25" in row


def test_history_of_a_long_context_model_has_its_threshold():
    assert "272,000" in run("history", "openai/gpt-6.1-sol").stdout


def test_crosscheck_tells_what_differs_and_why():
    told = answer("crosscheck", "--provider", "mistral", *ON)
    large = [row for row in told["differences"] if row["model"] == "mistral/mistral-large-4"]
    assert [(row["rate"], row["first_usd_per_mtok"], row["second_usd_per_mtok"]) for row in large] == [
        ("input", 0.7, 1.36),
        ("output", 2.1, 4.18),
        ("cached_read", 0.07, 0.14),
    ]
    assert {row["reason"] for row in large} == {"the second list still shows the price of before 2026-10-29"}


def test_crosscheck_as_text_ends_with_the_count_on_stderr():
    result = run("crosscheck", "--provider", "anthropic", *ON)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "models in both lists: " in result.stderr
    assert result.stderr.endswith(" agree, 0 differ.\n")
    assert "deepseek/deepseek-v4-pro" in run("crosscheck", "--provider", "deepseek", *ON).stdout


def test_crosscheck_on_a_day_before_the_cut_finds_the_lists_agree():
    told = answer("crosscheck", "--provider", "mistral", "--on", "2026-10-28")
    assert "mistral/mistral-large-4" not in {row["model"] for row in told["differences"]}


def test_show_takes_a_bare_name():
    shown = answer("show", "mistral-large-4", "--on", "2026-10-28")["tokens"]
    assert (shown["model"], shown["input"]["amount"], shown["output"]["amount"]) == (
        "mistral/mistral-large-4",
        1.36,
        4.18,
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["history", "openai/gpt-55"], "openai sells no model 'gpt-55'"),
        (["history", "gpt-oss-120b"], "is sold by several: cerebras/gpt-oss-120b"),
        (["history", "groq/whisper-large-v3"], "groq does not price it by input and output token"),
        (["crosscheck", "--provider", "opnai"], "the second list is not read for 'opnai'. Near names: openai"),
        (["crosscheck", "--on", "tomorrow"], "--on 'tomorrow' is not a day. Write YYYY-MM-DD"),
        (["show", "gpt-oss-120b"], "is sold by several"),
        (["show", "mistral-large-44"], "Near API models: mistral/mistral-large-4"),
    ],
)
def test_a_miss_ends_with_code_2_and_says_what_there_is(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
