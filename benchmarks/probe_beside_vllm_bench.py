"""Our probe beside vLLM's own client, `vllm bench serve`, on the same engine in turn.

Both send 64 random tokens and ask for 32 at four streams; the order is ours, theirs, ours, theirs, ... so that a machine
that slows down slows both. Printed are the medians over the rounds, the ratio of each pair, and each client's own spread.

Differences that are known: `vllm bench` counts its run from the first request to the last token, ramp and tail included, so
its throughput is lower by about a tail; ours counts whole cycles of loaded streams (docs/probing.md).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from probes import Cell, Plan, RunHeader, WorkloadShape, describe_environment, resolve_model, run_sweep
from probes.engines import RunningEngine, VllmOptions, start_vllm

MODEL, STREAMS, INPUT_TOKENS, OUTPUT_TOKENS, ROUNDS = "Qwen3-0.6B", 4, 64, 32, 3
REQUESTS = 9 * STREAMS
WORDS = 8192
_BENCH = (
    "import argparse; from vllm.benchmarks.serve import add_cli_args, main; "
    "parser = argparse.ArgumentParser(); add_cli_args(parser); main(parser.parse_args())"
)


def main() -> None:
    """Starts one engine, measures it in turn with both clients, prints the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        model = _with_tokenizer(Path(folder))
        args = ("--dtype", "bfloat16", "--max-model-len", "256", "--load-format", "dummy", "--enforce-eager")
        options = VllmOptions(model=resolve_model(str(model)), weights="dummy", args=args, dtype="bfloat16")
        print(f"\nprobe beside `vllm bench serve`: {MODEL}, {STREAMS} streams, {INPUT_TOKENS} in / {OUTPUT_TOKENS} out")
        with start_vllm(options) as engine:
            pairs = [(_ours(engine, number), _theirs(engine, model, number)) for number in range(ROUNDS)]
    _print(pairs)


def _with_tokenizer(folder: Path) -> Path:
    """The model's configuration beside a tokenizer of one word an id: `vllm bench` sends text."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    shutil.copy(Path(resolve_model(MODEL).path or "") / "config.json", folder / "config.json")
    words = Tokenizer(WordLevel({f"w{number}": number for number in range(WORDS)}, unk_token="w0"))
    words.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="w0", eos_token="w1").save_pretrained(folder)
    return folder


def _ours(engine: RunningEngine, number: int) -> dict[str, float]:
    shape = WorkloadShape(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS, seed=number)
    header = RunHeader(
        run_id="bench",
        created_at="",
        tool_version="",
        environment=describe_environment(),
        engine=engine.engine,
        model=engine.model,
    )
    plan = Plan(concurrency=[STREAMS], repeats=3, requests_per_stream=3)
    run = asyncio.run(
        run_sweep(engine.endpoint, shape=shape, plan=plan, header=header, save=lambda _: None, on_event=lambda _: None)
    )
    cell: Cell = run.cells[0]
    return {
        "output tokens/s": cell.output_tokens_per_s.mean,
        "TTFT p50 ms": cell.ttft_ms.p50 or 0.0,
        "TPOT p50 ms": cell.tpot_ms.p50 or 0.0,
        "E2E p50 ms": cell.e2e_ms.p50 or 0.0,
    }


def _theirs(engine: RunningEngine, model: Path, number: int) -> dict[str, float]:
    result = model / f"bench-{number}.json"
    flags = {
        "--backend": "vllm",
        "--base-url": engine.endpoint.base_url,
        "--model": str(model),
        "--served-model-name": engine.endpoint.served_model_name,
        "--dataset-name": "random",
        "--random-input-len": INPUT_TOKENS,
        "--random-output-len": OUTPUT_TOKENS,
        "--num-prompts": REQUESTS,
        "--max-concurrency": STREAMS,
        "--num-warmups": STREAMS,
        "--seed": 1000 + number,
        "--percentile-metrics": "ttft,tpot,e2el",
        "--metric-percentiles": "50,95",
        "--result-dir": result.parent,
        "--result-filename": result.name,
    }
    command = [sys.executable, "-c", _BENCH, "--ignore-eos", "--save-result", "--disable-tqdm"]
    for flag, value in flags.items():
        command += [flag, str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"vllm bench serve failed:\n{done.stderr[-2000:]}")
    data = json.loads(result.read_text(encoding="utf-8"))
    return {
        "output tokens/s": data["output_throughput"],
        "TTFT p50 ms": data["p50_ttft_ms"],
        "TPOT p50 ms": data["p50_tpot_ms"],
        "E2E p50 ms": data["p50_e2el_ms"],
    }


def _print(pairs: list[tuple[dict[str, float], dict[str, float]]]) -> None:
    print(f"{'':18}{'ours':>10}{'spread':>9}{'theirs':>10}{'spread':>9}{'ratio of pairs, median':>25}")
    for name in pairs[0][0]:
        ours, theirs = [pair[0][name] for pair in pairs], [pair[1][name] for pair in pairs]
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        print(
            f"{name:18}{statistics.median(ours):10.1f}{_spread(ours):9.1%}{statistics.median(theirs):10.1f}{_spread(theirs):9.1%}{ratio:25.3f}"
        )


def _spread(values: list[float]) -> float:
    return (max(values) - min(values)) / statistics.median(values)


if __name__ == "__main__":
    main()
