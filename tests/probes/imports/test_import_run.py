"""Real result files of other tools: their numbers against the server's truth, and against the files themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from probes.imports import FORMATS, Hardware, import_run
from probes.run_file import RunError, run_from_json

DATA = Path(__file__).parents[2] / "data" / "imports"
SAMPLES = sorted(path for path in DATA.iterdir() if path.suffix in (".json", ".yaml"))


def sample(name):
    return json.loads((DATA / name).read_text())


def written(folder, data, name="result.json"):
    path = folder / name
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_run_made_of_any_sample_is_a_run_file(path):
    run = import_run(path)

    assert run == run_from_json(run.to_json())
    assert "sha256:" in run.source
    assert str(DATA) not in run.to_json()


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("vllm_appended.json", 0),
        ("vllm_appended.json", 1),
        ("vllm_open.json", 0),
        ("vllm_detailed.json", 0),
        ("guidellm.json", 0),
        ("guidellm.json", 1),
        ("aiperf_closed.json", 0),
        ("aiperf_open.json", 0),
    ],
)
def test_what_a_tool_says_is_what_the_server_did(name, cell):
    # The server takes 60 ms to the first token and 8 ms for each of 15 more; a busy machine of 2 cores added up to 10 %.
    found = import_run(DATA / name).cells[cell]

    assert found.ttft_ms.p50 == pytest.approx(60, rel=0.1)
    assert found.tpot_ms.p50 == pytest.approx(8, rel=0.03)
    assert found.e2e_ms.p50 == pytest.approx(60 + 15 * 8, rel=0.05)
    assert found.output_tokens == 16 * found.requests_ok
    assert found.input_tokens == 32 * found.requests_ok
    assert found.usable


def test_appended_results_are_cells_at_rising_load():
    run = import_run(DATA / "vllm_appended.json")

    assert [1, 4] == [cell.concurrency for cell in run.cells]
    assert [8, 32] == [cell.requests_ok for cell in run.cells]
    assert (run.workload.input_tokens, run.workload.output_tokens, run.workload.arrivals) == (32, 16, "closed-loop")
    assert (run.evidence, run.engine.name, run.model.name) == ("measured", "vllm", "fake-model")
    assert run.created_at == "2026-11-24T02:02:03"


def test_a_rate_is_an_open_loop():
    cell = import_run(DATA / "vllm_open.json").cells[0]

    assert (cell.request_rate_per_s, cell.concurrency, cell.arrivals) == (20.0, None, "poisson")
    assert cell.whole_run.requests_per_s == cell.requests_per_s.mean == 18.317696934332


def test_a_gamma_rate_keeps_its_burstiness(tmp_path):
    run = import_run(written(tmp_path, sample("vllm_open.json") | {"burstiness": 0.5}))

    assert (run.cells[0].arrivals, run.workload.arrivals, run.workload.burstiness) == ("gamma", "gamma", 0.5)


def test_an_endless_rate_without_a_limit_is_a_burst_and_no_load_point():
    cell = import_run(DATA / "vllm_burst.json").cells[0]

    assert not cell.usable
    assert cell.reason.startswith("vllm_burst.json: burst: all 10 requests were sent at once")


def test_a_limit_below_a_rate_is_said(tmp_path):
    cell = import_run(written(tmp_path, sample("vllm_open.json") | {"max_concurrency": 3})).cells[0]

    assert ("rate_capped", 3) in [(warning.code, warning.observed) for warning in cell.warnings]


def test_a_load_that_rose_is_no_load_point(tmp_path):
    cell = import_run(written(tmp_path, sample("vllm_open.json") | {"ramp_up_strategy": "linear"})).cells[0]

    assert "the load rose" in cell.reason


def test_a_percentile_of_too_few_samples_is_left_out_whoever_computed_it():
    # The file gives p99 of 8 requests, which is their maximum.
    cell = import_run(DATA / "vllm_appended.json").cells[0]

    assert cell.ttft_ms.p99 is None
    assert cell.ttft_ms.missing["p99"] == "8 samples; p99 needs 100"
    assert cell.ttft_ms.missing["p90"] == "not in the file"


def test_single_requests_give_percentiles_by_our_definitions():
    data = sample("vllm_detailed.json")
    cell = import_run(DATA / "vllm_detailed.json").cells[0]
    tpot = sorted(1000 * (e2e - ttft) / 15 for e2e, ttft in zip(data["latencies"], data["ttfts"], strict=True))

    assert cell.tpot_ms.p50 == pytest.approx((tpot[19] + tpot[20]) / 2)
    assert cell.ttft_ms.p95 is not None
    # Ranks 14 and 27 of 40 hold the median: P(B <= 13) = 0.0192, P(B <= 26) = 0.981 for B binomial(40, 1/2).
    ordered = sorted(1000 * value for value in data["latencies"])
    assert cell.e2e_ms.bounds["p50"].low <= ordered[13]
    assert cell.e2e_ms.bounds["p50"].high >= ordered[26]
    assert "computed_from_requests" in [warning.code for warning in cell.warnings]
    assert cell.itl_ms.samples == 40 * 15


def test_a_request_that_failed_has_no_latency(tmp_path):
    data = sample("vllm_detailed.json")
    data["errors"][0], data["ttfts"][0], data["output_lens"][0] = "boom", 99.0, 0
    data |= {"completed": 39, "failed": 1, "total_output_tokens": 624, "total_input_tokens": 1248}
    cell = import_run(written(tmp_path, data)).cells[0]

    assert cell.ttft_ms.samples == 39
    assert cell.requests_failed == 1


def test_no_text_of_a_prompt_or_answer_gets_into_a_run(tmp_path):
    data = sample("vllm_detailed.json")
    data["generated_texts"] = ["my secret"] * 40
    assert "my secret" not in import_run(written(tmp_path, data)).to_json()
    assert "not-to-be-kept" not in import_run(DATA / "llm_d.yaml").to_json()


def test_gaps_between_chunks_of_several_tokens_are_no_gaps_between_tokens(tmp_path):
    data = sample("vllm_open.json")
    cell = import_run(written(tmp_path, data | {"mean_itl_ms": 3 * data["mean_tpot_ms"]})).cells[0]

    assert cell.itl_ms.p50 is None
    assert cell.itl_ms.missing["mean"] == "chunks hold about 3.0 tokens; gaps between tokens are not in the file"
    assert cell.icl_ms.p50 == data["p50_itl_ms"]


def test_equal_loads_are_repeats_with_an_interval(tmp_path):
    data = sample("vllm_open.json")
    paths = []
    for number, factor in enumerate((0.99, 1.0, 1.01)):
        rates = {
            name: data[name] * factor for name in ("output_throughput", "request_throughput", "total_token_throughput")
        }
        paths.append(written(tmp_path, data | rates, f"{number}.json"))
    cell = import_run(paths).cells[0]

    assert (cell.repeats, cell.requests_ok) == (3, 120)
    mean = data["output_throughput"]
    assert cell.output_tokens_per_s.mean == pytest.approx(mean)
    # s is 1 % of the mean; t(0.975, 2) = 4.3027.
    assert cell.output_tokens_per_s.high - mean == pytest.approx(4.3027 * 0.01 * mean / 3**0.5, rel=1e-4)
    assert "percentiles_of_repeats" in [warning.code for warning in cell.warnings]


def test_a_copy_is_no_repeat(tmp_path):
    shutil.copy(DATA / "vllm_open.json", tmp_path / "copy.json")
    with pytest.raises(RunError, match="a copy is no repeat"):
        import_run([DATA / "vllm_open.json", tmp_path / "copy.json"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_id": "other"}, "one run has one model, these are of 'fake-model' and of 'other'"),
        ({"total_input_tokens": 4000}, "one run has one traffic, but prompts have 32 to 100 tokens"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(change, message, tmp_path):
    other = written(tmp_path, sample("vllm_open.json") | {"total_token_throughput": None} | change)
    with pytest.raises(RunError, match=message):
        import_run([DATA / "vllm_open.json", other])


def test_guidellm_tpot_leaves_the_first_token_out():
    # Its own time per output token is E2E / 16 = 11.4 ms; E2E = TTFT + TPOT x 15 holds only for 8 ms.
    data = sample("guidellm.json")["benchmarks"][0]["metrics"]
    cell = import_run(DATA / "guidellm.json").cells[0]

    assert data["time_per_output_token_ms"]["successful"]["mean"] == pytest.approx(cell.e2e_ms.mean / 16, rel=0.01)
    assert cell.ttft_ms.mean + cell.tpot_ms.mean * 15 == pytest.approx(cell.e2e_ms.mean, rel=0.005)


def test_guidellm_bounds_are_kept():
    cell = import_run(DATA / "guidellm.json").cells[0]
    theirs = sample("guidellm.json")["benchmarks"][0]["metrics"]["request_latency"]["successful"]["percentile_cis"][
        "p50"
    ]

    assert (cell.e2e_ms.bounds["p50"].low, cell.e2e_ms.bounds["p50"].high) == (
        1000 * theirs["lower"],
        1000 * theirs["upper"],
    )


def test_an_older_guidellm_report_is_refused_by_name(tmp_path):
    data = sample("guidellm.json")
    data["metadata"] |= {"version": 1, "guidellm_version": "0.3.1"}
    with pytest.raises(RunError, match=r"layout 2 is needed, this is layout 1 \(by 0.3.1\)"):
        import_run(written(tmp_path, data))


def test_a_load_that_was_not_sent_as_it_says_is_not_believed():
    # GuideLLM 0.8.1 sent 24 requests in 0.8 s, though 10 a second were asked for.
    cell = import_run(DATA / "guidellm_poisson.json").cells[0]

    assert not cell.complete
    assert "requests answered a second is 30.2587, the offered rate is 10" in cell.reason


def test_aiperf_inter_token_latency_is_tpot_and_its_chunk_latency_icl():
    data = sample("aiperf_closed.json")
    cell = import_run(DATA / "aiperf_closed.json").cells[0]

    assert cell.tpot_ms.mean == data["inter_token_latency"]["avg"]
    assert cell.icl_ms.mean == data["inter_chunk_latency"]["avg"]
    assert (cell.concurrency, cell.token_source) == (4, "usage")


def test_a_genai_perf_file_imports_too(tmp_path):
    data = sample("aiperf_closed.json")
    kept = {
        name: data[name]
        for name in ("request_throughput", "request_latency", "time_to_first_token", "inter_token_latency")
    }
    kept |= {
        name: data[name]
        for name in ("output_token_throughput", "output_sequence_length", "input_sequence_length", "request_count")
    }
    kept["input_config"] = {"model": ["m"], "concurrency": 4, "request_rate": None}
    run = import_run(written(tmp_path, kept))

    assert run.manifest.packages == {}
    assert (run.source.split(" ")[0], run.model.name, run.cells[0].concurrency) == ("genai-perf", "m", 4)
    assert run.cells[0].duration_s == pytest.approx(24 / 20.62898153203665)


def test_aiperf_power_of_both_makers_is_added(tmp_path):
    power = {
        "nvidia_average_gpu_power": {"unit": "W", "avg": 500.0},
        "nvidia_total_gpu_energy": {"unit": "J", "avg": 768.0},
    }
    cell = import_run(written(tmp_path, sample("aiperf_closed.json") | power)).cells[0]

    assert (cell.power_watts, cell.energy_joules) == (500.0, 768.0)
    assert cell.energy.energy_joules_per_output_token == 2.0


def test_a_cancelled_benchmark_is_incomplete(tmp_path):
    run = import_run(written(tmp_path, sample("aiperf_closed.json") | {"was_cancelled": True}))

    assert (run.complete, run.incomplete_reason) == (False, "the benchmark was cancelled")


def test_inferencex_is_literature_in_seconds_and_per_gpu():
    run = import_run(DATA / "inferencex.json")
    cell = run.cells[0]

    assert (run.evidence, run.gpu, run.gpus_per_replica) == ("literature", "H200-SXM", 8)
    assert (cell.ttft_ms.p50, cell.tpot_ms.mean, cell.ttft_ms.p99) == (150.0, 17.5, 450.0)
    assert (cell.output_tokens_per_s.mean, cell.total_tokens_per_s.mean) == (3600.0, 7200.0)
    # 64 streams of 10 requests of 0.9 x 1024 tokens at 3600 tokens/s.
    assert cell.requests_ok == 640
    assert cell.duration_s == pytest.approx(640 * 0.9 * 1024 / 3600, rel=1e-3)
    assert (cell.power_watts, run.model.quantization) == (4400.0, "fp8")
    assert "counts_derived" in [warning.code for warning in run.warnings]


def test_inferencex_in_other_units_is_refused(tmp_path):
    data = sample("inferencex.json") | {"mean_tpot": 17.5}
    with pytest.raises(RunError, match=r"`mean_intvty`: interactivity is 1 / TPOT"):
        import_run(written(tmp_path, data))


def test_power_that_its_own_file_does_not_call_valid_is_left_out(tmp_path):
    cell = import_run(written(tmp_path, sample("inferencex.json") | {"power_valid": 0})).cells[0]

    assert cell.power_watts is None
    assert "power_not_valid" in [warning.code for warning in cell.warnings]


def test_a_multi_node_result_is_refused(tmp_path):
    with pytest.raises(RunError, match="has no single replica"):
        import_run(written(tmp_path, sample("inferencex.json") | {"is_multinode": True}))


def test_llm_d_units_are_those_that_each_statistic_names():
    run = import_run(DATA / "llm_d.yaml")
    cell = run.cells[0]

    assert (cell.request_rate_per_s, cell.concurrency) == (10.0, None)
    assert (cell.ttft_ms.p50, cell.tpot_ms.mean, cell.itl_ms.mean) == (36.0, 5.0, 5.0)
    assert (run.gpu, run.gpus_per_replica, run.engine.tensor_parallel_size) == ("NVIDIA-H100-80GB-HBM3", 8, 8)
    assert cell.usable


def test_an_older_llm_d_report_is_refused_by_name(tmp_path):
    text = (DATA / "llm_d.yaml").read_text().replace("version: '0.2'", "version: '0.1'")
    with pytest.raises(RunError, match=r"layout 0.2 or 0.2.1 is needed, this is '0.1'"):
        import_run(written(tmp_path, text, "report.yaml"))


def test_what_is_not_said_of_the_hardware_is_named():
    (warning,) = [one for one in import_run(DATA / "vllm_burst.json").warnings if one.code == "hardware_unstated"]

    assert warning.message.startswith("Not said: hardware, engine version, number format, weights.")


def test_metadata_in_the_words_of_a_hardware_file_is_read_and_a_sidecar_overrules_it():
    stated = Hardware(gpu="L4", gpus_per_replica=2, engine_version="0.12", dtype="bfloat16", weights="dummy")

    assert (import_run(DATA / "vllm_open.json").gpu, import_run(DATA / "vllm_open.json").gpus_per_replica) == (
        "H100-SXM",
        1,
    )
    run = import_run(DATA / "vllm_open.json", sidecar=stated)
    assert (run.gpu, run.gpus_per_replica, run.engine.version, run.model.weights) == ("L4", 2, "0.12", "dummy")
    assert "hardware_unstated" not in [one.code for one in run.warnings]


def test_a_misspelt_field_of_a_sidecar_is_told_the_near_one(tmp_path):
    path = written(tmp_path, "gpu: L4\nengine_versoin: 0.12\n", "hardware.yaml")
    with pytest.raises(
        RunError, match="`engine_versoin` is no field of a hardware file; did you mean `engine_version`"
    ):
        import_run(DATA / "vllm_open.json", sidecar=path)


def test_a_version_that_yaml_takes_for_a_number_is_a_text(tmp_path):
    run = import_run(DATA / "vllm_open.json", sidecar=written(tmp_path, "engine_version: 0.12\n", "hardware.yaml"))

    assert run.engine.version == "0.12"


def test_a_path_of_a_model_is_not_published(tmp_path):
    run = import_run(written(tmp_path, sample("vllm_open.json") | {"model_id": "/home/me/models/Qwen3-8B"}))

    assert run.model.name == "Qwen3-8B"


def test_the_formats_are_named_and_one_can_be_forced():
    assert FORMATS == ("aiperf", "guidellm", "inferencex", "llm-d", "vllm-bench")
    with pytest.raises(RunError, match="format 'mlperf' is not known; aiperf, guidellm"):
        import_run(DATA / "vllm_open.json", format="mlperf")
    with pytest.raises(RunError, match=r"`metadata\.version`: a GuideLLM report"):
        import_run(DATA / "vllm_open.json", format="guidellm")
