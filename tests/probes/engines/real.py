"""What tests share that probe a real engine: a short sweep, and what must hold of every answer."""

from __future__ import annotations

import asyncio

from probes import Plan, RunHeader, WorkloadShape, describe_environment, run_sweep


def probe(engine, *, concurrency, run_id="real", input_tokens=32, output_tokens=16, save=lambda _: None):
    """A short sweep of a running engine; prompts are text."""
    header = RunHeader(
        run_id=run_id,
        created_at="2026-11-24T00:00:00+00:00",
        tool_version="test",
        environment=describe_environment(),
        engine=engine.engine,
        model=engine.model,
    )
    shape = WorkloadShape(input_tokens=input_tokens, output_tokens=output_tokens, prompt="text", seed=7)
    plan = Plan(concurrency=list(concurrency), repeats=2, requests_per_stream=2, stop_when_flat=False)
    return asyncio.run(
        run_sweep(engine.endpoint, shape=shape, plan=plan, header=header, save=save, on_event=lambda _: None)
    )
