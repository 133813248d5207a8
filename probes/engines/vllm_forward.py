"""Time of one decode step for exact batches and contexts, from `vllm bench forward` (vLLM 0.33 and newer, on CUDA).

It builds a batch of B requests with K tokens of context each, without the scheduler, and times the model's forward pass as a CUDA graph. That is the floor of the time
between tokens at concurrency B and context K: sampling and the engine's own work of a step come on top. A whole surface takes a minute where serving it takes an hour.
It runs in a process of its own and takes the GPU's memory, so it must not run beside an engine.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.engines.failures import diagnose, log_tail
from probes.engines.launcher import DEFAULT_START_TIMEOUT_S
from probes.engines.process import SupervisedProcess
from probes.engines.vllm_options import VllmOptions
from probes.engines.vllm_settings import engine_environment
from probes.errors import ProbeError

NOT_TAKEN = ("--disable-uvicorn-access-log", "--enforce-eager")
"""Arguments of the server that the benchmark does not know, or sets itself."""

SPREAD_LIMIT_FRACTION = 0.005
"""Spread of the samples' medians above which vLLM itself calls a timing unstable."""

_US_PER_MS = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardTime:
    """One decode step of one batch.

    Attributes:
        requests: how many decode together.
        context_tokens: keys and values of each, the new token among them; the mean where they differ.
        forward_ms: median time of the forward pass, of the slowest rank [ms].
        spread_fraction: largest less smallest median of the samples, over the median.
        balanced_routing: experts were chosen evenly by the benchmark.
        with_drafter: a speculative drafter's time is in it.
    """

    requests: int
    context_tokens: float
    forward_ms: float
    spread_fraction: float
    balanced_routing: bool
    with_drafter: bool

    @property
    def stable(self) -> bool:
        """Whether the samples agree as well as vLLM asks for."""
        return self.spread_fraction <= SPREAD_LIMIT_FRACTION


def forward_is_present() -> bool:
    """Whether the installed vLLM has the benchmark; looks for its file, imports nothing."""
    found = importlib.util.find_spec("vllm")
    places = found.submodule_search_locations if found is not None else None
    return any((Path(place) / "benchmarks/forward/main.py").exists() for place in places or ())


def decode_cases(batches: Sequence[int], contexts: Sequence[int]) -> tuple[str, ...]:
    """Every batch with every context, as the benchmark's `--case`.

    Args:
        batches: requests that decode together.
        contexts: tokens of context of each, the new one among them, at least 2.

    Raises:
        ProbeError: `bad_arguments` for a batch below 1 or a context below 2: without a prefix it would be a prompt, not a decode step.

    >>> decode_cases([1, 8], [1024])
    ('b1-k1024=1*1@1024', 'b8-k1024=8*1@1024')
    """
    if min(batches, default=0) < 1 or min(contexts, default=0) < 2:  # noqa: PLR2004 -- stated above
        raise ProbeError(
            "bad_arguments", "a decode step needs at least 1 request and 2 tokens of context; give such numbers."
        )
    return tuple(f"b{batch}-k{context}={batch}*1@{context}" for batch, context in itertools.product(batches, contexts))


def forward_command(options: VllmOptions, cases: Sequence[str], out: Path) -> list[str]:
    """The benchmark's command: contexts exact, the engine's own arguments kept, one process a GPU.

    Args:
        options: what would be served; its longest request (`--max-model-len`) must hold every context.
        cases: from `decode_cases`.
        out: file for the results.
    """
    launch = ["-m", "torch.distributed.run", f"--nproc-per-node={options.gpus}", "-m"] if options.gpus > 1 else ["-m"]
    args = [argument for argument in options.args if argument not in NOT_TAKEN]
    if options.weights == "real":
        args += ["--load-format", "auto"]
    listed = [word for case in cases for word in ("--case", case)]
    bench = ["bench", "forward", "--model", options.model.path, "--kv-len-jitter", "0", "--output-json", str(out)]
    return [sys.executable, *launch, "vllm.entrypoints.cli.main", *bench, *listed, *args]


