"""Sequences of a batch: they begin to decode, end, or lose their blocks to others."""

from __future__ import annotations

from typing import Any

from tco.capacity.simulator import beginnings, blocks, heaps
from tco.capacity.simulator.compiled import compiled, part
from tco.capacity.simulator.state import State


@part
def room_for_decoding(number: int, state: State) -> bool:
    """Takes the blocks that decoding sequences need in the next step; returns whether others were preempted for it."""
    engine, replica = state.engine[0], state.replicas[number]
    preempted = False
    while True:
        needed = blocks.needed_by_decoding(replica, state.residues[number], engine.block_tokens, 1)
        if needed <= engine.kv_blocks - replica.used_blocks:
            break
        _preempt_last(number, state)
        preempted = True
    blocks.take(replica, needed)
    return preempted


@compiled
def _preempt_last(number: int, state: State) -> None:
    """Preempts the sequence that was admitted last; one that has ended, which a scheduler that works ahead does not know yet, just goes."""
    replica, heap, leaving = state.replicas[number], state.running[number], state.leaving[number]
    if replica.partial >= 0:
        preempt(number, replica.partial, state)
        return
    last = heaps.admitted_last(heap, replica.decoding)
    if replica.leaving > 0:
        gone = heaps.admitted_last(leaving, replica.leaving)
        if leaving[gone, 1] > heap[last, 1]:
            _give_back(number, gone, 4, state)
            replica.leaving -= 1
            for place in range(gone, replica.leaving):
                leaving[place] = leaving[place + 1]
            replica.preemptions += 1
            return
    preempt(number, heap[last, 2], state)


@part
def let_go(number: int, state: State) -> None:
    """Gives back the blocks of sequences that ended before a step that is settled now."""
    for place in range(state.replicas[number].leaving):
        _give_back(number, place, 3, state)
    state.replicas[number].leaving = 0


@part
def _give_back(number: int, place: int, front: int, state: State) -> None:
    """Gives back the blocks of one that ended; which of its columns says how many go in front depends on whether its last token is known."""
    leaving = state.leaving[number]
    blocks.give_back(state.replicas[number], leaving[place, 0], leaving[place, front])
    shared = leaving[place, 2]
    if shared >= 0:
        leaving[place, 2] = -1
        beginnings.leave(number, shared, leaving[place, 5], state)


@compiled
def preempt(number: int, victim: int, state: State) -> None:
    """Takes a sequence's blocks and puts it in front of the waiting line; its prompt and its tokens so far are to be computed."""
    engine, replica, slot = state.engine[0], state.replicas[number], state.slots[victim]
    if victim == replica.partial:
        cached = known = slot.computed
        replica.partial = -1
    else:
        cached = slot.offset + replica.counter
        known = blocks.known_tokens(slot, engine, cached)
        heap, place = state.running[number], 0
        while heap[place, 2] != victim:
            place += 1
        _leave(number, slot, place, state)
        slot.made = cached - slot.prompt + 1
    blocks.leave_own(slot, replica, engine, known)
    own = blocks.own_blocks(slot, cached, engine.block_tokens)
    front = blocks.in_front(cached, known, engine.block_tokens)
    blocks.give_back(replica, own, front)
    if slot.prefix_blocks > 0:
        beginnings.leave(number, slot.group, blocks.held_of_beginning(slot, cached, engine.block_tokens), state)
    slot.target = slot.prompt + slot.made
    slot.computed, slot.loaded = 0, 0
    slot.reached_s = -1.0
    slot.next = replica.waiting_first
    if replica.waiting_first < 0:
        replica.waiting_last = victim
    replica.waiting_first = victim
    replica.preemptions += 1


@part
def first_token(number: int, which: int, state: State) -> None:
    """A prompt is complete: its next token is made, and it decodes from the next step on."""
    engine, replica, slot = state.engine[0], state.replicas[number], state.slots[which]
    slot.made += 1
    if slot.first_s < 0:
        slot.first_s = replica.now_s
    if slot.made == slot.answer:
        _end(number, which, slot.target, state)
        return
    slot.offset = slot.target - replica.counter
    state.residues[number, slot.offset % engine.block_tokens] += 1
    ends_at = replica.counter + slot.answer - slot.made
    heaps.push(state.running[number], replica.decoding, ends_at, slot.admission, which)
    replica.decoding += 1
    replica.cached_tokens += slot.target


@part
def end_decoding(number: int, state: State) -> None:
    """Lets the decoding sequences go whose last token has been made."""
    replica, heap = state.replicas[number], state.running[number]
    while replica.decoding > 0 and heap[0, 0] == replica.counter:
        which = heap[0, 2]
        slot = state.slots[which]
        cached = slot.offset + replica.counter
        _leave(number, slot, 0, state)
        _end(number, which, cached, state)


@part
def _leave(number: int, slot: Any, place: int, state: State) -> None:
    """Takes a sequence out of the decoding ones."""
    replica = state.replicas[number]
    heaps.remove(state.running[number], replica.decoding, place)
    replica.decoding -= 1
    replica.cached_tokens -= slot.offset + replica.counter
    state.residues[number, slot.offset % state.engine[0].block_tokens] -= 1


@compiled
def _end(number: int, which: int, cached: int, state: State) -> None:
    engine, replica, slot = state.engine[0], state.replicas[number], state.slots[which]
    own, shared = blocks.own_blocks(slot, cached, engine.block_tokens), blocks.shared_group(slot)
    front = blocks.in_front(cached, cached, engine.block_tokens)
    if engine.schedules_ahead:
        entry = state.leaving[number, replica.leaving]
        entry[0], entry[1], entry[2], entry[3] = own, slot.admission, shared, front
        entry[4] = blocks.in_front(cached, blocks.known_tokens(slot, engine, cached), engine.block_tokens)
        entry[5] = slot.prefix_blocks
        replica.leaving += 1
    else:
        blocks.give_back(replica, own, front)
        if slot.prefix_blocks > 0:
            beginnings.leave(number, slot.group, slot.prefix_blocks, state)
    done = state.ended[state.marks[1]]
    done.request, done.replica, done.answer, done.kind = slot.request, number, slot.answer, slot.kind
    done.sent_s = slot.sent_s
    done.first_s, done.finish_s = slot.first_s + engine.latency_s, replica.now_s + engine.latency_s
    state.marks[1] += 1
    state.free_slots[state.marks[0]] = which
    state.marks[0] += 1
    replica.in_flight -= 1
    replica.ended_last += 1
    replica.last_s = replica.now_s
