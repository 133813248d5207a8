from __future__ import annotations

import pytest

from pricing.architectures import ArchitectureError, architecture

GIB = 2**30


def test_mxfp4_is_gpt_oss_checkpoint_to_the_byte():
    # `total_size` in the index of openai/gpt-oss-120b's safetensors.
    assert 65_248_815_744 == architecture("gpt-oss-120b").weight_bytes("mxfp4")


@pytest.mark.parametrize(("name", "gib"), [("gpt-oss-120b", 60.8), ("gpt-oss-20b", 12.8)])
def test_mxfp4_is_the_checkpoint_size_that_openai_publishes(name, gib):
    # arXiv 2508.10925, table 1.
    assert gib == round(architecture(name).weight_bytes("mxfp4") / GIB, 1)


def test_fp8_is_the_size_of_kimi_k2s_stored_tensors():
    # 1,029,173,256,720 bytes as public files quote the FP8 checkpoint's total.
    assert pytest.approx(1_029_173_256_720, rel=1e-4) == architecture("Kimi-K2-Instruct").weight_bytes("fp8")


def test_bf16_is_two_bytes_each():
    # Safetensors of Qwen3-235B-A22B: total_size 470,187,269,120.
    assert (
        470_187_269_120
        == architecture("Qwen3-235B-A22B").weight_bytes()
        == architecture("Qwen3-235B-A22B").weight_bytes("bf16")
    )


def test_int4_by_hand():
    # Llama 3.1 8B: 6,979,321,856 weights of attention and MLP at 0.5 + 2/128 bytes; embeddings and norms in two bytes.
    model = architecture("Meta-Llama-3.1-8B")
    quantised = 32 * (41_943_040 + 3 * 4096 * 14336)
    assert 6_979_321_856 == quantised
    assert round(quantised * 0.515625) + 2 * (8_030_261_248 - quantised) == model.weight_bytes("int4")


def test_mxfp4_of_a_dense_model_leaves_attention_alone():
    model = architecture("Meta-Llama-3.1-8B")
    assert round(model.parameters.mlp * 0.53125) + 2 * (
        model.parameters_total - model.parameters.mlp
    ) == model.weight_bytes("mxfp4")


def test_an_unknown_precision_is_refused():
    with pytest.raises(ArchitectureError, match="'fp3' is not known; write bf16, fp8, int4, mxfp4"):
        architecture("Qwen3-8B").weight_bytes("fp3")


MISTRALS_TABLE = {
    "Mistral-Large-Instruct-2407": (297, 149, 75),
    "Mistral-Nemo-Instruct-2407": (56, 28, 14),
    "Mistral-Small-3.2-24B-Instruct-2506": (78, 39, 20),
    "Mistral-Small-4-119B-2603": (238, 119, 60),
    "Mixtral-8x22B-v0.1": (283, 142, 71),
    "Mixtral-8x7B-v0.1": (94, 48, 13),
}
"""Minimum GPU RAM [GB] at bf16, fp8, fp4: https://github.com/mistralai/platform-docs-public, commit 222f4ba, 2026-08-21."""


@pytest.mark.parametrize("name", MISTRALS_TABLE)
def test_weights_fit_mistrals_minimum_memory(name):
    bf16, _, _ = MISTRALS_TABLE[name]
    assert architecture(name).weight_bytes("bf16") / 1e9 <= bf16


@pytest.mark.parametrize("name", ["Mixtral-8x7B-v0.1", "Mixtral-8x22B-v0.1", "Mistral-Small-4-119B-2603"])
def test_for_its_mixtures_mistrals_minimum_is_the_weights_alone(name):
    assert pytest.approx(MISTRALS_TABLE[name][0], rel=0.01) == architecture(name).weight_bytes("bf16") / 1e9


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("Mistral-Large-Instruct-2407", 131_072),
        ("Mistral-Nemo-Instruct-2407", 131_072),
        ("Mistral-Small-3.2-24B-Instruct-2506", 131_072),
    ],
)
def test_for_its_dense_models_the_surplus_is_of_the_size_of_one_full_context(name, tokens):
    # The surplus over the weights is 1.1 to 1.5 times the KV cache of one sequence of the full context in bf16.
    model = architecture(name)
    surplus = MISTRALS_TABLE[name][0] * 1e9 - model.weight_bytes("bf16")
    assert 1.0 < surplus / model.kv_bytes(tokens) < 1.5


def test_mistrals_fp8_and_fp4_columns_are_halves_and_so_below_real_checkpoints():
    # Half and a quarter of the bf16 column, the KV cache and the embeddings included; ours keep embeddings in two bytes.
    # Mixtral 8x7B's 13 GB at fp4 is its number of active parameters, not memory.
    for name, (bf16, fp8, fp4) in MISTRALS_TABLE.items():
        assert abs(bf16 / 2 - fp8) <= 1
        if name != "Mixtral-8x7B-v0.1":
            assert abs(bf16 / 4 - fp4) <= 1
    small = architecture("Mistral-Small-4-119B-2603")
    assert small.weight_bytes("fp8") / 1e9 > MISTRALS_TABLE["Mistral-Small-4-119B-2603"][1]
