"""Weights of vision towers [parameters], counted for the families whose shapes are known from transformers 5.19.

Where the tower is not known the model is still accepted: its text half is what serves tokens. The record then says that the
tower is left out.
"""

from __future__ import annotations

from collections.abc import Callable

from pricing.architectures.blocks import linear
from pricing.architectures.config import Config

COLOURS = 3


def vision_weights(config: Config) -> int | None:
    """Weights of the vision tower and of what joins it to the language half.

    Args:
        config: the file.

    Returns:
        The count; 0 where the file describes no tower; None where it does but the tower's shapes are not known here.
    """
    tower = config.part("vision_config")
    if tower is None:
        return 0
    count = TOWERS.get(config.outer_type)
    return None if count is None else count(tower, config)


def _encoder(hidden: int, inner: int, layers: int) -> int:
    """Plain transformer layers with biases: two layer norms, four attention projections, two feed-forward ones."""
    attention = 4 * linear(hidden, hidden, bias=True)
    feed_forward = linear(hidden, inner, bias=True) + linear(inner, hidden, bias=True)
    return layers * (4 * hidden + attention + feed_forward)


def _siglip(tower: Config, config: Config) -> int:
    """SigLIP and Gemma 3's projector. Gemma's files say `vision_use_head: false`: the pooling head is not there."""
    hidden, inner = tower.whole("hidden_size"), tower.whole("intermediate_size")
    patch = tower.whole("patch_size")
    patches = (tower.whole("image_size") // patch) ** 2
    embeddings = linear(COLOURS * patch * patch, hidden, bias=True) + patches * hidden
    head = 0
    if tower.flag("vision_use_head", default=True):
        attention = linear(hidden, 3 * hidden, bias=True) + linear(hidden, hidden, bias=True)
        head = 3 * hidden + attention + linear(hidden, inner, bias=True) + linear(inner, hidden, bias=True)
    projector = hidden * config.whole("hidden_size") + hidden
    return embeddings + _encoder(hidden, inner, tower.whole("num_hidden_layers")) + 2 * hidden + head + projector


def _qwen(tower: Config, _config: Config) -> int:
    """Qwen3-VL and Qwen3.5: patches in space and time, a merger, and one more merger for each deep-stack layer."""
    hidden, patch = tower.whole("hidden_size"), tower.whole("patch_size")
    merged = hidden * tower.whole("spatial_merge_size") ** 2
    pixels = tower.whole("in_channels", default=COLOURS) * tower.whole("temporal_patch_size") * patch * patch
    embeddings = linear(pixels, hidden, bias=True) + tower.whole("num_position_embeddings") * hidden
    merger = linear(merged, merged, bias=True) + linear(merged, tower.whole("out_hidden_size"), bias=True)
    deep = len(tower.wholes("deepstack_visual_indexes") or [])
    blocks = _encoder(hidden, tower.whole("intermediate_size"), tower.whole("depth"))
    return embeddings + blocks + 2 * hidden + merger + deep * (2 * merged + merger)


def _gemma4(tower: Config, config: Config) -> int:
    hidden, patch, inner = tower.whole("hidden_size"), tower.whole("patch_size"), tower.whole("intermediate_size")
    heads, groups, dim = tower.whole("num_attention_heads"), tower.whole("num_key_value_heads"), tower.whole("head_dim")
    embeddings = 2 * tower.whole("position_embedding_size") * hidden + linear(COLOURS * patch * patch, hidden)
    attention = 2 * linear(hidden, heads * dim) + 2 * linear(hidden, groups * dim) + 2 * dim
    layer = attention + 3 * linear(hidden, inner) + 4 * hidden
    return embeddings + tower.whole("num_hidden_layers") * layer + linear(hidden, config.whole("hidden_size"))


def _kimi(tower: Config, config: Config) -> int:
    """MoonViT of Kimi K2.5 and its patch merger."""
    hidden, inner = tower.whole("vt_hidden_size"), tower.whole("vt_intermediate_size")
    patch = tower.whole("patch_size")
    positions = tower.whole("init_pos_emb_height") * tower.whole("init_pos_emb_width")
    embeddings = linear(COLOURS * patch * patch, hidden, bias=True) + positions * hidden
    merged = _merged(tower, hidden)
    projector = 2 * hidden + linear(merged, merged, bias=True) + linear(merged, config.whole("hidden_size"), bias=True)
    return embeddings + _encoder(hidden, inner, tower.whole("vt_num_hidden_layers")) + 2 * hidden + projector


def _kimi_k3(tower: Config, config: Config) -> int | None:
    """MoonViT-V2 of Kimi K3 (401 million by its maker) and its merger: no biases, wider attention (vLLM 0.32, kimi_k25_vit.py)."""
    stated = {"norm_type": "rmsnorm", "mlp_type": "mlp2", "mm_projector_type": "patchmergerv2"}
    biases = ("attn_bias", "linear_bias", "patch_embed_proj_bias")
    if any(tower.word(key, default="") != value for key, value in stated.items()):
        return None
    if any(tower.flag(key, default=True) for key in biases):
        return None
    hidden, inner, wide = (
        tower.whole("vt_hidden_size"),
        tower.whole("vt_intermediate_size"),
        tower.whole("qkv_hidden_size"),
    )
    patch = tower.whole("patch_size")
    positions = tower.whole("init_pos_emb_height") * tower.whole("init_pos_emb_width")
    layer = 2 * hidden + 4 * linear(hidden, wide) + 2 * linear(hidden, inner)
    merged, text = _merged(tower, hidden), config.whole("hidden_size")
    projector = linear(merged, merged) + linear(merged, text) + text
    embeddings = linear(COLOURS * patch * patch, hidden) + positions * hidden
    return embeddings + tower.whole("vt_num_hidden_layers") * layer + hidden + projector


def _merged(tower: Config, hidden: int) -> int:
    """Numbers of the patches that are joined into one token."""
    for side in tower.wholes("merge_kernel_size") or [2, 2]:
        hidden *= side
    return hidden


def _pixtral(tower: Config, config: Config) -> int:
    """Pixtral of Mistral Small 3.1 and later: no biases in the tower, a merger of patches, two projections."""
    hidden, inner, text = tower.whole("hidden_size"), tower.whole("intermediate_size"), config.whole("hidden_size")
    patch, bias = tower.whole("patch_size"), config.raw.get("multimodal_projector_bias") is True
    merge = config.raw.get("spatial_merge_size", 2)
    if not isinstance(merge, int):
        config.wrong("`spatial_merge_size` is not a whole number")
    layers = tower.whole("num_hidden_layers") * (2 * hidden + 3 * linear(hidden, inner) + 4 * linear(hidden, hidden))
    merger = hidden + linear(hidden * merge**2, hidden)
    projections = linear(hidden, text, bias=bias) + linear(text, text, bias=bias)
    return linear(COLOURS * patch * patch, hidden) + hidden + layers + merger + projections


TOWERS: dict[str, Callable[[Config, Config], int | None]] = {
    "gemma3": _siglip,
    "gemma4": _gemma4,
    "kimi_k25": _kimi,
    "kimi_k3": _kimi_k3,
    "mistral3": _pixtral,
    "qwen3_5": _qwen,
    "qwen3_5_moe": _qwen,
    "qwen3_vl": _qwen,
    "qwen3_vl_moe": _qwen,
}
"""By `model_type` of the whole file."""
