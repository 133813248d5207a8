"""Families with latent attention (MLA): DeepSeek V2 to V4, Kimi K2 and K3, GLM 5.

Weight shapes are those of transformers 5.19 (`modeling_deepseek_v2.py`, `_v3`, `_v32`, `_v4`, `modeling_glm_moe_dsa.py`) and, for
Kimi K3, of vLLM 0.32 (`vllm/models/kimi_k3`); cache shapes are those that vLLM 0.32 asks memory for.
"""

from __future__ import annotations

from pricing.architectures import blocks
from pricing.architectures.config import Config
from pricing.architectures.families_grouped import is_tied
from pricing.architectures.shapes import Cache, Layer, Shape
from pricing.architectures.spans import LINEAR, layer_count, sparse_layers

LATENT = "latent_attention"
SPARSE_LATENT = "sparse_latent_attention"

FLOAT32_BYTES = 4
STATE_BYTES = 2
"""Convolution states are kept in the model's own type, two bytes."""


def deepseek(config: Config) -> Shape:
    """DeepSeek V2, V3, R1, V3.2, Kimi K2 and GLM 5: MLA, experts with shared ones, dense first layers."""
    hidden, count = config.whole("hidden_size"), layer_count(config)
    attention = _mla(config)
    with_indexer = _indexer_layers(config, count)
    layers = []
    for has_indexer, is_sparse in zip(with_indexer, sparse_layers(config, count), strict=True):
        layer = _latent_layer(config, attention, has_indexer=has_indexer)._replace(norms=2 * hidden)
        layers.append(_with_experts(config, layer) if is_sparse else layer._replace(mlp=_dense(config)))
    return _shape(config, layers)


def kimi_linear(config: Config) -> Shape:
    """Kimi K3 and Kimi Linear: delta-rule layers (KDA) with a fixed state, MLA without positions in between.

    K3's experts work in a smaller space (`routed_expert_hidden_size`), and every sub-layer has a gate on its residual.
    """
    hidden, count = config.whole("hidden_size"), layer_count(config)
    kda = set(Config(config.sub("linear_attn_config"), f"{config.name}, linear_attn_config").wholes("kda_layers") or [])
    mla = _mla(config)
    if config.flag("mla_use_output_gate", default=False):
        mla += blocks.linear(hidden, config.whole("num_attention_heads") * config.whole("v_head_dim"))
    gated_residual = config.maybe("attn_res_block_size") is not None
    layers = []
    for i, is_sparse in enumerate(sparse_layers(config, count)):
        layer = _kda_layer(config) if i + 1 in kda else _latent_layer(config, mla, has_indexer=False)
        layer = layer._replace(norms=2 * hidden, other=4 * hidden if gated_residual else 0)
        layers.append(_with_kimi_experts(config, layer) if is_sparse else layer._replace(mlp=_dense(config)))
    return _shape(config, layers)._replace(other=2 * hidden if gated_residual else 0)


def deepseek_v4(config: Config) -> Shape:
    """DeepSeek V4: one shared key-value head in a window of 128, compressed entries behind it, hyper-connections."""
    hidden, count, streams = config.whole("hidden_size"), layer_count(config), config.whole("hc_mult")
    ratios = config.wholes("compress_ratios") or []
    if len(ratios) < count:
        config.wrong(f"`compress_ratios` must have one entry for each of {count} layers")
    connections = 2 * ((2 + streams) * streams * (streams * hidden + 1) + 3)
    layers = []
    for ratio in ratios[:count]:
        layer = _v4_attention(config, ratio)._replace(norms=2 * hidden, other=connections)
        layers.append(_with_experts(config, layer))
    head = streams * streams * hidden + streams + 1
    return _shape(config, layers)._replace(other=head, kv_heads=1, head_dim=config.whole("head_dim"))


