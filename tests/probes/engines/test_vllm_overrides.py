from __future__ import annotations

import json
from dataclasses import replace

import pytest

from probes.architectures import resolve_model
from probes.engines import vllm
from probes.engines.vllm_options import VllmOptions
from probes.engines.vllm_overrides import (
    full_layers_of,
    has_random_gates,
    layers_of,
    overrides_of,
    routing_warning,
    sliced,
    vocab_size_of,
    with_overrides,
)
from probes.engines.vllm_settings import SAFE_VOCAB_SIZE, engine_environment
from probes.errors import ProbeError


def options(model="Qwen3-0.6B", **changes):
    return VllmOptions(
        **{"model": resolve_model(model), "weights": "dummy", "args": ("--dtype", "bfloat16"), **changes}
    )


@pytest.mark.parametrize(
    ("args", "layers", "vocab_size"),
    [
        ([], 28, 151_936),
        (['--hf-overrides={"num_hidden_layers": 4}'], 4, 151_936),
        (["--hf-overrides", '{"num_hidden_layers": 4}'], 4, 151_936),
        (['--hf-overrides={"num_hidden_layers": 4}', '--hf-overrides={"num_hidden_layers": 5}'], 5, 151_936),
        (['--hf-overrides={"text_config": {"num_hidden_layers": 6}}'], 6, 151_936),
        (['--hf_overrides={"vocab_size": 500}'], 28, 500),
        (["--hf-overrides=nonsense"], 28, 151_936),
        (["--hf-overrides=[1]"], 28, 151_936),
        (["--hf-overrides"], 28, 151_936),
    ],
)
def test_overrides_of_the_config_are_in_the_record(args, layers, vocab_size):
    model = resolve_model("Qwen3-0.6B")

    assert (layers, vocab_size) == (layers_of(model, args), vocab_size_of(model, args))
    assert (28 if layers < 28 else None) == full_layers_of(model, args)


def test_an_unknown_vocabulary_is_taken_as_a_small_one():
    assert SAFE_VOCAB_SIZE == vocab_size_of(resolve_model("owner/name"), [])


def test_a_slice_differs_by_its_overrides_only():
    cut = sliced(options(), 4)

    assert ("--dtype", "bfloat16", '--hf-overrides={"num_hidden_layers": 4}') == cut.args
    assert options() == replace(cut, args=options().args)
    assert (4, 28) == (layers_of(cut.model, cut.args), full_layers_of(cut.model, cut.args))


def test_the_users_own_overrides_are_kept_in_a_slice():
    own = ("--hf-overrides", '{"vocab_size": 500, "text_config": {"a": 1}}', "--block-size=16")
    args = with_overrides(own, {"text_config": {"b": 2}})

    assert args[0] == "--block-size=16"
    assert overrides_of(args) == {"vocab_size": 500, "text_config": {"a": 1, "b": 2}}
    assert json.loads(args[1].partition("=")[2]) == overrides_of(args)


@pytest.mark.parametrize(
    ("changes", "layers", "words"),
    [
        ({"weights": "real"}, 4, "Use --weights dummy"),
        ({"model": "owner/name"}, 4, "is not here yet"),
        ({}, 29, "numbers from 1 to 28"),
    ],
)
def test_what_cannot_be_cut_is_refused(changes, layers, words):
    with pytest.raises(ProbeError, match=words) as caught:
        sliced(options(**changes), layers)

    assert caught.value.kind == "bad_arguments"


@pytest.mark.parametrize(
    ("given", "balanced"),
    [
        (options("Mixtral-8x7B-v0.1"), True),
        (options("Mixtral-8x7B-v0.1", weights="real"), False),
        (options("Qwen3-0.6B"), False),
        (options("owner/name"), False),
    ],
)
def test_the_gate_is_random_in_mixtures_with_dummy_weights(given, balanced):
    assert balanced == has_random_gates(given)


def test_the_engine_is_told_to_choose_experts_evenly_unless_the_user_says_how(monkeypatch):
    name = "VLLM_MOE_ROUTING_SIMULATION_STRATEGY"
    monkeypatch.delenv(name, raising=False)
    assert name not in engine_environment(offline=True, on_cpu=False)
    assert engine_environment(offline=True, on_cpu=False, balanced_routing=True)[name] == "uniform_random"
    monkeypatch.setenv(name, "normal_routing")

    assert engine_environment(offline=True, on_cpu=False, balanced_routing=True)[name] == "normal_routing"


def test_a_copy_of_the_model_takes_tensor_times_pipeline_gpus():
    assert options(tensor_parallel_size=8, pipeline_parallel_size=2).gpus == 16


def test_how_experts_were_chosen_is_said():
    codes = ("balanced_routing", "random_routing")

    assert codes == tuple(routing_warning(on_cpu=on_cpu).code for on_cpu in (False, True))


@pytest.mark.parametrize(("on_cpu", "strategy"), [(True, None), (False, "uniform_random")])
def test_even_routing_is_left_to_gpus(monkeypatch, on_cpu, strategy):
    monkeypatch.delenv("VLLM_MOE_ROUTING_SIMULATION_STRATEGY", raising=False)
    environment = vllm._launch(options("Mixtral-8x7B-v0.1"), on_cpu=on_cpu).environment

    assert strategy == environment.get("VLLM_MOE_ROUTING_SIMULATION_STRATEGY")
