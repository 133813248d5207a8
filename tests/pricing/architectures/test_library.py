from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pricing.architectures import (
    ArchitectureError,
    ArchitectureNotFound,
    ConfigError,
    UnknownArchitecture,
    architecture,
    architectures,
    shipped_models,
)
from pricing.architectures.build import build
from pricing.architectures.registry import FAMILIES
from pricing.book import Book, shipped_book

FOLDER = Path(__file__).parents[3] / "pricing" / "data" / "architectures"

TINY = {
    "model_type": "llama", "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "vocab_size": 10,
}  # fmt: skip


def written(tmp_path, config, name="config.json"):
    file = tmp_path / name
    file.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Qwen3-8B", "Qwen3-8B"),
        ("qwen3 8b", "Qwen3-8B"),
        ("Qwen/Qwen3-8B", "Qwen3-8B"),
        ("meta-llama/Llama-3.1-8B-Instruct", "Meta-Llama-3.1-8B"),
        ("Llama-3.1-8B", "Meta-Llama-3.1-8B"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "Mixtral-8x7B-v0.1"),
        ("google/gemma-3-27b-pt", "gemma-3-27b-it"),
        ("deepseek-ai/DeepSeek-R1-0528", "DeepSeek-R1"),
    ],
)
def test_a_model_is_found_by_name_id_and_alias(asked, name):
    assert name == architecture(asked).name


def test_no_two_models_share_a_name():
    known = [known.casefold() for row in shipped_models() for known in row.ids]
    assert len(known) == len(set(known))


def test_every_shipped_file_has_its_row_source_and_day_and_every_row_its_file():
    assert {file.stem for file in FOLDER.glob("*.json")} == {row.name for row in shipped_models()}
    assert [row.name for row in shipped_models() if "https://" not in row.source] == []
    assert [row.name for row in shipped_models() if not "2025-01-01" <= row.as_of.isoformat() <= "2026-11-23"] == []


def test_the_shipped_files_are_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 200_000
    assert max(file.stat().st_size for file in FOLDER.glob("*.json")) < 6_000


def test_every_shipped_model_is_computed():
    assert len(shipped_models()) == len(architectures()) == 71


def test_the_facts_are_the_files():
    model = architecture("DeepSeek-V3")
    assert ("deepseek_v3", ("DeepseekV3ForCausalLM",), 61, 7168, 129280) == (
        model.model_type, model.architectures, model.layers, model.hidden_size, model.vocab_size,
    )  # fmt: skip
    assert (128, 128, 192, 163840, "bfloat16", False) == (
        model.heads, model.kv_heads, model.head_dim, model.max_context_tokens, model.dtype, model.tied_embeddings,
    )  # fmt: skip
    assert (256, 8, 1) == (model.experts, model.experts_active, model.experts_shared)


def test_the_hash_is_of_the_shipped_bytes_and_the_source_is_the_rows():
    model = architecture("Qwen3-8B")
    assert hashlib.sha256((FOLDER / "Qwen3-8B.json").read_bytes()).hexdigest() == model.config_sha256
    assert "huggingface.co/Qwen/Qwen3-8B" in model.source
    assert "2026-08-21" == model.as_of.isoformat()


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("Qwen3-8B", None),
        ("DeepSeek-V3", ("fp8", None, None, 0)),
        ("gpt-oss-120b", ("mxfp4", None, None, 4)),
        ("GLM-5-FP8", ("fp8", None, None, 712)),
        ("Kimi-K2.5", ("compressed-tensors", 4, 32, 4)),
        ("Qwen3-32B-FP8-Static-PerTensor", ("modelopt", 8, None, 1)),
    ],
)
def test_quantisation_is_as_the_file_states_it(name, stated):
    found = architecture(name).quantization
    assert stated == (found and (found.method, found.bits, found.group, found.unquantized_modules))