def _mla(config: Config) -> int:
    return blocks.latent_attention(
        config.whole("hidden_size"),
        config.whole("num_attention_heads"),
        q_rank=config.maybe("q_lora_rank"),
        kv_rank=config.whole("kv_lora_rank"),
        nope_dim=config.whole("qk_nope_head_dim"),
        rope_dim=config.whole("qk_rope_head_dim"),
        value_dim=config.whole("v_head_dim"),
        bias=config.flag("attention_bias", default=False),
    )


def _latent_layer(config: Config, weights: int, *, has_indexer: bool) -> Layer:
    sparse = config.maybe("index_topk") is not None
    cache = blocks.latent(config.whole("kv_lora_rank"), config.whole("qk_rope_head_dim"), sparse=sparse)
    kind = SPARSE_LATENT if sparse else LATENT
    if not has_indexer:
        return Layer(kind, weights, norms=0, caches=(cache,))
    dim = config.whole("index_head_dim")
    heads, rank = config.whole("index_n_heads"), config.whole("q_lora_rank")
    return Layer(
        kind,
        weights + blocks.indexer(config.whole("hidden_size"), rank, heads, dim),
        norms=0,
        caches=(cache, blocks.indexer_keys(dim)),
    )


def _indexer_layers(config: Config, count: int) -> list[bool]:
    """Which layers have an indexer of their own: all under sparse attention, or those that GLM 5.2 calls `full`."""
    if config.maybe("index_topk") is None:
        return [False] * count
    stated = config.words("indexer_types", ("full", "shared"), count)
    if stated is not None:
        return [kind == "full" for kind in stated]
    if config.get("index_topk_pattern") is not None or config.whole("index_topk_freq", default=1) != 1:
        config.wrong("it shares indexers between layers but does not list them in `indexer_types`")
    return [True] * count


def _dense(config: Config) -> int:
    return blocks.gated_mlp(config.whole("hidden_size"), config.whole("intermediate_size"))


def _experts(config: Config) -> tuple[int, int, int]:
    total = config.whole("n_routed_experts", "num_experts")
    active = config.whole("num_experts_per_tok", "num_experts_per_token")
    if active > total:
        config.wrong(f"a token uses {active} of {total} experts")
    return total, active, config.whole("n_shared_experts", "num_shared_experts", default=0, least=0)


def _with_experts(config: Config, layer: Layer) -> Layer:
    hidden, inner = config.whole("hidden_size"), config.whole("moe_intermediate_size")
    total, active, shared = _experts(config)
    expert = blocks.gated_mlp(hidden, inner)
    return layer._replace(
        experts=total * expert,
        experts_used=active * expert,
        shared=shared * expert,
        router=blocks.linear(hidden, total),
    )


def _with_kimi_experts(config: Config, layer: Layer) -> Layer:
    hidden, inner = config.whole("hidden_size"), config.whole("moe_intermediate_size")
    space = config.maybe("routed_expert_hidden_size")
    total, active, shared = _experts(config)
    expert = blocks.gated_mlp(space or hidden, inner)
    into_space = 2 * hidden * space if space else 0
    if space and config.flag("latent_moe_use_norm", default=False):
        into_space += space
    return layer._replace(
        experts=total * expert,
        experts_used=active * expert,
        shared=blocks.gated_mlp(hidden, shared * inner) + into_space,
        router=blocks.linear(hidden, total),
    )


def _kda_layer(config: Config) -> Layer:
    """Kimi delta attention: q, k, v through short convolutions, a low-rank decay, an output gate, one float32 state a head."""
    inner = Config(config.sub("linear_attn_config"), f"{config.name}, linear_attn_config")
    hidden, heads, size = config.whole("hidden_size"), inner.whole("num_heads"), inner.whole("head_dim")
    width, kernel = heads * size, inner.whole("short_conv_kernel_size")
    gate = blocks.linear(hidden, width)
    if not inner.flag("use_full_rank_gate", default=False):
        gate = blocks.linear(hidden, size) + blocks.linear(size, width)
    decay = blocks.linear(hidden, size) + blocks.linear(size, width) + width + heads
    weights = 3 * blocks.linear(hidden, width) + gate + decay + blocks.linear(hidden, heads)
    weights += 3 * width * kernel + size + blocks.linear(width, hidden)
    state = heads * size * size * FLOAT32_BYTES + 3 * width * (kernel - 1) * STATE_BYTES
    return Layer(LINEAR, weights, norms=0, caches=(Cache("state", state_bytes=state),))


