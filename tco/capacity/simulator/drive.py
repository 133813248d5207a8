"""Requests come, are given to a replica, and end: open loops by their arrival times, closed ones as streams get free."""

from __future__ import annotations

import heapq
from typing import Any

from tco.capacity.simulator.advance import FAR_S, advance, set_bound
from tco.capacity.simulator.blocks import kept_blocks
from tco.capacity.simulator.compiled import compiled, part
from tco.capacity.simulator.state import Records, State

ROUND_ROBIN, LEAST_LOADED, PREFIX_AWARE = 0, 1, 2
_MORE_BY, _MORE_TIMES = 32, 1.1
"""A prefix-aware router leaves its choice where that replica has so many more requests than the least loaded one, absolutely and relatively."""


@compiled
def drive_open(requests: Records, policy: int, state: State) -> int:
    """Lets requests come at their times; returns how many, fewer than all where all slots are taken.

    Args:
        requests: in the order of `sent_s`.
        policy: of the router.
        state: of all replicas.
    """
    asks_for_load = policy != ROUND_ROBIN and state.replicas.size > 1
    for number in range(requests.size):
        if state.marks[0] == 0:
            return number
        request = requests[number]
        chosen = _choose(request, policy, request.sent_s, state)
        advance(chosen, request.sent_s, False, state)
        _hand_over(chosen, request, request.sent_s, state)
        if asks_for_load:
            set_bound(chosen, state)
    return int(requests.size)


@compiled
def drain(state: State) -> None:
    """Lets all replicas end what they have."""
    for number in range(state.replicas.size):
        advance(number, FAR_S, False, state)


@compiled
def drive_closed(requests: Records, policy: int, streams: int, state: State) -> None:
    """Sends requests one after the other, each when a stream is free.

    Args:
        requests: in the order in which they are sent.
        policy: of the router.
        streams: requests in flight.
        state: of all replicas, with as many slots as streams.
    """
    free_s = [0.0 for _ in range(streams)]
    sent, noticed = 0, 0
    while sent < requests.size:
        while noticed < state.marks[1]:
            heapq.heappush(free_s, state.ended[noticed].finish_s)
            noticed += 1
        next_s = free_s[0] if len(free_s) > 0 else FAR_S
        soonest = _soonest(state)
        if state.replicas[soonest].bound_s < next_s:
            advance(soonest, next_s, True, state)
            set_bound(soonest, state)
            continue
        chosen = _choose(requests[sent], policy, next_s, state)
        advance(chosen, next_s, False, state)
        _hand_over(chosen, requests[sent], next_s, state)
        set_bound(chosen, state)
        heapq.heappop(free_s)
        sent += 1
    drain(state)


@compiled
def _soonest(state: State) -> int:
    """The replica at which a request may end first."""
    found = 0
    for number in range(1, state.replicas.size):
        if state.replicas[number].bound_s < state.replicas[found].bound_s:
            found = number
    return found


@part
def _hand_over(number: int, request: Any, sent_s: float, state: State) -> None:
    """Puts a request at the end of a replica's waiting line."""
    engine, replica = state.engine[0], state.replicas[number]
    state.marks[0] -= 1
    which = state.free_slots[state.marks[0]]
    slot = state.slots[which]
    replica.handed_s = max(sent_s, replica.handed_s + engine.dispatch_s)
    slot.request, slot.sent_s, slot.reached_s, slot.first_s = request.number, sent_s, replica.handed_s, -1.0
    slot.prompt, slot.answer, slot.group, slot.loaded = request.prompt, request.answer, request.group, request.loaded
    slot.kind = request.kind
    # The last token of a prompt is always computed, and into a block of its own.
    shared = min(request.prefix, request.prompt - 1) if engine.caches_prefixes and request.group >= 0 else 0
    slot.prefix_blocks = shared // engine.block_tokens
    slot.made, slot.target, slot.computed, slot.next, slot.left = 0, request.prompt, 0, -1, 0
    if replica.waiting_last >= 0:
        state.slots[replica.waiting_last].next = which
    else:
        replica.waiting_first = which
    replica.waiting_last = which
    replica.in_flight += 1


@part
def _choose(request: Any, policy: int, at_s: float, state: State) -> int:
    """The replica that a request goes to: the first that suits, counted from behind the one that was chosen last."""
    count = state.replicas.size
    after = (state.marks[2] + 1) % count
    chosen = after
    if policy != ROUND_ROBIN and count > 1:
        _catch_up(at_s, state)
        chosen = _least_loaded(after, at_s, state)
        if policy == PREFIX_AWARE and request.group >= 0:
            chosen = _warm(after, chosen, request.group, at_s, state)
    state.marks[2] = chosen
    return int(chosen)


@compiled
def _catch_up(at_s: float, state: State) -> None:
    """Lets every request end that ends before a time."""
    for number in range(state.replicas.size):
        if state.replicas[number].bound_s < at_s:
            advance(number, at_s, False, state)
            set_bound(number, state)


@part
def _least_loaded(after: int, at_s: float, state: State) -> int:
    found, least = after, _load(after, at_s, state)
    for offset in range(1, state.replicas.size):
        number = (after + offset) % state.replicas.size
        load = _load(number, at_s, state)
        if load < least:
            found, least = number, load
    return int(found)


@compiled
def _warm(after: int, idlest: int, group: int, at_s: float, state: State) -> int:
    """The least loaded of those that still have the beginning; the idlest where none has it, or where the warm ones are much busier."""
    found, least = -1, 0
    for offset in range(state.replicas.size):
        number = (after + offset) % state.replicas.size
        if kept_blocks(state.groups[number, group], state.replicas[number]) > 0:
            load = _load(number, at_s, state)
            if found < 0 or load < least:
                found, least = number, load
    spare = _load(idlest, at_s, state)
    if found < 0 or (least > spare + _MORE_BY and least > _MORE_TIMES * spare):
        return int(idlest)
    return int(found)


@part
def _load(number: int, at_s: float, state: State) -> int:
    """Requests of a replica that have not ended by a time, those included that end with a step that still runs."""
    replica = state.replicas[number]
    return int(replica.in_flight + (replica.ended_last if replica.now_s > at_s else 0))
