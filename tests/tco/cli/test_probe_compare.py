from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from probes import Cell, Engine, Environment, Interval, Model, Percentiles, Run, WorkloadShape, save_run
from probes.analysis.batches import repeats_interval
from probes.analysis.percentiles import percentiles
from tco.cli._probe_compare import compare_command


def write_run(path, seed, *, speed=1.0, model="m", repeats=5):
    draw = np.random.default_rng(seed)
    one = Interval(mean=1.0)
    rates = repeats_interval(draw.normal(100 * speed, 1, repeats))
    cell = Cell(
        concurrency=4, repeats=repeats, duration_s=1, requests_ok=9, input_tokens=9, output_tokens=9, token_source="usage",
        output_tokens_per_s=rates, total_tokens_per_s=one, requests_per_s=one,
        ttft_ms=percentiles(draw.normal(50, 1, 100)) if repeats > 1 else Percentiles(p50=50.0), itl_ms=Percentiles(),
        tpot_ms=Percentiles(), e2e_ms=Percentiles(),
    )  # fmt: skip
    run = Run(
        run_id=path.stem, created_at="", tool_version="1", complete=True, environment=Environment(), engine=Engine(name="e"),
        model=Model(name=model), workload=WorkloadShape(input_tokens=9, output_tokens=9), cells=[cell],
    )  # fmt: skip
    save_run(run, path)


@pytest.fixture
def comparing(monkeypatch, tmp_path):
    """Runs the command beside some runs: two of one engine, one of nine tenths the speed, one of another model, one of a single benchmark."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(compare_command)
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "a.json", 1)
    write_run(tmp_path / "again.json", 2)
    write_run(tmp_path / "slow.json", 3, speed=0.9)
    write_run(tmp_path / "other.json", 4, model="n")
    write_run(tmp_path / "single.json", 5, repeats=1)
    return lambda *arguments: CliRunner().invoke(app, [str(word) for word in arguments])


def test_two_runs_of_one_engine_pass(comparing):
    result = comparing("a.json", "again.json")

    assert result.exit_code == 0, result.output
    assert "B against A: no difference shown (95 % confidence over 3 tests together)" in result.stdout


def test_a_slower_run_ends_with_4_and_the_other_way_round_with_0(comparing):
    assert comparing("a.json", "slow.json").exit_code == 4
    result = comparing("slow.json", "a.json")
    assert (result.exit_code, "B against A: faster" in result.stdout) == (0, True)


@pytest.mark.parametrize(("threshold", "code"), [("0.05", 4), ("0.15", 0)])
def test_a_threshold_lets_a_small_loss_pass(comparing, threshold, code):
    assert comparing("a.json", "slow.json", "--threshold", threshold).exit_code == code


def test_json_has_every_test(comparing):
    result = comparing("a.json", "slow.json", "--json")
    data = json.loads(result.stdout)

    assert (data["verdict"], data["slower"], data["tests"], data["threshold_fraction"]) == ("slower", 1, 3, 0.0)
    first = data["cells"][0]["differences"][0]
    assert (first["metric"], first["verdict"]) == ("output_tokens_per_s", "slower")
    assert first["adjusted_p_value"] < 0.05


def test_another_model_is_refused_and_forced(comparing):
    result = comparing("a.json", "other.json")

    assert result.exit_code == 2
    assert "the runs are of different models, 'm' and 'n'." in result.stderr
    assert comparing("a.json", "other.json", "--force").exit_code == 0


def test_what_cannot_be_tested_ends_with_5(comparing):
    result = comparing("a.json", "single.json")

    assert result.exit_code == 5
    assert "nothing could be tested" in result.stderr
    assert "no interval in the second run" in result.stdout


def test_a_run_that_is_not_there_ends_with_2(comparing):
    result = comparing("a.json", "none.json")
    assert result.exit_code == 2
    assert "no such file" in result.stderr