def test_a_shipped_config_means_the_same_when_it_is_read_as_a_file():
    for name in ("Qwen3-8B", "gemma-3-27b-it", "Kimi-K3", "DeepSeek-V4-Pro", "Step-3.7-Flash"):
        left_out = {"name", "hf_id", "source", "as_of", "notes"}
        read = architecture(FOLDER / f"{name}.json").model_dump(exclude=left_out)
        assert architecture(name).model_dump(exclude=left_out) == read


def test_a_folder_and_a_file_are_the_same_model(tmp_path):
    file = written(tmp_path, TINY)
    assert architecture(tmp_path) == architecture(str(file))
    assert tmp_path.name == architecture(file).name


def test_the_language_half_may_be_nested(tmp_path):
    for key in ("text_config", "language_config", "llm_config"):
        nested = {
            "model_type": "some_vision_model",
            "tie_word_embeddings": True,
            key: TINY,
            "vision_config": {"depth": 2},
        }
        model = architecture(written(tmp_path, nested))
        assert (348, True, None) == (model.parameters_total, model.tied_embeddings, model.parameters.vision)


def test_each_book_is_read_for_itself():
    assert architecture("Qwen3-8B", Book()) == architecture("Qwen3-8B", shipped_book())


def test_a_name_that_is_not_there_lists_near_names():
    with pytest.raises(
        ArchitectureNotFound, match=r"'Qwen3-9B' is neither a shipped model nor a file\. Near names: .*Qwen3-8B"
    ):
        architecture("Qwen3-9B")
    with pytest.raises(ArchitectureNotFound, match=r"Near names: .*Llama-3\.3-70B-Instruct"):
        architecture("meta-llama/Llama-3.3-70B")


@pytest.mark.parametrize(
    "name", ["", "   ", "\0", "x" * 5000, "~nobody-of-that-name/config.json", "../nowhere/config.json"]
)
def test_strange_names_end_in_a_sentence(name):
    with pytest.raises(ArchitectureNotFound) as caught:
        architecture(name)
    assert len(str(caught.value)) < 700


def test_a_folder_without_a_config_is_refused(tmp_path):
    with pytest.raises(ArchitectureNotFound, match=r"is no file\. Name a config.json, or a folder that holds one"):
        architecture(tmp_path)


def test_an_unknown_family_is_refused_by_name_with_what_to_do(tmp_path):
    config = {**TINY, "model_type": "jamba", "architectures": ["JambaForCausalLM"]}
    with pytest.raises(UnknownArchitecture) as caught:
        architecture(written(tmp_path, config))
    message = str(caught.value)
    assert "is a 'jamba' (JambaForCausalLM): its weight shapes are not known here, and they are not guessed" in message
    assert "give the parameters and the KV bytes per token by hand" in message
    assert all(family in message for family in FAMILIES)


@pytest.mark.parametrize("model_type", ["", None])
def test_a_config_without_a_family_is_refused(tmp_path, model_type):
    with pytest.raises(ArchitectureError, match="is a 'model without model_type'"):
        architecture(written(tmp_path, {**TINY, "model_type": model_type}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[]", r"holds \[\], not a JSON object"),
        ("null", "holds None, not a JSON object"),
        ('"text"', "holds 'text', not a JSON object"),
        ('{"hidden_size": NaN}', "is no JSON: NaN is no number"),
        ('{"hidden_size": Infinity}', "is no JSON: Infinity is no number"),
        ('{"a": ' + "9" * 5000 + "}", "is no JSON"),
        ("[" * 100_000, "is no JSON: nested too deeply"),
        ('{"text_config": 3}', "`text_config` is 3, not an object"),
    ],
)
def test_a_file_that_is_no_config_ends_in_a_sentence(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        architecture(written(tmp_path, text))


def test_bytes_that_are_no_text_end_in_a_sentence(tmp_path):
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ConfigError, match="is no JSON"):
        architecture(tmp_path)


