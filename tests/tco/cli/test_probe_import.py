from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from probes import load_run
from tco.cli._probe_import import import_command

DATA = Path(__file__).parents[2] / "data" / "imports"


@pytest.fixture
def importing(monkeypatch, tmp_path):
    """Runs the command in an empty folder."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(import_command)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(word) for word in arguments])


def test_a_result_becomes_a_run_file(importing):
    result = importing(DATA / "vllm_appended.json", "--out", "run.json")

    assert result.exit_code == 0, result.output
    assert [1, 4] == [cell.concurrency for cell in load_run("run.json").cells]
    assert "saved run.json" in result.stdout
    assert "Not said: hardware, engine version, number format, weights." in result.stdout


def test_without_a_place_it_goes_beside_the_other_runs(importing):
    assert importing(DATA / "vllm_open.json").exit_code == 0
    assert load_run("runs/vllm_open.json").gpu == "H100-SXM"


def test_a_hardware_file_says_what_the_result_does_not(importing, tmp_path):
    (tmp_path / "hw.yaml").write_text(
        "gpu: NVIDIA H100 80GB HBM3\ngpus_per_replica: 2\nengine_version: 0.19.0\nweights: real\ndtype: bfloat16\n"
    )
    result = importing(DATA / "vllm_appended.json", "--hardware", "hw.yaml", "--out", "run.json")
    run = load_run("run.json")

    # The driver's name is the book's.
    assert (run.gpu, run.gpus_per_replica, run.engine.version, run.model.weights) == ("H100-SXM", 2, "0.19.0", "real")
    assert "Not said" not in result.output


def test_a_gpu_that_the_book_does_not_know_is_said_and_kept(importing, tmp_path):
    (tmp_path / "hw.yaml").write_text("gpu: X9000\n")
    result = importing(DATA / "vllm_appended.json", "--hardware", "hw.yaml", "--out", "run.json")

    assert "the price book has no GPU 'X9000'" in result.stderr
    assert load_run("run.json").gpu == "X9000"


def test_json_goes_to_stdout_alone(importing):
    result = importing(DATA / "aiperf_closed.json", "--out", "run.json", "--json")

    assert json.loads(result.stdout)["cells"][0]["concurrency"] == 4


def test_several_files_are_one_run(importing):
    result = importing(DATA / "vllm_appended.json", DATA / "vllm_detailed.json", "--out", "run.json")

    assert result.exit_code == 0, result.output
    assert [1, 4, 8] == [cell.concurrency for cell in load_run("run.json").cells]


def test_a_result_without_a_load_point_is_saved_and_ends_with_5(importing):
    result = importing(DATA / "vllm_burst.json", "--out", "run.json")

    assert result.exit_code == 5
    assert "burst: all 10 requests were sent at once" in result.stdout
    assert not load_run("run.json").cells[0].complete


def test_a_file_that_is_there_is_not_overwritten_unless_asked(importing, tmp_path):
    (tmp_path / "run.json").write_text("mine")

    result = importing(DATA / "vllm_open.json", "--out", "run.json")
    assert (result.exit_code, (tmp_path / "run.json").read_text()) == (2, "mine")
    assert "run.json exists. Choose another place with --out, or say --force." in result.stderr
    assert importing(DATA / "vllm_open.json", "--out", "run.json", "--force").exit_code == 0


def test_what_is_no_result_ends_with_2_and_one_sentence(importing, tmp_path):
    (tmp_path / "x.json").write_text("{")
    result = importing("x.json", "--out", "run.json")

    assert result.exit_code == 2
    assert "error: x.json: not valid JSON" in result.stderr
    assert not (tmp_path / "run.json").exists()
