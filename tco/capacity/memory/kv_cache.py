"""What the KV cache of a sequence takes on one GPU, in whole blocks."""

from __future__ import annotations

import math

from pricing.architectures.records import Architecture, KvLayers
from tco.capacity.memory.layout import Layout


def sequence_bytes(
    model: Architecture, tokens: int, *, layout: Layout, kv_dtype_bytes: int = 2, block_tokens: int = 1
) -> float:
    """Bytes that all layers keep of a sequence on one GPU of each layer's group, in whole blocks.

    Keys and values are shared among the GPUs of a layer as far as there are key-value heads; a latent (MLA) is kept whole by each; a sliding window or
    chunk keeps no more than itself; a linear layer keeps a state of one size.

    Args:
        model: the architecture.
        tokens: of the sequence.
        layout: how the GPUs share the model. Pipeline stages are not divided by: each keeps its own layers' part of this.
        kv_dtype_bytes: bytes of one number in the cache.
        block_tokens: tokens of a block; 1: nothing is rounded.

    >>> from pricing import architecture
    >>> sequence_bytes(architecture("Meta-Llama-3.1-8B"), 100, layout=Layout(tensor_parallel_size=2), block_tokens=16)
    7340032.0
    """
    whole = -(-tokens // block_tokens) * block_tokens
    return sum(
        kept.sequence_bytes(whole, kv_dtype_bytes) / cache_shards(kept, model, layout.tensor_parallel_size)
        for kept in model.kv_layers
    )


def blocks_of_pool(pool_bytes: float, block_bytes: float) -> int:
    """Whole blocks of a pool; none of one that is no larger than nothing.

    >>> blocks_of_pool(2 * 2**30, 128 * 114_688), blocks_of_pool(-1.0, 10.0)
    (146, 0)
    """
    return max(0, math.floor(pool_bytes / block_bytes))


def longest_sequence_tokens(
    model: Architecture, pool_bytes: float, most_tokens: int, *, layout: Layout, kv_dtype_bytes: int, block_tokens: int
) -> int:
    """The longest sequence whose cache fits into a pool, alone [tokens]; 0 where not even one block does.

    Args:
        model: the architecture.
        pool_bytes: of one GPU that keeps all layers [bytes].
        most_tokens: longer ones are not asked for.
        layout: how the GPUs share the model.
        kv_dtype_bytes: bytes of one number in the cache.
        block_tokens: tokens of a block.
    """

    def fits(tokens: int) -> bool:
        kept = sequence_bytes(model, tokens, layout=layout, kv_dtype_bytes=kv_dtype_bytes, block_tokens=block_tokens)
        return kept <= pool_bytes

    if fits(most_tokens):
        return most_tokens
    low, high = 0, most_tokens
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low // block_tokens * block_tokens


def cache_shards(kept: KvLayers, model: Architecture, tensor: int) -> int:
    """GPUs that a cache is split over: heads are, a latent is kept whole by each.

    Args:
        kept: one kind of cache.
        model: whose.
        tensor: GPUs that share each layer.
    """
    if kept.kind == "keys_values":
        return min(tensor, max(1, model.kv_heads))
    return tensor if kept.kind == "state" else 1
