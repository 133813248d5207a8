"""What a family's formula says about a model: its layers, and what each layer holds in weights and in caches."""

from __future__ import annotations

from typing import NamedTuple


class Cache(NamedTuple):
    """What one layer keeps of a sequence while it is served.

    Attributes:
        kind: what is kept: `keys_values`, `latent`, `compressed_latent`, `indexer_keys`, `state`.
        elements: numbers of one entry that are stored in the KV data type.
        fixed_bytes: bytes of one entry whatever the KV data type.
        one_byte_entry_bytes: bytes of one entry in the engine's one-byte layout, where that is more than one byte an element.
        limit_tokens: the window or chunk beyond which nothing is kept; None: everything is.
        limit_kind: `window` or `chunk`, for the reader.
        stride_tokens: tokens that one entry stands for.
        state_bytes: bytes kept for a sequence of any length.
    """

    kind: str
    elements: int = 0
    fixed_bytes: int = 0
    one_byte_entry_bytes: int | None = None
    limit_tokens: int | None = None
    limit_kind: str | None = None
    stride_tokens: int = 1
    state_bytes: int = 0


class Layer(NamedTuple):
    """Weights of one layer [parameters], and its caches.

    Attributes:
        kind: attention type: `full_attention`, `sliding_attention`, `chunked_attention`, `latent_attention`, `linear_attention` ...
        attention: projections, their biases, norms on queries and keys, sinks, gates, indexer.
        norms: norms around attention and MLP.
        mlp: dense feed-forward weights.
        experts: routed experts, all of them.
        experts_used: routed experts that one token uses.
        expert_biases: biases among the routed experts' weights.
        shared: shared experts and what else of the MoE block every token uses.
        router: the router.
        other: what is none of these (hyper-connections, residual gates, per-layer inputs).
        caches: what the layer keeps of a sequence.
    """

    kind: str
    attention: int
    norms: int
    mlp: int = 0
    experts: int = 0
    experts_used: int = 0
    expert_biases: int = 0
    shared: int = 0
    router: int = 0
    other: int = 0
    caches: tuple[Cache, ...] = ()


class Shape(NamedTuple):
    """A model as its family's formula sees it.

    Attributes:
        layers: from first to last.
        heads: query heads (of full-attention layers where they differ).
        kv_heads: key-value heads likewise.
        head_dim: numbers of one key.
        tied: the output head reuses the token embedding.
        experts: routed experts of one layer; 0: none.
        experts_active: routed experts that one token uses.
        experts_shared: shared experts.
        norms: norms outside the layers.
        other: weights outside the layers that are neither embeddings nor norms.
        embeddings_other: embedding tables besides the token table (per-layer embeddings).
        notes: what a reader must know.
    """

    layers: list[Layer]
    heads: int
    kv_heads: int
    head_dim: int
    tied: bool
    norms: int
    experts: int = 0
    experts_active: int = 0
    experts_shared: int = 0
    other: int = 0
    embeddings_other: int = 0
    notes: tuple[str, ...] = ()
