"""One step of a replica, as vLLM V1 schedules it: decoding sequences first, then a prompt that is half computed, then waiting requests in order.

From `vllm/v1/core/sched/scheduler.py` of vLLM 0.32 (first come, first served, no speculation): a sequence that finds no block makes room by preempting the
one that was admitted last; after a preemption nobody is admitted in that step; a preempted request waits in front of all others and is computed again. A scheduler that
works ahead settles a step when the one before starts: it knows neither who comes during that nor the places and blocks of those that end with it.
"""

from __future__ import annotations

from typing import Any

from tco.capacity.simulator import beginnings, blocks
from tco.capacity.simulator.compiled import compiled, part
from tco.capacity.simulator.sequences import end_decoding, first_token, let_go, preempt, room_for_decoding
from tco.capacity.simulator.state import State
from tco.capacity.simulator.timing import step_s


@compiled
def seen_s(engine: Any, replica: Any) -> float:
    """Requests that had come by then can be in the next step: it starts now, or it was settled when the step before started."""
    return float(replica.previous_start_s if engine.schedules_ahead else replica.now_s)


@part
def admits(number: int, state: State) -> bool:
    """Whether the next step of a replica can take its first waiting request."""
    engine, replica = state.engine[0], state.replicas[number]
    first = replica.waiting_first
    running = replica.decoding + replica.leaving + (1 if replica.partial >= 0 else 0)
    if first < 0 or running >= engine.max_seqs:
        return False
    slot = state.slots[first]
    if slot.reached_s > seen_s(engine, replica):
        return False
    needed = blocks.needed_to_admit(slot, state.groups[number, max(slot.group, 0)], replica, engine.block_tokens)
    return bool(needed <= engine.kv_blocks - replica.used_blocks)


@compiled
def one_step(number: int, state: State) -> None:
    """Schedules and runs one step, whatever is in it."""
    engine, replica = state.engine[0], state.replicas[number]
    preempted = room_for_decoding(number, state)
    decoding = replica.decoding
    budget, complete, chunks, pairs = engine.max_tokens - decoding, 0, 0, 0.0

    if replica.partial >= 0:
        which = replica.partial
        slot = state.slots[which]
        group = state.groups[number, max(slot.group, 0)]
        chunk = min(budget, slot.target - slot.computed)
        if not blocks.fits(slot, group, replica, engine, slot.computed + chunk):
            preempt(number, which, state)
            preempted = True
        elif chunk > 0:
            pairs += _compute(slot, group, replica, engine, chunk)
            chunks, budget = chunks + 1, budget - chunk
            if slot.computed == slot.target:
                state.ready[complete] = which
                complete += 1
                replica.partial = -1

    seats = engine.max_seqs - decoding - replica.leaving
    while not preempted and budget > 0 and replica.partial < 0 and complete < seats:
        if not admits(number, state):
            break
        which = replica.waiting_first
        slot = state.slots[which]
        group = state.groups[number, max(slot.group, 0)]
        _admit(number, which, state)
        chunk = min(budget, slot.target - slot.computed)
        pairs += _compute(slot, group, replica, engine, chunk)
        chunks, budget = chunks + 1, budget - chunk
        if slot.computed == slot.target:
            state.ready[complete] = which
            complete += 1
        else:
            replica.partial = which

    if decoding + chunks == 0:
        # All were preempted: nothing runs, and the next step is settled now.
        replica.previous_start_s = replica.now_s
        let_go(number, state)
        return
    prefill = engine.max_tokens - decoding - budget
    lasts_s = step_s(engine, decoding, replica.cached_tokens + decoding, prefill, pairs, chunks)
    elapse(replica, lasts_s, lasts_s, 1, decoding + chunks)
    replica.completing = complete
    let_go(number, state)
    end_decoding(number, state)
    for place in range(complete):
        which = state.ready[place]
        state.ready[place] = -1
        first_token(number, which, state)
    replica.completing = 0


@compiled
def elapse(replica: Any, lasts_s: float, last_step_s: float, steps: int, sequences: int) -> None:
    """Time goes on by some steps of the same sequences, in each of which every decoding one makes a token."""
    replica.now_s += lasts_s
    replica.previous_start_s = replica.now_s - last_step_s
    replica.counter += steps
    replica.cached_tokens += steps * replica.decoding
    replica.ended_last = 0
    replica.steps += steps
    replica.busy_s += lasts_s
    replica.sequence_s += lasts_s * sequences
    replica.block_s += lasts_s * replica.used_blocks
    replica.peak_blocks = max(replica.peak_blocks, replica.used_blocks)


@part
def _admit(number: int, which: int, state: State) -> None:
    """From the waiting line into the batch, with what the prefix cache has of its prompt."""
    engine, replica, slot = state.engine[0], state.replicas[number], state.slots[which]
    group = state.groups[number, max(slot.group, 0)]
    hits = blocks.hit_blocks(slot, group, replica, engine.block_tokens)
    shared, own = min(hits, slot.prefix_blocks), max(0, hits - slot.prefix_blocks)
    if slot.prefix_blocks > 0:
        beginnings.join(number, which, shared, state)
    if own > 0:
        beginnings.close_up(number, slot.evicted_from, own, state)
    replica.used_blocks += own
    slot.computed = max(hits * engine.block_tokens, slot.loaded)
    if slot.loaded > hits * engine.block_tokens:
        blocks.extend(slot, group, replica, engine.block_tokens, hits * engine.block_tokens, slot.loaded)
    replica.hit_tokens += hits * engine.block_tokens
    replica.admissions += 1
    slot.admission = replica.admissions
    replica.waiting_first = slot.next
    if replica.waiting_first < 0:
        replica.waiting_last = -1


@compiled
def _compute(slot: Any, group: Any, replica: Any, engine: Any, chunk: int) -> float:
    """Computes a chunk of a prompt; returns its pairs of a token and a token that it attends to."""
    blocks.extend(slot, group, replica, engine.block_tokens, slot.computed, slot.computed + chunk)
    pairs = chunk * (slot.computed + (chunk + 1) / 2)
    slot.computed += chunk
    return float(pairs)
