from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tco.cli import app
from tco.views import _job

EVERYTHING = (
    *("--measure=curve", "--slo=ttft_p95_ms=9", "--arrivals=gamma", "--burstiness=2", "--lengths=uniform:0.5"),
    *("--shared-prefix=0.5", "--precision=0.1", "--layers=4,8", "--profile=vllm", "--max-usd=1"),
)


def request(*target: str, more: tuple[str, ...] = ()) -> _job.Request:
    return _job.Request(
        target=target, concurrency="1,2", input_tokens=10, output_tokens=5, repeats=2, budget_minutes=3, more=more
    )


def test_the_command_is_the_one_of_the_command_line():
    asked = request("--endpoint=http://x", "--served-model=m", more=("--precision=0.1",))
    command = asked.command(Path("runs/m.json"), Path("events"))

    assert command == [
        sys.executable,
        *("-m", "tco.cli", "probe", "run", "--endpoint=http://x", "--served-model=m", "--concurrency=1,2"),
        *("--input-tokens=10", "--output-tokens=5", "--repeats=2", "--budget=3m"),
        *("--precision=0.1", "--out=runs/m.json"),
        "--progress-file=events",
    ]


def test_the_command_line_knows_every_flag():
    shown = CliRunner().invoke(app, ["probe", "run", "--help"], env={"COLUMNS": "200"}).output
    flags = [
        part.partition("=")[0]
        for part in request("--model=m", more=EVERYTHING).command(Path("o"), Path("e"))
        if part[:2] == "--"
    ]

    assert [flag for flag in flags if flag not in shown] == []


def test_a_run_is_gone_on_with_by_the_command_line(tmp_path):
    command = _job.resume_command(tmp_path / "-odd.json", tmp_path / "events")
    refused = CliRunner().invoke(app, command[3:])

    assert [sys.executable, "-m", "tco.cli", "probe", "resume"] == command[:5]
    assert 2 == refused.exit_code
    assert "-odd.json" in refused.stderr


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (("--model=Qwen3-0.6B",), "Qwen3-0.6B"),
        (("--endpoint=http://x", "--served-model=meta/Llama 3"), "meta-Llama-3"),
        (("--model=../../etc/passwd",), "..-..-etc-passwd"),
    ],
)
def test_a_run_is_named_after_its_model_and_stays_in_its_folder(target, name):
    assert request(*target).name == name
