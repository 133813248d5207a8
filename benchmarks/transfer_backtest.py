"""How far step times miss that come from a data sheet, or were carried over from another curve: on curves that others published.

Three sets (`benchmarks/data/SOURCES.md`):

- twelve open-loop curves of vLLM 0.19.0 on H100 and A100 PCIe (vllm-cost-meter): a step time is fitted to one and predicts another, through the simulator;
- a table of vLLM 0.5.4 on H100 SXM and A100 SXM (Lambda): the data sheet's decode step is scaled to meet one figure and carried over to another;
- fifteen figures of closed loops with few streams on H100, H200, B200 and B300: the data sheet alone.

    python -m benchmarks.transfer_backtest [--engine plain]

`--engine plain` takes the one-page engine of `benchmarks/plain_engine.py` instead of the product's simulator.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pricing import architecture, gpu_spec
from probes.imports.vllm_cost_meter import INPUT_TOKENS, OUTPUT_TOKENS, REQUESTS, import_curve
from probes.run import Run
from tco.capacity.memory.placement import Placement
from tco.capacity.memory.vllm_defaults import (
    BLOCK_TOKENS,
    async_scheduling_default,
    batch_defaults,
    utilisation_default,
)
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.backtest import Curve, LoadPoint, Misses, Simulate, fit_curve, misses, predict
from tco.capacity.steptime.priors import prior_step_time, scaled
from tco.capacity.steptime.transfer import transfer

DATA = Path(__file__).parent / "data"
CURVES = ("C1", "C2", "C3", "C4", "C5", "C6", "A1", "A2", "A3", "A4", "M1", "M3")

SAME_SHAPE = {"Qwen/Qwen3-30B-A3B-Instruct-2507": "Qwen3-30B-A3B"}
"""Checkpoints of a shipped architecture under a name of their own."""

TPOT_PROMISE_S, TTFT_PROMISE_S = 0.030, 0.5

OTHER_BYTES = 2.5e9
"""What is neither weights nor cache on each GPU (activations, graphs, NCCL), about."""

SEQUENCES, CONTEXT = 160, 300
"""In flight while 320 ShareGPT prompts drain, about; halving or doubling either moves the errors by a point or two."""


def main() -> None:
    """Prints both tables and what they come to by kind of transfer."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--engine", choices=("simulator", "plain"), default="simulator")
    simulate = _engine(parser.parse_args().engine)
    curves = {name: _curve(name) for name in CURVES}
    fits = {name: fit_curve(curve, simulate) for name, curve in curves.items()}
    print(f"{'curve':6}{'on':34}{'model':28}{'fit':>6}  tpot p50 by load, fit and data sheet")
    by_kind: dict[str, list[Misses]] = defaultdict(list)
    for name, curve in curves.items():
        fit = _misses(fits[name].step_time, curve, simulate)
        sheet = _misses(
            prior_step_time(curve.model, curve.on, context_tokens=curve.context_tokens).step_time, curve, simulate
        )
        by_kind["its own fit"].append(fit)
        by_kind["data sheet"].append(sheet)
        print(
            f"{name:6}{curve.on.label:34}{curve.model.name:28}{fits[name].error_fraction:6.1%}  {_row(fit.tpot)}  |  {_row(sheet.tpot)}"
        )
    print(f"\n{'from':5}{'to':5}{'kind':20}{'tpot':>8}{'ttft':>8}{'most':>8}{'promise':>9}")
    for source, target in itertools.permutations(CURVES, 2):
        moved = transfer(
            fits[source].step_time,
            curves[source].model,
            curves[source].on,
            curves[target].on,
            target_model=curves[target].model,
            context_tokens=curves[source].context_tokens,
        )
        missed = _misses(moved.step_time, curves[target], simulate)
        kind = " + ".join(moved.kinds)
        by_kind[kind].append(missed)
        if len(moved.kinds) == 1:
            promise = "-" if missed.capacity is None else f"{missed.capacity:+.0%}"
            tpot, ttft = _worst(missed.tpot), _worst(missed.ttft)
            print(f"{source:5}{target:5}{kind:20}{tpot:+8.0%}{ttft:+8.0%}{missed.throughput:+8.0%}{promise:>9}")
    for kind in sorted(by_kind, key=lambda kind: (kind.count("+"), kind)):
        _summary(kind, by_kind[kind])
    print(f"\nvLLM 0.5.4, ShareGPT burst, decode step scaled to one figure and carried over ({SEQUENCES} sequences)")
    for kind, found in _published().items():
        _line(f"{kind}, time between tokens", found)
    print("\nclosed loops of few streams, data sheet")
    few = list(_few_streams())
    for label, error in few:
        print(f"  {label:70}{error:+7.1%}")
    _line("time per output token p50", [error for _, error in few])


def _engine(name: str) -> Simulate:
    if name == "plain":
        from benchmarks.plain_engine import plain_engine

        return plain_engine
    from tco.capacity.simulator.simulate import simulate

    return simulate


