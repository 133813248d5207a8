"""Our load client beside `vllm bench serve`, GuideLLM and AIPerf, against a server that only keeps time.

The null server (`probes.loadgen.null_server`) answers every request after a true 50 ms and every further token after a true 10 ms. It has one core, the
client with all its processes the other; so what a client reports beyond 50 ms is its own doing. Each run is one closed loop of so many streams, four
requests a stream, 100 tokens an answer, and the first requests, with their connections, count: the same for all. Rounds are interleaved; printed are
medians, and the spread (largest less smallest) of the reported time to first token.

- TTFT p50: as the tool itself reports it, over all requests.
- CPU-s per 1000 tokens: processor time of all the client's processes, from the first request that reaches the server until the client has ended, JSON
  parsing and its own report included, over the tokens served.
- start-up: from starting the process to the first request that reaches the server.

GuideLLM and AIPerf are installed from PyPI, each into an environment of its own under the user's cache folder, with `uv`. All three take text and so a
tokenizer, which is made here: one word an id. `--rounds`, `--streams 16,64`, `--tools ours,vllm` choose a part.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import psutil

from probes.loadgen.null_server import MODEL

TTFT_MS, TOKEN_MS, INPUT_TOKENS, OUTPUT_TOKENS, REQUESTS_PER_STREAM = 50.0, 10.0, 16, 100, 4
STREAMS, ROUNDS, LIMIT_S = (16, 64, 256, 512), 3, 170
PEERS = {"guidellm": "guidellm==0.8.1", "aiperf": "aiperf==0.13.0"}
MARK_TTFT_MS = {16: 50.3, 64: 50.4, 256: 52.4, 512: 56.7}
MARK_CPU_S_AT_256, MARK_START_S = 0.022, 2.0
ROOT = Path(__file__).parents[1]
_PINNED = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"
_VLLM = (
    "import argparse; from vllm.benchmarks.serve import add_cli_args, main; "
    "parser = argparse.ArgumentParser(); add_cli_args(parser); main(parser.parse_args())"
)


@dataclass(frozen=True)
class Seen:
    """One run of one tool."""

    ttft_p50_ms: float
    cpu_s_per_1000_tokens: float
    start_s: float
    true_ttft_p50_ms: float
    server_late_p99_ms: float


@dataclass(frozen=True)
class Tool:
    """How a tool is run, and where it leaves its median TTFT [ms]."""

    command: Callable[[str, int, Path, Path], list[str]]
    ttft_p50_ms: Callable[[Path], float]


def main() -> None:
    """Runs the rounds and prints a table, ours first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--streams", default=",".join(map(str, STREAMS)))
    parser.add_argument("--tools", default="ours,vllm bench,AIPerf,GuideLLM")
    parser.add_argument("--ours", nargs=3, metavar=("URL", "STREAMS", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        found = asyncio.run(_ours(options.ours[0], int(options.ours[1])))
        Path(options.ours[2]).write_text(json.dumps(found), encoding="utf-8")
        return
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("This needs two cores: one for the server, one for the client.")
    tools = {name: TOOLS[name] for name in options.tools.split(",")}
    streams = [int(text) for text in options.streams.split(",")]
    if {"AIPerf", "GuideLLM"} & set(tools):
        _install_peers()
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = _tokenizer(Path(folder) / "tokenizer")
        seen: dict[tuple[str, int], list[Seen]] = {}
        for number in range(options.rounds):
            for count in streams:
                for name, tool in tools.items():
                    one = _run(tool, count, tokenizer, Path(folder) / f"{name}-{count}-{number}".replace(" ", "-"))
                    print(f"round {number + 1}, {count} streams, {name}: {one}", file=sys.stderr, flush=True)
                    if one is not None:
                        seen.setdefault((name, count), []).append(one)
    _print(list(tools), streams, seen, options.rounds)


def _run(tool: Tool, streams: int, tokenizer: Path, out: Path) -> Seen | None:
    out.mkdir()
    server_core, client_core = sorted(os.sched_getaffinity(0))[:2]
    arguments = ["-m", "probes.loadgen.null_server", "--ttft-ms", str(TTFT_MS), "--token-ms", str(TOKEN_MS)]
    server = subprocess.Popen(
        [sys.executable, "-c", _PINNED, str(server_core), sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        command = [sys.executable, "-c", _PINNED, str(client_core), *tool.command(url, streams, tokenizer, out)]
        started_ns, usage = time.perf_counter_ns(), _timed(command, out)
        server.stdin.write("\n")
        server.stdin.flush()
        report = json.loads(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
    if usage is None or not report["requests"]:
        print(f"{out.name}: failed; its last words: {_tail(out)}", file=sys.stderr)
        return None
    first_ns = min(received for *_, received, _ in report["requests"])
    before_s = max((cpu_s for at_ns, cpu_s in usage.samples if at_ns <= first_ns), default=0.0)
    return Seen(
        ttft_p50_ms=tool.ttft_p50_ms(out),
        cpu_s_per_1000_tokens=1000 * (usage.cpu_s - before_s) / report["tokens"],
        start_s=(first_ns - started_ns) / 1e9,
        true_ttft_p50_ms=statistics.median(first - received for *_, received, first in report["requests"]) / 1e6,
        server_late_p99_ms=report["late_p99_ms"],
    )


@dataclass
class _Usage:
    """Processor time of a process and all that came of it: in the end, and on the way."""

    cpu_s: float
    samples: list[tuple[int, float]]


def _timed(command: list[str], out: Path) -> _Usage | None:
    with (out / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, start_new_session=True)
        samples: list[tuple[int, float]] = []
        ended = threading.Event()
        watcher = threading.Thread(target=_sample, args=(psutil.Process(process.pid), samples, ended))
        watcher.start()
        killer = threading.Timer(LIMIT_S, lambda: os.killpg(process.pid, 9))
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        killer.cancel()
        ended.set()
        watcher.join()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    return None if process.returncode else _Usage(usage.ru_utime + usage.ru_stime, samples)


def _sample(root: psutil.Process, samples: list[tuple[int, float]], ended: threading.Event) -> None:
    while not ended.wait(0.1):
        total = 0.0
        with contextlib.suppress(psutil.Error):
            at_ns = time.perf_counter_ns()
            for process in [root, *root.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    total += sum(process.cpu_times()[:4])
            samples.append((at_ns, total))


async def _ours(url: str, streams: int) -> dict[str, float | None]:
    from probes.endpoint import Endpoint
    from probes.loadgen.client import open_load_client
    from probes.loadgen.contract import Load, LoadProgress, Verdict
    from probes.run import WorkloadShape
    from probes.servers.dialect import Dialect

    ended = 0

    def judge(progress: LoadProgress) -> Verdict:
        nonlocal ended
        ended += len(progress.new)
        return "enough" if ended >= streams * REQUESTS_PER_STREAM else "go_on"

    endpoint = Endpoint(base_url=url, served_model_name=MODEL, vocab_size=32_000)
    async with open_load_client(endpoint, Dialect(), workers=1) as client:
        shape = WorkloadShape(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS, seed=os.getpid())
        result = await client.run(Load(cell=0, shape=shape, concurrency=streams), on_progress=judge)
    ttft_ms = [trace.ttft_ms for trace in result.traces if trace.failure is None and trace.ttft_ms is not None]
    return {
        "ttft_p50_ms": statistics.median(ttft_ms),
        "cpu_fraction": result.client_cpu_fraction,
        "lag_p99_ms": result.client_lag_p99_ms,
    }


def _our_command(url: str, streams: int, _: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.client_beside_peers", "--ours", url, str(streams), str(out / "ours.json")]


def _vllm_command(url: str, streams: int, tokenizer: Path, out: Path) -> list[str]:
    flags = {
        "--backend": "openai",
        "--base-url": url,
        "--endpoint": "/v1/completions",
        "--model": MODEL,
        "--tokenizer": tokenizer,
        "--dataset-name": "random",
        "--random-input-len": INPUT_TOKENS,
        "--random-output-len": OUTPUT_TOKENS,
        "--num-prompts": streams * REQUESTS_PER_STREAM,
        "--max-concurrency": streams,
        "--percentile-metrics": "ttft",
        "--metric-percentiles": "50",
        "--result-dir": out,
        "--result-filename": "vllm.json",
    }
    given = [str(part) for pair in flags.items() for part in pair]
    return [sys.executable, "-c", _VLLM, "--ignore-eos", "--save-result", "--disable-tqdm", *given]


def _aiperf_command(url: str, streams: int, tokenizer: Path, out: Path) -> list[str]:
    flags = {
        "-m": MODEL,
        "--endpoint-type": "completions",
        "-u": url,
        "--tokenizer": tokenizer,
        "--concurrency": streams,
        "--request-count": streams * REQUESTS_PER_STREAM,
        "--synthetic-input-tokens-mean": INPUT_TOKENS,
        "--output-tokens-mean": OUTPUT_TOKENS,
        "--extra-inputs": "ignore_eos:true",
        "--artifact-dir": out,
        "--ui": "none",
    }
    given = [str(part) for pair in flags.items() for part in pair]
    alone = ["--streaming", "--use-legacy-max-tokens", "--no-gpu-telemetry", "--no-server-metrics"]
    return [str(_environment("aiperf") / "bin" / "aiperf"), "profile", *alone, *given]


def _guidellm_command(url: str, streams: int, tokenizer: Path, out: Path) -> list[str]:
    flags = {
        "--backend": f"kind=openai_http,target={url},model={MODEL},request_format=/v1/completions",
        "--profile": f"kind=concurrent,streams={streams}",
        "--constraint": f"kind=max_requests,count={streams * REQUESTS_PER_STREAM}",
        "--data": f"kind=synthetic_text,prompt_tokens={INPUT_TOKENS},output_tokens={OUTPUT_TOKENS}",
        "--tokenizer": f"kind=huggingface_auto,model={tokenizer}",
        "--output": f"kind=json,path={out / 'guidellm.json'}",
    }
    given = [part for pair in flags.items() for part in pair]
    return [str(_environment("guidellm") / "bin" / "guidellm"), "run", "--disable-console", *given]


def _read(name: str, *path: str | int) -> Callable[[Path], float]:
    def read(out: Path) -> float:
        found = json.loads((out / name).read_text())
        for key in path:
            found = found[key]
        return float(found)

    return read


_GUIDELLM_TTFT = ("benchmarks", 0, "metrics", "time_to_first_token_ms", "successful", "percentiles", "p50")
TOOLS = {
    "ours": Tool(_our_command, _read("ours.json", "ttft_p50_ms")),
    "vllm bench": Tool(_vllm_command, _read("vllm.json", "p50_ttft_ms")),
    "AIPerf": Tool(_aiperf_command, _read("profile_export_aiperf.json", "time_to_first_token", "p50")),
    "GuideLLM": Tool(_guidellm_command, _read("guidellm.json", *_GUIDELLM_TTFT)),
}


def _environment(name: str) -> Path:
    return Path(platformdirs.user_cache_dir("tco-llm")) / "peers" / PEERS[name].replace("==", "-")


def _install_peers() -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    for name, package in PEERS.items():
        folder = _environment(name)
        if not (folder / "bin" / name).exists():
            print(f"installing {package} into {folder}", file=sys.stderr)
            subprocess.run([uv, "venv", "-q", "--clear", "-p", sys.executable, str(folder)], check=True)
            subprocess.run([uv, "pip", "install", "-q", "-p", str(folder / "bin" / "python"), package], check=True)


def _tokenizer(folder: Path) -> Path:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    # The word for all unknown words is no special token: GuideLLM's prompts are made of words that it does not know, and special ones are left out.
    words = Tokenizer(WordLevel({f"w{number}": number for number in range(8192)}, unk_token="w2"))
    words.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="w1").save_pretrained(folder)
    return folder


def _tail(out: Path) -> str:
    lines = [line for line in (out / "log").read_text(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:])


def _print(tools: list[str], streams: list[int], seen: dict[tuple[str, int], list[Seen]], rounds: int) -> None:
    print(
        f"\nload clients against a server with a true TTFT of {TTFT_MS:g} ms and {TOKEN_MS:g} ms a token, {rounds} rounds\n"
    )
    print(
        "| streams | client | TTFT p50 ms | spread | mark | CPU-s per 1000 tokens | over ours | start-up s | server late p99 ms |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for count in streams:
        ours = seen.get(("ours", count))
        for name in tools:
            runs = seen.get((name, count))
            if not runs:
                print(f"| {count} | {name} | failed | | | | | | |")
                continue
            ttft, cpu, start, late = (
                [getattr(one, field) for one in runs]
                for field in ("ttft_p50_ms", "cpu_s_per_1000_tokens", "start_s", "server_late_p99_ms")
            )
            ratio = statistics.median(cpu) / statistics.median(one.cpu_s_per_1000_tokens for one in ours) if ours else 1
            print(
                f"| {count} | {name} | {statistics.median(ttft):.1f} | {max(ttft) - min(ttft):.1f} | {MARK_TTFT_MS.get(count, '')} "
                f"| {statistics.median(cpu):.4f} | {ratio:.1f} | {statistics.median(start):.1f} | {statistics.median(late):.2f} |"
            )
    print(
        f"\nmarks: the TTFT of the table, {MARK_CPU_S_AT_256} CPU-s per 1000 tokens at 256 streams, start-up under {MARK_START_S:g} s"
    )


if __name__ == "__main__":
    main()
