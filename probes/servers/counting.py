"""How many tokens an answer has, and which chunk each of them came in.

A chunk is not a token: servers put several tokens in a chunk (speculative decoding, several scheduler steps, coalesced output) and send chunks
without any (the role, usage). So tokens are counted by the server's usage, else by token ids, and by chunks only as a last resort that shows in
`token_source`. Which chunk they came in is told by ids or by a usage that runs along; else the total is spread evenly, which `split` says.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.cell import TokenSource
    from probes.servers.reading import Chunk, Reading
    from probes.trace import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Tokens of one answer by chunk.

    Attributes:
        arrivals_ns: when each chunk with tokens arrived.
        tokens: tokens in each of them.
        source: who counted the total.
        split: how the total came to the chunks.
        hidden_tokens: tokens that were never streamed, in the first chunk.
    """

    arrivals_ns: tuple[int, ...]
    tokens: tuple[int, ...]
    source: TokenSource
    split: Split
    hidden_tokens: int = 0


def count_tokens(reading: Reading) -> Counted:
    """Counts an answer's tokens and gives them to its chunks.

    Args:
        reading: the whole answer.
    """
    hidden = _hidden_tokens(reading)
    chunks, tokens, source, split = _by_chunk(reading, hidden)
    carriers = [(chunk.at_ns, number) for chunk, number in zip(chunks, tokens, strict=True) if number > 0]
    told = [number for _, number in carriers]
    if hidden and told:
        told[0] += hidden
    return Counted(
        arrivals_ns=tuple(at_ns for at_ns, _ in carriers),
        tokens=tuple(told),
        source=source,
        split=split,
        hidden_tokens=hidden if told else 0,
    )


def _hidden_tokens(reading: Reading) -> int:
    """Reasoning that usage counts and the stream does not show: vendors keep it to themselves."""
    total, reasoning = reading.completion_tokens, reading.reasoning_tokens
    if total is None or not reasoning or reading.reasoning_seen or any(chunk.ids for chunk in reading.chunks):
        return 0
    return min(reasoning, total)


def _by_chunk(reading: Reading, hidden: int) -> tuple[list[Chunk], list[int], TokenSource, Split]:
    every = reading.chunks
    ids = _ids_by_chunk(every)
    total = None if reading.completion_tokens is None else reading.completion_tokens - hidden
    if total == 0 and not hidden and any(chunk.has_text for chunk in every):
        total = None  # a usage that was never filled in
    if ids is not None and (total is None or sum(ids) == total):
        return every, ids, "token_ids" if total is None else "usage", "told"
    busy = [chunk for chunk in every if chunk.has_text or not chunk.last]
    if total is None:
        return busy, [1] * len(busy), "chunks", "one_each"
    running = _running_by_chunk(every, total + hidden) if not hidden else None
    if running is not None:
        return every, running, "usage", "told"
    # A last chunk without text is a token in vLLM (it completed no character) and none elsewhere: usage tells which.
    chosen = every if total == len(every) or not busy else busy
    return chosen, spread(total, len(chosen)), "usage", "even"


def _ids_by_chunk(chunks: list[Chunk]) -> list[int] | None:
    """Ids in each chunk; None unless every chunk that can carry tokens says so."""
    known = [chunk.ids is not None or (chunk.last and not chunk.has_text) for chunk in chunks]
    some = any(chunk.ids is not None for chunk in chunks)
    return [len(chunk.ids or ()) for chunk in chunks] if some and all(known) else None


def _running_by_chunk(chunks: list[Chunk], total: int) -> list[int] | None:
    """Differences of the running usage; None unless every chunk has it, it never falls, and it ends at the total."""
    running = [chunk.running for chunk in chunks if chunk.running is not None]
    if len(running) != len(chunks) or len(chunks) < 2 or running[-1] != total:  # noqa: PLR2004 -- one number alone runs nowhere
        return None
    steps = [after - before for before, after in itertools.pairwise([0, *running])]
    return steps if min(steps) >= 0 else None


def spread(total: int, parts: int) -> list[int]:
    """Spreads tokens over chunks as evenly as whole numbers allow, the first chunk never empty.

    Args:
        total: tokens.
        parts: chunks.

    >>> spread(7, 3), spread(2, 4), spread(5, 0)
    ([3, 2, 2], [1, 0, 1, 0], [])
    """
    steps = [-(-index * total // parts) for index in range(parts + 1)] if parts else []
    return [after - before for before, after in itertools.pairwise(steps)]
