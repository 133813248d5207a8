from __future__ import annotations

import hashlib
import json

import pytest

from probes.architectures import MODELS_FOLDER, resolve_model, shipped_models
from probes.errors import ProbeError


def parameters_billion(config):
    """Parameters of a dense or mixture decoder with gated feed-forward layers, without norms [billions]."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = config.get("head_dim") or hidden // heads
    attention = hidden * head * (2 * heads + 2 * config["num_key_value_heads"])
    experts = config.get("num_local_experts", 1)
    feed_forward = 3 * hidden * config["intermediate_size"] * experts
    embedding = config["vocab_size"] * hidden * (1 if config["tie_word_embeddings"] else 2)
    return (config["num_hidden_layers"] * (attention + feed_forward) + embedding) / 1e9


@pytest.mark.parametrize(
    ("name", "published_billion"),
    [
        ("Qwen3-0.6B", 0.6),
        ("Qwen3-1.7B", 1.7),
        ("Qwen3-8B", 8.2),
        ("Llama-3.2-1B", 1.23),
        ("Meta-Llama-3.1-8B", 8.03),
        ("Meta-Llama-3.1-70B", 70.6),
        ("Mixtral-8x7B-v0.1", 46.7),
        ("SmolLM2-135M", 0.135),
    ],
)
def test_a_shipped_architecture_has_the_parameters_that_its_maker_publishes(name, published_billion):
    config = resolve_model(name).config

    assert parameters_billion(config) == pytest.approx(published_billion, rel=0.02)


def test_every_shipped_folder_is_listed_in_the_sources():
    sources = (MODELS_FOLDER / "SOURCES.md").read_text()

    assert [] == [name for name in shipped_models() if f"| `{name}` |" not in sources]


def test_a_shipped_name_gives_its_facts():
    source = resolve_model("Qwen3-0.6B")
    content = (MODELS_FOLDER / "Qwen3-0.6B/config.json").read_bytes()

    assert source.kind == "shipped"
    assert source.layers == 28
    assert source.vocab_size == 151_936
    assert source.max_tokens == 40_960
    assert source.dtype == "bfloat16"
    assert source.config_sha256 == hashlib.sha256(content).hexdigest()
    assert not source.has_weights


def test_names_are_found_in_any_case():
    assert resolve_model("qwen3-0.6b").name == "Qwen3-0.6B"


def write_config(folder, **config):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_folder_with_weights_has_weights(tmp_path):
    folder = write_config(tmp_path / "mine", num_hidden_layers=3, vocab_size=100)
    assert not resolve_model(str(folder)).has_weights
    (folder / "model-00001-of-00001.safetensors").touch()
    source = resolve_model(str(folder))

    assert ("mine", "folder", True, 3) == (source.name, source.kind, source.has_weights, source.layers)


def test_a_model_that_also_sees_keeps_its_facts_under_text_config(tmp_path):
    folder = write_config(tmp_path, text_config={"num_hidden_layers": 34, "vocab_size": 262_208, "dtype": "bfloat16"})
    source = resolve_model(str(folder))

    assert (34, 262_208, "bfloat16") == (source.layers, source.vocab_size, source.dtype)


def test_facts_that_a_config_does_not_state_are_none(tmp_path):
    source = resolve_model(str(write_config(tmp_path, num_hidden_layers="many")))

    assert (None, None, None, None) == (source.layers, source.vocab_size, source.dtype, source.max_tokens)


def test_a_hugging_face_id_is_passed_on_as_it_is():
    source = resolve_model("HuggingFaceTB/SmolLM2-135M-Instruct")

    assert ("hub", "HuggingFaceTB/SmolLM2-135M-Instruct", True) == (source.kind, source.path, source.has_weights)
    assert source.name == "SmolLM2-135M-Instruct"
    assert source.config is None


def test_a_config_that_was_downloaded_later_completes_a_hugging_face_id(tmp_path):
    folder = write_config(tmp_path, num_hidden_layers=5, vocab_size=7)
    source = resolve_model("owner/name").with_config(folder / "config.json")

    assert (5, 7, "hub") == (source.layers, source.vocab_size, source.kind)
    assert source.config_sha256 == hashlib.sha256((folder / "config.json").read_bytes()).hexdigest()


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(ProbeError, match=r"Did you mean Qwen3-0\.6B") as caught:
        resolve_model("Qwen3-0.6")

    assert caught.value.kind == "model_not_found"


def test_a_name_like_nothing_is_answered_with_all_of_them():
    with pytest.raises(ProbeError) as caught:
        resolve_model("zzz")

    assert "Did you mean" not in str(caught.value)
    assert all(name in str(caught.value) for name in shipped_models())


@pytest.mark.parametrize(
    ("content", "kind"), [(None, "model_not_found"), ("{", "bad_arguments"), ("[1]", "bad_arguments")]
)
def test_a_folder_without_a_readable_config_is_an_error_with_a_remedy(tmp_path, content, kind):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ProbeError, match=r"config\.json") as caught:
        resolve_model(str(tmp_path))

    assert kind == caught.value.kind
