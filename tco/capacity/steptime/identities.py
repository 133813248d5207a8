"""What each load point says about the terms of a step time, as linear equations.

Three kinds of equation hold whatever the order in which an engine schedules:

- `time`: in a closed loop of `B` streams the machine never waits, so the time of one request, `1 / X`, is the work of its steps.
- `token`: the time between two tokens is one step of those that decode, and what prompts of others that fall between put on it.
- `first`: a request that is alone gets its first token after its own prompt's steps.

What depends on who is scheduled beside whom (streams that move in lockstep, steps that are full) is in no such equation: `tco.capacity.steptime.refine`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tco.capacity.step_time import expert_coverage
from tco.capacity.steptime.observed import Observed

Floats = npt.NDArray[np.float64]
Kind = Literal["time", "token", "first"]

TERMS = (
    "intercept_s",
    "per_sequence_s",
    "per_kv_token_s",
    "per_prefill_token_s",
    "per_attention_pair_s",
    "per_chunk_s",
    "experts_s",
    "latency_s",
)
"""Columns of the equations: fields of `StepTime`."""

PURE_SHARE = 0.5
"""The median gap between tokens is a step without prompts as long as fewer gaps than this have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """A mixture's routed experts: how many, and how many a token is sent to; 0 of 0 for a dense model."""

    count: int = 0
    per_token: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One equation `coefficients · terms = target_s`.

    Attributes:
        cell: number of the load point.
        kind: which identity.
        coefficients: of `TERMS`, shape (terms,).
        target_s: what was measured [s].
        error_fraction: its relative standard error.
    """

    cell: int
    kind: Kind
    coefficients: Floats
    target_s: float
    error_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What the equations take from model and engine.

    Attributes:
        experts: of the model.
        max_num_batched_tokens: tokens of one step; None where it is not known: then every prompt is one chunk.
        hidden_tokens: tokens of a step whose arithmetic hides behind the reading of the weights; see `StepTime`.
    """

    experts: Experts = Experts()
    max_num_batched_tokens: int | None = None
    hidden_tokens: float = 0.0


def rows_of(cells: Iterable[Observed], engine: Engine) -> tuple[Row, ...]:
    """All equations that some load points give.

    Args:
        cells: of one run.
        engine: what they were measured on.
    """
    found: list[Row] = []
    for number, cell in enumerate(cells):
        if cell.streams:
            found.append(_time(number, cell, engine))
        if cell.streams == 1 and cell.ttft_s is not None:
            found.append(_first(number, cell, engine))
        if cell.output_tokens >= 2:  # noqa: PLR2004 - one token has none after it
            found += _token(number, cell, engine)
    return tuple(found)


def _time(number: int, cell: Observed, engine: Engine) -> Row:
    """`1 / X = steps · intercept + (m − 1) · per_sequence + kv · per_kv + prompt`; a stream's own way to and from the client idles 1 of B."""
    experts, budget, chunks = engine.experts, engine.max_num_batched_tokens, _chunks(cell, engine)
    tokens = cell.input_tokens + cell.output_tokens - 1
    steps = max((cell.output_tokens + chunks - 1) / cell.streams, tokens / budget if budget else 0.0)
    with_prompt = min(steps, chunks)
    coverage = with_prompt * _coverage(experts, cell.streams - 1 + cell.input_tokens / chunks)
    coverage += (steps - with_prompt) * _coverage(experts, cell.streams)
    row = _prompt(cell, engine, beside=cell.streams - 1) | {
        "intercept_s": steps,
        "per_sequence_s": cell.output_tokens - 1,
        "per_kv_token_s": cell.decode_contexts,
        "experts_s": coverage,
        "latency_s": 1 / cell.streams,
    }
    return _row(number, "time", row, 1 / cell.requests_per_s, cell.errors["requests_per_s"])


def _first(number: int, cell: Observed, engine: Engine) -> Row:
    """`TTFT = chunks · intercept + prompt + latency` of a request that is alone."""
    assert cell.ttft_s is not None
    chunks = _chunks(cell, engine)
    row = _prompt(cell, engine, beside=0) | {
        "intercept_s": float(chunks),
        "experts_s": chunks * _coverage(engine.experts, cell.input_tokens / chunks),
        "latency_s": 1.0,
    }
    return _row(number, "first", row, cell.ttft_s, cell.errors["ttft_s"])


def _token(number: int, cell: Observed, engine: Engine) -> list[Row]:
    """`TPOT = intercept + n · per_sequence + kv · per_kv + X · TPOT · (others' prompts)`.

    Where the median gap is known and most gaps hold no prompt, it is the step itself and the prompts fall out.
    """
    mean = cell.decode_s
    if mean is None:
        return []
    after = cell.output_tokens - 1
    decoding = float(cell.streams) if cell.streams else cell.requests_per_s * mean * after
    others = (cell.streams - 1) / cell.streams if cell.streams else 1.0
    beside = cell.requests_per_s * mean * others
    pure = cell.itl_s is not None and beside * _chunks(cell, engine) <= PURE_SHARE
    if not pure and cell.streams:
        # Who decodes while a prompt is computed: with B streams, those that are past their first token.
        decoding = max(1.0, min(decoding, cell.requests_per_s * mean * after))
    row = {
        "intercept_s": 1.0,
        "per_sequence_s": max(1.0, decoding),
        "per_kv_token_s": max(1.0, decoding) * cell.decode_contexts / after,
        "experts_s": _coverage(engine.experts, max(1.0, decoding)),
    }
    if pure:
        assert cell.itl_s is not None
        return [_row(number, "token", row, cell.itl_s, cell.errors["itl_s"])]
    row |= {name: beside * value for name, value in _prompt(cell, engine, beside=decoding).items()}
    return [_row(number, "token", row, mean, cell.errors["tpot_s"])]


def _chunks(cell: Observed, engine: Engine) -> int:
    budget = engine.max_num_batched_tokens
    return max(1, math.ceil(cell.input_tokens / budget)) if budget else 1


def _prompt(cell: Observed, engine: Engine, *, beside: float) -> dict[str, float]:
    """What a prompt adds to its steps, in each of which `beside` others decode."""
    chunks = _chunks(cell, engine)
    hidden = max(0.0, engine.hidden_tokens - beside)
    return {
        "per_prefill_token_s": max(0.0, cell.input_tokens - chunks * hidden),
        "per_attention_pair_s": cell.pairs,
        "per_chunk_s": float(chunks),
    }


def _coverage(experts: Experts, tokens: float) -> float:
    return expert_coverage(experts.count, experts.per_token, tokens)


def _row(number: int, kind: Kind, values: dict[str, float], target_s: float, error: float) -> Row:
    coefficients = np.array([values.get(name, 0.0) for name in TERMS], dtype=np.float64)
    return Row(cell=number, kind=kind, coefficients=coefficients, target_s=target_s, error_fraction=error)
