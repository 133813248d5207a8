"""What somebody else needs to know of a run to do the same again, in words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tco.number_style import local
from tco.run_words import promise_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes import Run
    from probes.run import WorkloadShape

_DIGEST = 12
"""Characters of a digest that tell two apart."""


def facts(run: Run) -> list[tuple[str, str]]:
    """What is needed to do the same again, as names and words; what is not known is left out.

    Args:
        run: any run.
    """
    rows = [
        ("Requests", _requests(run.workload)),
        ("Plan", _plan(run)),
        ("Extrapolation", None if run.extrapolation is None else run.extrapolation.method),
        ("Model", _model(run)),
        ("Server", _server(run)),
        ("Client", _floor(run)),
        ("Machine", _machine(run)),
        *_manifest(run),
        ("Made by", f"tco-llm {run.tool_version}, run {run.run_id}"),
    ]
    return [(name, value) for name, value in rows if value]


def _requests(shape: WorkloadShape) -> str:
    lengths = shape.lengths
    words = [f"{shape.input_tokens} tokens in, {shape.output_tokens} out"]
    if lengths.kind == "pairs":
        words.append(f"drawn from {lengths.source}")
    elif lengths.kind != "fixed":
        words.append(
            f"{lengths.kind} lengths, spread {local(lengths.spread_fraction):g}, correlation {local(lengths.correlation):g}"
        )
    if shape.arrivals != "closed-loop":
        words.append(f"{shape.arrivals} arrivals in open loops")
    if shape.arrivals == "gamma":
        words.append(f"burstiness {local(shape.burstiness):g}")
    if shape.shared_prefix_fraction:
        words.append(f"{shape.shared_prefix_fraction:.0%} of each prompt shared ({shape.shared_prefixes} beginnings)")
    if shape.turns > 1:
        words.append(f"{shape.turns} turns")
    if shape.trace is not None:
        words.append(
            f"{shape.trace.requests} requests of {shape.trace.source}, {local(shape.trace.speed_factor):g} times as fast"
        )
    words.append(
        {"token_ids": "prompts as token ids", "text": "prompts as text"}.get(shape.prompt, "prompts as published")
    )
    if shape.seed is not None:
        words.append(f"seed {shape.seed}")
    return ", ".join(words)


def _plan(run: Run) -> str | None:
    plan = run.plan
    if plan is None:
        return None
    most = f" to {plan.max_repeats}" if plan.max_repeats and plan.max_repeats != plan.repeats else ""
    words = [
        f"{', '.join(plan.measure)}",
        f"{plan.repeats}{most} repeats of {plan.requests_per_stream} requests a stream",
    ]
    if plan.precision_fraction:
        words.append(f"until throughput is known to {plan.precision_fraction:.0%}")
    if plan.slo_ms:
        words.append(f"promise {promise_text(plan.slo_ms)} for {plan.slo_target_fraction:.0%}")
    if plan.budget_s:
        words.append(f"at most {local(plan.budget_s):g} s")
    return "; ".join(words)


def _model(run: Run) -> str:
    model = run.model
    layers = f"{model.layers} of {model.layers_full} layers" if model.layers_full else None
    words = [model.name, model.dtype, model.quantization, layers, f"{model.weights} weights", model.revision]
    if model.config_sha256:
        words.append(f"config {model.config_sha256[:_DIGEST]}")
    return ", ".join(word for word in words if word)


def _server(run: Run) -> str:
    engine = run.engine
    words = [f"{engine.name} {engine.version or ''}".strip()]
    if engine.profile:
        words.append(f"spoken to as {engine.profile}")
    if engine.kv_cache_tokens:
        words.append(f"KV cache of {local(engine.kv_cache_tokens):,} tokens")
    if engine.tensor_parallel_size * engine.pipeline_parallel_size > 1:
        words.append(
            f"tensor parallel {engine.tensor_parallel_size}, pipeline parallel {engine.pipeline_parallel_size}"
        )
    lacks = [name.replace("_", " ") for name, has in engine.capabilities.items() if not has]
    if lacks:
        words.append(f"does not do: {', '.join(lacks)}")
    if engine.args:
        words.append(f"started with {shlex.join(engine.args)}")
    return "; ".join(words)


def _floor(run: Run) -> str | None:
    floor = run.client_floor
    if floor is None:
        return None
    return (
        f"{floor.transport} transport, {floor.workers} workers; adds {local(floor.ttft_error_p50_ms):.2g} ms to a first token "
        f"(p99 {local(floor.ttft_error_p99_ms):.2g} ms) at {floor.streams} streams, {local(floor.cpu_s_per_1000_tokens):.2g} s of processor for {local(1000):,} tokens"
    )


def _machine(run: Run) -> str | None:
    here = run.environment
    words = [
        here.cpu,
        f"{here.cpu_cores} cores" if here.cpu_cores else None,
        f"{local(here.memory_gib):g} GiB" if here.memory_gib else None,
        here.os,
        f"Python {here.python}" if here.python else None,
        *(f"{gpu.name} {local(gpu.memory_gib):g} GiB" for gpu in here.gpus),
        f"driver {here.gpus[0].driver}" if here.gpus and here.gpus[0].driver else None,
        here.note,
    ]
    return ", ".join(word for word in words if word) or None


def _manifest(run: Run) -> list[tuple[str, str | None]]:
    manifest = run.manifest
    if manifest is None:
        return []
    before = [
        None if manifest.load_average is None else f"load average {local(manifest.load_average):.2f}",
        None if manifest.busy_processes_count is None else f"{manifest.busy_processes_count} busy processes",
        _list("GPU at", manifest.gpu_temperature_celsius, "°C"),
        _list("clock", manifest.gpu_sm_clock_mhz, "MHz"),
        f"governor {manifest.cpu_governor}" if manifest.cpu_governor else None,
    ]
    packages = [f"{name} {version}" for name, version in manifest.packages.items()]
    settings = [f"{name}={value}" for name, value in manifest.engine_environment.items()]
    return [
        ("From, to", " to ".join(time for time in (manifest.started_at, manifest.ended_at) if time)),
        ("Commit", manifest.tool_commit),
        ("Machine before", ", ".join(word for word in before if word)),
        ("Container", manifest.container),
        ("Packages", ", ".join(packages)),
        ("Environment of the engine", ", ".join(settings)),
    ]


def _list(word: str, values: Sequence[float], unit: str) -> str | None:
    return f"{word} {', '.join(f'{local(value):g}' for value in values)} {unit}" if values else None
