"""Decoder layers as a `config.json` describes them: how many, of which kinds, and the same model cut to fewer.

Layers of one model need not be alike: some attend to a window, some are linear, the first few of many mixtures of experts are dense. Configs say so in three
ways: a list with one entry a layer, a list of layer numbers, or a whole number that means "every n-th" or "the first n".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probes.errors import ProbeError

LayerKind = tuple[str, ...]
"""All that tells one layer of a model from another, as its config has it; empty where all are alike."""

_EVERY = {
    "full_attention_interval": "full",
    "sliding_window_pattern": "full",
    "interleave_moe_layer_step": "sparse",
    "decoder_sparse_step": "sparse",
}
"""Keys whose number n makes every n-th layer (n, 2n, ...) another kind."""

_FIRST = {"first_k_dense_replace": "dense", "num_hash_layers": "hash"}
"""Keys whose number n makes the first n layers another kind."""

_NUMBERED_FROM_1 = ("full_attn_layers", "kda_layers")
_NUMBERED_FROM_0 = ("mlp_only_layers",)
_QUANTIZATION = ("quantization_config", "compression_config")


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The language half of a config: what is under `text_config`, or the config itself."""
    inner = config.get("text_config")
    return inner if isinstance(inner, dict) else config


def layer_count(config: Mapping[str, Any]) -> int | None:
    """Decoder layers; None where the config does not say."""
    count = text_config(config).get("num_hidden_layers", config.get("num_hidden_layers"))
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def layer_kinds(config: Mapping[str, Any]) -> tuple[LayerKind, ...]:
    """The kind of every layer, in order.

    Args:
        config: parsed `config.json`.

    Returns:
        One kind a layer; empty where the number of layers is not stated.

    >>> layer_kinds({"num_hidden_layers": 3, "layer_types": ["sliding", "sliding", "full"]})
    (('layer_types=sliding',), ('layer_types=sliding',), ('layer_types=full',))
    """
    count = layer_count(config)
    if count is None:
        return ()
    text = text_config(config)
    marks: list[list[str]] = [[] for _ in range(count)]
    for key, values in _entries(text, count):
        for layer, value in enumerate(values[:count]):
            marks[layer].append(f"{key}={value}")
    for key, numbers in _numbered(text):
        for number in numbers:
            if 0 <= number < count:
                marks[number].append(key)
    for layer, mark in enumerate(marks):
        mark += [f"{key}={kind}" for key, kind in _EVERY.items() if _is_every(text.get(key), layer)]
        mark += [f"{key}={kind}" for key, kind in _FIRST.items() if layer < _whole(text.get(key))]
    return tuple(tuple(mark) for mark in marks)


def cut_config(config: Mapping[str, Any], layers: int) -> dict[str, Any]:
    """What must change in a config so that the model has its first `layers` layers only, in the form that `--hf-overrides` takes.

    Args:
        config: parsed `config.json`.
        layers: how many are left, at least 1 and at most as many as the model has.

    Returns:
        The changed keys, below `text_config` where the language half is there. A changed key inside an object brings the whole object, since vLLM replaces it.

    Raises:
        ProbeError: `bad_arguments` when the number of layers is not known or `layers` is out of range.

    >>> cut_config({"num_hidden_layers": 3, "layer_types": ["a", "a", "b"]}, 2)
    {'num_hidden_layers': 2, 'layer_types': ['a', 'a']}
    """
    count = layer_count(config)
    if count is None:
        raise ProbeError(
            "bad_arguments", "--layers: the model's config.json does not say how many layers it has. Run it whole."
        )
    if not 1 <= layers <= count:
        raise ProbeError(
            "bad_arguments", f"--layers {layers}: the model has {count} layers; give numbers from 1 to {count}."
        )
    changes = {"num_hidden_layers": layers, **_cut(text_config(config), count, layers)}
    return {"text_config": changes} if text_config(config) is not config else changes


def mix(kinds: Sequence[LayerKind]) -> dict[LayerKind, float]:
    """Share of each kind among some layers [fraction]; empty for no layers."""
    return {kind: number / len(kinds) for kind, number in Counter(kinds).items()}


def mix_difference(kinds: Sequence[LayerKind], fewer: int, more: int) -> float:
    """How unlike the layers that a second slice adds are to those that neither slice has.

    Times of two slices tell what one *added* layer costs; that is carried to the layers beyond. It holds as far as both have the same mix of kinds.

    Args:
        kinds: of all layers, from `layer_kinds`.
        fewer: layers of the smaller slice.
        more: layers of the larger slice.

    Returns:
        Total variation distance between the two mixes: 0 for the same mix, 1 where none is of a kind that was measured. 0 where nothing is left out.

    >>> mix_difference((("a",), ("b",), ("a",), ("b",), ("a",), ("a",)), 2, 4)
    0.5
    """
    added, beyond = mix(kinds[fewer:more]), mix(kinds[more:])
    if not beyond:
        return 0.0
    return sum(abs(added.get(kind, 0.0) - beyond.get(kind, 0.0)) for kind in {*added, *beyond}) / 2


def is_mixture_of_experts(config: Mapping[str, Any]) -> bool:
    """Whether some layers choose among experts for each token."""
    keys = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
    return any(_whole(text_config(config).get(key)) > 1 for key in keys)


def _entries(text: Mapping[str, Any], count: int) -> Iterator[tuple[str, Sequence[Any]]]:
    """Lists, and strings of letters, with one entry a layer; those of extra prediction layers come after them."""
    lengths = (count, count + _whole(text.get("num_nextn_predict_layers")))
    for key, value in text.items():
        if isinstance(value, dict) and key not in _QUANTIZATION:
            yield from ((f"{key}.{inner}", entries) for inner, entries in _entries(value, count))
        elif _is_per_layer(key, value, lengths):
            yield key, value


def _is_per_layer(key: str, value: object, lengths: tuple[int, ...]) -> bool:
    if key in (*_NUMBERED_FROM_0, *_NUMBERED_FROM_1):
        return False
    if isinstance(value, str):
        return key.endswith("pattern") and len(value) in lengths
    return isinstance(value, list) and len(value) in lengths and len(value) > 1 and not key.endswith("_token_id")


def _numbered(text: Mapping[str, Any]) -> Iterator[tuple[str, list[int]]]:
    """Lists of layer numbers, counted from 0."""
    for key, value in text.items():
        if isinstance(value, dict) and key not in _QUANTIZATION:
            yield from _numbered(value)
        elif isinstance(value, list) and key in (*_NUMBERED_FROM_0, *_NUMBERED_FROM_1):
            first = 1 if key in _NUMBERED_FROM_1 else 0
            yield key, [number - first for number in value if isinstance(number, int)]


def _cut(text: Mapping[str, Any], count: int, layers: int) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    lengths = (count, count + _whole(text.get("num_nextn_predict_layers")))
    for key, value in text.items():
        if isinstance(value, dict) and key not in _QUANTIZATION:
            inner = _cut(value, count, layers)
            if inner:
                changes[key] = {**value, **inner}
        elif _is_per_layer(key, value, lengths):
            changes[key] = value[:layers] + value[count:]
        elif isinstance(value, list) and key in (*_NUMBERED_FROM_0, *_NUMBERED_FROM_1):
            last = layers if key in _NUMBERED_FROM_1 else layers - 1
            kept = [number for number in value if number <= last]
            if kept != value:
                changes[key] = kept
    return changes


def _is_every(number: object, layer: int) -> bool:
    every = _whole(number)
    return every > 1 and (layer + 1) % every == 0


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
