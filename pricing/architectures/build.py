"""From a parsed `config.json` to an `Architecture`: the family's formula, summed by part and grouped by kind of layer."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from pricing.architectures.config import Config
from pricing.architectures.records import Architecture, KvLayers, LayerCount, Parameters, Quantization
from pricing.architectures.registry import shape_of
from pricing.architectures.shapes import Shape
from pricing.architectures.vision import vision_weights

MTP_KEYS = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules")
KEPT_LISTS = ("modules_to_not_convert", "ignore", "ignored_layers", "exclude_modules")
COUNT_SUFFIX = "_count"
"""A shipped file keeps the length of a long list of modules under the list's name with this suffix."""


def build(
    raw: dict[str, Any],
    name: str,
    *,
    config_sha256: str,
    source: str,
    hf_id: str | None = None,
    as_of: date | None = None,
    notes: tuple[str, ...] = (),
) -> Architecture:
    """Computes an architecture.

    Args:
        raw: the parsed `config.json`.
        name: what it is called.
        config_sha256: SHA-256 of the file's bytes.
        source: where the file was read.
        hf_id: id on Hugging Face.
        as_of: the day of the source.
        notes: what a reader must know besides what follows from the file.

    Raises:
        UnknownArchitecture: no formula for the family.
        ConfigError: a key that the formula needs is missing or makes no sense.
    """
    config = Config(raw, name)
    shape = shape_of(config)
    parameters = _parameters(config, shape)
    return Architecture(
        name=name,
        hf_id=hf_id,
        model_type=config.model_type,
        architectures=config.architectures,
        layers=len(shape.layers),
        hidden_size=config.whole("hidden_size"),
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        vocab_size=config.whole("vocab_size"),
        dtype=config.word("dtype", "torch_dtype", default="") or None,
        max_context_tokens=config.maybe("max_position_embeddings"),
        tied_embeddings=shape.tied,
        experts=shape.experts,
        experts_active=shape.experts_active,
        experts_shared=shape.experts_shared,
        layer_types=_layer_types(shape),
        parameters=parameters,
        quantization=_quantization(config),
        kv_layers=_kv_layers(shape),
        notes=(*notes, *_notes(config, parameters)),
        source=source,
        as_of=as_of,
        config_sha256=config_sha256,
    )


def _parameters(config: Config, shape: Shape) -> Parameters:
    table = config.whole("vocab_size") * config.whole("hidden_size")
    layers = shape.layers
    return Parameters(
        embeddings=table * (1 if shape.tied else 2) + shape.embeddings_other,
        input_embeddings=(0 if shape.tied else table) + shape.embeddings_other,
        attention=sum(layer.attention for layer in layers),
        mlp=sum(layer.mlp for layer in layers),
        experts=sum(layer.experts for layer in layers),
        experts_used=sum(layer.experts_used for layer in layers),
        expert_biases=sum(layer.expert_biases for layer in layers),
        shared=sum(layer.shared for layer in layers),
        router=sum(layer.router for layer in layers),
        norms=sum(layer.norms for layer in layers) + shape.norms,
        other=sum(layer.other for layer in layers) + shape.other,
        vision=vision_weights(config),
    )


def _layer_types(shape: Shape) -> tuple[LayerCount, ...]:
    counts = Counter(layer.kind for layer in shape.layers)
    return tuple(LayerCount(kind=kind, layers=layers) for kind, layers in counts.items())


def _kv_layers(shape: Shape) -> tuple[KvLayers, ...]:
    counts = Counter((layer.kind, cache) for layer in shape.layers for cache in layer.caches)
    return tuple(
        KvLayers(
            attention=attention,
            kind=cache.kind,
            layers=layers,
            elements=cache.elements,
            fixed_bytes=cache.fixed_bytes,
            one_byte_entry_bytes=cache.one_byte_entry_bytes,
            window_tokens=cache.limit_tokens if cache.limit_kind == "window" else None,
            chunk_tokens=cache.limit_tokens if cache.limit_kind == "chunk" else None,
            stride_tokens=cache.stride_tokens,
            state_bytes=cache.state_bytes,
        )
        for (attention, cache), layers in counts.items()
    )


def _quantization(config: Config) -> Quantization | None:
    stated = config.get("quantization_config") or config.get("compression_config")
    if stated is None:
        return None
    if not isinstance(stated, dict):
        config.wrong("`quantization_config` is not an object")
    inner = Config({"text_config": stated}, f"{config.name}, quantization_config")
    producer = stated.get("producer")
    maker = producer.get("name") if isinstance(producer, dict) else None
    weights = _weight_scheme(stated)
    scheme = Config({"text_config": weights}, f"{config.name}, quantization_config")
    return Quantization(
        method=inner.word("quant_method", default=str(maker or "not stated")),
        bits=inner.maybe("bits") or scheme.maybe("num_bits"),
        group=inner.maybe("group_size") or scheme.maybe("group_size"),
        unquantized_modules=sum(_length(stated, key) for key in KEPT_LISTS),
    )


def _weight_scheme(stated: dict[str, Any]) -> dict[str, Any]:
    """The weights' scheme of the first group, as compressed-tensors and modelopt write it."""
    groups = stated.get("config_groups")
    first = next(iter(groups.values()), None) if isinstance(groups, dict) else None
    weights = first.get("weights") if isinstance(first, dict) else None
    return weights if isinstance(weights, dict) else {}


def _length(stated: dict[str, Any], key: str) -> int:
    count = stated.get(key + COUNT_SUFFIX)
    if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
        return count
    return len(stated[key]) if isinstance(stated.get(key), list) else 0


def _notes(config: Config, parameters: Parameters) -> list[str]:
    notes = []
    if parameters.vision is None:
        notes.append("The vision tower that the file describes is left out: its shapes are not known here.")
    if config.raw.get("audio_config") is not None:
        notes.append("The audio tower that the file describes is left out.")
    if config.outer_type == "mistral3" and config.get("tie_word_embeddings") is None:
        notes.append("The file does not say whether the output head is tied; it is counted as a table of its own.")
    prediction = max(config.whole(key, default=0, least=0) for key in MTP_KEYS)
    if prediction:
        notes.append(
            f"Layers for multi-token prediction ({prediction} stated) are not counted: serving does not need them."
        )
    return notes
