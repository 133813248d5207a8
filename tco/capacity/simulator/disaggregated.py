"""Prompts and answers on machines of their own: a pool that computes prompts, a pool that decodes, and the way of the cache between them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.simulate import Routing, simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Replicas that do one of the two.

    Attributes:
        step_time: of each.
        limits: of each.
        replicas: how many.
        routing: among them.
    """

    step_time: StepTime
    limits: EngineLimits
    replicas: int = 1
    routing: Routing = "least-loaded"


def simulate_disaggregated(
    traffic: Traffic,
    prefill: Pool,
    decode: Pool,
    *,
    transfer_s_per_token: float,
    transfer_s: float = 0.0,
) -> Outcome:
    """Traffic through two pools, as vLLM does it with a KV connector.

    A prompt is computed by the first pool, which makes one token and drops it. Its cache goes over in `transfer_s + tokens · transfer_s_per_token`. The second
    pool takes blocks for all of it, computes the prompt's last token once more, and makes all tokens that the client sees.

    What is left out: caches on their way do not slow each other, and the first pool gives blocks back when a prompt is computed, not when its cache has
    arrived. Both are small as long as the link is far from full.

    Args:
        traffic: what comes; an open loop.
        prefill: computes prompts.
        decode: makes answers.
        transfer_s_per_token: bytes of a token's cache over the bandwidth between two replicas [s/token].
        transfer_s: of each transfer, however short the prompt [s].

    Returns:
        Times as the client sees them; `replica` is that of the second pool, `use` has those of the first pool, then those of the second.

    Raises:
        InputError: a closed loop; a time that is negative or no number; a request that does not fit (see `simulate`).

    References:
        vLLM 0.32, `vllm/v1/core/sched/scheduler.py` (`_update_waiting_for_remote_kv`: "the last token is recomputed");
        Y. Zhong et al., "DistServe", OSDI 2024, https://arxiv.org/abs/2401.09670.
    """
    if traffic.streams:
        raise InputError("disaggregated: a closed loop; give arrival times, or simulate replicas that do both")
    for name, value in (("transfer_s_per_token", transfer_s_per_token), ("transfer_s", transfer_s)):
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"disaggregated: {name} is {value}; it must be a number of at least 0")
    ones = np.ones(traffic.requests, dtype=np.int32)
    # The client is behind the second pool only.
    first = simulate(
        replace(traffic, output_tokens=ones),
        replace(prefill.step_time, latency_s=0.0),
        prefill.limits,
        replicas=prefill.replicas,
        routing=prefill.routing,
    )
    there_s = first.finish_s + transfer_s + traffic.input_tokens * transfer_s_per_token
    order = np.argsort(there_s, kind="stable")
    then = Traffic(
        arrival_s=there_s[order],
        input_tokens=traffic.input_tokens[order],
        output_tokens=traffic.output_tokens[order],
        loaded_tokens=traffic.input_tokens[order] - 1,
        request_class=traffic.request_class[order] if traffic.request_class.size else traffic.request_class,
    )
    second = simulate(then, decode.step_time, decode.limits, replicas=decode.replicas, routing=decode.routing)
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return Outcome(
        sent_s=first.sent_s,
        first_token_s=second.first_token_s[back],
        finish_s=second.finish_s[back],
        output_tokens=traffic.output_tokens,
        replica=second.replica[back],
        use=first.use + second.use,
    )
