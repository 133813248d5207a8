from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import tco
from tco.grid import GridPoint, Job, WorkerError, worker
from tco.grid.job import Found, packed
from tco.grid.worker import answer_point
from tests.factories import run, scenario_data
from tests.tco.grid.grids import RENT, VOLUME, job_of


def point(job: Job, index: int = 0) -> GridPoint:
    done = answer_point(packed(job), index)

    assert (index, None) == (done.index, done.failure)
    return GridPoint.model_validate_json(done.line)


def test_a_point_is_what_evaluate_says_of_its_scenario(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    found = point(job, 3)
    data = scenario_data(workload__requests_per_day=86_400)
    data["options"][1]["price_usd_per_hour"] = 0.1
    result = tco.evaluate(tco.Scenario.model_validate(data), {"test-run": run()})

    assert (3, {VOLUME: 86_400, RENT: 0.1}) == (found.index, found.values)
    assert "rent" == found.recommended == result.recommended
    for kept, option in zip(found.options, result.options, strict=True):
        names = ("name", "feasible", "reasons", "total_usd", "npv_usd", "payback_months", "usd_per_mtok")
        assert [getattr(kept, name) for name in names] == [getattr(option, name) for name in names]
    rent, capacity = found.options[1], result.option("rent").capacity
    assert (capacity.replicas, capacity.gpus, capacity.utilisation_fraction, capacity.basis) == (
        rent.replicas, rent.gpus, rent.utilisation_fraction, rent.basis,
    )  # fmt: skip


def test_what_is_wrong_with_an_input_is_the_points_answer(tmp_path: Path) -> None:
    job = job_of(tmp_path, {VOLUME: [-5, 1]})
    found = point(job)

    assert "-5 is outside 0 or more" in found.error
    assert (None, [], {VOLUME: -5}) == (found.recommended, found.options, found.values)
    assert point(job, 1).error is None


def test_an_option_that_cannot_serve_is_no_error(tmp_path: Path) -> None:
    found = point(job_of(tmp_path, {"workload.slo.ttft_p95_ms": [1, 250]}))

    assert (None, "api") == (found.error, found.recommended)
    assert "no measured load meets the promise" in found.options[1].reasons[0]
    assert (False, None) == (found.options[1].feasible, found.options[1].total_usd)


def test_a_run_that_is_missing_is_said_as_evaluate_says_it_and_no_file_is_read(tmp_path: Path) -> None:
    job = job_of(tmp_path, {"options.rent.run": ["lost.json", "test-run"]})
    (tmp_path / "test-run").unlink()

    assert point(job).error.startswith("option 'rent': run 'lost.json': no such file and no shipped run")
    assert point(job, 1).error is None


def test_own_prices_and_pins_are_those_of_the_job(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "prices: [{item: H100-SXM, per: gpu_hour, amount: 0.7, provider: us, provider_class: neocloud, as_of: 2026-10-01, source: contract}]",
        encoding="utf-8",
    )
    axes = {
        "contract": {
            "ours": {"prices.file": "mine.yaml"},
            "lost": {"prices.file": "lost.yaml"},
            "no such book": {"prices.book": "1999-01-01"},
        },
        RENT: [None],
        "options.rent.price.provider": ["us"],
    }
    job = job_of(tmp_path, axes)
    (tmp_path / "mine.yaml").unlink()

    ours, lost, no_book = (point(job, index) for index in range(3))
    assert ours.error is None
    assert ours.options[1].total_usd == pytest.approx(12 * 730.5 * 0.7 * ours.options[1].gpus)
    assert "lost.yaml: cannot be read" in lost.error
    assert no_book.error.startswith("prices: ")


def test_a_worker_of_another_version_or_with_other_prices_stops_the_grid(tmp_path: Path) -> None:
    job = job_of(tmp_path)

    with pytest.raises(WorkerError, match=r"install the same version on all machines"):
        answer_point(packed(replace(job, tool_version="99.0")), 0)
    with pytest.raises(WorkerError, match=r"does not have the price book 2020-01-01-000000000000"):
        answer_point(packed(replace(job, books=Found(texts={"": "2020-01-01-000000000000"}, problems={}))), 0)


def test_a_fault_of_the_program_is_told_and_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "evaluate", lambda *_, **__: 1 / 0)
    done = answer_point(packed(job_of(tmp_path)), 2)

    assert (2, None, "ZeroDivisionError: division by zero") == (done.index, done.line, done.failure)


def test_a_line_is_json_that_says_nothing_twice(tmp_path: Path) -> None:
    line = answer_point(packed(job_of(tmp_path)), 0).line

    assert "\n" not in line
    assert ["index", "values", "error", "recommended", "options"] == list(json.loads(line))
