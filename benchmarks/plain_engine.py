"""A batching engine on one page, beside `tco.capacity.simulator`: every step is made, requests are all of one shape, a cache is reserved whole.

It shares no code with the product's simulator, so that the back-test of transfers can be run on either and the two compared.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime

Floats = npt.NDArray[np.float64]


def plain_engine(traffic: Traffic, step_time: StepTime, limits: EngineLimits) -> Outcome:
    """When each request gets its first and its last token; open loops of one shape only."""
    terms = np.array(
        [
            step_time.intercept_s,
            step_time.per_sequence_s,
            step_time.per_kv_token_s,
            step_time.per_prefill_token_s,
            step_time.per_attention_pair_s,
            step_time.per_chunk_s,
            step_time.hidden_tokens,
            step_time.experts_s,
            1.0 - step_time.experts_per_token / max(step_time.experts, 1),
        ]
    )
    shape = int(traffic.input_tokens[0]), int(traffic.output_tokens[0])
    bounds = limits.max_num_batched_tokens, limits.max_num_seqs, limits.kv_tokens
    first, finish = _run(traffic.arrival_s, shape, terms, bounds)
    return Outcome(
        sent_s=traffic.arrival_s,
        first_token_s=first + step_time.latency_s,
        finish_s=finish + step_time.latency_s,
        output_tokens=traffic.output_tokens,
        replica=np.zeros(traffic.requests, dtype=np.int32),
        use=(),
    )


@numba.njit(cache=False)
def _run(  # noqa: C901, PLR0912 - one step, read from top to bottom; numba compiles it as one
    arrival_s: Floats, shape: tuple[int, int], terms: Floats, bounds: tuple[int, int, int]
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    prompt, answer = shape
    batched, sequences, cache = bounds
    count = arrival_s.size
    computed, made = np.zeros(count, np.int64), np.zeros(count, np.int64)
    chunk, running = np.zeros(count, np.int64), np.zeros(count, np.int64)
    first, finish = np.zeros(count), np.zeros(count)
    now, come, live, done = 0.0, 0, 0, 0
    while done < count:
        left, decoding, kv, prefill, pairs, chunks = batched, 0, 0.0, 0.0, 0.0, 0
        for place in range(live):
            if computed[running[place]] == prompt:
                left -= 1
                decoding += 1
                kv += prompt + made[running[place]]
        while come < count and arrival_s[come] <= now and live < sequences and (live + 1) * (prompt + answer) <= cache:
            running[live] = come
            live += 1
            come += 1
        if live == 0:
            now = arrival_s[come]
            continue
        for place in range(live):
            one = running[place]
            chunk[one] = 0
            if computed[one] < prompt and left > 0:
                chunk[one] = min(left, prompt - computed[one])
                left -= chunk[one]
                prefill += chunk[one]
                pairs += chunk[one] * (computed[one] + (chunk[one] + 1) / 2)
                chunks += 1
        shown = max(0.0, prefill - max(0.0, terms[6] - decoding))
        now += terms[0] + terms[1] * decoding + terms[2] * kv + terms[3] * shown + terms[4] * pairs + terms[5] * chunks
        now += terms[7] * (1.0 - terms[8] ** (decoding + prefill))
        kept = 0
        for place in range(live):
            one = running[place]
            if computed[one] == prompt:
                made[one] += 1
            elif chunk[one] > 0:
                computed[one] += chunk[one]
                if computed[one] == prompt:
                    made[one], first[one] = 1, now
            if made[one] == answer:
                finish[one] = now
                done += 1
            else:
                running[kept] = one
                kept += 1
        live = kept
    return first, finish
