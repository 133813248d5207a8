"""Blocks of the KV cache: who needs how many, and the line in which free ones wait to be taken.

A sequence with `c` tokens in its cache holds `ceil(c / block)` blocks. Whole blocks of a beginning that requests have in common are held once. Without users
they stay until the blocks that were free before them, and then they themselves from their end on, are taken: vLLM's queue of free blocks, least recently
used first. So do the whole blocks of a request that is preempted, which it finds again if it comes back in time. A block that is not full goes in front of
that line when it is given back, and is the next to be taken.

Beginnings that requests have in common are in `beginnings.py`.
"""

from __future__ import annotations

from typing import Any

from tco.capacity.simulator.compiled import compiled
from tco.capacity.simulator.state import Whole


@compiled
def needed_by_decoding(replica: Any, residues: Whole, block_tokens: int, steps: int) -> int:
    """Blocks that the decoding sequences need in their next `steps` steps."""
    cycles, rest = divmod(steps, block_tokens)
    needed = cycles * replica.decoding
    place = (-replica.counter) % block_tokens
    for _ in range(rest):
        needed += residues[place]
        place = place - 1 if place > 0 else block_tokens - 1
    return int(needed)


@compiled
def steps_that_fit(replica: Any, residues: Whole, block_tokens: int, free: int, steps: int) -> int:
    """How many of `steps` steps the decoding sequences find blocks for."""
    if replica.decoding * (steps // block_tokens + 1) <= free:
        return steps
    cycles = free // replica.decoding
    fitting, left = cycles * block_tokens, free - cycles * replica.decoding
    place = (-replica.counter) % block_tokens
    while fitting < steps and residues[place] <= left:
        left -= residues[place]
        fitting += 1
        place = place - 1 if place > 0 else block_tokens - 1
    return int(min(fitting, steps))


@compiled
def take(replica: Any, needed: int) -> None:
    """Takes free blocks: first those in front of the line, then those in it."""
    replica.used_blocks += needed
    from_front = min(max(0, needed), replica.front_blocks)
    replica.front_blocks -= from_front
    replica.line_taken += max(0, needed) - from_front


@compiled
def end_of_line(replica: Any, engine: Any) -> int:
    """So many blocks of the line will have been taken when one is that now goes to its end."""
    return int(replica.line_taken + engine.kv_blocks - replica.used_blocks - replica.front_blocks)


@compiled
def own_blocks(slot: Any, cached_tokens: int, block_tokens: int) -> int:
    """Blocks that a sequence holds for itself with so many tokens in its cache."""
    return int(
        (cached_tokens + block_tokens - 1) // block_tokens - held_of_beginning(slot, cached_tokens, block_tokens)
    )


@compiled
def held_of_beginning(slot: Any, cached_tokens: int, block_tokens: int) -> int:
    """Whole blocks of its common beginning that a sequence uses with so many tokens in its cache."""
    return int(min(slot.prefix_blocks, cached_tokens // block_tokens))


@compiled
def kept_blocks(group: Any, replica: Any) -> int:
    """Blocks of a common beginning that are still in the cache: those in use, or not yet taken, and then what is left behind them."""
    front = kept_in_front(group, replica)
    return int(front if front < group.blocks else front + kept_of(group.tail, group.tail_evicted_from, replica))


@compiled
def kept_in_front(group: Any, replica: Any) -> int:
    """Of `group.blocks` those that are still in the cache."""
    return int(group.blocks if group.users > 0 else kept_of(group.blocks, group.evicted_from, replica))


@compiled
def kept_of(blocks: int, evicted_from: int, replica: Any) -> int:
    """Of blocks that went to the line of free ones those that nobody has taken."""
    return int(max(0, blocks - max(0, replica.line_taken - evicted_from)))


@compiled
def hit_blocks(slot: Any, group: Any, replica: Any, block_tokens: int) -> int:
    """Blocks of a prompt that the cache answers, the common beginning's first; its last token is always computed."""
    found = 0
    if slot.prefix_blocks > 0:
        found = min(kept_blocks(group, replica), slot.prefix_blocks)
    if slot.left > 0 and found == slot.prefix_blocks:
        found += kept_of(slot.left, slot.evicted_from, replica)
    return int(min(found, (slot.target - 1) // block_tokens))


@compiled
def needed_to_admit(slot: Any, group: Any, replica: Any, block_tokens: int) -> int:
    """Free blocks that a waiting request must find: for its whole prompt, as vLLM asks (`scheduler_reserve_full_isl`); unused hits are free blocks too."""
    whole = (slot.target + block_tokens - 1) // block_tokens
    if slot.prefix_blocks > 0 and group.users > 0:
        whole -= min(hit_blocks(slot, group, replica, block_tokens), slot.prefix_blocks, group.blocks)
    return int(whole)


@compiled
def extend(slot: Any, group: Any, replica: Any, block_tokens: int, cached_before: int, cached_after: int) -> None:
    """Takes blocks for tokens that are computed; whole blocks of the beginning are shared from now on."""
    taken = _taken(slot, group, block_tokens, cached_before, cached_after)
    if slot.prefix_blocks > 0:
        reached = held_of_beginning(slot, cached_after, block_tokens)
        if reached > group.blocks:
            group.blocks, group.tail = reached, 0
    take(replica, taken)


@compiled
def fits(slot: Any, group: Any, replica: Any, engine: Any, cached_after: int) -> bool:
    """Whether `extend` finds the blocks of a prompt that is half computed."""
    taken = _taken(slot, group, engine.block_tokens, slot.computed, cached_after)
    return bool(taken <= engine.kv_blocks - replica.used_blocks)


@compiled
def _taken(slot: Any, group: Any, block_tokens: int, cached_before: int, cached_after: int) -> int:
    taken = own_blocks(slot, cached_after, block_tokens) - own_blocks(slot, cached_before, block_tokens)
    if slot.prefix_blocks > 0:
        taken += max(0, held_of_beginning(slot, cached_after, block_tokens) - group.blocks)
    return int(taken)


@compiled
def leave_own(slot: Any, replica: Any, engine: Any, known: int) -> None:
    """Notes what of its own a request finds again that is about to be preempted: whole blocks, which go behind all that are free, its last one first."""
    if engine.caches_prefixes:
        slot.left = max(0, known // engine.block_tokens - slot.prefix_blocks)
        slot.evicted_from = end_of_line(replica, engine)


@compiled
def known_tokens(slot: Any, engine: Any, cached_tokens: int) -> int:
    """Cached tokens of a decoding sequence by which blocks are found: a scheduler that works ahead does not know the one that the running step makes."""
    return int(max(slot.target, cached_tokens - engine.schedules_ahead))


@compiled
def in_front(cached_tokens: int, known: int, block_tokens: int) -> int:
    """Blocks of a sequence that go in front of all free ones when it gives them back: those that hold nothing whole, which nobody can find again."""
    return int((cached_tokens + block_tokens - 1) // block_tokens - known // block_tokens)


@compiled
def shared_group(slot: Any) -> int:
    """The group whose blocks a sequence uses, or -1."""
    return int(slot.group if slot.prefix_blocks > 0 else -1)


@compiled
def give_back(replica: Any, own: int, front: int) -> None:
    """A sequence gives its own blocks back, of which so many go in front of all free ones."""
    replica.used_blocks -= own
    replica.front_blocks += front
