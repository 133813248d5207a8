from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tco.cli.prices import app

ON = ["--on", "2026-11-23"]


@pytest.fixture(autouse=True)
def no_snapshots(monkeypatch, tmp_path):
    monkeypatch.setenv("TCO_PRICES_FOLDER", str(tmp_path))


def run(*words):
    return CliRunner().invoke(app, ["managed", *words, *ON])


def test_one_service_and_gpu_is_its_cheapest_machine_with_the_premium():
    result = run("sagemaker", "--gpu", "H100-SXM", "--json")
    assert result.exit_code == 0
    [row] = json.loads(result.stdout)["managed"]
    assert (row["instance"], row["usd_per_hour"], row["bare"]["instance"]) == ("ml.p5.48xlarge", 63.296, "p5.48xlarge")
    assert row["premium_fraction"] == pytest.approx(0.15)


def test_the_table_has_both_prices_and_the_premium_in_per_cent():
    result = run("sagemaker", "--gpu", "H100-SXM")
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "ml.p5.48xlarge" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == [
        "sagemaker", "H100-SXM", "ml.p5.48xlarge", "8", "us-west-2", "63.3", "7.912", "aws p5.48xlarge us-east-1", "6.88",
        "+15%", "listed", "listed", "2026-09-01", "aws.amazon.com",
    ]  # fmt: skip


def test_without_words_every_service_is_there():
    rows = json.loads(run("--json").stdout)["managed"]
    assert {row["service"] for row in rows} == {"azure-ml", "hf-endpoints", "modal", "sagemaker", "vertex-ai"}


def test_a_gpu_narrows_all_services():
    rows = json.loads(run("--gpu", "H100-NVL", "--json").stdout)["managed"]
    assert [(row["service"], row["premium_fraction"]) for row in rows] == [("azure-ml", 0)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bedrock", "--gpu", "H100-SXM"], "no managed service 'bedrock'"),
        (["--gpu", "H9000"], "no managed machine with gpu 'H9000'. Services: azure-ml, hf-endpoints"),
        (["--region", "mars"], "no managed machine with region 'mars'"),
    ],
)
def test_a_miss_ends_with_code_2_and_says_what_there_is(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_day_that_is_none_is_refused():
    result = CliRunner().invoke(app, ["managed", "--on", "soon"])
    assert result.exit_code == 2
    assert "--on 'soon' is not a day" in result.stderr
