"""Runs whose step times are known: every cell is worked out from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from probes.cell import Cell, CellRole, CellShape
from probes.record import Interval, Percentiles
from probes.run import Run, WorkloadShape
from probes.setting import Engine, Environment, Model
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime, expert_coverage

TRUE = StepTime(
    intercept_s=0.010,
    per_sequence_s=0.0005,
    per_kv_token_s=1e-6,
    per_prefill_token_s=0.0001,
    per_attention_pair_s=2e-8,
)
LIMITS = EngineLimits(kv_blocks=100_000, max_num_batched_tokens=2048, max_num_seqs=64, prefix_caching=False)


def cell(role: CellRole, streams: int, into: int, out: int, step_time: StepTime = TRUE, **changes: Any) -> Cell:
    """A closed loop whose streams are never in step with each other, by the identities' own arithmetic."""
    pairs = into * (into + 1) / 2
    prompt_s = step_time.per_prefill_token_s * into + step_time.per_attention_pair_s * pairs + step_time.per_chunk_s
    contexts = (out - 1) * into + (out - 1) * out / 2
    request_s = (
        step_time.intercept_s * out / streams
        + step_time.per_sequence_s * (out - 1)
        + step_time.per_kv_token_s * contexts
        + prompt_s
    )
    steps, coverage = out / streams, _coverage(step_time)
    with_prompt = min(steps, 1.0)
    request_s += step_time.latency_s / streams
    request_s += step_time.experts_s * with_prompt * coverage(streams - 1 + into)
    request_s += step_time.experts_s * (steps - with_prompt) * coverage(streams)
    mean_context = contexts / (out - 1) if out > 1 else 0.0
    token_s = step_time.decode_s(streams, streams * mean_context)
    first_s = step_time.intercept_s + prompt_s + step_time.latency_s + step_time.experts_s * coverage(into)
    values: dict[str, Any] = {
        "concurrency": streams,
        "role": role,
        "shape": CellShape(input_tokens=into, output_tokens=out),
        "duration_s": 60.0,
        "requests_ok": 100,
        "input_tokens": 100 * into,
        "output_tokens": 100 * out,
        "token_source": "usage",
        "output_tokens_per_s": Interval(mean=out / request_s),
        "total_tokens_per_s": Interval(mean=(into + out) / request_s),
        "requests_per_s": Interval(mean=1 / request_s, low=0.99 / request_s, high=1.01 / request_s),
        "ttft_ms": Percentiles(p50=first_s * 1e3),
        "itl_ms": Percentiles(p50=token_s * 1e3) if out > 1 else Percentiles(),
        "tpot_ms": Percentiles(p50=token_s * 1e3, mean=token_s * 1e3) if out > 1 else Percentiles(),
        "e2e_ms": Percentiles(p50=streams * request_s * 1e3),
    }
    return Cell(**(values | changes))


def _coverage(step_time: StepTime) -> Callable[[float], float]:
    return lambda tokens: expert_coverage(step_time.experts, step_time.experts_per_token, tokens)


def cells(step_time: StepTime = TRUE) -> list[Cell]:
    """What a probe of all parts measures, at lengths at which most gaps between tokens hold no prompt."""
    loads: list[tuple[CellRole, int, int, int]] = [
        *(("curve", streams, 128, 256) for streams in (1, 4, 16)),
        *(("context", streams, 1024, 256) for streams in (1, 4, 16)),
        ("lengths", 16, 384, 512),
        ("lengths", 16, 64, 512),
        *(("prefill", 1, into, 1) for into in (64, 128, 512, 1024)),
    ]
    return [cell(*load, step_time=step_time) for load in loads]


def run(found: list[Cell], model: str = "some-model", **changes: Any) -> Run:
    """A run of some cells."""
    values: dict[str, Any] = {
        "run_id": "known",
        "created_at": "2026-11-24T00:00:00Z",
        "tool_version": "0",
        "complete": True,
        "environment": Environment(),
        "engine": Engine(name="vllm"),
        "model": Model(name=model),
        "workload": WorkloadShape(input_tokens=128, output_tokens=256),
        "cells": found,
    }
    return Run(**(values | changes))
