"""Step times in compiled code: one step, and many steps of an unchanged batch in closed form."""

from __future__ import annotations

import math
from typing import Any

from tco.capacity.simulator.compiled import compiled

MANY_STEPS = 10**15
"""More than any answer has."""


@compiled
def step_s(engine: Any, sequences: int, kv_tokens: float, prefill: float, pairs: float, chunks: float) -> float:
    """One step, as `StepTime.step_s` [s]."""
    shown = max(0.0, prefill - max(0.0, engine.hidden_tokens - sequences))
    total = (
        engine.intercept_s
        + engine.per_sequence_s * sequences
        + engine.per_kv_token_s * kv_tokens
        + engine.per_chunk_s * chunks
        + engine.per_prefill_token_s * shown
        + engine.per_attention_pair_s * pairs
    )
    if engine.experts_s > 0.0:
        total += engine.experts_s * (1.0 - engine.expert_missed ** (sequences + prefill))
    if sequences > 0 and prefill > 0:
        total += engine.mixed_step_s
    return float(total)


@compiled
def decode_steps_s(engine: Any, sequences: int, cached_tokens: float, steps: float) -> float:
    """`steps` steps of the same decoding sequences, whose caches grow by a token each: `Σ_j t(n, cached + j n)`, j = 1 … steps [s]."""
    first = step_s(engine, sequences, cached_tokens, 0.0, 0.0, 0.0)
    return float(steps * first + engine.per_kv_token_s * sequences * steps * (steps + 1) / 2)


@compiled
def steps_until(engine: Any, sequences: int, cached_tokens: float, seconds: float) -> int:
    """Fewest steps, at least one, that take `seconds` or longer; `MANY_STEPS` where steps take next to no time."""
    growth = engine.per_kv_token_s * sequences / 2
    linear = step_s(engine, sequences, cached_tokens, 0.0, 0.0, 0.0) + growth
    # The root of growth k² + linear k = seconds, in the form that loses no digits where growth is small.
    root = 2 * seconds / (linear + math.sqrt(linear * linear + 4 * growth * seconds))
    if not root < MANY_STEPS:
        return MANY_STEPS
    steps = max(1, math.ceil(root))
    while decode_steps_s(engine, sequences, cached_tokens, steps) < seconds:
        steps += 1
    while steps > 1 and decode_steps_s(engine, sequences, cached_tokens, steps - 1) >= seconds:
        steps -= 1
    return int(steps)