def test_a_file_of_fifty_megabytes_is_refused_before_it_is_parsed(tmp_path):
    with (tmp_path / "config.json").open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(ConfigError, match=r"is larger than 4 MB, so it is no model's config\.json"):
        architecture(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": None}, "`hidden_size` is missing"),
        ({"hidden_size": "4"}, "`hidden_size` is '4', not a whole number"),
        ({"hidden_size": 4.0}, "`hidden_size` is 4.0, not a whole number"),
        ({"hidden_size": True}, "`hidden_size` is True, not a whole number"),
        ({"hidden_size": -4}, "`hidden_size` is -4, outside 1 to 1,000,000,000"),
        ({"hidden_size": 0}, "`hidden_size` is 0, outside 1"),
        ({"hidden_size": 10**30}, "`hidden_size` is a huge number, outside"),
        ({"hidden_size": [4]}, r"`hidden_size` is \[4\], not a whole number"),
        ({"hidden_size": 5}, "`hidden_size` 5 does not divide by 2 heads"),
        ({"num_hidden_layers": 10**9}, "`num_hidden_layers` is 1000000000, outside 1 to 2,000"),
        ({"num_key_value_heads": 3}, "2 query heads do not divide by 3 key-value heads"),
        ({"tie_word_embeddings": "yes"}, "`tie_word_embeddings` is 'yes', not true or false"),
        ({"layer_types": ["full_attention"]}, "`layer_types` must be a list with one word for each of 2 layers"),
        ({"layer_types": ["full_attention", "magic"]}, "`layer_types` holds 'magic'; this family knows full_attention"),
        ({"layer_types": ["full_attention", "sliding_attention"]}, "`sliding_window` is missing"),
        ({"model_type": 7}, "`model_type` is 7, not a text"),
        ({"quantization_config": "fp8"}, "`quantization_config` is not an object"),
        ({"vision_config": 3}, "`vision_config` is 3, not an object"),
        ({"model_type": "mixtral", "num_local_experts": 2, "num_experts_per_tok": 3}, "a token uses 3 of 2 experts"),
        ({"model_type": "mixtral"}, "`num_experts` is missing"),
        ({"model_type": "qwen3"}, "`head_dim` is missing"),
        ({"model_type": "deepseek_v4"}, "`hc_mult` is missing"),
        ({"model_type": "kimi_linear", "linear_attn_config": []}, r"`linear_attn_config` is \[\], not an object"),
        ({"model_type": "step3p7", "moe_layers_enum": "a,b", "num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 2,
          "share_expert_dim": 2}, "`moe_layers_enum` must list layer numbers"),
    ],
)  # fmt: skip
def test_a_wrong_value_ends_in_a_sentence_that_names_it(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message) as caught:
        architecture(written(tmp_path, {**TINY, **change}))
    assert "Compare it with the file its maker published." in str(caught.value)


def mangled(config):
    """The config with each of its keys, outer and inner, replaced by nonsense."""
    for key in config:
        for value in (None, "x", -1, [], {"a": 1}):
            yield {**config, key: value}
    for key in config.get("text_config", {}):
        for value in (None, "x", -1):
            yield {**config, "text_config": {**config["text_config"], key: value}}


@pytest.mark.parametrize("family", FAMILIES)
def test_any_mangled_key_of_any_family_is_an_error_of_ours_or_harmless(family):
    row = next(
        (row for row in shipped_models() if architecture(row.name).model_type.removesuffix("_text") == family), None
    )
    config = (
        json.loads((FOLDER / f"{row.name}.json").read_text(encoding="utf-8")) if row else {**TINY, "model_type": family}
    )
    refusals = []
    for changed in mangled(config):
        try:
            build(changed, "mangled", config_sha256="", source="test").kv_bytes(1000)
        except ArchitectureError as error:
            refusals.append(str(error))
    assert len(refusals) >= 20
    assert [message for message in refusals if "\n" in message or not message.endswith((".", "by hand."))] == []


def test_attention_chunks_that_are_switched_off_keep_everything(tmp_path):
    config = json.loads((FOLDER / "Llama-4-Scout-17B-16E-Instruct.json").read_text(encoding="utf-8"))
    config["text_config"]["attention_chunk_size"] = None
    assert 4096 * 48 * 100_000 == architecture(written(tmp_path, config)).kv_bytes(100_000)
