"""How far an extrapolation over layers misses: a model that fits is run whole and cut, and both are compared.

Every depth is an engine start of its own. The order goes up and down again (4, 8, 28, 28, 8, 4), so that a machine that slows down or
speeds up meanwhile does so for all alike; of the rounds of a load point the fastest counts. Run files are kept in `--keep FOLDER`, and what
is there is not measured again.

    python -m benchmarks.layer_slicing --slices 4,8 --slices 7,14
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import fcntl
import statistics
from pathlib import Path

from probes import (
    Plan,
    Run,
    RunHeader,
    WorkloadShape,
    describe_environment,
    load_run,
    resolve_model,
    run_sweep,
    save_run,
)
from probes.engines import VllmOptions, sliced, start_vllm
from probes.slicing import extrapolate

MODEL, CONCURRENCY, INPUT_TOKENS, OUTPUT_TOKENS = "Qwen3-0.6B", [1, 4, 8], 64, 32
ARGS = (
    "--dtype",
    "bfloat16",
    "--max-model-len",
    "256",
    "--load-format",
    "dummy",
    "--enforce-eager",
    "--skip-tokenizer-init",
)


def main() -> None:
    """Measures what is not in the folder yet, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--slices", action="append", help="two depths, such as 4,8; repeatable")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, default=Path("runs/layer-slicing"))
    parser.add_argument("--lock", type=Path, help="a file to lock around each engine, where engines must not overlap")
    given = parser.parse_args()
    pairs = [tuple(int(part) for part in text.split(",")) for text in given.slices or ["4,8"]]
    full = resolve_model(MODEL).layers or 0
    depths = sorted({depth for pair in pairs for depth in pair} | {full})
    for number in range(given.rounds):
        for depth in depths if number % 2 == 0 else reversed(depths):
            _measure(given.keep, depth, number, given.lock)
    misses = [miss for pair in pairs for miss in _compare(given.keep, pair, full, given.rounds)]
    print(f"\nall {len(misses)} comparisons: median {statistics.median(misses):.1%}, worst {max(misses):.1%}")


def _measure(folder: Path, depth: int, number: int, lock: Path | None) -> None:
    out = folder / f"{depth}-{number}.json"
    if out.exists():
        return
    options = VllmOptions(model=resolve_model(MODEL), weights="dummy", args=ARGS, dtype="bfloat16")
    if depth != options.model.layers:
        options = sliced(options, depth)
    folder.mkdir(parents=True, exist_ok=True)
    with (lock or folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with start_vllm(options) as engine:
            header = RunHeader(
                run_id=f"layers-{depth}-{number}",
                created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                tool_version="bench",
                environment=describe_environment(),
                engine=engine.engine,
                model=engine.model,
            )
            shape = WorkloadShape(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS, seed=100 * depth + number)
            plan = Plan(concurrency=CONCURRENCY, repeats=3, requests_per_stream=3, stop_when_flat=False, budget_s=130)
            run = asyncio.run(
                run_sweep(
                    engine.endpoint,
                    shape=shape,
                    plan=plan,
                    header=header,
                    save=lambda _: None,
                    on_event=lambda event: print(f"  {depth} layers: {event.message}", flush=True),
                )
            )
    save_run(run, out)


def _compare(folder: Path, pair: tuple[int, ...], full: int, rounds: int) -> list[float]:
    slices = [_undisturbed(folder, depth, rounds) for depth in pair]
    whole = _undisturbed(folder, full, rounds)
    modelled = extrapolate(slices, layers_full=full)
    print(f"\n{MODEL}: {pair[0]} and {pair[1]} of {full} layers, {INPUT_TOKENS} in / {OUTPUT_TOKENS} out")
    print(f"{'streams':>9}{'':12}{'modelled':>10}{'measured':>10}{'missed by':>11}")
    misses = []
    truths = {cell.concurrency: cell for cell in whole.cells}
    for mine in modelled.cells:
        truth = truths[mine.concurrency]
        rows = {
            "TTFT ms": (mine.ttft_ms.p50, truth.ttft_ms.p50),
            "TPOT ms": (mine.tpot_ms.p50, truth.tpot_ms.p50),
            "E2E ms": (mine.e2e_ms.p50, truth.e2e_ms.p50),
            "tokens/s": (mine.output_tokens_per_s.mean, truth.output_tokens_per_s.mean),
        }
        for name, (said, true) in rows.items():
            missed = (said or 0.0) / (true or 1.0) - 1
            misses.append(abs(missed))
            print(f"{truth.concurrency or 0:>9}  {name:10}{said or 0.0:>10.1f}{true or 0.0:>10.1f}{missed:>+11.1%}")
    print(f"  missed by, of all {len(misses)}: median {statistics.median(misses):.1%}, worst {max(misses):.1%}")
    return misses


def _undisturbed(folder: Path, depth: int, rounds: int) -> Run:
    """The fastest usable round of each load point: on a shared machine, what disturbs only makes slower."""
    runs = [load_run(folder / f"{depth}-{number}.json") for number in range(rounds)]
    columns = zip(*(run.cells for run in runs), strict=True)
    best = [max(column, key=lambda cell: (cell.usable, cell.output_tokens_per_s.mean)) for column in columns]
    return runs[0].model_copy(update={"cells": best})


if __name__ == "__main__":
    main()