def _curve(name: str) -> Curve:
    run = import_curve(DATA / "vllm_cost_meter_vllm.csv", name)
    model = architecture(SAME_SHAPE.get(run.model.name, run.model.name))
    on = Placement(
        gpu=gpu_spec(run.gpu or ""),
        tensor_parallel_size=run.gpus_per_replica,
        precision="fp8" if run.model.quantization == "fp8" else "bf16",
    )
    version = run.engine.version
    room = (utilisation_default(version) * on.gpu.memory_gb * 2**30 - OTHER_BYTES) * on.tensor_parallel_size
    tokens = (room - model.weight_bytes(on.precision)) / model.kv_bytes_per_token()
    step = batch_defaults(on.gpu.memory_gb, on.gpu.gpu)
    limits = EngineLimits(
        kv_blocks=int(tokens / BLOCK_TOKENS),
        block_tokens=BLOCK_TOKENS,
        max_num_batched_tokens=step.max_num_batched_tokens,
        max_num_seqs=step.max_num_seqs,
        prefix_caching=False,
        async_scheduling=async_scheduling_default(version, on_cpu=False),
    )
    return Curve(
        name=name,
        model=model,
        on=on,
        limits=limits,
        input_tokens=INPUT_TOKENS,
        output_tokens=OUTPUT_TOKENS,
        requests=REQUESTS,
        points=tuple(_points(run)),
    )


def _points(run: Run) -> Iterator[LoadPoint]:
    for cell in run.cells:
        yield LoadPoint(
            offered_per_s=cell.request_rate_per_s or 0.0,
            answered_per_s=cell.requests_per_s.mean,
            tpot_p50_s=(cell.tpot_ms.p50 or 0.0) / 1e3,
            ttft_p50_s=(cell.ttft_ms.p50 or 0.0) / 1e3,
        )


def _misses(step_time: StepTime, curve: Curve, simulate: Simulate) -> Misses:
    return misses(predict(step_time, curve, simulate), curve.points, TPOT_PROMISE_S, TTFT_PROMISE_S)


def _published() -> dict[str, list[float]]:
    """Errors of the time between tokens over every pair of figures that differ in the GPU, or in the number of them."""
    found: dict[str, list[float]] = defaultdict(list)
    with (DATA / "lambda_vllm_h100_a100.csv").open() as file:
        rows = list(csv.DictReader(file))
    figures = [
        (row, gpu, float(row[column]) / 1e3)
        for row in rows
        for gpu, column in (("A100-80GB-SXM", "a100_itl_ms"), ("H100-SXM", "h100_itl_ms"))
    ]
    for (row, gpu, at_s), (other, other_gpu, other_s) in itertools.permutations(figures, 2):
        if row["model"] != other["model"] or (gpu != other_gpu) == (row["gpus"] != other["gpus"]):
            continue
        model = architecture(row["model"])
        source, target = (
            Placement(gpu=gpu_spec(name), tensor_parallel_size=int(one["gpus"]), precision=one["precision"])
            for one, name in ((row, gpu), (other, other_gpu))
        )
        sheet = prior_step_time(model, source, context_tokens=CONTEXT).step_time
        met = scaled(sheet, at_s / sheet.decode_s(SEQUENCES, SEQUENCES * CONTEXT))
        moved = transfer(met, model, source, target, context_tokens=CONTEXT)
        error = moved.step_time.decode_s(SEQUENCES, SEQUENCES * CONTEXT) / other_s - 1
        found[" + ".join(moved.kinds)].append(error)
    return found


def _few_streams() -> Iterator[tuple[str, float]]:
    """Errors of the data sheet in closed loops: a step decodes, and computes a prompt of another stream as often as an answer ends."""
    with (DATA / "few_streams.csv").open() as file:
        for row in csv.DictReader(file):
            on = Placement(gpu=gpu_spec(row["gpu"]), tensor_parallel_size=int(row["gpus"]), precision=row["precision"])
            streams, prompt, answer = (int(row[name]) for name in ("streams", "input_tokens", "output_tokens"))
            context = prompt + answer // 2
            step = prior_step_time(architecture(row["model"]), on, context_tokens=context).step_time
            decode = step.decode_s(streams, streams * context)
            mixed = step.step_s(streams, streams * context, prompt, prompt * (prompt + 1) / 2, 1)
            found = decode + (streams - 1) / answer * (mixed - decode)
            yield f"{row['model']} on {on.label}, {streams} streams", found / float(row["tpot_ms"]) * 1e3 - 1


def _summary(kind: str, found: list[Misses]) -> None:
    print(f"\n{kind} ({len(found)})")
    sizes = [
        _line("time per output token p50", [error for missed in found for error in missed.tpot]),
        _line("time to first token p50", [error for missed in found for error in missed.ttft]),
        _line("most requests/s", [missed.throughput for missed in found]),
        _line("requests/s at the promise", [missed.capacity for missed in found if missed.capacity is not None]),
    ]
    print(
        f"  {'the largest of each column':44}       "
        + "".join(f"{max(column):12.2f}" for column in zip(*sizes, strict=True))
    )


def _line(what: str, errors: list[float]) -> tuple[float, float, float]:
    """Prints one metric's misses; returns their median, ninth decile and largest."""
    size = np.abs(errors) if errors else np.zeros(1)
    median, nine, worst = (float(np.quantile(size, share)) for share in (0.5, 0.9, 1.0))
    if errors:
        print(
            f"  {what:44} {len(errors):4}  median {median:5.1%}  nine of ten {nine:5.1%}  worst {worst:5.1%}  bias {statistics.median(errors):+.1%}"
        )
    return median, nine, worst


def _row(errors: tuple[float, ...]) -> str:
    return " ".join(f"{error:+5.0%}" for error in errors)


def _worst(errors: tuple[float, ...]) -> float:
    return max(errors, key=abs)


if __name__ == "__main__":
    main()
