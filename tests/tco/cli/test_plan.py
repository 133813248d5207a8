from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from probes.run_file import save_run
from tco.cli import app
from tests.factories import run, scenario_data


@pytest.fixture
def question(tmp_path: Path) -> Path:
    save_run(run(), tmp_path / "test-run")
    path = tmp_path / "question.yaml"
    path.write_text(yaml.safe_dump(scenario_data()), encoding="utf-8")
    return path


def plan(*arguments: object) -> object:
    return CliRunner().invoke(app, ["plan", *map(str, arguments)])


def test_text_goes_to_stderr_and_says_the_answer(question: Path) -> None:
    done = plan(question)

    assert (0, "") == (done.exit_code, done.stdout)
    assert "Stay with api" in done.stderr
    assert "payback" in done.stderr


def test_json_on_stdout_is_one_object(question: Path) -> None:
    done = plan(question, "--json")
    data = json.loads(done.stdout)

    assert ("api", "api", ["api", "rent"]) == (
        data["baseline"],
        data["recommended"],
        [o["name"] for o in data["options"]],
    )


def test_a_setting_changes_the_answer(question: Path) -> None:
    done = plan(question, "--json", "--set", "options.rent.price_usd_per_hour=0.1")

    assert json.loads(done.stdout)["recommended"] == "rent"


def test_another_run_changes_the_answer(question: Path) -> None:
    before = json.loads(plan(question, "--json").stdout)
    save_run(run(curve=((1, 5.0, 100.0), (2, 9.0, 150.0))), question.parent / "faster.json")
    after = json.loads(plan(question, "--json", "--set", "options.rent.run=faster.json").stdout)

    assert before["options"][1]["capacity"]["goodput_requests_per_s"] == pytest.approx(1.6)
    assert after["options"][1]["capacity"]["goodput_requests_per_s"] == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "workload.nonsense=1"], "not a known key"),
        (["--set", "options.rent.run=missing"], "no such file and no shipped run"),
        (["--chart", "chart.pdf"], "end the name with .svg"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(question: Path, arguments: list[str], sentence: str) -> None:
    done = plan(question, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith("error: ")
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_exit_2(tmp_path: Path) -> None:
    assert plan(tmp_path / "none.yaml").exit_code == 2


def test_the_chart_is_written(question: Path) -> None:
    path = question.parent / "chart.svg"

    assert plan(question, "--chart", path).exit_code == 0
    assert path.read_text(encoding="utf-8").startswith("<svg")
