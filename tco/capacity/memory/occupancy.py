"""How many sequences run at once in a KV cache, for requests of given lengths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tco.capacity.memory.kv_cache import sequence_bytes
from tco.capacity.memory.waterfall import Waterfall
from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLengths:
    """One kind of request of a mix.

    Attributes:
        input_tokens: of the prompt.
        output_tokens: of the answer.
        share_fraction: of all requests.
    """

    input_tokens: int
    output_tokens: int
    share_fraction: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """Sequences that run at once.

    Attributes:
        mean_sequences: at which the cache is full on the average.
        peak_sequences: for which the cache is large enough even if all of them are at their end.
        cache_mean_sequences: the first, without the engine's own limit on sequences.
        cache_peak_sequences: the second likewise.
        max_num_seqs: that limit.
    """

    mean_sequences: int
    peak_sequences: int
    cache_mean_sequences: int
    cache_peak_sequences: int
    max_num_seqs: int


def occupancy(memory: Waterfall, mix: Sequence[RequestLengths]) -> Occupancy:
    """Sequences that run at once, at a mix of lengths.

    A sequence grows while it runs: on the average it holds `input + output / 2` tokens, at its end `input + output`, in whole blocks. Kinds are weighted by how
    long they stay, which goes with their answer's length.

    ```
    mean = floor(pool / Σ share · output · bytes(input + output / 2) / Σ share · output)      peak likewise, with bytes(input + output)
    ```

    Args:
        memory: of the replica.
        mix: what comes; shares need not add up to 1.

    Raises:
        InputError: an empty mix, or lengths below one token.

    >>> from pricing import architecture, gpu_spec
    >>> from tco.capacity.memory.layout import Layout
    >>> from tco.capacity.memory.settings import settings_on
    >>> from tco.capacity.memory.waterfall import waterfall
    >>> l4 = gpu_spec("L4")
    >>> found = occupancy(waterfall(architecture("Qwen3-8B"), l4, Layout(), settings_on(l4)), [RequestLengths(input_tokens=1000, output_tokens=200)])
    >>> found.mean_sequences, found.peak_sequences
    (20, 18)
    """
    if not mix:
        raise InputError("an empty mix of requests; give input and output tokens of at least one kind")
    for kind in mix:
        if kind.input_tokens < 1 or kind.output_tokens < 1 or not kind.share_fraction > 0:
            raise InputError(
                f"requests of {kind.input_tokens} input and {kind.output_tokens} output tokens with a share of {kind.share_fraction}; "
                "write at least one token each, and a share above 0"
            )
    limit = memory.settings.max_num_seqs
    mean, peak = (_sequences(memory, mix, grown) for grown in (0.5, 1.0))
    return Occupancy(
        mean_sequences=min(mean, limit),
        peak_sequences=min(peak, limit),
        cache_mean_sequences=mean,
        cache_peak_sequences=peak,
        max_num_seqs=limit,
    )


def _sequences(memory: Waterfall, mix: Sequence[RequestLengths], grown_fraction: float) -> int:
    settings = memory.settings
    stays = [kind.share_fraction * kind.output_tokens for kind in mix]
    kept = [
        sequence_bytes(
            memory.model,
            math.ceil(kind.input_tokens + grown_fraction * kind.output_tokens),
            layout=memory.layout,
            kv_dtype_bytes=settings.kv_dtype_bytes,
            block_tokens=settings.block_tokens,
        )
        * memory.pool_share_fraction
        for kind in mix
    ]
    mean_bytes = sum(stay * size for stay, size in zip(stays, kept, strict=True)) / sum(stays)
    blocks_bytes = memory.kv_blocks * settings.block_tokens * memory.kv_bytes_per_token
    return math.floor(blocks_bytes / mean_bytes)
