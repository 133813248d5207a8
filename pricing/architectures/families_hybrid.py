"""Families whose layers differ in more than a window: Qwen3-Next and Qwen3.5 (linear attention), Gemma 4.

Weight shapes are those of transformers 5.19 (`modeling_qwen3_next.py`, `modeling_qwen3_5.py`, `modeling_gemma4.py`); states are
those of vLLM 0.32 (`gated_delta_net_state_shape`).
"""

from __future__ import annotations

from pricing.architectures import blocks
from pricing.architectures.config import Config
from pricing.architectures.families_grouped import head_dim, kv_heads, shape
from pricing.architectures.shapes import Cache, Layer, Shape
from pricing.architectures.spans import FULL, LINEAR, SLIDING, layer_count, layer_kinds, limited

STATE_TYPES = {"float32": 4, "bfloat16": 2, "float16": 2}
CONVOLUTION_BYTES = 2
GEMMA4_GLOBAL_HEAD_DIM = 512


def qwen_linear(config: Config) -> Shape:
    """Qwen3-Next and Qwen3.5: three gated delta-rule layers to each layer of gated full attention, dense or with experts."""
    hidden, count = config.whole("hidden_size"), layer_count(config)
    kinds = config.words("layer_types", (FULL, LINEAR), count)
    if kinds is None:
        period = config.whole("full_attention_interval", default=4)
        kinds = [LINEAR if (i + 1) % period else FULL for i in range(count)]
    sparse = config.maybe("num_experts") is not None
    dense_ones = set(config.wholes("mlp_only_layers") or [])
    layers = []
    for i, kind in enumerate(kinds):
        layer = (_delta_layer(config) if kind == LINEAR else _gated_layer(config))._replace(norms=2 * hidden)
        if sparse and i not in dense_ones:
            layers.append(_with_experts(config, layer))
        else:
            layers.append(layer._replace(mlp=blocks.gated_mlp(hidden, config.whole("intermediate_size"))))
    return shape(config, layers)._replace(
        experts=config.whole("num_experts") if sparse else 0,
        experts_active=config.whole("num_experts_per_tok") if sparse else 0,
        experts_shared=1 if sparse else 0,
    )


def _gated_layer(config: Config) -> Layer:
    """Full attention whose query projection also makes a gate of the same size."""
    heads, size = config.whole("num_attention_heads"), head_dim(config)
    hidden = config.whole("hidden_size")
    gate = blocks.linear(hidden, heads * size) if config.flag("attn_output_gate", default=True) else 0
    weights = blocks.grouped_query(
        hidden, heads, kv_heads(config), size, norm=2 * size, bias=config.flag("attention_bias", default=False)
    )
    return Layer(FULL, weights + gate, norms=0, caches=(blocks.keys_values(kv_heads(config), size),))


def _delta_layer(config: Config) -> Layer:
    """Gated delta rule: q, k, v through one short convolution, a gate, a decay; one state a value head."""
    hidden, kernel = config.whole("hidden_size"), config.whole("linear_conv_kernel_dim")
    key_dim, value_dim = config.whole("linear_key_head_dim"), config.whole("linear_value_head_dim")
    key_heads, value_heads = config.whole("linear_num_key_heads"), config.whole("linear_num_value_heads")
    mixed, values = 2 * key_heads * key_dim + value_heads * value_dim, value_heads * value_dim
    weights = blocks.linear(hidden, mixed + values + 2 * value_heads) + blocks.linear(values, hidden)
    weights += mixed * kernel + value_dim + 2 * value_heads  # convolution, norm, decay and time bias
    kept = config.word("mamba_ssm_dtype", default="bfloat16")
    if kept not in STATE_TYPES:
        config.wrong(f"`mamba_ssm_dtype` is {kept!r}, not one of {', '.join(STATE_TYPES)}")
    state = value_heads * value_dim * key_dim * STATE_TYPES[kept] + mixed * (kernel - 1) * CONVOLUTION_BYTES
    return Layer(LINEAR, weights, norms=0, caches=(Cache("state", state_bytes=state),))


