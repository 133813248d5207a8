from __future__ import annotations

import csv
from pathlib import Path

import pytest

from probes.imports.vllm_cost_meter import import_curve, main
from probes.run_file import RunError, load_run

ROOT = Path(__file__).parents[3]
ROWS = ROOT / "probes" / "imports" / "data" / "vllm_cost_meter.csv"
SHIPPED = {
    "C1": "h100-llama-3.1-8b-fp16.json",
    "C2": "h100-llama-3.1-8b-fp8.json",
    "C3": "h100-qwen3-30b-a3b-fp16.json",
    "C5": "h100x2-mixtral-8x7b-fp16.json",
}


@pytest.mark.parametrize(("config", "name"), SHIPPED.items())
def test_a_shipped_run_is_what_the_rows_give(config, name, tmp_path):
    assert main([str(ROWS), "--config", config, "--out", str(tmp_path / name)]) == 0
    assert load_run(ROOT / "probes" / "runs" / name) == load_run(tmp_path / name)


@pytest.mark.parametrize("name", SHIPPED.values())
def test_a_shipped_run_loads_and_every_cell_can_be_used(name):
    run = load_run(ROOT / "probes" / "runs" / name)
    assert [cell.request_rate_per_s for cell in run.usable_cells] == [1, 5, 10, 25, 50, 100, 200]


def test_a_cell_holds_the_published_figures():
    # Row C1, 10 requests/s, of master_results.csv.
    cell = import_curve(ROWS, "C1").cells[2]
    assert cell.requests_per_s.mean == 9.62673917929887
    assert cell.output_tokens_per_s.mean == 2464.4452299005106
    assert cell.output_tokens_per_s.mean == pytest.approx(256 * cell.requests_per_s.mean)
    assert cell.total_tokens_per_s.mean == pytest.approx(768 * 9.62673917929887)
    assert (cell.ttft_ms.p50, cell.ttft_ms.p99) == (49.35631349962932, 84.49040609015356)
    assert (cell.tpot_ms.p50, cell.tpot_ms.p90) == (10.231134086276215, 11.510426909803307)
    assert cell.e2e_ms.p99 == 3231.754626320144
    assert (cell.power_watts, cell.warnings) == (337.52335937500004, [])


def test_what_was_not_published_is_null_and_said():
    run = import_curve(ROWS, "C1")
    cell = run.cells[2]
    assert (cell.ttft_ms.p95, cell.itl_ms.p50, cell.tpot_ms.p99, cell.requests_per_s.low) == (None, None, None, None)
    assert cell.token_source == "published"
    assert [warning.code for warning in run.warnings] == ["counts_derived", "power_diluted", "gpu_form_unstated"]


def test_the_run_says_whose_it_is():
    run = import_curve(ROWS, "C2")
    assert (run.evidence, run.gpu, run.gpus_per_replica) == ("literature", "H100-SXM", 1)
    assert run.source is not None
    assert "@3f308c0" in run.source
    assert "MIT licence, Copyright (c) 2026 Chitral Patil" in run.source
    assert (run.engine.name, run.engine.version) == ("vllm", "0.19.0")
    assert (run.workload.input_tokens, run.workload.output_tokens, run.workload.arrivals) == (512, 256, "poisson")
    assert (run.model.name, run.model.dtype, run.model.quantization) == (
        "meta-llama/Meta-Llama-3.1-8B-Instruct",
        None,
        "fp8",
    )


def test_sixteen_bits_are_a_dtype_and_no_quantization():
    model = import_curve(ROWS, "C1").model
    assert (model.dtype, model.quantization, model.weights) == ("float16", None, "real")


def test_a_replica_of_two_gpus_draws_twice_the_sampled_power():
    run = import_curve(ROWS, "C5")
    assert (run.gpus_per_replica, run.engine.tensor_parallel_size) == (2, 2)
    assert run.cells[0].power_watts == pytest.approx(2 * 358.78904296875)


def test_the_row_with_the_warm_up_has_no_tail():
    cell = import_curve(ROWS, "C1").cells[1]
    assert cell.request_rate_per_s == 5
    assert (cell.ttft_ms.mean, cell.ttft_ms.p95, cell.ttft_ms.p99, cell.e2e_ms.p99) == (None, None, None, None)
    assert (cell.ttft_ms.p90, cell.e2e_ms.p90) == (56.7654278007467, 2323.335656499148)
    assert [(warning.code, warning.observed) for warning in cell.warnings] == [("warm_up_in_tail", 713.2500740502107)]


def test_counts_and_duration_agree_with_the_published_rates():
    cell = import_curve(ROWS, "C1").cells[2]
    assert (cell.requests_ok, cell.input_tokens, cell.output_tokens) == (500, 256_000, 128_000)
    assert cell.duration_s == pytest.approx(51.94, abs=0.005)
    assert cell.output_tokens / cell.duration_s == pytest.approx(2464.4452299005106)


@pytest.mark.parametrize(("requests", "fits"), [(480, False), (481, True), (500, True), (501, False)])
def test_the_derived_number_of_requests_is_the_round_one_that_the_rows_allow(requests, fits):
    # N / throughput lies between the slowest request and the arrivals plus the slowest request.
    with ROWS.open() as file:
        rows = [row for row in csv.DictReader(file) if row["engine"] == "vllm"]
    lasts = [requests / float(row["request_throughput"]) for row in rows]
    slowest = [float(row["e2el_p99_ms"]) / 1000 for row in rows]
    arrivals = [requests / float(row["rps"]) for row in rows]
    assert all(s <= t <= a + s for s, t, a in zip(slowest, lasts, arrivals, strict=True)) is fits


@pytest.mark.parametrize(
    ("config", "marked"), [("C1", [25, 50, 100, 200]), ("C2", [50, 100, 200]), ("C5", [25, 50, 100, 200])]
)
def test_loads_above_the_highest_rate_that_was_answered_stay_in_and_are_marked(config, marked):
    # The highest rates answered are 24.4, 31.9 and 17.4 requests/s.
    cells = import_curve(ROWS, config).cells
    assert [c.request_rate_per_s for c in cells if any(w.code == "past_saturation" for w in c.warnings)] == marked


def test_an_unknown_configuration_is_told_which_there_are():
    with pytest.raises(RunError, match=r"no configuration 'C9'; the file has: C1, C2, C3, C5, S1, S2"):
        import_curve(ROWS, "C9")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("H100,1,1,", "TPU,1,1,"), "hardware 'TPU' is not known; H100, A100_80GB_PCIe are"),
        (("37.749553934007054", "nan"), "column `ttft_mean_ms`: Input should be a finite number"),
        (("37.749553934007054", "fast"), "column `ttft_mean_ms`: Input should be a valid number"),
        (("ttft_mean_ms", "ttft_average_ms"), "column `ttft_mean_ms`: Field required"),
    ],
)
def test_a_row_that_is_wrong_is_named(change, message, tmp_path):
    heading, row, *_ = ROWS.read_text().splitlines()
    file = tmp_path / "rows.csv"
    file.write_text(f"{heading}\n{row}\n".replace(*change))
    with pytest.raises(RunError, match=message.replace("(", r"\(")):
        import_curve(file, "C1")


def test_a_missing_file_ends_with_code_2_and_one_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "none.csv"), "--config", "C1", "--out", str(tmp_path / "run.json")]) == 2
    assert "none.csv: cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "run.json").exists()
