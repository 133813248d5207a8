"""Ctrl-C, a kill, a full disk and careless secrets while the real command measures: exit code, file, and no process left."""

from __future__ import annotations

import signal
import time

import pytest

from probes import load_run
from probes.blanking import BLANK
from tests import stand_in
from tests.probes.faults.command import MARK, SHORT, Command, serving

pytestmark = pytest.mark.slow

SECRET = "sk-neverwritedown123456"


def _slow_second(folder, url: str) -> Command:
    return Command.run(folder, url, "--concurrency", "1,64", "--repeats", "1", "--requests-per-stream", "60")


def test_ctrl_c_keeps_what_was_measured_leaves_no_process_and_resume_completes_it(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, slots=8) as server:
        command = _slow_second(tmp_path, server.url)
        command.wait_for("cell")
        time.sleep(0.4)
        command.process.send_signal(signal.SIGINT)
        ended = command.end(within_s=15.0)
        command.no_process_left()
        run = command.saved()
        assert (130, "interrupted", False) == (ended.code, run.incomplete_reason, run.complete)
        assert [(1, True)] == [(cell.concurrency, cell.complete) for cell in run.cells][:1]
        assert {cell.reason for cell in run.cells[1:]} <= {"interrupted"}
        assert "go on with `tco probe resume run.json`" in " ".join(ended.stderr.split())

        resumed = Command.start(tmp_path, "resume", "run.json")
        assert 0 == resumed.end().code
    whole = load_run(tmp_path / "run.json")
    assert (True, [1, 64], run.run_id) == (whole.complete, [cell.concurrency for cell in whole.cells], whole.run_id)
    assert run.cells[0] == whole.cells[0]


def test_ctrl_c_twice_ends_at_once_without_losing_the_file(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, slots=8) as server:
        command = _slow_second(tmp_path, server.url)
        command.wait_for("cell")
        time.sleep(0.3)
        command.process.send_signal(signal.SIGINT)
        time.sleep(0.02)
        command.process.send_signal(signal.SIGINT)
        ended = command.end(within_s=15.0)
        command.no_process_left()
    run = command.saved()
    assert (130, False, (1, True)) == (ended.code, run.complete, (run.cells[0].concurrency, run.cells[0].complete))


def test_ctrl_c_before_anything_is_measured_says_that_there_is_nothing(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, models_fail="hang") as server:
        command = Command.run(tmp_path, server.url, "--concurrency", "1")
        stand_in.wait_until((tmp_path / "events").exists, within_s=30.0)
        time.sleep(1.0)
        command.process.send_signal(signal.SIGINT)
        ended = command.end(within_s=15.0)
        command.no_process_left()
    assert 130 == ended.code
    assert "interrupted before anything was measured" in " ".join(ended.stderr.split())
    assert not (tmp_path / "run.json").exists()


def test_workers_of_a_probe_that_is_killed_end_by_themselves(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, slots=8) as server:
        command = _slow_second(tmp_path, server.url)
        command.wait_for("cell")
        workers = [one for one in stand_in.carrying(MARK, command.mark) if "probes.loadgen.worker" in one.cmdline()]
        assert workers
        command.process.kill()
        command.end()
        command.no_process_left(within_s=10.0)
    run = command.saved()
    assert (False, "in progress", [1]) == (
        run.complete,
        run.incomplete_reason,
        [cell.concurrency for cell in run.cells if cell.complete],
    )


def test_a_disk_that_is_full_costs_the_file_but_not_the_measurement(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1) as server:
        command = Command.run(tmp_path, server.url, "--concurrency", "1,2", file_bytes=3000)
        ended = command.end()
    words = " ".join(ended.stderr.split())
    assert 5 == ended.code
    assert "run.json: cannot be written (File too large). What was there is untouched" in words
    assert 2 == sum(line.startswith(("concurrency 1", "concurrency 2")) for line in ended.stderr.splitlines()), words
    assert [] == [file.name for file in tmp_path.iterdir() if file.name.endswith((".json", ".tmp"))]


@pytest.mark.parametrize("url", ["http://user:{}@127.0.0.1:1", "http://127.0.0.1:1/v1?api_key={}"])
def test_a_secret_in_the_address_is_refused_and_not_repeated(tmp_path, url):
    ended = Command.run(tmp_path, url.format(SECRET)).end()
    assert 2 == ended.code
    assert "Use --api-key-env VARIABLE" in " ".join(ended.stderr.split())
    assert SECRET not in ended.stderr + ended.stdout
    assert [] == list(tmp_path.glob("*.json"))


def test_a_key_in_the_environment_is_in_no_file_and_no_line(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, api_key=SECRET) as server:
        command = Command.run(
            tmp_path, server.url, "--concurrency", "1", "--api-key-env", "MY_KEY", environ={"MY_KEY": SECRET}
        )
        ended = command.end()
    text = (tmp_path / "run.json").read_text() + (tmp_path / "events").read_text()
    assert (0, "MY_KEY") == (ended.code, command.saved().plan.api_key_env)
    assert SECRET not in text + ended.stderr + ended.stdout


ENGINE = {"PYTHONPATH": f"{stand_in.FOLDER}:{stand_in.ROOT}", "STAND_IN": "ok"}
TINY = ("--model", "tiny-llama-test", "--concurrency", "1", "--out", "run.json", "--progress-file", "events")


@pytest.mark.parametrize("flag", ["--api-key", "--hf-token"])
def test_a_secret_for_the_engine_is_refused_and_not_repeated(tmp_path, flag):
    ended = Command.start(tmp_path, "run", *TINY, f"--engine-arg={flag}={SECRET}", environ=ENGINE).end()
    assert 2 == ended.code
    assert f"--engine-arg {flag} is set by this tool" in ended.stderr
    assert SECRET not in ended.stderr + ended.stdout
    assert not (tmp_path / "run.json").exists()


def test_a_secret_within_an_argument_of_the_engine_is_blank_wherever_the_run_is_written(tmp_path):
    argument = f'--engine-arg=--additional-config={{"api_key": "{SECRET}"}}'
    command = Command.start(tmp_path, "run", *TINY, *SHORT, argument, environ=ENGINE)
    ended = command.end()
    command.no_process_left()
    assert 0 == ended.code, ended.stderr
    assert f'--engine-arg=--additional-config={{"api_key": "{BLANK}"}}' == command.saved().manifest.command[-1]
    text = (tmp_path / "run.json").read_text() + (tmp_path / "events").read_text()
    assert SECRET not in text + ended.stderr + ended.stdout
