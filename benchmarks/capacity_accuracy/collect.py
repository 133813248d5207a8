"""Measures a set: vLLM on one core, its server and the client on another, so that neither takes the other's time.

Random weights, for a machine without a model hub: steps take as long, answers have the length that was asked for. A file that is there is not measured again,
so that a collection that was interrupted goes on.
"""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from probes import (
    Plan,
    RunHeader,
    WorkloadShape,
    describe_environment,
    load_run,
    resolve_model,
    run_sweep,
    save_run,
)
from probes.engines import VllmOptions, sliced, start_vllm
from probes.run import Lengths
from probes.workload.arrivals import schedule
from probes.workload.request import Arrival
from probes.workload.traces import ReplayOptions, read_trace

MODEL = "Qwen3-0.6B"
ENGINE_CORE, CLIENT_CORE = 0, 1
CACHE_GIB = 2
ARGS = (
    *("--dtype", "bfloat16", "--load-format", "dummy", "--enforce-eager", "--skip-tokenizer-init"),
    *("--max-model-len", "2048", "--max-num-batched-tokens", "512", "--max-num-seqs", "32"),
    "--no-enable-prefix-caching",
)
INPUT_TOKENS, OUTPUT_TOKENS = 128, 32
FITTED_STREAMS = [1, 4, 16]
CLOSED = {
    "closed-2": (INPUT_TOKENS, OUTPUT_TOKENS, 2),
    "closed-8": (INPUT_TOKENS, OUTPUT_TOKENS, 8),
    "closed-24": (INPUT_TOKENS, OUTPUT_TOKENS, 24),
    "closed-4-long": (384, 64, 4),
    "closed-8-out": (48, 96, 8),
    "closed-12-in": (512, 16, 12),
}
"""Held-out closed loops: prompt, answer, streams."""
REPLAY_S = 75.0
"""How long an open loop lasts [s]."""
POISSON_FRACTIONS = (0.4, 0.7, 0.85)
"""Rates of the open loops, over the highest throughput of the curve."""
MIXED_FRACTIONS = (0.4, 0.7)
_MIXED_WORK = 0.75
"""Requests of the mixed lengths take a third more of the machine than those of the curve."""
_TRACE_FRACTION, _TRACE_LENGTHS, _TRACE_REQUESTS_PER_S = 0.6, 0.12, 5.4
"""The trace's lengths are scaled to this engine's context, its own mean rate to a fraction of this engine's throughput."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collector:
    engine: Any
    folder: Path
    layers: int

    def measure(self, name: str, shape: WorkloadShape, plan: Plan, arrivals: tuple[Arrival, ...] = ()) -> None:
        path = self.folder / f"{name}.json"
        if path.exists():
            return
        header = RunHeader(
            run_id=f"accuracy-{self.layers}-{name}",
            created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            tool_version="bench",
            environment=describe_environment(),
            engine=self.engine.engine,
            model=self.engine.model,
        )
        sweep = run_sweep(
            self.engine.endpoint,
            shape=shape,
            plan=plan,
            header=header,
            save=lambda _: None,
            on_event=lambda _: None,
            trace=arrivals,
        )
        save_run(asyncio.run(sweep), path)
        if arrivals:
            _write(path.with_suffix(".csv"), arrivals)

    def replay(self, name: str, shape: WorkloadShape, arrivals: tuple[Arrival, ...]) -> None:
        self.measure(name, shape, Plan(concurrency=[1], measure=["trace"]), arrivals)


def collect(folder: Path, *, layers: int, rounds: int, trace: Path | None) -> None:
    """Measures what a folder does not hold yet: per round about 25 minutes.

    Args:
        folder: for the run files.
        layers: the model is cut to so many.
        rounds: of everything; every other one takes the closed loops in reverse.
        trace: Azure's conversation trace of 2023; None: no trace is replayed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _pinned_engine(layers) as engine:
        collector = _Collector(engine=engine, folder=folder, layers=layers)
        for number in range(rounds):
            _fit(collector, number)
            _closed(collector, number)
            _open(collector, number, trace)


