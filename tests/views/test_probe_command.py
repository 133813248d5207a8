from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from probes import Plan
from tco.cli import app
from tco.views import _probe_command
from tco.views._probe_command import ProbeRequest, new_file, resume_job
from tests.factories import run

EVERYTHING = (
    *("--measure=curve", "--slo=ttft_p95_ms=9", "--arrivals=gamma", "--burstiness=2", "--lengths=uniform:0.5"),
    *("--shared-prefix=0.5", "--precision=0.1", "--layers=4,8", "--profile=vllm", "--max-usd=1"),
)


def request(*target: str, more: tuple[str, ...] = ()) -> ProbeRequest:
    return ProbeRequest(
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
    command = _probe_command.resume_command(tmp_path / "-odd.json", tmp_path / "events")
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


def test_its_file_is_settled_when_its_turn_comes_and_overwrites_none(tmp_path):
    now = datetime(2026, 11, 30, 5, 4, 3, tzinfo=UTC)
    names = []
    for _ in range(3):
        names.append(new_file(tmp_path, "m", now))
        names[-1].write_text("{}")

    expected = ["20261130-050403-m.json", "20261130-050403-m-2.json", "20261130-050403-m-3.json"]
    assert expected == [path.name for path in names]


def test_its_place_in_the_queue_says_what_where_and_how_long(tmp_path):
    here = request("--model=Qwen3-0.6B").job(tmp_path)
    there = request("--endpoint=https://ann:geheim99@x:8000", "--served-model=m").job(tmp_path)
    command, out = here.settle(tmp_path / "events")

    assert ("Qwen3-0.6B", "this machine", 180.0) == (here.title, here.where, here.limit_s)
    assert "concurrency 1,2, 10 tokens in, 5 out" == here.load
    assert (f"--out={out}", tmp_path) == (command[-2], out.parent)
    # An engine that is started takes its time; a server that runs does not.
    assert (5 + 45, 5) == (here.start_s, there.start_s)
    assert "m" == there.title
    assert "x:8000" in there.where
    assert "geheim99" not in there.where


@pytest.mark.parametrize(
    ("plan", "where", "limit_s"),
    [
        (Plan(endpoint="http://x", budget_s=90), "http://x", 90),
        (Plan(model="m"), "this machine", None),
        (None, "this machine", None),
    ],
)
def test_a_run_that_is_gone_on_with_keeps_its_file_and_its_limit(tmp_path, plan, where, limit_s):
    file = tmp_path / "cut.json"
    job = resume_job(run(plan=plan), file)
    command, out = job.settle(tmp_path / "events")

    assert (where, limit_s, file) == (job.where, job.limit_s, job.file)
    assert (str(file), file) == (command[-1], out)
