"""The `Request` record: one request that is to be sent, and the `Arrival` of one on a schedule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, ready to be put into a server's own form.

    Attributes:
        prompt: token ids, or text.
        input_tokens: tokens in the prompt as it was made; the server's own count replaces it.
        output_tokens: tokens to generate.
        cache_salt: keeps the request out of everybody else's prefix cache; requests that are meant to share a beginning share it.
        planned_hit_tokens: the most prompt tokens that a prefix cache may rightly answer, because the workload shares them. A cache works in blocks
            and may have had to make room, so that it mostly answers fewer.
    """

    prompt: list[int] | str
    input_tokens: int
    output_tokens: int
    cache_salt: str
    planned_hit_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request of an open loop.

    Attributes:
        offset_s: when it is sent, after the start of the load [s].
        input_tokens: prompt length [tokens].
        output_tokens: answer length [tokens].
        blocks: identities of the prompt's blocks (Mooncake's `hash_ids`), empty where every prompt is fresh; equal beginnings are equal prompts.
        block_tokens: tokens in each of these blocks.
        planned_hit_tokens: prompt tokens that an earlier arrival began with too, as whoever made the schedule knows; see `Request`.
    """

    offset_s: float
    input_tokens: int
    output_tokens: int
    blocks: tuple[int, ...] = ()
    block_tokens: int = 0
    planned_hit_tokens: int = 0
