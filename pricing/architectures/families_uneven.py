"""Families with grouped-query attention whose layers differ in size: Llama 4 and MiMo V2.

Weight shapes are those of transformers 5.19 (`modeling_llama4.py`, `modeling_mimo_v2_flash.py`).
"""

from __future__ import annotations

from pricing.architectures import blocks
from pricing.architectures.config import Config
from pricing.architectures.families_grouped import Moe, attention_layer, dense_mlp, experts_of, shape, with_experts
from pricing.architectures.shapes import Layer, Shape
from pricing.architectures.spans import FULL, SLIDING, layer_count, layer_kinds, limited, sparse_layers


def llama4(config: Config) -> Shape:
    """Llama 4: experts in every n-th layer, each with one shared expert; dense layers have a wider block."""
    hidden, count = config.whole("hidden_size"), layer_count(config)
    inner = config.whole("intermediate_size")
    step = config.whole("interleave_moe_layer_step", default=1)
    chosen = config.wholes("moe_layers")
    sparse = set(range(step - 1, count, step)) if chosen is None else set(chosen)
    total, active = experts_of(config)
    moe = Moe(total, active, inner, shared=1, shared_inner=inner)
    wide = blocks.gated_mlp(hidden, config.whole("intermediate_size_mlp", default=inner))
    layers = []
    for i, kind in enumerate(layer_kinds(config)):
        layer = attention_layer(config, kind)._replace(norms=2 * hidden)
        layers.append(with_experts(config, layer, moe) if i in sparse else layer._replace(mlp=wide))
    return shape(config, layers, moe)


def mimo_v2(config: Config) -> Shape:
    """MiMo V2 Flash: keys wider than values, other KV heads and learned sinks in the sliding layers."""
    hidden, count = config.whole("hidden_size"), layer_count(config)
    pattern = config.wholes("hybrid_layer_pattern") or [0 if i == 0 or not (i + 1) % 6 else 1 for i in range(count)]
    if len(pattern) < count:
        config.wrong(f"`hybrid_layer_pattern` must have one entry for each of {count} layers")
    if config.text.get("moe_layer_freq") is None and config.text.get("mlp_layer_types") is None:
        config.wrong("`moe_layer_freq` is missing")
    total, active = experts_of(config)
    moe = Moe(total, active, config.whole("moe_intermediate_size"))
    layers = []
    for slides, is_sparse in zip(pattern[:count], sparse_layers(config, count), strict=True):
        layer = _mimo_attention(config, slides=bool(slides))._replace(norms=2 * hidden)
        layers.append(with_experts(config, layer, moe) if is_sparse else layer._replace(mlp=dense_mlp(config)))
    return shape(config, layers, moe)


def _mimo_attention(config: Config, *, slides: bool) -> Layer:
    prefix = "swa_" if slides else ""
    heads = config.whole(f"{prefix}num_attention_heads", "num_attention_heads")
    groups = config.whole(f"{prefix}num_key_value_heads", "num_key_value_heads")
    key, value = config.whole(f"{prefix}head_dim", "head_dim"), config.whole(f"{prefix}v_head_dim", "v_head_dim")
    kind = SLIDING if slides else FULL
    sinks = config.flag(f"add_{'swa' if slides else 'full'}_attention_sink_bias", default=slides)
    weights = blocks.grouped_query(config.whole("hidden_size"), heads, groups, key, value_dim=value)
    cache = limited(config, kind, blocks.keys_values(groups, key, value))
    return Layer(kind, weights + (heads if sinks else 0), norms=0, caches=(cache,))
