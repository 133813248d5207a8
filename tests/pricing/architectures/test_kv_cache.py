from __future__ import annotations

from itertools import pairwise

import pytest

from pricing.architectures import ArchitectureError, architecture, architectures
from pricing.architectures.build import build

GIB = 2**30


@pytest.mark.parametrize(
    ("name", "kilobytes"),
    [("DeepSeek-V3", 70.272), ("Qwen2.5-72B-Instruct", 327.680), ("Meta-Llama-3.1-405B", 516.096)],
)
def test_bytes_per_token_are_those_that_deepseek_publishes(name, kilobytes):
    # "Insights into DeepSeek-V3", arXiv 2505.09343, table 1: KV cache per token, bf16.
    assert kilobytes * 1000 == architecture(name).kv_bytes_per_token(2)


def test_grouped_query_by_hand():
    # Llama 3.1 8B: 2 x 8 KV heads x 128 x 2 bytes x 32 layers = 128 KiB a token; 8192 tokens are 1 GiB, half of it in fp8.
    model = architecture("Meta-Llama-3.1-8B")
    assert 131072 == model.kv_bytes_per_token(2)
    assert (GIB, GIB // 2, 2 * GIB) == (model.kv_bytes(8192), model.kv_bytes(8192, 1), model.kv_bytes(8192, 4))
    assert 0 == model.kv_bytes(0)


def test_a_latent_is_kept_once_and_not_doubled():
    (layers,) = architecture("DeepSeek-V3").kv_layers
    assert ("latent", 61, 512 + 64) == (layers.kind, layers.layers, layers.elements)


def test_windows_stop_growing_and_full_layers_do_not():
    # Gemma 3 27B: every 6th of 62 layers keeps all (10), 52 keep 1024 tokens; 2 x 16 x 128 x 2 bytes = 8192 bytes a layer.
    model = architecture("gemma-3-27b-it")
    assert 62 * 8192 == model.kv_bytes_per_token(2)
    assert 62 * 8192 * 1024 == model.kv_bytes(1024)
    assert 8192 * (10 * 32768 + 52 * 1024) == model.kv_bytes(32768)


def test_alternate_windows_of_gpt_oss():
    # 18 of 36 layers keep 128 tokens; 2 x 8 x 64 x 2 bytes = 2048 bytes a layer.
    model = architecture("gpt-oss-120b")
    assert 2048 * 18 * (131072 + 128) == model.kv_bytes(131072)


def test_gemma_2_alternates_a_window_of_4096():
    # 9B: 42 layers, half of them windowed; 2 x 8 x 256 x 2 bytes = 8192.
    assert 8192 * 21 * (8192 + 4096) == architecture("gemma-2-9b-it").kv_bytes(8192)


def test_chunks_of_llama_4_hold_8192_on_three_of_four_layers():
    # 48 layers: 12 keep all, 36 one chunk; 2 x 8 x 128 x 2 bytes = 4096 bytes a layer.
    model = architecture("Llama-4-Scout-17B-16E-Instruct")
    assert {"chunked_attention": 36, "full_attention": 12} == {kind.kind: kind.layers for kind in model.layer_types}
    assert 4096 * (12 * 100_000 + 36 * 8192) == model.kv_bytes(100_000)


def test_a_sparse_indexer_keeps_132_bytes_a_token_whatever_the_kv_type():
    # vLLM: 128 fp8 + one float32 scale; the latent is 576 x 2 bytes, or 656 in the fp8 layout that keeps the rotary key in bf16.
    model = architecture("DeepSeek-V3.2")
    assert 61 * (1152 + 132) == model.kv_bytes_per_token(2)
    assert 61 * (656 + 132) == model.kv_bytes_per_token(1)


def test_glm_5_2_shares_indexers():
    # 21 of 78 layers have one (3 + every 4th of the rest).
    model = architecture("GLM-5.2")
    assert 78 * 1152 + 21 * 132 == model.kv_bytes_per_token(2)


def test_keys_wider_than_values():
    # MiMo V2 Flash: 9 full layers with 4 x (192 + 128) numbers, 39 sliding ones with 8 x 320 and a window of 128.
    model = architecture("MiMo-V2-Flash")
    assert 2 * (9 * 1280 * 10_000 + 39 * 2560 * 128) == model.kv_bytes(10_000)


def test_linear_layers_keep_a_state_and_nothing_a_token():
    # Qwen3.5 27B: 16 full layers of 2 x 4 x 256 numbers; 48 states of 48 x 128 x 128 float32 and 3 x 10240 bf16 of convolution.
    model = architecture("Qwen3.5-27B")
    state = 48 * (48 * 128 * 128 * 4 + 3 * 10240 * 2)
    assert 16 * 4096 == model.kv_bytes_per_token(2)
    assert state == model.kv_bytes(0)
    assert state + 16 * 4096 * 1000 == model.kv_bytes(1000)


def test_kimi_k3_keeps_24_latents_and_69_states():
    model = architecture("Kimi-K3")
    state = 69 * (96 * 128 * 128 * 4 + 3 * 3 * 12288 * 2)
    assert state + 24 * 576 * 2 * 1000 == model.kv_bytes(1000)


def test_deepseek_v4_compresses_by_hand():
    # Flash, fp8, 1024 tokens: 43 windows of 128 x 584 bytes; 21 layers with 256 entries of 584 + 132 bytes; 20 with 8 entries of 584;
    # float32 states of what is not compressed yet: 8 x 2 x 2 x (512 + 128) numbers on 21 layers, 128 x 2 x 512 on 20.
    windows, fine, coarse = 43 * 128 * 584, 21 * 256 * (584 + 132), 20 * 8 * 584
    states = 21 * 8 * 4 * 640 * 4 + 20 * 128 * 1024 * 4
    assert windows + fine + coarse + states == architecture("DeepSeek-V4-Flash").kv_bytes(1024, 1)


def test_deepseek_v4_pro_needs_a_tenth_of_v3_2_at_a_million_tokens():
    # Its model card: "10% of KV cache compared with DeepSeek-V3.2" at 1M; ours has the indexer in fp8, theirs in fp4.
    tokens = 2**20
    share = architecture("DeepSeek-V4-Pro").kv_bytes(tokens, 1) / architecture("DeepSeek-V3.2").kv_bytes(tokens, 1)
    assert pytest.approx(0.10, abs=0.02) == share


def test_layers_that_share_a_cache_keep_none():
    config = {
        "model_type": "gemma4_text", "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 32, "global_head_dim": 64, "vocab_size": 10, "sliding_window": 8,
        "layer_types": ["sliding_attention", "full_attention"] * 2, "num_kv_shared_layers": 2,
    }  # fmt: skip
    model = build(config, "tiny", config_sha256="", source="test")
    assert {"sliding_attention": 1, "full_attention": 1} == {kept.attention: kept.layers for kept in model.kv_layers}
    assert 2 * 2 * (32 * 8 + 64 * 100) == model.kv_bytes(100)


@pytest.mark.parametrize("model", architectures(), ids=lambda model: model.name)
def test_a_cache_never_shrinks_with_context_and_never_outgrows_its_first_tokens(model):
    sizes = [model.kv_bytes(tokens) for tokens in (0, 1, 127, 128, 129, 1024, 4096, 8192, 8193, 131072)]
    assert all(before <= after for before, after in pairwise(sizes))
    assert sizes[-1] - sizes[0] <= model.kv_bytes_per_token() * 131072
    assert model.kv_bytes(4096, 1) < model.kv_bytes(4096, 2) < model.kv_bytes(4096, 4)


@pytest.mark.parametrize("model", architectures(), ids=lambda model: model.name)
def test_every_layer_has_a_type_and_at_least_one_cache(model):
    assert model.layers == sum(kind.layers for kind in model.layer_types)
    kept = {kind.kind: 0 for kind in model.layer_types}
    for cache in model.kv_layers:
        kept[cache.attention] = max(kept[cache.attention], cache.layers)
    assert {kind.kind: kind.layers for kind in model.layer_types} == kept


@pytest.mark.parametrize("tokens", [-1, 1.5, True, 10**12])
def test_a_context_that_makes_no_sense_is_refused(tokens):
    with pytest.raises(ArchitectureError, match="makes no sense: write 0 to 1,000,000,000"):
        architecture("Qwen3-8B").kv_bytes(tokens)


@pytest.mark.parametrize("dtype_bytes", [0, 3, True, 0.5])
def test_an_unknown_kv_type_is_refused(dtype_bytes):
    with pytest.raises(ArchitectureError, match=r"write 1 \(fp8\), 2 \(bf16\), 4 \(fp32\)"):
        architecture("Qwen3-8B").kv_bytes(10, dtype_bytes)