def run_forward(
    options: VllmOptions, cases: Sequence[str], *, timeout_s: float = DEFAULT_START_TIMEOUT_S
) -> tuple[ForwardTime, ...]:
    """Runs the benchmark in a supervised process tree and reads its results.

    Args:
        options: what would be served; no engine may run on the GPUs.
        cases: from `decode_cases`.
        timeout_s: when it is given up [s]; loading the model is in it.

    Raises:
        ProbeError: `missing_engine` where the installed vLLM has no such benchmark, `start_timeout`, or what its log says.
    """
    if not forward_is_present():
        raise ProbeError(
            "missing_engine",
            "this vLLM has no `bench forward`; it came with 0.33 for CUDA. Measure the surface by serving instead.",
        )
    environment = engine_environment(offline=options.model.kind != "hub", on_cpu=False)
    with tempfile.TemporaryDirectory(prefix="tco-forward-") as folder:
        out = Path(folder) / "forward.json"
        command = forward_command(options, cases, out)
        with SupervisedProcess(command, env=environment, log_path=Path(folder) / "log") as process:
            began_s = time.monotonic()
            while (code := process.poll()) is None:
                if time.monotonic() - began_s > timeout_s:
                    tail = log_tail(process.log_text())
                    raise ProbeError(
                        "start_timeout",
                        f"`vllm bench forward` took longer than {timeout_s:g} s. Give it fewer cases.",
                        tail,
                    )
                time.sleep(0.1)
            log = process.log_text()
        if code or not out.exists():
            raise diagnose(log, code, has_gpu=True)
        return parse_forward(out.read_text(encoding="utf-8"))


def parse_forward(text: str) -> tuple[ForwardTime, ...]:
    """Reads what the benchmark wrote with `--output-json`: one entry a case, microseconds.

    Args:
        text: the file's content.

    Returns:
        The decode steps, in the order of the file; other cases (prompts, verification of drafts) are left out.

    Raises:
        ProbeError: `bad_arguments` when it is not such a file.
    """
    try:
        return tuple(_time(entry) for entry in json.loads(text) if _is_decode(entry))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        message = (
            f"not the results of `vllm bench forward` ({type(error).__name__}: {error}). Write them with --output-json."
        )
        raise ProbeError("bad_arguments", message) from None


def step_overhead_ms(itl_ms: float, forward: ForwardTime) -> float:
    """What a served step takes beyond the forward pass [ms]: sampling, scheduling, the server's own work.

    Measured in one served cell of the same batch and context, it turns the surface of forward times into one of times between tokens. Where it is negative the served
    cell had fewer requests in flight, or shorter contexts, than the benchmark's batch.

    Args:
        itl_ms: mean time between tokens of the served cell [ms].
        forward: of the same concurrency and mean context.
    """
    return itl_ms - forward.forward_ms


def _is_decode(entry: dict[str, Any]) -> bool:
    return all(
        request["query_len"] == 1 and request["kv_len"] > 1 and not request["num_draft_tokens"]
        for request in entry["requests"]
    )


def _time(entry: dict[str, Any]) -> ForwardTime:
    requests, rank = entry["requests"], entry["ranks"][0]
    median_us = float(entry["median_us"])
    if not median_us > 0 or not requests:
        raise ValueError(f"case {entry['case']!r} has no time")
    return ForwardTime(
        requests=len(requests),
        context_tokens=sum(request["kv_len"] for request in requests) / len(requests),
        forward_ms=median_us / _US_PER_MS,
        spread_fraction=float(rank["latency_us"]["sample_spread_pct"]) / 100,
        balanced_routing=rank.get("routing") == "balanced",
        with_drafter=rank.get("timing_scope") == "target_and_drafter",
    )