V4_ENTRY_FP8_BYTES = 584
"""vLLM's FP8 layout of one V4 entry of 512: 448 FP8, 64 bfloat16, 8 bytes of scales (flashmla_sparse.py)."""

V4_HEAD_DIM = 512
V4_FINE = 4
"""The compression ratio that comes with an indexer and overlapping windows."""


def _v4_attention(config: Config, ratio: int) -> Layer:
    hidden, heads, dim = config.whole("hidden_size"), config.whole("num_attention_heads"), config.whole("head_dim")
    rank, groups, out_rank = config.whole("q_lora_rank"), config.whole("o_groups"), config.whole("o_lora_rank")
    if ratio not in (0, V4_FINE, 128) or dim != V4_HEAD_DIM:
        config.wrong(f"a compression ratio of {ratio} with `head_dim` {dim} is not known")
    weights = (
        heads + blocks.linear(hidden, rank) + rank + blocks.linear(rank, heads * dim) + blocks.linear(hidden, dim) + dim
    )
    weights += blocks.linear(heads * dim, out_rank) + blocks.linear(groups * out_rank, hidden)
    entry = Cache("latent", elements=dim, one_byte_entry_bytes=V4_ENTRY_FP8_BYTES)
    window = entry._replace(limit_tokens=config.whole("sliding_window"), limit_kind="window")
    if ratio == 0:
        return Layer("sliding_latent_attention", weights, norms=0, caches=(window,))
    caches = [window, entry._replace(kind="compressed_latent", stride_tokens=ratio), _compressor_state(dim, ratio)]
    weights += _compressor(hidden, dim, ratio)
    if ratio == V4_FINE:
        index_dim, index_heads = config.whole("index_head_dim"), config.whole("index_n_heads")
        weights += _compressor(hidden, index_dim, ratio)
        weights += blocks.linear(rank, index_heads * index_dim) + blocks.linear(hidden, index_heads)
        caches += [blocks.indexer_keys(index_dim, ratio), _compressor_state(index_dim, ratio)]
    return Layer(f"compressed_attention_{ratio}", weights, norms=0, caches=tuple(caches))


def _overlap(ratio: int) -> int:
    return 2 if ratio == V4_FINE else 1


def _compressor(hidden: int, dim: int, ratio: int) -> int:
    """Keys and gates of the entries, a position bias for each token of one entry, a norm."""
    width = _overlap(ratio) * dim
    return 2 * blocks.linear(hidden, width) + ratio * width + dim


def _compressor_state(dim: int, ratio: int) -> Cache:
    """Float32 keys and scores of the tokens that are not compressed yet: one window of the compressor."""
    return Cache(
        "compressor_state",
        fixed_bytes=2 * _overlap(ratio) * dim * FLOAT32_BYTES,
        limit_tokens=_overlap(ratio) * ratio,
        limit_kind="window",
    )


def _shape(config: Config, layers: list[Layer]) -> Shape:
    has_experts = any(layer.experts for layer in layers)
    total, active, shared = _experts(config) if has_experts else (0, 0, 0)
    heads = config.whole("num_attention_heads")
    nope, rope = config.maybe("qk_nope_head_dim") or 0, config.maybe("qk_rope_head_dim") or 0
    return Shape(
        layers,
        heads=heads,
        kv_heads=config.whole("num_key_value_heads", default=heads),
        head_dim=nope + rope,
        tied=is_tied(config),
        norms=config.whole("hidden_size"),
        experts=total,
        experts_active=active,
        experts_shared=shared,
    )
