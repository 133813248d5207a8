"""Families with grouped-query attention in every layer: Llama, Mistral, Qwen, Gemma, gpt-oss, GLM 4.5, MiniMax, Step.

Weight shapes are those of the model classes in transformers 5.19 (`modeling_<family>.py`) and, for `mimo`, of vLLM 0.32.
"""

from __future__ import annotations

from typing import NamedTuple

from pricing.architectures import blocks
from pricing.architectures.config import Config
from pricing.architectures.shapes import Cache, Layer, Shape
from pricing.architectures.spans import SLIDING, layer_count, layer_kinds, limited, sparse_layers

QKV_BIAS = ("qwen2", "mimo")
"""Families whose query, key and value projections always have biases."""

BIAS_BY_FLAG = (
    "llama", "qwen3", "qwen3_moe", "qwen3_vl", "qwen3_vl_moe", "gemma2", "gemma3", "glm4_moe", "gpt_oss", "llama4",
    "granite", "smollm3",
)  # fmt: skip
"""Families in which `attention_bias` decides."""

HEAD_NORMS = (
    "qwen3",
    "qwen3_moe",
    "qwen3_vl",
    "qwen3_vl_moe",
    "gemma3",
    "step3p7",
    "step3p5",
    "minimax_m3",
    "minimax_m3_vl",
)
"""Families whose queries and keys are normed by head: two norms of one head's size."""

TIED_BY_DEFAULT = ("gemma2", "gemma3", "gemma4", "smollm3")
"""Families that tie the output head to the embedding unless the file says otherwise."""

HEAD_DIM_STATED = ("qwen3", "qwen3_vl", "qwen3_vl_moe", "gemma2", "gemma3", "gemma4", "gpt_oss", "llama4", "minimax_m2")
"""Families whose keys are not hidden size / heads wide: the file must state `head_dim`."""

ONE_INNER_SIZE = ("mixtral", "gpt_oss", "minimax_m2", "minimax_m3", "minimax_m3_vl")
"""Families whose `intermediate_size` is an expert's."""


class Moe(NamedTuple):
    """The experts of a layer.

    Attributes:
        total: routed experts.
        active: routed experts that one token uses.
        inner: inner size of one expert.
        shared: shared experts.
        shared_inner: inner size of all shared experts together.
    """

    total: int
    active: int
    inner: int
    shared: int = 0
    shared_inner: int = 0


def is_tied(config: Config) -> bool:
    """Whether the output head reuses the token embedding."""
    return config.flag("tie_word_embeddings", default=config.family in TIED_BY_DEFAULT)


def head_dim(config: Config) -> int:
    """Numbers of one key: stated, or hidden size / heads.

    Raises:
        ConfigError: the hidden size does not divide by the heads.
    """
    stated = config.maybe("head_dim")
    if stated is not None:
        return stated
    if config.family in HEAD_DIM_STATED:
        config.wrong("`head_dim` is missing")
    hidden, heads = config.whole("hidden_size"), config.whole("num_attention_heads")
    if hidden % heads:
        config.wrong(f"`head_dim` is missing and `hidden_size` {hidden} does not divide by {heads} heads")
    return hidden // heads


def kv_heads(config: Config) -> int:
    """Key-value heads; as many as query heads where none are stated.

    Raises:
        ConfigError: the query heads do not divide by them.
    """
    heads = config.whole("num_attention_heads")
    count = config.whole("num_key_value_heads", "num_attention_groups", default=heads)
    if heads % count:
        config.wrong(f"{heads} query heads do not divide by {count} key-value heads")
    return count


def dense(config: Config) -> Shape:
    """A dense model of Llama's make: Llama, Mistral, Qwen2, Qwen3, MiMo 7B, Phi-3, Granite, SmolLM3, Gemma 2, 3."""
    hidden = config.whole("hidden_size")
    mlp = blocks.gated_mlp(hidden, config.whole("intermediate_size"), bias=config.flag("mlp_bias", default=False))
    norms = hidden * (4 if config.family.startswith("gemma") else 2)
    layers = [attention_layer(config, kind)._replace(norms=norms, mlp=mlp) for kind in layer_kinds(config)]
    return shape(config, layers)