def _with_experts(config: Config, layer: Layer) -> Layer:
    hidden, total = config.whole("hidden_size"), config.whole("num_experts")
    active = config.whole("num_experts_per_tok")
    if active > total:
        config.wrong(f"a token uses {active} of {total} experts")
    expert = blocks.gated_mlp(hidden, config.whole("moe_intermediate_size"))
    shared = blocks.gated_mlp(hidden, config.whole("shared_expert_intermediate_size")) + hidden
    return layer._replace(
        experts=total * expert, experts_used=active * expert, shared=shared, router=blocks.linear(hidden, total)
    )


def gemma4(config: Config) -> Shape:
    """Gemma 4: sliding layers with narrow heads, global layers with wide ones that may reuse keys as values.

    The last `num_kv_shared_layers` layers read an earlier layer's cache and keep none. Small models have per-layer embeddings.
    """
    hidden, count = config.whole("hidden_size"), layer_count(config)
    shared_from = count - config.whole("num_kv_shared_layers", default=0, least=0)
    sparse = config.flag("enable_moe_block", default=False)
    per_layer = config.maybe("hidden_size_per_layer_input")
    layers = []
    for i, kind in enumerate(layer_kinds(config)):
        layer = _gemma4_attention(config, kind, keeps=i < shared_from)
        double = config.flag("use_double_wide_mlp", default=False) and i >= shared_from
        mlp = blocks.gated_mlp(hidden, config.whole("intermediate_size") * (2 if double else 1))
        layer = layer._replace(norms=4 * hidden, mlp=mlp, other=2 * hidden * per_layer + hidden if per_layer else 0)
        layers.append(_with_gemma_experts(config, layer) if sparse else layer)
    return shape(config, layers)._replace(
        experts=config.whole("num_experts") if sparse else 0,
        experts_active=config.whole("top_k_experts") if sparse else 0,
        other=hidden * count * per_layer + per_layer if per_layer else 0,
        embeddings_other=config.whole("vocab_size_per_layer_input") * count * per_layer if per_layer else 0,
    )


def _gemma4_attention(config: Config, kind: str, *, keeps: bool) -> Layer:
    sliding, heads = kind == SLIDING, config.whole("num_attention_heads")
    size = head_dim(config) if sliding else config.whole("global_head_dim", default=GEMMA4_GLOBAL_HEAD_DIM)
    keys_are_values = not sliding and config.flag("attention_k_eq_v", default=False)
    groups = config.whole("num_global_key_value_heads", "num_key_value_heads") if keys_are_values else kv_heads(config)
    hidden, bias = config.whole("hidden_size"), config.flag("attention_bias", default=False)
    weights = blocks.linear(hidden, heads * size, bias=bias) + blocks.linear(heads * size, hidden, bias=bias) + size
    if keeps:
        weights += (1 if keys_are_values else 2) * blocks.linear(hidden, groups * size, bias=bias) + size
    cache = limited(config, kind, blocks.keys_values(groups, size))
    return Layer(kind, weights, norms=0, caches=(cache,) if keeps else ())


def _with_gemma_experts(config: Config, layer: Layer) -> Layer:
    """Experts beside the dense block, which works as the shared one; three more norms, learned scales in the router."""
    hidden, total = config.whole("hidden_size"), config.whole("num_experts")
    active = config.whole("top_k_experts")
    if active > total:
        config.wrong(f"a token uses {active} of {total} experts")
    expert = blocks.gated_mlp(hidden, config.whole("moe_intermediate_size"))
    return layer._replace(
        norms=layer.norms + 3 * hidden,
        experts=total * expert,
        experts_used=active * expert,
        router=blocks.linear(hidden, total) + hidden + total,
    )
