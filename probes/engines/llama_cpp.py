"""Starts llama.cpp's server (`llama-cpp-python[server]`) on a GGUF file, waits until it answers, and stops it.

Ollama and LM Studio build on llama.cpp. The package builds from source in some minutes, so that it lives in an environment of its own (`make test-engines`), and is
named by the Python that has it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from probes.endpoint import Endpoint
from probes.engines.failures import diagnose, log_tail
from probes.engines.launcher import DEFAULT_START_TIMEOUT_S, Launch, Launched, RunningEngine, StartProgress, launched
from probes.errors import ProbeError
from probes.setting import Engine, Model

SERVED_NAME = "probe"
EXPECTED_START_S = 5.0
REMEDY = "make test-engines"
_VERSION_TIMEOUT_S = 30.0
_GGUF_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaCppOptions:
    """What to start.

    Attributes:
        gguf: the model's file.
        python: the Python that has `llama-cpp-python[server]`.
        context_tokens: longest request, prompt and answer together [tokens].
        weights: for the record; `dummy` where the file's are random.
        log_folder: where the log is kept; None takes the cache folder.
        port: to listen on; None takes a free one.
        start_timeout_s: when to give up waiting [s].
    """

    gguf: Path
    python: Path
    context_tokens: int = 512
    weights: Literal["dummy", "real"] = "real"
    log_folder: Path | None = None
    port: int | None = None
    start_timeout_s: float = DEFAULT_START_TIMEOUT_S

    @property
    def args(self) -> tuple[str, ...]:
        """Arguments of the server, all but the model and where to listen.

        An answer that is being made is not broken off when the next request comes (`interrupt_requests`), which would lose requests under load. All layers go
        to a GPU where it was built for one.
        """
        return ("--n_ctx", str(self.context_tokens), "--n_gpu_layers", "-1", "--interrupt_requests", "false")


@contextlib.contextmanager
def start_llama_cpp(
    options: LlamaCppOptions, on_progress: Callable[[StartProgress], None] = lambda _progress: None
) -> Iterator[RunningEngine]:
    """Starts llama.cpp's server on the loopback address and stops its whole process tree when the block is left.

    It computes one request at a time; more streams wait.

    Args:
        options: what to start.
        on_progress: called twice a second while waiting.

    Yields:
        The engine, once `/v1/models` answers, which it does with the model loaded.

    Raises:
        ProbeError: `missing_engine`, `model_not_found` (no such file, not a GGUF), `port_taken`, `start_timeout`, or what the log says.
    """
    version = _version(options.python)
    _check_gguf(options.gguf)
    with launched(_launch(options), on_progress) as server:
        yield _describe(options, server, version)


def _version(python: Path) -> str:
    code = "import importlib.metadata as m; import starlette_context; print(m.version('llama-cpp-python'))"
    try:
        done = subprocess.run(  # noqa: S603 -- the caller's own Python, a fixed program
            [str(python), "-c", code], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProbeError(
            "missing_engine", f"{python} does not run ({error}). Build llama.cpp's server: `{REMEDY}`."
        ) from None
    if done.returncode:
        raise ProbeError(
            "missing_engine", f"{python} has no llama-cpp-python[server]. Build it: `{REMEDY}`.", log_tail(done.stderr)
        )
    return done.stdout.strip()


def _check_gguf(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            magic = opened.read(len(_GGUF_MAGIC))
    except OSError as error:
        raise ProbeError("model_not_found", f"{file}: cannot be read ({error.strerror}). Name a GGUF file.") from None
    if magic != _GGUF_MAGIC:
        raise ProbeError(
            "model_not_found", f"{file}: not a GGUF file. Name one, or make a toy with scripts/make_gguf.py."
        )


def _launch(options: LlamaCppOptions) -> Launch:
    def command(port: int) -> list[str]:
        return [
            *(str(options.python), "-m", "llama_cpp.server"),
            *("--model", str(options.gguf.resolve()), "--model_alias", SERVED_NAME),
            *("--host", "127.0.0.1", "--port", str(port)),
            *options.args,
        ]

    return Launch(
        command=command,
        environment=dict(os.environ),
        model=options.gguf.stem,
        ready_path="/v1/models",
        expected_s=EXPECTED_START_S,
        phase_of=lambda log: "filling the weights" if "llama_model_loader" in log else "loading Python and llama.cpp",
        diagnose=diagnose_llama_cpp,
        log_folder=options.log_folder,
        port=options.port,
        start_timeout_s=options.start_timeout_s,
    )


def diagnose_llama_cpp(log_text: str, returncode: int | None) -> ProbeError:
    """Why llama.cpp's server ended, from its log.

    Args:
        log_text: everything that it wrote.
        returncode: its exit code.
    """
    tail = log_tail(log_text)
    if "No module named" in log_text:
        return ProbeError("missing_engine", f"llama-cpp-python[server] is not complete. Build it: `{REMEDY}`.", tail)
    if "Failed to load model from file" in log_text or "error loading model" in log_text:
        message = "llama.cpp cannot read the model: the file is cut off, or its architecture is newer than the engine. Download it again, or update the engine."
        return ProbeError("unsupported_model", message, tail)
    return diagnose(log_text, returncode)


def _describe(options: LlamaCppOptions, server: Launched, version: str) -> RunningEngine:
    with options.gguf.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return RunningEngine(
        endpoint=Endpoint(base_url=f"http://127.0.0.1:{server.port}", served_model_name=SERVED_NAME, prompt="text"),
        engine=Engine(
            name="llama.cpp",
            version=f"llama-cpp-python {version}",
            args=list(options.args),
            started_by_probe=True,
            profile="llama.cpp",
            start_s=server.start_s,
        ),
        model=Model(name=options.gguf.stem, weights=options.weights, revision=f"sha256:{digest}"),
        log_path=server.process.log_path,
        start_s=server.start_s,
        process=server.process,
        diagnose=diagnose_llama_cpp,
    )
