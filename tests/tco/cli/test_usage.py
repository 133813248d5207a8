from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tco import load
from tco.cli import app
from tco.scenario import Workload
from tco.usage import SOURCES

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data" / "usage"
DAYS = ("--from", "2026-11-02", "--to", "2026-11-03")


def usage(*arguments: object) -> object:
    return CliRunner().invoke(app, ["usage", *map(str, arguments)])


def read(name: str, *arguments: object) -> object:
    return usage("import", DATA / name, *arguments)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_file_becomes_a_workload(tmp_path):
    out = tmp_path / "workload.yaml"
    done = read("litellm_export.csv", *DAYS, "--out", out)

    assert 0 == done.exit_code, done.stderr
    assert flat(done.stderr).startswith("1.5 requests a day with 766.7 tokens in and 116.7 out and 16.67 of reasoning; a cache answered 17.4% of the input.")  # fmt: skip
    assert "all 3 totals are what their parts add up to" in flat(done.stderr)
    assert f"saved {out}" in done.stdout
    assert 1.5 == Workload.model_validate(yaml.safe_load(out.read_text())["workload"]).requests_per_day.value


def test_it_is_put_into_a_scenario_which_then_has_an_answer(tmp_path):
    out = tmp_path / "mine.yaml"
    base = ROOT / "scenarios" / "templates" / "support-chat.yaml"
    done = read("litellm_daily.csv", "--scenario", base, "--out", out)
    planned = CliRunner().invoke(app, ["plan", str(out), "--json"])

    assert (0, 0) == (done.exit_code, planned.exit_code), done.stderr + planned.stderr
    assert ("measured", 1.5) == (
        load(out).workload.requests_per_day.evidence,
        load(out).workload.requests_per_day.value,
    )
    assert load(base).options == load(out).options


def test_a_baseline_that_is_another_model_is_said(tmp_path):
    base = ROOT / "scenarios" / "templates" / "support-chat.yaml"
    done = read("anthropic_analytics.json", *DAYS, "--scenario", base, "--out", tmp_path / "mine.yaml")

    assert (
        "the scenario's baseline is openai/gpt-6.1-sol; most of what was used is anthropic/claude-sonnet-5-5"
        in flat(done.stderr)
    )


def test_json_names_are_stable():
    done = read("langfuse.jsonl", *DAYS, "--json")
    data = json.loads(done.stdout)

    assert 0 == done.exit_code
    assert {"schema", "complete", "files", "span", "totals", "models", "bill", "workload", "left_open", "notes"} == set(
        data
    )
    assert {"name", "source", "rows", "left_out", "totals_checked", "totals_mismatched"} == set(data["files"][0])
    assert {"first_day", "last_day", "whole_days", "level_days", "grain", "timezone"} == set(data["span"])
    assert {
        "model", "book_model", "requests", "failed", "input_tokens", "cache_read_tokens", "output_tokens", "billed_usd", "price_book_usd", "unexplained_usd",
        "unexplained_fraction", "paid_usd_per_mtok", "list_usd", "not_reckoned_because",
    } == set(data["models"][0])  # fmt: skip
    assert data["bill"]["price_book_usd"] == pytest.approx(0.00799)
    assert "SECRET" not in done.stdout + done.stderr


def test_too_little_ends_with_5_and_writes_nothing(tmp_path):
    out = tmp_path / "workload.yaml"
    for arguments in ((), ("--json",)):
        done = read("anthropic_usage.json", *DAYS, "--out", out, *arguments)
        assert 5 == done.exit_code
        assert "--requests-per-day" in flat(done.stderr + done.stdout)
        assert not out.exists()
    assert not json.loads(done.stdout)["complete"]
    assert 0 == read("anthropic_usage.json", *DAYS, "--requests-per-day", "2", "--out", out).exit_code


def test_bad_input_is_one_sentence_and_exit_2(tmp_path):
    taken = tmp_path / "taken.yaml"
    taken.write_text("mine")
    for words, sentence in (
        ((DATA / "none.csv",), "no such file"),
        ((DATA / "own_requests.csv",), "--timezone UTC"),
        ((DATA / "own_hours.csv", "--bucket", "week"), "choose one of: minute, hour, day"),
        ((DATA / "own_hours.csv", "--bucket", "hour"), "--cached inside or --cached beside"),
        ((DATA / "own_hours.csv", "--cached", "maybe"), "choose one of: inside, beside"),
        ((DATA / "openai_usage.json", "--from", "yesterday"), "is not a day; write it as 2026-11-23"),
        ((DATA / "openai_usage.json", "--from", "2026-11-03", "--to", "2026-11-02"), "end before they begin"),
        ((DATA / "openai_usage.json", "--timezone", "Mars"), "no time zone is called 'Mars'"),
        ((DATA / "openai_usage.json", "--model", "gpt-9"), "no usage of a model 'gpt-9'"),
        ((DATA / "openai_usage.json", "--source", "nobody"), "--source 'nobody' is not known"),
        ((DATA / "openai_usage.json", "--requests-per-day", "nan"), "more than 0 is needed"),
        ((DATA / "openai_usage.json", "--scenario", ROOT / "scenarios" / "demo.yaml"), "--out FILE"),
        ((DATA / "openai_usage.json", "--out", taken), "Choose another place with --out, or say --force"),
        ((DATA / "openai_usage.json", DATA / "openai_usage.json"), "is the same file as"),
    ):
        done = usage("import", *words)
        assert (2, "") == (done.exit_code, done.stdout), words
        assert sentence in flat(done.stderr)
        assert "Traceback" not in done.stderr
    assert "mine" == taken.read_text()


def test_an_error_has_its_code_in_json():
    done = usage("import", DATA / "own_requests.csv", "--json")

    assert "timezone_needed" == json.loads(done.stdout)["error"]["code"]


def test_all_sources_are_listed_with_what_their_reader_rests_on():
    done = usage("sources", "--json")

    assert list(SOURCES) == [source["name"] for source in json.loads(done.stdout)]
    assert all(source["rests_on"] for source in json.loads(done.stdout))
    assert 0 == usage("sources").exit_code
