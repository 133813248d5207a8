from __future__ import annotations

import json

import pytest
import typer
import yaml
from typer.testing import CliRunner

from tco.cli._probe_k8s import k8s_command

app = typer.Typer()
app.command()(k8s_command)
IMAGE = ["--image", "registry.example.com/tco-probe:0.1.0"]


def k8s(*arguments):
    return CliRunner().invoke(app, [*IMAGE, *arguments])


def test_it_prints_a_job_that_runs_the_probe_with_these_options():
    result = k8s("--gpus", "4", "--deadline", "30m", "--", "--model", "Qwen3-8B", "--tensor-parallel-size", "4")
    assert result.exit_code == 0, result.output
    job = yaml.safe_load(result.stdout)
    (container,) = job["spec"]["template"]["spec"]["containers"]

    assert (1800, "4") == (job["spec"]["activeDeadlineSeconds"], container["resources"]["limits"]["nvidia.com/gpu"])
    assert ["--model", "Qwen3-8B", "--tensor-parallel-size", "4", "--out", "/work/run.json", "--json"] == container[
        "args"
    ]


def test_json_is_the_same_job():
    assert yaml.safe_load(k8s().stdout) == json.loads(k8s("--json").stdout)


def test_it_can_go_into_a_file(tmp_path):
    result = k8s("--out", str(tmp_path / "job.yaml"))

    assert (0, "") == (result.exit_code, result.stdout)
    assert "Job" == yaml.safe_load((tmp_path / "job.yaml").read_text())["kind"]
    assert "kubectl apply -f" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--deadline", "soon"], "--deadline 'soon' is not a duration"),
        (["--secret-env", "x"], "--secret-env is VARIABLE=SECRET:KEY"),
        (["--node-label", "x"], "--node-label"),
        (["--name", "A"], "--name"),
        (["--out", "/no/such/folder/x"], "cannot be written"),
        (["--", "--api-key-env", "K"], "--secret-env K=SECRET:KEY"),
    ],
)
def test_bad_arguments_are_exit_2(arguments, words):
    result = k8s(*arguments)

    assert 2 == result.exit_code
    assert words in result.stderr
