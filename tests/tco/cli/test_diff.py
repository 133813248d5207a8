from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from probes.run_file import save_run
from tco.cli import app
from tests.factories import API, RENT, run, scenario_data


def written(folder: Path, name: str, **changes: Any) -> Path:
    save_run(run(), folder / "test-run")
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(scenario_data(**changes)), encoding="utf-8")
    return path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return written(tmp_path, "first")


@pytest.fixture
def second(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    cheaper = RENT | {"price_usd_per_hour": 0.5}
    return written(folder, "second", workload__requests_per_day=172_800.0, options=[dict(API), cheaper])


def diff(*arguments: object) -> object:
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


def test_text_is_a_waterfall_from_one_npv_to_the_other(first, second):
    done = diff(first, second)
    lines = [" ".join(line.split()) for line in done.stderr.splitlines()]

    assert (0, "") == (done.exit_code, done.stdout)
    assert "The recommendation changes from api to rent." == lines[0]
    assert any("workload.requests_per_day 86,400 172,800 -$27.2k -$36.8k" in line for line in lines)
    assert any("options.rent.price_usd_per_hour 2 0.5 +$39.4k $2,630" in line for line in lines)


def test_json_adds_up(first, second):
    data = json.loads(diff(first, second, "--json").stdout)

    assert {
        "schema", "first", "second", "option", "npv_first_usd", "npv_second_usd", "recommended_first", "recommended_second", "flips", "steps",
    } == set(data)  # fmt: skip
    assert data["npv_second_usd"] - data["npv_first_usd"] == pytest.approx(
        sum(step["change_usd"] for step in data["steps"])
    )
    assert {"path": "options.rent.price_usd_per_hour", "before": 2.0, "after": 0.5} == data["steps"][1]["changes"][0]


def test_a_flip_can_end_a_pipeline(first, second):
    assert 4 == diff(first, second, "--fail-on-flip").exit_code
    assert 0 == diff(first, first, "--fail-on-flip").exit_code


def test_equal_scenarios_are_told(first):
    assert "ask the same question" in " ".join(diff(first, first).stderr.split())


def test_bad_input_is_one_sentence_and_exit_2(first, second, tmp_path):
    for words, sentence in (
        ((first, tmp_path / "none.yaml"), "none.yaml"),
        ((first, second, "--option", "nobody"), "has no such option; it has: api, rent"),
    ):
        done = diff(*words)
        assert (2, "") == (done.exit_code, done.stdout)
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