def mixture(config: Config) -> Shape:
    """Experts over grouped-query attention: Mixtral, Qwen2 and Qwen3 MoE, gpt-oss, GLM 4.5, MiniMax M2 and M3, Step."""
    moe = _moe(config)
    count = layer_count(config)
    sparse = _sparse_here(config, count)
    layers = []
    for kind, is_sparse in zip(layer_kinds(config), sparse, strict=True):
        layer = attention_layer(config, kind)._replace(norms=2 * config.whole("hidden_size"))
        layers.append(with_experts(config, layer, moe) if is_sparse else layer._replace(mlp=dense_mlp(config)))
    if config.family.startswith("minimax_m3"):
        layers = _with_minimax_indexer(config, layers)
    return shape(config, layers, moe)


def attention_layer(config: Config, kind: str) -> Layer:
    """A layer with its grouped-query attention and cache, without norms and feed-forward."""
    family, size = config.family, head_dim(config)
    heads = _heads(config, kind)
    by_flag = family in BIAS_BY_FLAG and config.flag("attention_bias", default=family == "gpt_oss")
    weights = blocks.grouped_query(
        config.whole("hidden_size"),
        heads,
        kv_heads(config),
        size,
        bias=by_flag or family in QKV_BIAS or (family == "qwen2_moe" and config.flag("qkv_bias", default=True)),
        out_bias=by_flag and family != "glm4_moe",
        norm=_norms_on_heads(config, heads, size),
    )
    weights += heads if family == "gpt_oss" else 0  # one learned sink a head
    weights += config.whole("hidden_size") * heads if family.startswith("step3p") else 0  # a gate a head
    cache = limited(config, kind, blocks.keys_values(kv_heads(config), size))
    return Layer(kind, weights, norms=0, caches=(cache,))


def _heads(config: Config, kind: str) -> int:
    """Query heads: Step's sliding layers have more than its full ones."""
    heads = config.whole("num_attention_heads")
    other = config.sub("attention_other_setting")
    if kind != SLIDING or not config.family.startswith("step3p"):
        return heads
    if not other:
        return config.whole("num_sliding_attention_heads", default=heads)
    return Config(other, f"{config.name}, attention_other_setting").whole("num_attention_heads", default=heads)


def _norms_on_heads(config: Config, heads: int, size: int) -> int:
    family = config.family
    if family == "minimax_m2":  # over all heads at once
        return (heads + kv_heads(config)) * size
    if family == "glm4_moe":
        return 2 * size if config.flag("use_qk_norm", default=False) else 0
    return 2 * size if family in HEAD_NORMS else 0


