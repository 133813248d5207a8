"""The format is that of vLLM 0.33.0 (`vllm/benchmarks/forward/main.py`); the times below are made up, since no GPU was at hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from probes.architectures import resolve_model
from probes.engines import vllm_forward
from probes.engines.vllm_forward import (
    ForwardTime,
    decode_cases,
    forward_command,
    forward_is_present,
    parse_forward,
    run_forward,
    step_overhead_ms,
)
from probes.engines.vllm_options import VllmOptions
from probes.errors import ProbeError


def request(query=1, kv=1024, drafts=0):
    return {"query_len": query, "kv_len": kv, "num_draft_tokens": drafts, "chunked": False}


def entry(case="b2-k1024", requests=None, median_us=8000.0, **rank):
    latency = {"timer": "graph_events", "median": median_us, "sample_spread_pct": 0.25, "mean": 8010.0, "count": 100}
    first = {"num_tokens": 2, "kv_blocks": 129, "routing": "real", "timing_scope": "target_only", "latency_us": latency}
    return {
        "case": case,
        "requests": [request(), request()] if requests is None else requests,
        "median_us": median_us,
        "ranks": [{**first, **rank}],
    }


def options(**changes):
    given = {
        "model": resolve_model("Qwen3-0.6B"),
        "weights": "dummy",
        "args": ("--dtype", "bfloat16", "--load-format", "dummy"),
    }
    return VllmOptions(**{**given, **changes})


def test_decode_steps_are_read_and_other_cases_left_out():
    prompt = entry("prefill", [request(query=512, kv=512)])
    verify = entry("verify", [request(query=4, kv=1024, drafts=3)])
    mixed = entry("mix", [request(), request(query=8, kv=8)])
    moe = entry("moe", [request(kv=100), request(kv=300)], 500.0, routing="balanced", timing_scope="target_and_drafter")

    plain = ForwardTime(
        requests=2,
        context_tokens=1024,
        forward_ms=8.0,
        spread_fraction=0.0025,
        balanced_routing=False,
        with_drafter=False,
    )
    drafted = ForwardTime(
        requests=2, context_tokens=200, forward_ms=0.5, spread_fraction=0.0025, balanced_routing=True, with_drafter=True
    )
    assert (plain, drafted) == parse_forward(json.dumps([entry(), prompt, verify, mixed, moe]))
    assert plain.stable


@pytest.mark.parametrize(
    "text", ["", "{}x", "[1]", "[{}]", json.dumps([entry(median_us=0)]), json.dumps([{**entry(), "ranks": []}])]
)
def test_what_is_not_such_a_file_is_refused(text):
    with pytest.raises(ProbeError, match="--output-json"):
        parse_forward(text)


def test_every_batch_meets_every_context():
    assert ("b1-k64=1*1@64", "b1-k128=1*1@128", "b4-k64=4*1@64", "b4-k128=4*1@128") == decode_cases([1, 4], [64, 128])


@pytest.mark.parametrize(("batches", "contexts"), [([0], [64]), ([1], [1]), ([], [64]), ([1], [])])
def test_a_step_without_requests_or_context_is_refused(batches, contexts):
    with pytest.raises(ProbeError, match="at least 1 request and 2 tokens"):
        decode_cases(batches, contexts)


def test_one_gpu_needs_no_launcher():
    command = forward_command(options(), ["b1-k64=1*1@64"], Path("/o.json"))

    assert ["-m", "vllm.entrypoints.cli.main", "bench", "forward"] == command[1:5]
    assert ["--kv-len-jitter", "0", "--output-json", "/o.json", "--case", "b1-k64=1*1@64"] == command[7:13]
    assert ["--dtype", "bfloat16", "--load-format", "dummy"] == command[13:]


def test_several_gpus_get_a_process_each():
    given = options(
        tensor_parallel_size=4,
        pipeline_parallel_size=2,
        args=("--tensor-parallel-size", "4", "--disable-uvicorn-access-log"),
    )
    command = forward_command(given, ["c"], Path("/o.json"))

    assert ["-m", "torch.distributed.run", "--nproc-per-node=8", "-m", "vllm.entrypoints.cli.main"] == command[1:6]
    assert ["--tensor-parallel-size", "4"] == command[-2:]


def test_real_weights_are_asked_for_since_the_benchmark_fills_them_at_random_by_itself():
    assert ["--load-format", "auto"] == forward_command(options(weights="real", args=()), ["c"], Path("/o"))[-2:]


def test_the_rest_of_a_step_is_what_serving_takes_longer():
    assert step_overhead_ms(9.5, parse_forward(json.dumps([entry()]))[0]) == 1.5


@pytest.mark.parametrize("name", ["vllm", "no_such_package"])
def test_whether_it_is_there_is_told_by_its_file(tmp_path, monkeypatch, name):
    folder = tmp_path / "vllm/benchmarks/forward"
    folder.mkdir(parents=True)
    (tmp_path / "vllm/__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "vllm", raising=False)
    assert not forward_is_present()
    (folder / "main.py").touch()

    assert forward_is_present()


def program(tmp_path, monkeypatch, text):
    """Puts a program in the benchmark's place; it finds its output's name in FORWARD_OUT."""
    (tmp_path / "bench.py").write_text(text)
    monkeypatch.setattr(vllm_forward, "forward_is_present", lambda: True)
    monkeypatch.setattr(
        vllm_forward,
        "forward_command",
        lambda _options, _cases, out: [sys.executable, str(tmp_path / "bench.py"), str(out)],
    )


@pytest.mark.slow
def test_it_is_run_in_a_process_of_its_own_and_its_file_read(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch, f"import sys; open(sys.argv[1], 'w').write({json.dumps([entry()])!r})")

    assert [8.0] == [time.forward_ms for time in run_forward(options(), ["c"])]


@pytest.mark.slow
def test_it_is_diagnosed_when_it_fails_and_given_up_when_it_hangs(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch, "import sys; sys.exit('torch.OutOfMemoryError: CUDA out of memory.')")
    with pytest.raises(ProbeError, match="too little free memory"):
        run_forward(options(), ["c"])
    program(tmp_path, monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(ProbeError, match=r"longer than 0\.3 s") as caught:
        run_forward(options(), ["c"], timeout_s=0.3)

    assert caught.value.kind == "start_timeout"


def test_an_older_vllm_is_told(monkeypatch):
    monkeypatch.setattr(vllm_forward, "forward_is_present", lambda: False)
    with pytest.raises(ProbeError, match=r"0\.33"):
        run_forward(options(), ["c"])
