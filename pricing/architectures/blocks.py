"""The parts that families are built of, each in weights [parameters]: projections, attention, feed-forward, experts."""

from __future__ import annotations

from pricing.architectures.shapes import Cache

INDEXER_SCALE_BYTES = 4
"""One float32 scale for each 128 numbers of an indexer key, which the engine keeps in FP8 (vLLM: 128 + 4 = 132 bytes)."""

INDEXER_BLOCK = 128

SPARSE_LATENT_FP8_BYTES = 656
"""vLLM's FP8 layout of a 512 + 64 latent under sparse attention: 512 FP8, 4 float32 scales, 64 bfloat16 (flashmla_sparse.py)."""

SPARSE_LATENT = (512, 64)
"""The latent and rotary sizes that this layout is for."""


def linear(size_in: int, size_out: int, *, bias: bool = False) -> int:
    """Weights of a linear layer: in × out, and out more with a bias."""
    return size_in * size_out + (size_out if bias else 0)


def grouped_query(
    hidden: int,
    heads: int,
    kv_heads: int,
    key_dim: int,
    *,
    value_dim: int | None = None,
    bias: bool = False,
    out_bias: bool = False,
    norm: int = 0,
) -> int:
    """Weights of grouped-query attention: q, k, v and output projections.

    Args:
        hidden: hidden size.
        heads: query heads.
        kv_heads: key-value heads.
        key_dim: numbers of one query or key.
        value_dim: numbers of one value; null: as a key.
        bias: q, k and v have biases.
        out_bias: the output projection has one.
        norm: weights of the norms on queries and keys.

    Llama 3.1 8B:

    >>> grouped_query(4096, 32, 8, 128)
    41943040
    """
    value = key_dim if value_dim is None else value_dim
    inputs = heads * key_dim + kv_heads * (key_dim + value)
    return linear(hidden, inputs, bias=bias) + linear(heads * value, hidden, bias=out_bias) + norm


def gated_mlp(hidden: int, inner: int, *, bias: bool = False) -> int:
    """Weights of a gated feed-forward block: gate, up and down projections."""
    return 2 * linear(hidden, inner, bias=bias) + linear(inner, hidden, bias=bias)


def latent_attention(
    hidden: int,
    heads: int,
    *,
    q_rank: int | None,
    kv_rank: int,
    nope_dim: int,
    rope_dim: int,
    value_dim: int,
    bias: bool = False,
) -> int:
    """Weights of multi-head latent attention (MLA), norms of the two latents included.

    Args:
        hidden: hidden size.
        heads: query heads.
        q_rank: rank of the query latent; null: queries are projected directly.
        kv_rank: rank of the key-value latent.
        nope_dim: numbers of one key without position.
        rope_dim: numbers of the shared key with position.
        value_dim: numbers of one value.
        bias: the two down projections and the output have biases.
    """
    queries = heads * (nope_dim + rope_dim)
    query = linear(hidden, queries)
    if q_rank is not None:
        query = linear(hidden, q_rank, bias=bias) + q_rank + linear(q_rank, queries)
    latent = linear(hidden, kv_rank + rope_dim, bias=bias) + kv_rank
    return (
        query + latent + linear(kv_rank, heads * (nope_dim + value_dim)) + linear(heads * value_dim, hidden, bias=bias)
    )


def indexer(hidden: int, q_rank: int, heads: int, dim: int) -> int:
    """Weights of a sparse-attention indexer: queries from the query latent, one key with its norm, head weights."""
    return linear(q_rank, heads * dim) + linear(hidden, dim) + 2 * dim + linear(hidden, heads)


def keys_values(kv_heads: int, key_dim: int, value_dim: int | None = None) -> Cache:
    """Cache of a grouped-query layer that keeps everything: keys and values of every KV head."""
    return Cache("keys_values", elements=kv_heads * (key_dim + (key_dim if value_dim is None else value_dim)))


def latent(kv_rank: int, rope_dim: int, *, sparse: bool = False) -> Cache:
    """Cache of an MLA layer: one latent and one rotary key a token, shared by all heads and not doubled.

    Args:
        kv_rank: rank of the latent.
        rope_dim: numbers of the rotary key.
        sparse: the layer picks tokens with an indexer; its kernels keep the rotary key in two bytes when the rest is FP8.
    """
    packed = SPARSE_LATENT_FP8_BYTES if sparse and (kv_rank, rope_dim) == SPARSE_LATENT else None
    return Cache("latent", elements=kv_rank + rope_dim, one_byte_entry_bytes=packed)


def indexer_keys(dim: int, stride_tokens: int = 1) -> Cache:
    """Cache of an indexer: one FP8 key and its scale, whatever the KV data type.

    >>> indexer_keys(128).fixed_bytes
    132
    """
    scale = -(-dim // INDEXER_BLOCK) * INDEXER_SCALE_BYTES
    return Cache("indexer_keys", fixed_bytes=dim + scale, stride_tokens=stride_tokens)