def experts_of(config: Config) -> tuple[int, int]:
    """Routed experts of one layer, and how many of them one token uses.

    Raises:
        ConfigError: a token would use more than there are.
    """
    total = config.whole("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
    active = config.whole("num_experts_per_tok", "num_experts_per_token", "top_k_experts", "moe_top_k")
    if active > total:
        config.wrong(f"a token uses {active} of {total} experts")
    return total, active


def _moe(config: Config) -> Moe:
    total, active = experts_of(config)
    family = config.family
    inner = config.whole("intermediate_size" if family in ONE_INNER_SIZE else "moe_intermediate_size")
    if family == "qwen2_moe":
        return Moe(total, active, inner, 1, config.whole("shared_expert_intermediate_size"))
    if family == "glm4_moe":
        shared = config.whole("n_shared_experts", default=0, least=0)
        return Moe(total, active, inner, shared, shared * inner)
    if family.startswith("minimax_m3"):
        return Moe(total, active, inner, 1, config.whole("shared_intermediate_size"))
    if family.startswith("step3p"):
        return Moe(total, active, inner, 1, config.whole("share_expert_dim", "share_expert_dims"))
    return Moe(total, active, inner)


def _sparse_here(config: Config, count: int) -> list[bool]:
    """Which layers hold experts: Qwen and Step have keys of their own for it."""
    if config.family.startswith("qwen"):
        step = config.whole("decoder_sparse_step", default=1)
        dense_ones = set(config.wholes("mlp_only_layers") or [])
        return [i not in dense_ones and (i + 1) % step == 0 for i in range(count)]
    listed = config.text.get("moe_layers_enum")
    if listed is not None and config.family.startswith("step3p"):
        chosen = _listed(config, listed)
        return [i in chosen for i in range(count)]
    return sparse_layers(config, count)


def _listed(config: Config, listed: object) -> set[int]:
    parts = listed.split(",") if isinstance(listed, str) else listed
    if not isinstance(parts, list) or not all(str(part).strip().isdecimal() for part in parts):
        config.wrong("`moe_layers_enum` must list layer numbers")
    return {int(str(part)) for part in parts}


def with_experts(config: Config, layer: Layer, moe: Moe) -> Layer:
    """The layer with its experts, the shared ones and the router.

    Args:
        config: the file.
        layer: the layer so far.
        moe: its experts.
    """
    hidden, family = config.whole("hidden_size"), config.family
    biased = family == "gpt_oss"
    expert = blocks.gated_mlp(hidden, moe.inner, bias=biased)
    gate = hidden if family == "qwen2_moe" else 0  # decides how much of the shared expert counts
    return layer._replace(
        experts=moe.total * expert,
        experts_used=moe.active * expert,
        expert_biases=moe.total * (2 * moe.inner + hidden) if biased else 0,
        shared=(blocks.gated_mlp(hidden, moe.shared_inner) if moe.shared else 0) + gate,
        router=blocks.linear(hidden, moe.total, bias=biased),
    )


def dense_mlp(config: Config) -> int:
    """Feed-forward weights of a layer without experts in a model with them."""
    return blocks.gated_mlp(config.whole("hidden_size"), config.whole("dense_intermediate_size", "intermediate_size"))


def _with_minimax_indexer(config: Config, layers: list[Layer]) -> list[Layer]:
    """MiniMax M3: block-sparse layers have an index branch with a key of its own, kept in two bytes (vLLM's default)."""
    inner = Config(config.sub("sparse_attention_config"), f"{config.name}, sparse_attention_config")
    flags = inner.wholes("sparse_attention_freq") or []
    if len(flags) < len(layers):
        config.wrong(f"`sparse_attention_freq` must have one entry for each of {len(layers)} layers")
    heads, dim, hidden = (
        inner.whole("sparse_num_index_heads"),
        inner.whole("sparse_index_dim"),
        config.whole("hidden_size"),
    )
    weights = blocks.linear(hidden, (heads + 1) * dim) + 2 * dim
    keys = Cache("indexer_keys", fixed_bytes=2 * dim)
    return [
        layer._replace(kind="sparse_attention", attention=layer.attention + weights, caches=(*layer.caches, keys))
        if flag
        else layer
        for layer, flag in zip(layers, flags, strict=False)
    ]


def shape(config: Config, layers: list[Layer], moe: Moe | None = None) -> Shape:
    """The model that these layers make.

    Args:
        config: the file.
        layers: from first to last.
        moe: the experts of its sparse layers; null: there are none.
    """
    return Shape(
        layers,
        heads=config.whole("num_attention_heads"),
        kv_heads=kv_heads(config),
        head_dim=head_dim(config),
        tied=is_tied(config),
        norms=config.whole("hidden_size"),
        experts=moe.total if moe else 0,
        experts_active=moe.active if moe else 0,
        experts_shared=moe.shared if moe else 0,
    )
