"""What a simulated engine remembers: records of numbers that compiled code reads and writes in place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime

Records = npt.NDArray[np.void]
Whole = npt.NDArray[np.int64]

_F, _I = np.float64, np.int64

ENGINE = np.dtype(
    [
        ("intercept_s", _F),
        ("per_sequence_s", _F),
        ("per_kv_token_s", _F),
        ("per_prefill_token_s", _F),
        ("per_attention_pair_s", _F),
        ("per_chunk_s", _F),
        ("hidden_tokens", _F),
        ("experts_s", _F),
        ("expert_missed", _F),  # share of experts that one token leaves out
        ("mixed_step_s", _F),
        ("latency_s", _F),
        ("dispatch_s", _F),
        ("kv_blocks", _I),
        ("block_tokens", _I),
        ("max_tokens", _I),
        ("max_seqs", _I),
        ("caches_prefixes", _I),
        ("schedules_ahead", _I),
    ]
)
"""Step times and limits of one replica; the same for all."""

REPLICA = np.dtype(
    [
        ("now_s", _F),  # start of its next step
        ("previous_start_s", _F),  # start of the step before
        ("handed_s", _F),  # when its server handed the last request to the engine
        ("bound_s", _F),  # nothing ends before this
        ("counter", _I),  # steps in which every decoding sequence made a token
        ("decoding", _I),
        ("cached_tokens", _I),  # of the decoding sequences together
        ("used_blocks", _I),
        ("front_blocks", _I),  # free ones that hold nothing whole, in front of the line of the others
        ("line_taken", _I),  # blocks ever taken from that line: the clock of the prefix cache
        ("partial", _I),  # slot of the request whose prompt is half computed, or -1
        ("waiting_first", _I),
        ("waiting_last", _I),
        ("in_flight", _I),
        ("ended_last", _I),  # requests that ended with its latest step
        ("completing", _I),  # requests in `ready` while a step ends, -1 for those that are done with
        ("leaving", _I),  # of these, whose places and blocks the next step, settled ahead, does not have yet
        ("admissions", _I),
        ("steps", _I),
        ("busy_s", _F),
        ("sequence_s", _F),  # sequences times seconds
        ("block_s", _F),  # blocks times seconds
        ("peak_blocks", _I),
        ("preemptions", _I),
        ("hit_tokens", _I),
        ("last_s", _F),  # when its last request ended
    ]
)

SLOT = np.dtype(
    [
        ("request", _I),
        ("sent_s", _F),
        ("reached_s", _F),  # when the engine has it
        ("first_s", _F),  # first token, or a negative number
        ("prompt", _I),
        ("answer", _I),
        ("group", _I),
        ("prefix_blocks", _I),  # whole blocks of the common beginning
        ("loaded", _I),  # tokens whose cache comes from elsewhere
        ("kind", _I),
        ("made", _I),
        ("target", _I),  # tokens to compute before the next one is made
        ("computed", _I),  # of them; while it decodes see `offset`
        ("offset", _I),  # cached tokens less the replica's counter, while it decodes
        ("admission", _I),  # number of its admission: the last one is preempted first
        ("next", _I),  # behind it in the waiting line, or -1
        ("left", _I),  # whole blocks of its own that it left in the cache when it was preempted
        ("evicted_from", _I),  # count of `line_taken` from which on these are taken
    ]
)
"""A request in flight."""

GROUP = np.dtype([("blocks", _I), ("users", _I), ("evicted_from", _I), ("tail", _I), ("tail_evicted_from", _I)])
"""A common beginning in the cache of one replica: its blocks, how many use them, from which count of `line_taken` on they are taken when nobody does; likewise
those behind them that only longer ones used."""

REQUEST = np.dtype(
    [
        ("number", _I),
        ("sent_s", _F),
        ("prompt", _I),
        ("answer", _I),
        ("group", _I),
        ("prefix", _I),
        ("loaded", _I),
        ("kind", _I),
    ]
)
"""A request that comes."""

ENDED = np.dtype(
    [
        ("request", _I),
        ("replica", _I),
        ("answer", _I),
        ("kind", _I),
        ("sent_s", _F),
        ("first_s", _F),
        ("finish_s", _F),
    ]
)
"""A request that has ended."""


class State(NamedTuple):
    """Everything that changes while engines are simulated; compiled code takes it whole.

    Attributes:
        engine: of all replicas, shape (1,).
        replicas: shape (replicas,).
        slots: requests in flight, shape (capacity,).
        free_slots: numbers of unused slots; how many there are stands in `marks[0]`.
        marks: `[unused slots, ended requests, replica that was chosen last]`.
        running: decoding sequences by the step in which they end, a heap for each replica: (counter at the end, admission, slot).
        residues: decoding sequences by `offset` modulo the block, shape (replicas, block_tokens): who needs a block when.
        leaving: of the sequences that are counted as `leaving`: (own blocks, admission, group or -1, own blocks that hold nothing whole, likewise before the
            last token is known, blocks of the beginning), shape (replicas, max_num_seqs, 6).
        groups: shape (replicas, groups).
        ready: scratch of one step.
        ended: requests that have ended, `marks[1]` of them.
    """

    engine: Records
    replicas: Records
    slots: Records
    free_slots: Whole
    marks: Whole
    running: Whole
    residues: Whole
    leaving: Whole
    groups: Records
    ready: Whole
    ended: Records


def new_state(step_time: StepTime, limits: EngineLimits, *, replicas: int, groups: int, capacity: int) -> State:
    """Empty engines.

    Args:
        step_time: of each.
        limits: of each.
        replicas: how many.
        groups: common beginnings of prompts.
        capacity: requests in flight that there is room for; see `with_room`.
    """
    engines = np.zeros(replicas, dtype=REPLICA)
    for name in ("partial", "waiting_first", "waiting_last"):
        engines[name] = -1
    engines["handed_s"] = -np.inf
    engines["bound_s"] = np.inf
    return State(
        engine=_engine(step_time, limits),
        replicas=engines,
        slots=np.zeros(capacity, dtype=SLOT),
        free_slots=np.arange(capacity - 1, -1, -1, dtype=np.int64),
        marks=np.array([capacity, 0, replicas - 1], dtype=np.int64),
        running=np.zeros((replicas, limits.max_num_seqs, 3), dtype=np.int64),
        residues=np.zeros((replicas, limits.block_tokens), dtype=np.int64),
        leaving=np.zeros((replicas, limits.max_num_seqs, 6), dtype=np.int64),
        groups=np.zeros((replicas, max(groups, 1)), dtype=GROUP),
        ready=np.zeros(limits.max_num_seqs, dtype=np.int64),
        ended=np.zeros(0, dtype=ENDED),
    )


def with_room(state: State, capacity: int) -> State:
    """The same engines with room for more requests in flight.

    Args:
        state: that is full.
        capacity: of the new one, more than it has.
    """
    held = state.slots.size
    slots, free = np.zeros(capacity, dtype=SLOT), np.zeros(capacity, dtype=np.int64)
    slots[:held] = state.slots
    unused, more = int(state.marks[0]), capacity - held
    free[:unused] = state.free_slots[:unused]
    free[unused : unused + more] = np.arange(capacity - 1, held - 1, -1)
    marks = state.marks.copy()
    marks[0] = unused + more
    return state._replace(slots=slots, free_slots=free, marks=marks)


def _engine(step_time: StepTime, limits: EngineLimits) -> Records:
    engine = np.zeros(1, dtype=ENGINE)
    for name in ENGINE.names or ():
        if hasattr(step_time, name):
            engine[name] = getattr(step_time, name)
    engine["expert_missed"] = 1.0 - step_time.experts_per_token / step_time.experts if step_time.experts else 0.0
    engine["kv_blocks"] = limits.kv_blocks
    engine["block_tokens"] = limits.block_tokens
    engine["max_tokens"] = limits.max_num_batched_tokens
    engine["max_seqs"] = limits.max_num_seqs
    engine["caches_prefixes"] = limits.prefix_caching
    engine["schedules_ahead"] = limits.async_scheduling
    return engine
