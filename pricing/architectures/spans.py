"""How far each layer looks back: which layers keep everything, which a window, which a chunk."""

from __future__ import annotations

from pricing.architectures.config import MAX_LAYERS, Config
from pricing.architectures.shapes import Cache

FULL = "full_attention"
SLIDING = "sliding_attention"
CHUNKED = "chunked_attention"
LINEAR = "linear_attention"
SPANS = (FULL, SLIDING, CHUNKED)

GEMMA2_PERIOD = 2
GEMMA3_PERIOD = 6
LLAMA4_PERIOD = 4


def layer_count(config: Config) -> int:
    """Decoder layers."""
    return config.whole("num_hidden_layers", most=MAX_LAYERS)


def layer_kinds(config: Config) -> list[str]:
    """The attention type of each layer.

    `layer_types` counts where the file states it. Without it each family has its own rule, taken from its published
    configuration class in transformers: a window on all layers (Mistral, Mixtral, Phi-3), on the layers from
    `max_window_layers` on where `use_sliding_window` is set (Qwen), on every second layer (Gemma 2, gpt-oss), on five of
    six (Gemma 3 and 4), a chunk on three of four (Llama 4).
    """
    count = layer_count(config)
    stated = config.words("layer_types", SPANS, count)
    if stated is not None:
        return stated
    family = config.family
    if family == "llama4":
        return _llama4_kinds(config, count)
    return [FULL] * count if config.maybe("sliding_window") is None else _windowed_kinds(config, family, count)


def limited(config: Config, kind: str, cache: Cache) -> Cache:
    """A cache with the window or chunk that its layer's type sets."""
    if kind == SLIDING:
        return cache._replace(limit_tokens=config.whole("sliding_window", "sliding_window_size"), limit_kind="window")
    if kind == CHUNKED:
        return cache._replace(limit_tokens=config.whole("attention_chunk_size"), limit_kind="chunk")
    return cache


def sparse_layers(config: Config, count: int) -> list[bool]:
    """Which layers hold experts, by the keys that families use for it."""
    stated = config.words("mlp_layer_types", ("dense", "sparse", "moe", "hash_moe"), count)
    if stated is not None:
        return [kind != "dense" for kind in stated]
    frequency = config.text.get("moe_layer_freq")
    if isinstance(frequency, list):
        flags = config.wholes("moe_layer_freq") or []
        if len(flags) < count:
            config.wrong(f"`moe_layer_freq` must have one entry for each of {count} layers")
        return [flag > 0 for flag in flags[:count]]
    first = config.whole("first_k_dense_replace", default=0, least=0)
    every = config.whole("moe_layer_freq", default=1)
    return [i >= first and i % every == 0 for i in range(count)]


def _windowed_kinds(config: Config, family: str, count: int) -> list[str]:
    if family in ("gemma2", "gpt_oss"):
        return _periodic(count, GEMMA2_PERIOD)
    if family in ("gemma3", "gemma4"):
        return _periodic(count, config.whole("sliding_window_pattern", default=GEMMA3_PERIOD))
    if family.startswith(("qwen", "mimo")):
        windowed = config.flag("use_sliding_window", default=False)
        first = config.whole("max_window_layers", default=count, least=0) if windowed else count
        return [SLIDING if i >= first else FULL for i in range(count)]
    return [SLIDING if family in ("mistral", "mixtral", "phi3") else FULL] * count


def _llama4_kinds(config: Config, count: int) -> list[str]:
    if "attention_chunk_size" in config.text and config.text["attention_chunk_size"] is None:
        return [FULL] * count  # switched off by an explicit null
    with_position = config.wholes("no_rope_layers")
    if with_position:
        if len(with_position) < count:
            config.wrong(f"`no_rope_layers` must have one entry for each of {count} layers")
        return [CHUNKED if flag else FULL for flag in with_position[:count]]
    period = config.whole("no_rope_layer_interval", default=LLAMA4_PERIOD)
    return [CHUNKED if (i + 1) % period else FULL for i in range(count)]


def _periodic(count: int, period: int) -> list[str]:
    return [SLIDING if (i + 1) % period else FULL for i in range(count)]
