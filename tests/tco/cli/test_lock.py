from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tco.cli import app


def tco(*arguments: object) -> object:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_lock_is_written_beside_the_scenario_and_kept(question):
    done = tco("lock", question)
    data = json.loads(question.with_suffix(".lock").read_text(encoding="utf-8"))

    assert (0, "") == (done.exit_code, done.stdout)
    assert f"answer {data['answer_id']}, recommended: api" in " ".join(done.stderr.split())
    assert {"schema", "answer_id", "tool", "scenario", "price_book", "runs", "answer", "quantities"} == set(data)
    again = tco("plan", question, "--locked", "--json")
    assert (0, data["answer_id"]) == (again.exit_code, json.loads(again.stdout)["answer_id"])
    assert f"answer {data['answer_id']}" in tco("plan", question).stderr


def test_a_changed_input_is_refused_with_exit_2(question):
    tco("lock", question, "--out", question.parent / "my.lock")
    done = tco(
        "plan", question, "--lock", question.parent / "my.lock", "--set", "workload.requests_per_day=7", "--json"
    )

    assert 2 == done.exit_code
    assert "lock_broken" == json.loads(done.stdout)["error"]["code"]
    assert "workload.requests_per_day 86,400 → 7" in done.stderr


def test_settings_can_be_locked(question):
    tco("lock", question, "--set", "workload.requests_per_day=7")

    assert 0 == tco("plan", question, "--locked", "--set", "workload.requests_per_day=7").exit_code
    assert 2 == tco("plan", question, "--locked").exit_code


def test_a_missing_lock_is_told(question):
    done = tco("plan", question, "--locked")

    assert 2 == done.exit_code
    assert "make it with `tco lock" in " ".join(done.stderr.split())


def test_a_lock_that_cannot_be_written_is_told(question):
    done = tco("lock", question, "--out", question.parent / "none" / "x.lock", "--json")

    assert (2, "invalid_input") == (done.exit_code, json.loads(done.stdout)["error"]["code"])


@pytest.mark.slow
def test_the_same_id_gives_the_same_bytes_in_two_processes(question):
    def process(seed: str, *arguments: str) -> bytes:
        return subprocess.run(
            [sys.executable, "-m", "tco.cli", *arguments],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=100,
        ).stdout

    process("0", "lock", str(question))
    answers = {process(seed, "plan", str(question), "--locked", "--json") for seed in ("1", "2")}

    assert 1 == len(answers)
    assert b'"answer_id"' in answers.pop()
