"""Common beginnings of prompts in the cache: who uses how much of them, and what is left of them in the line of free blocks.

Of a group's beginning the first `blocks` are in use as far as the longest one of its users goes. What only longer ones used is its tail, and went to the line
when the last of them left; without users the rest went there too, later. So the tail is taken first, each part from its end on.

What is left out: parts of a tail that went at different times are taken as if they had gone with the oldest and deepest of them; a prompt that is all of its beginning, to the end of a block,
computes that block again, and the new one is not found by others.
"""

from __future__ import annotations

from tco.capacity.simulator.blocks import end_of_line, held_of_beginning, kept_in_front, kept_of
from tco.capacity.simulator.compiled import compiled
from tco.capacity.simulator.state import State


@compiled
def join(number: int, which: int, hits: int, state: State) -> None:
    """One more request uses its common beginning; what it hits of unused blocks is in use from now on.

    Args:
        number: of the replica.
        which: the request's slot; it has a beginning of a block at least.
        hits: blocks of the beginning that the cache answers.
        state: of all.
    """
    slot, replica = state.slots[which], state.replicas[number]
    group = state.groups[number, slot.group]
    front = kept_in_front(group, replica)
    tail = kept_of(group.tail, group.tail_evicted_from, replica) if front == group.blocks else 0
    tail_from = max(group.tail_evicted_from, replica.line_taken)
    if group.users == 0:
        taken = min(hits, front)
        if taken > 0:
            close_up(number, group.evicted_from, taken, state)
        replica.used_blocks += taken
        group.blocks = taken
        if tail == 0:
            tail_from = max(group.evicted_from, replica.line_taken)
        tail += front - taken
    from_tail = max(0, hits - group.blocks)
    if from_tail > 0:
        close_up(number, group.tail_evicted_from, from_tail, state)
        replica.used_blocks += from_tail
        group.blocks += from_tail
    group.tail, group.tail_evicted_from = tail - from_tail, tail_from
    group.users += 1


@compiled
def close_up(number: int, gap: int, count: int, state: State) -> None:
    """Blocks that are hit leave the line of free ones; what stands behind them in it is taken that much sooner."""
    groups, slots = state.groups[number], state.slots
    for place in range(groups.size):
        group = groups[place]
        if group.users == 0 and group.evicted_from > gap:
            group.evicted_from -= count
        if group.tail > 0 and group.tail_evicted_from > gap:
            group.tail_evicted_from -= count
    which = state.replicas[number].waiting_first
    while which >= 0 and slots[which].reached_s < 0:  # those that were preempted
        if slots[which].left > 0 and slots[which].evicted_from > gap:
            slots[which].evicted_from -= count
        which = slots[which].next


@compiled
def leave(number: int, shared: int, held: int, state: State) -> None:
    """A sequence that has given its own blocks back uses a beginning no more; what nobody else uses of it goes behind all blocks that are free.

    Args:
        number: of the replica.
        shared: the group.
        held: blocks of the beginning that it used.
        state: of all.
    """
    engine, replica = state.engine[0], state.replicas[number]
    group = state.groups[number, shared]
    group.users -= 1
    if group.users == 0:
        group.evicted_from = end_of_line(replica, engine)
        replica.used_blocks -= group.blocks
    elif held == group.blocks:
        still = _longest_in_use(number, shared, state)
        if still < group.blocks:
            tail = kept_of(group.tail, group.tail_evicted_from, replica)
            oldest = max(group.tail_evicted_from, replica.line_taken)
            group.tail_evicted_from = oldest if tail > 0 else end_of_line(replica, engine)
            group.tail = tail + group.blocks - still
            replica.used_blocks -= group.blocks - still
            group.blocks = still


@compiled
def _longest_in_use(number: int, shared: int, state: State) -> int:
    """Blocks of a beginning that the users who are left have, those included whose prompt is complete with this step, and those that just ended."""
    replica, slots = state.replicas[number], state.slots
    most, found = state.groups[number, shared].blocks, 0
    for place in range(replica.decoding):
        slot = slots[state.running[number, place, 2]]
        if slot.group == shared:
            found = max(found, slot.prefix_blocks)
            if found >= most:
                return int(found)
    for place in range(replica.completing):
        if state.ready[place] >= 0 and slots[state.ready[place]].group == shared:
            found = max(found, slots[state.ready[place]].prefix_blocks)
    if replica.partial >= 0 and slots[replica.partial].group == shared:
        slot = slots[replica.partial]
        found = max(found, held_of_beginning(slot, slot.computed, state.engine[0].block_tokens))
    for place in range(replica.leaving):
        if state.leaving[number, place, 2] == shared:
            found = max(found, state.leaving[number, place, 5])
    return int(found)
