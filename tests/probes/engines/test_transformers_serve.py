from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from probes.architectures import resolve_model
from probes.engines import transformers_serve
from probes.engines.transformers_serve import TransformersOptions, diagnose_transformers, start_transformers
from probes.errors import ProbeError


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "my model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 2}))
    for name in ("model.safetensors", "tokenizer_config.json"):
        (folder / name).touch()
    return folder


@pytest.fixture
def options(folder, monkeypatch):
    monkeypatch.setattr(transformers_serve, "_version", lambda _package: "1.0")
    return TransformersOptions(model=resolve_model(str(folder)))


def test_requests_are_computed_together_with_sizes_that_are_set(options):
    sizes = ("--continuous-batching", "--cb-num-blocks", "64", "--cb-max-batch-tokens", "1024")

    assert ("--device", "auto", "--dtype", "auto", "--log-level", "warning", *sizes) == options.args
    assert "--continuous-batching" not in replace(options, continuous_batching=False).args


def test_a_folder_is_shown_as_a_cache_with_this_one_model(options, folder, tmp_path):
    hub = tmp_path / "hub"
    transformers_serve._show_as_cache(options, hub)
    scan = pytest.importorskip("huggingface_hub").scan_cache_dir(hub)

    assert options.served_name == "local/my-model"
    (repository,) = scan.repos
    assert ("local/my-model", ["main"]) == (repository.repo_id, list(repository.refs))
    linked = repository.refs["main"].snapshot_path / "config.json"
    assert linked.resolve() == (folder / "config.json").resolve()


@pytest.mark.parametrize(
    ("remove", "words"),
    [("model.safetensors", "needs a folder with weights"), ("tokenizer_config.json", "no tokenizer_config")],
)
def test_a_folder_without_weights_or_tokenizer_is_refused_before_anything_starts(options, folder, remove, words):
    (folder / remove).unlink()
    model = resolve_model(str(folder))
    with pytest.raises(ProbeError, match=words) as caught, start_transformers(replace(options, model=model)):
        pass

    assert caught.value.kind == "model_not_found"


def test_missing_packages_are_named_with_the_extra_that_brings_them(options, monkeypatch):
    monkeypatch.setattr(transformers_serve, "_version", lambda package: None if package == "accelerate" else "1.0")
    with pytest.raises(ProbeError, match=r"needs accelerate: `pip install 'tco-llm\[transformers\]'`") as caught:
        start_transformers(options).__enter__()

    assert caught.value.kind == "missing_engine"


@pytest.mark.parametrize(
    ("log", "kind"),
    [
        (
            "ImportError: Missing dependencies for serving. Install with `pip install transformers[serving]`",
            "missing_engine",
        ),
        ("ValueError: Using a `device_map` requires `accelerate`. You can install it", "missing_engine"),
        (
            "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use",
            "port_taken",
        ),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "out_of_memory"),
        ("something else", "engine_exited"),
    ],
)
def test_why_it_ended_is_read_from_its_log(log, kind):
    assert kind == diagnose_transformers(log, 1).kind


def test_what_it_is_started_with_names_no_path_of_this_machine(options):
    command = transformers_serve._launch(options, Path("/hub")).command(9)

    assert command[1:] == [
        *("-m", "transformers.cli.transformers", "serve", "local/my-model", "--host", "127.0.0.1", "--port", "9"),
        *options.args,
    ]
