from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from probes import load_run
from probes.servers.profile import UNKNOWN
from tco.cli import _probe_quick
from tco.cli._probe_quick import quick_command
from tests import stand_in

app = typer.Typer()
app.command()(quick_command)


@pytest.fixture
def quick(monkeypatch):
    """Runs the command; `urls` is all that listens on this machine."""

    def run(*arguments, urls=()):
        monkeypatch.setattr("probes.discover.listening_urls", lambda: list(urls))
        return CliRunner().invoke(app, [str(word) for word in arguments])

    return run


def fake(*options):
    command = [sys.executable, str(stand_in.ROOT / "tests/fake_server.py"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, f"http://127.0.0.1:{process.stdout.readline().strip()}"


@pytest.fixture(scope="module")
def server():
    """A server of two places: 10 ms to the first token, 1 ms for each further one."""
    process, url = fake("--prefill-ms", "10", "--tpot-ms", "1", "--slots", "2")
    yield url
    process.terminate()
    process.communicate()


SHORT = ["--input-tokens", "8", "--output-tokens", "21", "--budget", "8s"]


@pytest.fixture(scope="module")
def measured(server, tmp_path_factory):
    """One measurement of the server that runs here: its answer in words, the same as JSON, and the run."""
    out, finish = tmp_path_factory.mktemp("quick") / "r.json", _probe_quick._finish

    def in_both_forms(*given, as_json):
        finish(*given, as_json=as_json)
        finish(*given[:3], None, as_json=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("probes.discover.listening_urls", lambda: [server])
        patch.setattr(_probe_quick, "_finish", in_both_forms)
        result = CliRunner().invoke(app, [*SHORT[:4], "--budget", "16s", "--out", str(out)])
    assert result.exit_code == 0, result.output
    text, _, data = result.stdout.partition("\n{")
    return text, json.loads("{" + data), load_run(out)


@pytest.mark.slow
def test_the_server_that_runs_here_is_found_measured_and_explained(measured, server):
    text, _, _ = measured

    assert f"vLLM at {server}, fake-model, 8 tokens in and 21 out" in text
    assert "The limit" in text
    # A user alone gets 1000 tokens a second.
    speed = float(re.search(r"One user .* then ([\d,]+) tokens/s", text).group(1).replace(",", ""))
    assert 700 < speed <= 1010
    assert f"tco probe run --endpoint {server} --served-model fake-model" in text
    assert "requests a day if they come evenly" in text


@pytest.mark.slow
def test_json_has_the_same_answer_and_the_run_can_be_kept(measured, server):
    _, data, run = measured

    assert ("queue", 2) == (data["limit"], round(data["served_at_once"]))
    assert {"base_url": server, "kind": "vllm", "version": None, "on_this_machine": True} == data["server"]
    rate = data["best"]["requests_per_s"]
    assert rate * 86_400 == pytest.approx(data["requests_per_day"]["evenly"])
    # An office week: 5 days of 10 full, 2 half and 12 tenth hours, 48 tenth hours: 65.8 in all, so the peak is 168 / 65.8 of the mean.
    assert rate * 86_400 * 65.8 / 168 == pytest.approx(data["requests_per_day"]["office_hours"])
    assert [level["concurrency"] for level in data["levels"]] == [cell.concurrency for cell in run.cells]
    assert data["tokens_used"] == sum(cell.input_tokens + cell.output_tokens for cell in run.cells)
    assert data["tokens_used"] < 500_000


@pytest.mark.slow
def test_no_more_tokens_are_used_than_allowed(quick, server):
    data = json.loads(quick("--endpoint", server, "--json", "--max-tokens", "4000", *SHORT).stdout)

    # 2500 + (10 + 24 + 3) requests of 29 tokens are 3573; the next load point would need as much again.
    assert [1] == [level["concurrency"] for level in data["levels"]]
    assert data["tokens_used"] <= 4000


@pytest.mark.slow
def test_an_interruption_answers_with_what_was_measured(server):
    code = f"import typer; from tco.cli._probe_quick import quick_command; a = typer.Typer(); a.command()(quick_command); a(['--endpoint', {server!r}, '--budget', '12s', '--output-tokens', '21'])"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=stand_in.ROOT,
        env=dict(os.environ),
    ) as command:
        for line in command.stderr:
            if line.startswith("concurrency 1"):
                break
        command.send_signal(signal.SIGINT)
        said, _ = command.communicate(timeout=20)

    assert 130 == command.returncode
    assert "One user" in said


def test_several_servers_are_listed_and_none_is_taken(quick, monkeypatch):
    async def two():
        return [
            _probe_quick.FoundServer(base_url=f"http://127.0.0.1:{port}", profile=UNKNOWN, models=("m",))
            for port in (8000, 9000)
        ]

    monkeypatch.setattr(_probe_quick, "find_servers", two)
    result = quick()

    assert 2 == result.exit_code
    assert "2 servers run here" in result.stderr
    assert "tco probe quick --endpoint http://127.0.0.1:9000" in result.stderr


@pytest.mark.parametrize(
    ("engines", "words"),
    [
        ({"vllm": "0.33.0"}, "vllm 0.33.0 is installed: `tco probe run --budget 2m` starts it"),
        ({}, "no engine is installed"),
    ],
)
def test_where_nothing_runs_nothing_is_started_and_the_command_is_named(quick, monkeypatch, engines, words):
    monkeypatch.setattr(_probe_quick, "engine_packages", lambda: engines)
    result = quick()

    assert 3 == result.exit_code
    assert words in result.stderr
    assert "--endpoint URL" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--endpoint", "http://127.0.0.1:9"], 3, "gives no list of models"),
        (["--endpoint", "ftp://x"], 2, "is not an address"),
        (["--budget", "soon"], 2, "is not a duration"),
        (["--api-key-env", "NOT_SET_X"], 2, "is not set"),
        (["--output-tokens", "1"], 2, "Invalid value"),
    ],
)
def test_bad_arguments_end_with_a_sentence(quick, arguments, code, words):
    result = quick(*arguments)

    assert code == result.exit_code
    assert words in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_a_model_that_is_not_served_is_said_with_those_that_are(quick, server):
    result = quick("--endpoint", server, "--served-model", "other")

    assert 2 == result.exit_code
    assert "it serves fake-model" in result.stderr


@pytest.mark.slow
def test_a_server_that_fails_is_exit_3_with_its_words(quick):
    process, url = fake("--fail", "500")
    result = quick("--endpoint", url, *SHORT)
    process.terminate()
    process.communicate()

    assert 3 == result.exit_code
    assert "500" in result.stderr


def test_a_file_that_exists_is_kept(quick, tmp_path):
    (tmp_path / "r.json").write_text("mine")
    result = quick("--out", tmp_path / "r.json")

    assert (2, "mine") == (result.exit_code, (tmp_path / "r.json").read_text())
