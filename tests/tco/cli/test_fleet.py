from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from probes.run_file import save_run
from tco.cli import app
from tests.factories import API, RENT, run, scenario_data

FASTER = ((1, 1.0, 100.0), (2, 1.8, 150.0), (4, 3.2, 250.0), (8, 4.0, 800.0))
"""Twice the rate of the test run at the same latencies."""


@pytest.fixture
def question(tmp_path: Path) -> Path:
    """2.4 requests a second; `small` carries 1.6 at 1 USD an hour, `large` 3.2 at 3."""
    save_run(run(run_id="small"), tmp_path / "small")
    save_run(run(FASTER, run_id="large"), tmp_path / "large")
    options = [
        {**RENT, "name": name, "run": name, "price_usd_per_hour": price, "availability_target_fraction": 0.5}
        for name, price in (("small", 1.0), ("large", 3.0))
    ]
    return written(tmp_path / "question.yaml", options)


def written(path: Path, options: list[dict[str, object]], **changes: object) -> Path:
    data = scenario_data(**{"workload__requests_per_day": 2.4 * 86_400, **changes})
    # Through JSON: YAML would write what is shared as an alias, which scenario files may not have.
    path.write_text(yaml.safe_dump(json.loads(json.dumps(data | {"options": [API, *options]}))), encoding="utf-8")
    return path


def fleet(*arguments: object) -> object:
    return CliRunner().invoke(app, ["fleet", *map(str, arguments), "--jobs", "1"])


def test_text_goes_to_stderr_and_says_what_stands_and_what_it_costs(question: Path) -> None:
    done = fleet(question)
    text = " ".join(done.stderr.split())

    assert (0, "") == (done.exit_code, done.stdout)
    # 2.4 / 1.6 are 1.5: two small ones at 1 USD, where one large one is 3.
    assert "The cheapest fleet is 2 x small: $2.00 an hour, $1,461 a month." in text
    assert "only large 1 large 3.00" in text
    assert "the mixed traffic was not simulated" in text
    assert "64-128 in, 0-64 out 2.4 100%; 1.6" in text


def test_json_on_stdout_is_one_object(question: Path) -> None:
    data = json.loads(fleet(question, "--json", "--week").stdout)

    assert [("small", 1.0), ("large", 3.0)] == [(kind["name"], kind["price_usd_per_hour"]) for kind in data["types"]]
    assert 2.0 == data["fleet"]["usd_per_hour"]
    assert 2.0 * 730.5 == pytest.approx(data["fleet"]["usd_per_month"])
    assert [("small", 2, 0)] == [(use["name"], use["replicas"], use["spares"]) for use in data["fleet"]["uses"]]
    assert 0.75 == pytest.approx(data["fleet"]["uses"][0]["utilisation_fraction"])
    assert ("small", 0.0) == (data["best_single_type"], data["mixing_saves_fraction"])
    assert {"small": 1.0} == data["sizes"][0]["served_by"]
    assert "interpolated" == data["sizes"][0]["goodputs"]["small"]["basis"]
    assert 168 * 2.0 == pytest.approx(data["week"]["usd_per_week"])
    assert 168 == len(data["week"]["uses"][0]["hourly"])
    assert data["fleet"]["holds"] is None


def test_stock_and_types_are_heeded(question: Path) -> None:
    assert {"large": 1} == counts(fleet(question, "--json", "--stock", "small=1", "--max-types", 1))
    assert {"large": 1} == counts(fleet(question, "--json", "--types", "large"))
    # One small for 1.6 of 2.4 and one large for the rest cost 4; one large alone 3.
    assert {"large": 1} == counts(fleet(question, "--json", "--stock", "small=1"))


def counts(done: object) -> dict[str, int]:
    return {use["name"]: use["replicas"] for use in json.loads(done.stdout)["fleet"]["uses"]}