@contextmanager
def _pinned_engine(layers: int) -> Iterator[Any]:
    os.environ["VLLM_CPU_OMP_THREADS_BIND"] = str(ENGINE_CORE)
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(CACHE_GIB)
    options = VllmOptions(model=resolve_model(MODEL), weights="dummy", args=ARGS, dtype="bfloat16")
    with start_vllm(options if layers == options.model.layers else sliced(options, layers)) as engine:
        os.sched_setaffinity(0, {CLIENT_CORE})
        for process in psutil.Process().children(recursive=True):
            if "Worker" not in process.name():
                _pin(process)
        yield engine


def _pin(process: psutil.Process) -> None:
    for thread in process.threads():
        try:
            os.sched_setaffinity(thread.id, {CLIENT_CORE})
        except OSError:  # ended meanwhile
            continue


def _fit(collector: _Collector, number: int) -> None:
    plan = Plan(
        concurrency=FITTED_STREAMS,
        measure=["curve", "lengths", "prefill", "context"],
        repeats=3,
        requests_per_stream=3,
        stop_when_flat=False,
    )
    collector.measure(f"fit-{number}", _shape(INPUT_TOKENS, OUTPUT_TOKENS, 1000 + number), plan)


def _closed(collector: _Collector, number: int) -> None:
    loads = list(CLOSED.items())
    for name, (into, out, streams) in reversed(loads) if number % 2 else loads:
        plan = Plan(
            concurrency=[streams],
            measure=["curve"],
            repeats=3,
            requests_per_stream=max(3, 40 // streams),
            stop_when_flat=False,
        )
        collector.measure(f"{name}-{number}", _shape(into, out, 2000 + number), plan)


def _open(collector: _Collector, number: int, trace: Path | None) -> None:
    """The same arrivals in every round, so that rounds differ by the machine alone."""
    probe = load_run(collector.folder / "fit-0.json")
    most = max(cell.requests_per_s.mean for cell in probe.cells if cell.role == "curve")
    for fraction in POISSON_FRACTIONS:
        shape = _shape(INPUT_TOKENS, OUTPUT_TOKENS, 3000)
        collector.replay(f"poisson-{fraction:g}-{number}", shape, _poisson(shape, most * fraction, fraction))
    for fraction in MIXED_FRACTIONS:
        lengths = Lengths(kind="lognormal", spread_fraction=0.8, correlation=0.2)
        shape = _shape(160, 40, 3001, lengths=lengths, context_limit_tokens=2000)
        collector.replay(
            f"mixed-{fraction:g}-{number}", shape, _poisson(shape, most * fraction * _MIXED_WORK, fraction)
        )
    if trace is not None:
        options = ReplayOptions(
            length_factor=_TRACE_LENGTHS,
            speed_factor=round(most * _TRACE_FRACTION / _TRACE_REQUESTS_PER_S, 2),
            first=int(REPLAY_S * most * _TRACE_FRACTION),
            context_limit_tokens=2000,
            skip_empty=True,
        )
        collector.replay(f"trace-azure-{number}", _shape(139, 25, 3002), read_trace(str(trace), options).arrivals)


def _poisson(shape: WorkloadShape, rate_per_s: float, fraction: float) -> tuple[Arrival, ...]:
    cell = int(fraction * 100)
    return schedule("poisson", shape, rate_per_s=round(rate_per_s, 2), duration_s=REPLAY_S, attempt=0, cell=cell)


def _shape(into: int, out: int, seed: int, **changes: Any) -> WorkloadShape:
    return WorkloadShape(input_tokens=into, output_tokens=out, seed=seed, **changes)


def _write(path: Path, arrivals: tuple[Arrival, ...]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["offset_s", "input_tokens", "output_tokens"])
        writer.writerows((f"{a.offset_s:.6f}", a.input_tokens, a.output_tokens) for a in arrivals)
