from __future__ import annotations

import dataclasses
import json

import pytest
import typer
from typer.testing import CliRunner

from tco.cli._probe_plan import PLAN_CONTEXT, plan_command, request_of
from tco.cli.probe import run_command
from tests import stand_in

app = typer.Typer()
app.command("run")(run_command)
app.command("plan", context_settings=PLAN_CONTEXT)(plan_command)


@pytest.fixture
def plan(monkeypatch, tmp_path):
    """Runs `plan` in an empty folder, with the stand-in engine installed."""
    stand_in.install(monkeypatch, tmp_path / "cache")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments):
        return CliRunner().invoke(app, ["plan", *[str(word) for word in arguments]])

    return run


ENDPOINT = ["--endpoint", "http://api.example.com/v1", "--served-model", "m"]


def test_it_takes_the_options_of_run_and_shows_what_they_would_do(plan):
    result = plan(
        "--model", "Qwen3-0.6B", "--concurrency", "1,4", "--input-tokens", "64", "--ttft-ms", "100", "--tpot-ms", "20"
    )
    assert result.exit_code == 0, result.output
    text = result.stdout

    assert "Qwen3-0.6B, by an engine that is started for it; 64 tokens in" in text
    assert "concurrency 4" in text
    assert "one user waits 100 ms" in text
    assert "engine    vllm --dtype bfloat16" in text
    # 0.6 billion parameters of 2 bytes, see `tco prices model Qwen3-0.6B`.
    assert "weights 1.1 GiB" in text


def test_nothing_is_touched(plan, tmp_path):
    plan(*ENDPOINT, "--out", "made/by/nobody.json")

    assert [] == list((tmp_path / "here").iterdir())


def test_json_has_everything(plan):
    result = plan(*ENDPOINT, "--concurrency", "1,2", "--budget", "10m", "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)

    assert {"endpoint": "http://api.example.com", "served_model": "m"} == data["target"]
    assert (600.0, None) == (data["budget_s"], data["memory"])
    assert data["usage"]["requests"] > sum(point["usage"]["requests"] for point in data["points"])
    assert ["concurrency 1", "concurrency 2"] == [point["label"] for point in data["points"]]


def test_dollars_come_from_the_prices_that_were_given(plan, monkeypatch):
    asked = request_of
    priced = {"usd_per_mtok_input": 1.0, "usd_per_mtok_output": 2.0}
    monkeypatch.setattr("tco.cli._probe_plan.request_of", lambda context: dataclasses.replace(asked(context), **priced))
    data = json.loads(plan(*ENDPOINT, "--json").stdout)
    usage = data["usage"]

    assert (usage["input_tokens"] + 2 * usage["output_tokens"]) / 1e6 == pytest.approx(data["usd"])
    assert f"${data['usd']:,.2f} at least" in plan(*ENDPOINT).stdout


def test_a_key_need_not_be_there_for_a_plan(plan):
    assert plan(*ENDPOINT, "--api-key-env", "NOT_SET_X").exit_code == 0


def test_times_come_from_an_earlier_run(plan):
    result = plan(*ENDPOINT, "--like", "demo")

    assert result.exit_code == 0, result.output
    assert "request times of demo (Qwen3-0.6B)" in result.stdout
    assert " about " in result.stdout


def test_what_is_not_known_is_said_and_how_to_know_it(plan):
    text = plan(*ENDPOINT).stdout

    assert "not known before something was measured: give --like RUN" in text
    assert "cost      not known" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nonsense", "1"], "No such option: --nonsense"),
        (["--concurrency", "x"], "'x' is not a whole number"),
        ([*ENDPOINT, "--model", "m"], "--model belongs to an engine"),
        ([*ENDPOINT, "--like", "no-such-run"], "no such file and no shipped run"),
        ([*ENDPOINT, "--ttft-ms", "5"], "belong together"),
        (["--input-tokens", "0"], "Invalid value"),
    ],
)
def test_bad_arguments_are_exit_2_with_a_sentence(plan, arguments, words):
    result = plan(*arguments)

    assert 2 == result.exit_code, result.output
    assert words in result.output
    assert "Traceback" not in result.output
