"""Our probe beside vLLM's own client, `vllm bench serve`, on the same engine in turn, at every concurrency; and beside the server's own histograms.

Both send 64 random tokens and ask for 16; the order is ours, theirs, ours, theirs, ... so that a machine that slows down slows both. Printed are medians
over the rounds, and the ratio of each pair.

What differs by definition: `vllm bench` counts its run from the first request to the last token, ramp and tail included. So its throughput stands beside
our count of the same kind (`whole_run`), and, worked out from its own per-request times, beside our steady throughput: tokens that arrived while all of
its streams were busy. It sends text, which the server turns into tokens; we send token ids.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from probes import Cell, Plan, RunHeader, WorkloadShape, describe_environment, resolve_model, run_sweep
from probes.engines import RunningEngine, VllmOptions, start_vllm

MODEL, INPUT_TOKENS, OUTPUT_TOKENS, ROUNDS = "Qwen3-0.6B", 64, 16, 3
STREAMS = (1, 2, 4, 8, 16)
WORDS = 8192
_BENCH = (
    "import argparse; from vllm.benchmarks.serve import add_cli_args, main; "
    "parser = argparse.ArgumentParser(); add_cli_args(parser); main(parser.parse_args())"
)
Figures = dict[str, float]


def main(arguments: list[str] | None = None) -> None:
    """Starts one engine, measures it in turn with both clients, prints the ratios.

    Args:
        arguments: `--rounds 3 --streams 1,2,4,8,16`; none if None.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--streams", default=",".join(map(str, STREAMS)))
    chosen = parser.parse_args(arguments or [])
    loads = [int(word) for word in chosen.streams.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        model = _with_tokenizer(Path(folder))
        args = ("--dtype", "bfloat16", "--max-model-len", "256", "--load-format", "dummy", "--enforce-eager")
        options = VllmOptions(model=resolve_model(str(model)), weights="dummy", args=args, dtype="bfloat16")
        print(
            f"\nprobe beside `vllm bench serve`: {MODEL}, {INPUT_TOKENS} in / {OUTPUT_TOKENS} out, {chosen.rounds} rounds in turn"
        )
        with start_vllm(options) as engine:
            pairs: dict[int, list[tuple[Cell, Figures]]] = {streams: [] for streams in loads}
            for number in range(chosen.rounds):
                for streams in loads:
                    cell = _ours(engine, streams, number)
                    pairs[streams].append((cell, _theirs(engine, model, streams, number, cell)))
    _print(pairs)
    _print_server([cell for rounds in pairs.values() for cell, _ in rounds])


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


def _ours(engine: RunningEngine, streams: int, number: int) -> Cell:
    shape = WorkloadShape(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS, seed=100 * number + streams)
    header = RunHeader(
        run_id="bench",
        created_at="",
        tool_version="",
        environment=describe_environment(),
        engine=engine.engine,
        model=engine.model,
    )
    plan = Plan(concurrency=[streams], repeats=3, requests_per_stream=3)
    run = asyncio.run(
        run_sweep(engine.endpoint, shape=shape, plan=plan, header=header, save=lambda _: None, on_event=lambda _: None)
    )
    return run.cells[0]


def _theirs(engine: RunningEngine, model: Path, streams: int, number: int, ours: Cell) -> Figures:
    result = model / f"bench-{streams}-{number}.json"
    flags = {
        "--backend": "vllm",
        "--base-url": engine.endpoint.base_url,
        "--model": str(model),
        "--served-model-name": engine.endpoint.served_model_name,
        "--dataset-name": "random",
        "--random-input-len": INPUT_TOKENS,
        "--random-output-len": OUTPUT_TOKENS,
        "--num-prompts": ours.requests_ok,
        "--max-concurrency": streams,
        "--num-warmups": streams,
        "--seed": 10_000 + 100 * number + streams,
        "--percentile-metrics": "ttft,tpot,e2el",
        "--metric-percentiles": "50,95",
        "--result-dir": result.parent,
        "--result-filename": result.name,
    }
    command = [sys.executable, "-c", _BENCH, "--ignore-eos", "--save-result", "--save-detailed", "--disable-tqdm"]
    for flag, value in flags.items():
        command += [flag, str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"vllm bench serve failed:\n{done.stderr[-2000:]}")
    data = json.loads(result.read_text(encoding="utf-8"))
    return {
        "whole run, tokens/s": data["output_throughput"],
        "steady, tokens/s": _saturated(data, streams),
        "TTFT p50, ms": data["p50_ttft_ms"],
        "TPOT p50, ms": data["p50_tpot_ms"],
        "E2E p50, ms": data["p50_e2el_ms"],
    }


def _saturated(data: dict, streams: int) -> float:
    """Tokens a second that arrived from the first answer on until the last request was sent: while all streams were busy.

    With one stream whole requests are counted instead: a window of a few requests would cut one.
    """
    starts = np.array(data["start_times"])
    times = [
        start + ttft + np.cumsum([0.0, *gaps])
        for start, ttft, gaps in zip(starts, data["ttfts"], data["itls"], strict=True)
    ]
    ends = np.array([each[-1] for each in times])
    if streams == 1:
        return float(sum(data["output_lens"]) / (ends.max() - starts.min()))
    begin, end = ends.min(), starts.max()
    arrived = np.concatenate(times)
    return float(np.sum((arrived > begin) & (arrived <= end)) / (end - begin))


def _figures(cell: Cell) -> Figures:
    assert cell.whole_run is not None
    return {
        "whole run, tokens/s": cell.whole_run.output_tokens_per_s,
        "steady, tokens/s": cell.output_tokens_per_s.mean,
        "TTFT p50, ms": cell.ttft_ms.p50 or 0.0,
        "TPOT p50, ms": cell.tpot_ms.p50 or 0.0,
        "E2E p50, ms": cell.e2e_ms.p50 or 0.0,
    }


def _print(pairs: dict[int, list[tuple[Cell, Figures]]]) -> None:
    print(
        "| streams | figure | ours | spread | theirs | spread | ratio of pairs, median |\n|---:|---|---:|---:|---:|---:|---:|"
    )
    for streams, rounds in pairs.items():
        both = [(_figures(cell), theirs) for cell, theirs in rounds]
        for name in both[0][0]:
            ours, theirs = [pair[0][name] for pair in both], [pair[1][name] for pair in both]
            ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
            print(
                f"| {streams} | {name} | {statistics.median(ours):.1f} | {_spread(ours):.1%} "
                f"| {statistics.median(theirs):.1f} | {_spread(theirs):.1%} | {ratio:.3f} |"
            )


def _print_server(cells: list[Cell]) -> None:
    """The server's own percentiles of the same loads; the true one lies between the edges of its histogram's bucket."""
    print(
        "\n| streams | figure | our client, ms | the server, ms | its bucket, ms | inside |\n|---:|---|---:|---:|---|---|"
    )
    for cell in cells:
        assert cell.server is not None
        for name, own, told in (
            ("TTFT p50", cell.ttft_ms.p50, cell.server.ttft_ms),
            ("E2E p50", cell.e2e_ms.p50, cell.server.e2e_ms),
        ):
            edges = told.bounds.get("p50")
            if own is None or told.p50 is None or edges is None:
                continue
            inside = "yes" if edges.low <= own <= edges.high else "no"
            print(
                f"| {cell.concurrency} | {name} | {own:.0f} | {told.p50:.0f} | {edges.low:.0f} to {edges.high:.0f} | {inside} |"
            )


def _spread(values: list[float]) -> float:
    return (max(values) - min(values)) / statistics.median(values)


if __name__ == "__main__":
    main(sys.argv[1:])
