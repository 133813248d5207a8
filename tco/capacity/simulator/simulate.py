"""The engine simulator: continuous batching as vLLM V1 does it, for any traffic, with several replicas behind a router."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np

from tco.capacity.simulator.drive import LEAST_LOADED, PREFIX_AWARE, ROUND_ROBIN, drain, drive_closed, drive_open
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome, ReplicaUse
from tco.capacity.simulator.state import ENDED, REQUEST, Records, State, new_state, with_room
from tco.capacity.simulator.traffic import Ints, Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError

Routing = Literal["round-robin", "least-loaded", "prefix-aware"]
_POLICY = {"round-robin": ROUND_ROBIN, "least-loaded": LEAST_LOADED, "prefix-aware": PREFIX_AWARE}
_SLOTS = 4096


def simulate(
    traffic: Traffic,
    step_time: StepTime,
    limits: EngineLimits,
    *,
    replicas: int = 1,
    routing: Routing = "least-loaded",
) -> Outcome:
    """What becomes of requests that come to one or more replicas.

    Each step is accounted for as vLLM V1 would schedule it: tokens of a step, sequences, blocks of the cache, preemption, common beginnings of prompts
    [1]. Steps of an unchanged batch are not made one by one: their time is a sum in closed form, up to the next arrival, end or lack of blocks.

    Args:
        traffic: what comes.
        step_time: of each replica.
        limits: of each replica.
        replicas: how many there are.
        routing: which one a request is given to: in turn; the one with the fewest requests in flight; or among those that still have the beginning of its
            prompt in their cache the one with the fewest, as long as it has not 32 and 10 % more than the least loaded one.

    Returns:
        Times of every request, in the order of the traffic, and how each replica was used. The same input gives the same bits.

    Raises:
        InputError: no replica, an unknown policy, or a request that is longer than the context or the whole cache.

    References:
        [1] vLLM 0.32, `vllm/v1/core/sched/scheduler.py`, `vllm/v1/core/kv_cache_manager.py`.

    >>> import numpy as np
    >>> two = Traffic(arrival_s=np.array([0.0, 0.0]), input_tokens=np.full(2, 100, dtype=np.int32), output_tokens=np.full(2, 3, dtype=np.int32))
    >>> found = simulate(two, StepTime(intercept_s=0.01, per_prefill_token_s=0.001), EngineLimits(kv_blocks=1000))
    >>> found.ttft_s.round(3).tolist(), found.e2e_s.round(3).tolist()
    ([0.21, 0.21], [0.23, 0.23])
    """
    check_fleet(replicas, routing)
    check_fit(traffic.input_tokens, traffic.output_tokens, limits)
    groups = int(traffic.prefix_group.max(initial=-1)) + 1
    capacity = max(traffic.streams, min(traffic.requests, _SLOTS))
    state = new_state(step_time, limits, replicas=replicas, groups=groups, capacity=capacity)
    state = state._replace(ended=np.zeros(traffic.requests, dtype=ENDED))
    requests = records_of(traffic)
    if traffic.streams:
        drive_closed(requests, _POLICY[routing], traffic.streams, state)
    else:
        state = drive(requests, routing, state)
        drain(state)
    return _outcome(traffic, state, limits)


def drive(requests: Records, routing: Routing, state: State) -> State:
    """Lets requests of an open loop come; makes room where more are in flight than there was.

    Args:
        requests: in the order of their times.
        routing: of the router.
        state: of the replicas.
    """
    first = drive_open(requests, _POLICY[routing], state)
    while first < requests.size:
        state = with_room(state, 2 * state.slots.size)
        first += drive_open(requests[first:], _POLICY[routing], state)
    return state


def records_of(traffic: Traffic, *, first: int = 0) -> Records:
    """Requests as compiled code takes them.

    Args:
        traffic: what comes.
        first: number of the first.
    """
    requests = np.zeros(traffic.requests, dtype=REQUEST)
    requests["number"] = np.arange(first, first + traffic.requests)
    requests["sent_s"] = traffic.arrival_s
    requests["prompt"], requests["answer"] = traffic.input_tokens, traffic.output_tokens
    requests["group"] = traffic.prefix_group if traffic.prefix_group.size else -1
    requests["prefix"] = traffic.prefix_tokens if traffic.prefix_tokens.size else 0
    requests["loaded"] = traffic.loaded_tokens if traffic.loaded_tokens.size else 0
    requests["kind"] = traffic.request_class if traffic.request_class.size else 0
    return requests


def check_fleet(replicas: int, routing: str) -> None:
    """Refuses a fleet of nothing, and a policy that there is not.

    Args:
        replicas: how many.
        routing: of the router.

    Raises:
        InputError: as said.
    """
    if replicas < 1 or routing not in _POLICY:
        raise InputError(
            f"simulate: {replicas} replicas with routing {routing!r}; give at least 1 and one of: {', '.join(_POLICY)}"
        )


def check_fit(input_tokens: Ints, output_tokens: Ints, limits: EngineLimits) -> None:
    """Refuses requests that no engine with these limits could ever answer.

    Args:
        input_tokens: prompt lengths.
        output_tokens: answer lengths.
        limits: of the engine.

    Raises:
        InputError: as said, with the first such request.
    """
    whole = input_tokens.astype(np.int64) + output_tokens
    for most, what in ((limits.max_model_len, "the context"), (limits.kv_tokens, "the KV cache")):
        long = np.flatnonzero(whole > most)
        if long.size:
            raise InputError(
                f"traffic: request {long[0] + 1} has {input_tokens[long[0]]} + {output_tokens[long[0]]} tokens and {what} holds {most}; "
                f"{long.size} of {whole.size} requests are too long: shorten or leave out these, or give the engine more room"
            )


def _outcome(traffic: Traffic, state: State, limits: EngineLimits) -> Outcome:
    ended = np.empty_like(state.ended)
    ended[state.ended["request"]] = state.ended
    start_s = float(ended["sent_s"].min())
    return Outcome(
        sent_s=ended["sent_s"].copy(),
        first_token_s=ended["first_s"].copy(),
        finish_s=ended["finish_s"].copy(),
        output_tokens=traffic.output_tokens,
        replica=ended["replica"].astype(np.int32),
        use=uses_of(state, limits, start_s),
    )


def uses_of(state: State, limits: EngineLimits, start_s: float) -> tuple[ReplicaUse, ...]:
    """How replicas were used.

    Args:
        state: at the end.
        limits: of each.
        start_s: when the first request was sent.
    """
    span_s = max(float(state.replicas["last_s"].max()) - start_s, 0.0)
    return tuple(_use(cast("Records", replica), limits, span_s) for replica in state.replicas)


def _use(replica: Records, limits: EngineLimits, span_s: float) -> ReplicaUse:
    busy_s = float(replica["busy_s"])
    over = busy_s or 1.0
    return ReplicaUse(
        steps=int(replica["steps"]),
        busy_s=busy_s,
        span_s=span_s,
        sequences_mean=float(replica["sequence_s"]) / over,
        kv_usage_mean_fraction=float(replica["block_s"]) / over / limits.kv_blocks,
        kv_usage_peak_fraction=float(replica["peak_blocks"]) / limits.kv_blocks,
        preemptions=int(replica["preemptions"]),
        prefix_hit_tokens=int(replica["hit_tokens"]),
    )
