"""The records of an architecture: its parameters by part, what its layers keep of a sequence, and the facts around them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from pricing.architectures.errors import ArchitectureError
from pricing.architectures.weights import Precision, weight_bytes
from pricing.tables import Record

Whole = Annotated[int, Field(ge=0)]

KV_TYPES = {1: "fp8", 2: "bf16", 4: "fp32"}
"""Bytes of one number in the KV cache, and the type that is meant."""


MAX_CONTEXT = 10**9


class Parameters(Record):
    """A model's weights by part [parameters]. Multi-token-prediction layers and correction biases of routers are left out.

    Attributes:
        embeddings: token embedding, output head where it is not tied to it, and per-layer embeddings.
        input_embeddings: the tables among them that are only looked up, not multiplied.
        attention: projections with biases, norms on queries and keys, gates, sinks, indexers, linear attention.
        mlp: dense feed-forward blocks.
        experts: routed experts.
        experts_used: those routed experts that one token uses.
        expert_biases: biases among the routed experts' weights; checkpoints never quantise them.
        shared: shared experts and what else of the expert block every token uses.
        router: routers.
        norms: norms around and after the layers.
        other: what is none of these.
        vision: vision tower and projector; null: the file describes one that is left out; 0: there is none.
    """

    embeddings: Whole
    input_embeddings: Whole
    attention: Whole
    mlp: Whole
    experts: Whole
    experts_used: Whole
    expert_biases: Whole
    shared: Whole
    router: Whole
    norms: Whole
    other: Whole
    vision: Whole | None

    @property
    def text(self) -> int:
        """Weights of the language half."""
        parts = (
            self.embeddings,
            self.attention,
            self.mlp,
            self.experts,
            self.shared,
            self.router,
            self.norms,
            self.other,
        )
        return sum(parts)

    @property
    def total(self) -> int:
        """All weights that are counted: the language half, and the vision tower where it is known."""
        return self.text + (self.vision or 0)

    @property
    def active(self) -> int:
        """Weights of the language half that one token uses, both embedding tables counted (as Mistral and Qwen do)."""
        return self.text - self.experts + self.experts_used


class Quantization(Record):
    """How the published weights are stored, as the file states it.

    Attributes:
        method: `fp8`, `mxfp4`, `awq`, `gptq`, `compressed-tensors`, `modelopt` ...
        bits: bits of one weight, where stated.
        group: weights that share one scale, where stated.
        unquantized_modules: modules that the file lists as left alone (a pattern counts once).
    """

    method: str
    bits: Whole | None = None
    group: Whole | None = None
    unquantized_modules: Whole = 0


class LayerCount(Record):
    """How many layers are of one attention type."""

    kind: str
    layers: Whole


class KvLayers(Record):
    """One kind of cache that a number of layers keep.

    Attributes:
        attention: the layers' attention type.
        kind: what is kept: `keys_values`, `latent`, `compressed_latent`, `indexer_keys`, `compressor_state`, `state`.
        layers: how many layers keep it.
        elements: numbers of one entry that are stored in the KV data type.
        fixed_bytes: bytes of one entry whatever the KV data type.
        one_byte_entry_bytes: bytes of one entry where the engine's one-byte layout has more than one byte an element.
        window_tokens: beyond so many tokens the oldest are dropped; null: nothing is.
        chunk_tokens: the cache is emptied whenever so many tokens are full; null: it is not.
        stride_tokens: tokens that one entry stands for.
        state_bytes: bytes of one layer for a sequence of any length.
    """

    attention: str
    kind: str
    layers: Whole
    elements: Whole = 0
    fixed_bytes: Whole = 0
    one_byte_entry_bytes: Whole | None = None
    window_tokens: Whole | None = None
    chunk_tokens: Whole | None = None
    stride_tokens: Annotated[int, Field(ge=1)] = 1
    state_bytes: Whole = 0

    def entry_bytes(self, dtype_bytes: int = 2) -> int:
        """Bytes of one entry of one layer.

        Args:
            dtype_bytes: bytes of one number in the KV cache: 2 (bf16), 1 (fp8) or 4.
        """
        if dtype_bytes == 1 and self.one_byte_entry_bytes is not None:
            return self.one_byte_entry_bytes + self.fixed_bytes
        return self.elements * _kv_type(dtype_bytes) + self.fixed_bytes

    def bytes_per_token(self, dtype_bytes: int = 2) -> float:
        """Bytes that one more token adds in one layer, while window and chunk are not full: entry / stride."""
        return self.entry_bytes(dtype_bytes) / self.stride_tokens

    def sequence_bytes(self, context_tokens: int, dtype_bytes: int = 2) -> int:
        """Bytes that all these layers keep of one sequence.

        Window and chunk: the most that is kept on the way to that length, min(tokens, window or chunk). An entry that stands
        for several tokens is there when its last token is.

        Args:
            context_tokens: tokens of the sequence.
            dtype_bytes: bytes of one number in the KV cache.
        """
        limits = [limit for limit in (self.window_tokens, self.chunk_tokens) if limit is not None]
        entries = min([context_tokens, *limits]) // self.stride_tokens
        return self.layers * (entries * self.entry_bytes(dtype_bytes) + self.state_bytes)


class Architecture(Record):
    """What a model's `config.json` says, and what follows from it by arithmetic.

    Attributes:
        name: the shipped name, or the file's.
        hf_id: id on Hugging Face, for shipped models.
        model_type: the family, as the file states it.
        architectures: model classes that the file asks for.
        layers: decoder layers.
        hidden_size: numbers of one token's state.
        heads: query heads.
        kv_heads: key-value heads (MLA: as stated; its cache is one latent, see `kv_layers`).
        head_dim: numbers of one key.
        vocab_size: token ids.
        dtype: number format of the unquantised weights, where stated.
        max_context_tokens: longest context that the model was made for [tokens], where stated.
        tied_embeddings: the output head reuses the token embedding.
        experts: routed experts of one layer; 0: none.
        experts_active: routed experts that one token uses.
        experts_shared: shared experts.
        layer_types: attention types and how many layers have each.
        parameters: weights by part.
        quantization: how the published weights are stored; null: as `dtype` says.
        kv_layers: what the layers keep of a sequence.
        notes: what a reader must know.
        source: where the file was read.
        as_of: the day of that source.
        config_sha256: of the file's bytes.
    """

    name: str
    hf_id: str | None = None
    model_type: str
    architectures: tuple[str, ...] = ()
    layers: Whole
    hidden_size: Whole
    heads: Whole
    kv_heads: Whole
    head_dim: Whole
    vocab_size: Whole
    dtype: str | None = None
    max_context_tokens: Whole | None = None
    tied_embeddings: bool
    experts: Whole = 0
    experts_active: Whole = 0
    experts_shared: Whole = 0
    layer_types: tuple[LayerCount, ...]
    parameters: Parameters
    quantization: Quantization | None = None
    kv_layers: tuple[KvLayers, ...]
    notes: tuple[str, ...] = ()
    source: str
    as_of: date | None = None
    config_sha256: str

    @property
    def parameters_total(self) -> int:
        """All weights that are counted [parameters]."""
        return self.parameters.total

    @property
    def parameters_active(self) -> int:
        """Weights that one token uses [parameters]; see `Parameters.active`."""
        return self.parameters.active

    @property
    def parameters_embedding(self) -> int:
        """Embedding tables and output head [parameters]."""
        return self.parameters.embeddings

    def kv_bytes(self, context_tokens: int, dtype_bytes: int = 2) -> int:
        """Bytes that serving one sequence keeps in its caches, all layers and types together.

        Without the engine's rounding to blocks, and for an engine that frees what a window or chunk has passed; one that does
        not (vLLM with its hybrid cache manager off) keeps every token in every layer.

        Args:
            context_tokens: tokens of the sequence.
            dtype_bytes: bytes of one number in the KV cache: 2 (bf16), 1 (fp8) or 4.

        Raises:
            ArchitectureError: a context or type that makes no sense.
        """
        if (
            isinstance(context_tokens, bool)
            or not isinstance(context_tokens, int)
            or not 0 <= context_tokens <= MAX_CONTEXT
        ):
            raise ArchitectureError(
                f"a context of {context_tokens!r} tokens makes no sense: write 0 to {MAX_CONTEXT:,}."
            )
        _kv_type(dtype_bytes)
        return sum(kept.sequence_bytes(context_tokens, dtype_bytes) for kept in self.kv_layers)

    def kv_bytes_per_token(self, dtype_bytes: int = 2) -> float:
        """Bytes that one more token adds while every window and chunk still has room.

        Args:
            dtype_bytes: bytes of one number in the KV cache: 2 (bf16), 1 (fp8) or 4.
        """
        return sum(kept.layers * kept.bytes_per_token(dtype_bytes) for kept in self.kv_layers)

    def weight_bytes(self, precision: Precision = "bf16") -> int:
        """Bytes of the weights at a precision; see `pricing.architectures.weights`."""
        return weight_bytes(self.parameters, precision)


def _kv_type(dtype_bytes: int) -> int:
    if dtype_bytes not in KV_TYPES or isinstance(dtype_bytes, bool):
        known = ", ".join(f"{size} ({name})" for size, name in KV_TYPES.items())
        raise ArchitectureError(f"{dtype_bytes!r} bytes for one number of the KV cache are not known; write {known}.")
    return dtype_bytes