def test_several_files_share_a_fleet(question: Path, tmp_path: Path) -> None:
    options = yaml.safe_load(question.read_text(encoding="utf-8"))["options"][1:]
    # 0.8/s more: 3.2 are two small ones, where each workload alone needs two and one.
    other = written(tmp_path / "other.yaml", options, name="other", workload__requests_per_day=0.8 * 86_400)
    data = json.loads(fleet(question, other, "--json").stdout)

    assert ["test", "other"] == data["scenarios"]
    assert [{"small": 2}] == [{use["name"]: use["replicas"] for use in data["fleet"]["uses"]}]
    assert [2.0, 1.0] == [alone["fleet"]["usd_per_hour"] for alone in data["separate_fleets"]]
    assert 1 / 3 == pytest.approx(data["sharing_saves_fraction"])


def test_a_setting_changes_every_file(question: Path) -> None:
    done = fleet(question, "--json", "--set", "options.large.price_usd_per_hour=1.5")
    assert {"large": 1} == counts(done)


def test_recorded_lengths_take_the_place_of_the_workloads(question: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("prompt_tokens,completion_tokens\n100,50\n100,50\n100,50\n200,50\n", encoding="utf-8")
    data = json.loads(fleet(question, "--json", "--lengths", log).stdout)
    sizes = {size["input_tokens"]: size["requests_per_s"] for size in data["sizes"]}
    assert {100.0: 1.8, 200.0: 0.6} == pytest.approx(sizes)


def test_a_real_engine_is_simulated_with_its_traffic_and_the_promise_is_told(tmp_path: Path) -> None:
    # The shipped run of this kind of machine, at just the lengths that it was probed with.
    option = {**RENT, "name": "machine", "run": "demo", "model": "from-run", "machine_usd_per_hour": 0.12}
    del option["price_usd_per_hour"]
    changes = {"workload__input_tokens_per_request": 64.0, "workload__output_tokens_per_request": 32.0}
    slo = {"ttft_p95_ms": 2000.0, "tpot_p95_ms": 400.0}
    path = written(tmp_path / "demo.yaml", [option], workload__slo=slo, **changes)
    done = fleet(path, "--json")
    data = json.loads(done.stdout)

    promises = {kept["metric"]: kept for kept in data["fleet"]["promises"]}
    assert {"ttft_p95_ms": 2000.0, "tpot_p95_ms": 400.0} == {name: kept["limit_ms"] for name, kept in promises.items()}
    assert data["fleet"]["holds"] is True
    assert all(kept["simulated_ms"] <= kept["limit_ms"] for kept in promises.values())
    # No prompt of 64 tokens and 32 answers is faster than one alone, which the run measured at 174 and 46 ms.
    assert promises["ttft_p95_ms"]["simulated_ms"] > 150
    assert promises["tpot_p95_ms"]["simulated_ms"] > 40


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--types", "smal"], "did you mean 'small'"),
        (["--stock", "small"], "write NAME=N"),
        (["--stock", "small=some"], "write NAME=N"),
        (["--stock", "small=0", "--stock", "large=0"], "the stock is too small"),
        (["--lengths", "none.csv"], "cannot be read"),
        (["--lengths", "a.csv", "--lengths", "b.csv"], "2 files for 1 scenarios"),
        (["--month", "99"], "has 12 months"),
        (["--set", "workload.nonsense=1"], "not a known key"),
        (["--set", "workload.input_tokens_per_request=9000"], "no type serves 8192-16384 in"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(question: Path, arguments: list[str], sentence: str) -> None:
    done = fleet(question, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith("error: ")
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_scenario_without_machines_is_exit_2(tmp_path: Path) -> None:
    done = fleet(written(tmp_path / "apis.yaml", []))
    assert 2 == done.exit_code
    assert "no self-hosted option" in done.stderr


def test_a_missing_file_is_exit_2(tmp_path: Path) -> None:
    assert 2 == fleet(tmp_path / "none.yaml").exit_code
