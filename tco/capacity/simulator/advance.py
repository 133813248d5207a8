"""From event to event: steps of an unchanged batch are taken together, up to the next end, arrival, or lack of blocks."""

from __future__ import annotations

from tco.capacity.simulator import blocks
from tco.capacity.simulator.compiled import compiled, part
from tco.capacity.simulator.sequences import end_decoding, let_go
from tco.capacity.simulator.state import State
from tco.capacity.simulator.step import admits, elapse, one_step, seen_s
from tco.capacity.simulator.timing import decode_steps_s, steps_until

FAR_S = 1e300


@part
def even_steps(number: int, state: State) -> int:
    """How many of the next steps have the same sequences, decoding all; 0 where the next one has a prompt or lacks blocks."""
    engine, replica = state.engine[0], state.replicas[number]
    if replica.partial >= 0 or admits(number, state):
        return 0
    steps = state.running[number, 0, 0] - replica.counter
    first = replica.waiting_first
    if first >= 0 and replica.decoding < engine.max_seqs and state.slots[first].reached_s > seen_s(engine, replica):
        # It cannot be seen yet, and a scheduler that works ahead sees it a step later.
        comes_s = state.slots[first].reached_s - replica.now_s
        until = steps_until(engine, replica.decoding, replica.cached_tokens, comes_s) if comes_s > 0 else 0
        steps = min(steps, max(1, until + engine.schedules_ahead))
    free = engine.kv_blocks - replica.used_blocks
    fitting = blocks.steps_that_fit(replica, state.residues[number], engine.block_tokens, free, steps)
    if replica.leaving > 0 and (first >= 0 or fitting < steps):
        # After the next step their places and blocks are free.
        fitting = min(fitting, 1)
    return int(fitting)


@compiled
def set_bound(number: int, state: State) -> None:
    """Finds a time before which no request of a replica ends, as long as nobody comes."""
    engine, replica = state.engine[0], state.replicas[number]
    if replica.decoding == 0 and replica.partial < 0:
        first = replica.waiting_first
        replica.bound_s = FAR_S if first < 0 else max(replica.now_s, state.slots[first].reached_s)
        return
    steps = even_steps(number, state)
    lasts_s = decode_steps_s(engine, replica.decoding, replica.cached_tokens, steps) if steps > 0 else 0.0
    replica.bound_s = replica.now_s + lasts_s


@compiled
def advance(number: int, until_s: float, once: bool, state: State) -> None:
    """Runs the steps of a replica that start before a time.

    Args:
        number: of the replica.
        until_s: the time; who comes just then is seen by the next step.
        once: whether it stops after its next event.
        state: of all.
    """
    engine, replica = state.engine[0], state.replicas[number]
    while True:
        if replica.decoding == 0 and replica.partial < 0:
            if replica.waiting_first < 0:
                break
            start_s = max(replica.now_s, state.slots[replica.waiting_first].reached_s)
            if start_s >= until_s:
                break
            if not admits(number, state):
                # Nothing was settled ahead.
                replica.now_s, replica.previous_start_s = start_s, start_s
                let_go(number, state)
        elif replica.now_s >= until_s:
            break
        steps = even_steps(number, state)
        if steps == 0:
            one_step(number, state)
        else:
            if until_s < FAR_S:
                left_s = until_s - replica.now_s
                steps = min(steps, steps_until(engine, replica.decoding, replica.cached_tokens, left_s))
            _even(number, steps, state)
        if once:
            break


@part
def _even(number: int, steps: int, state: State) -> None:
    """Several steps of the same decoding sequences."""
    engine, replica = state.engine[0], state.replicas[number]
    lasts_s = decode_steps_s(engine, replica.decoding, replica.cached_tokens, steps)
    all_but_last_s = decode_steps_s(engine, replica.decoding, replica.cached_tokens, steps - 1)
    needed = blocks.needed_by_decoding(replica, state.residues[number], engine.block_tokens, steps)
    if replica.leaving > 0:
        # The first of these steps was settled with their blocks still in use.
        first = blocks.needed_by_decoding(replica, state.residues[number], engine.block_tokens, 1)
        blocks.take(replica, first)
        replica.peak_blocks = max(replica.peak_blocks, replica.used_blocks)
        let_go(number, state)
        blocks.take(replica, needed - first)
    else:
        blocks.take(replica, needed)
    # Blocks are taken one after the other: over the time of these steps half of them on average.
    replica.block_s -= lasts_s * needed / 2
    elapse(replica, lasts_s, lasts_s - all_but_last_s, steps, replica.decoding)
    end_decoding(number, state)
