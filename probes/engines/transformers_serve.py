"""Starts `transformers serve` on a local folder, waits until it answers, and stops it with everything it started.

Its `GET /v1/models` lists what is in the Hugging Face cache, so the folder is shown to it as a cache of its own with one model in it (links, no copies).
Without sizes its continuous batching takes what memory there is for keys and values, and on a processor does not come to an answer: both sizes are set.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from probes.architectures import ModelSource
from probes.endpoint import Endpoint
from probes.engines.failures import diagnose, log_tail
from probes.engines.launcher import DEFAULT_START_TIMEOUT_S, Launch, Launched, RunningEngine, StartProgress, launched
from probes.errors import ProbeError
from probes.setting import Engine, Model

OWNER = "local"
"""Owner in the model's name; the served name is `local/NAME`."""

EXPECTED_START_S = 15.0
"""What a start usually takes [s]: the imports of torch and transformers, then the weights."""

CACHE_BLOCKS = 64
BATCH_TOKENS = 1024
"""Sizes for continuous batching: blocks of 256 tokens of keys and values, and tokens a step."""

REMEDY = "pip install 'tco-llm[transformers]'"
_NEEDED = ("transformers", "accelerate", "fastapi", "uvicorn", "openai")
_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformersOptions:
    """What to start.

    Attributes:
        model: a folder with `config.json`, `*.safetensors` and a tokenizer.
        continuous_batching: whether requests are computed together; without, one after the other.
        device: as torch names it; `auto` takes a GPU where there is one.
        dtype: number format; `auto` takes that of the weights.
        weights: for the record; `dummy` where the file's are random.
        log_folder: where the log is kept; None takes the cache folder.
        port: to listen on; None takes a free one.
        start_timeout_s: when to give up waiting [s].
    """

    model: ModelSource
    continuous_batching: bool = True
    device: str = "auto"
    dtype: str = "auto"
    weights: Literal["dummy", "real"] = "real"
    log_folder: Path | None = None
    port: int | None = None
    start_timeout_s: float = DEFAULT_START_TIMEOUT_S

    @property
    def served_name(self) -> str:
        """The model's name in requests."""
        return f"{OWNER}/{_NAME.sub('-', self.model.name)}"

    @property
    def args(self) -> tuple[str, ...]:
        """Arguments of `transformers serve`, all but the model and where to listen."""
        base = ("--device", self.device, "--dtype", self.dtype, "--log-level", "warning")
        sizes = ("--cb-num-blocks", str(CACHE_BLOCKS), "--cb-max-batch-tokens", str(BATCH_TOKENS))
        return (*base, "--continuous-batching", *sizes) if self.continuous_batching else base


@contextlib.contextmanager
def start_transformers(
    options: TransformersOptions, on_progress: Callable[[StartProgress], None] = lambda _progress: None
) -> Iterator[RunningEngine]:
    """Starts `transformers serve` on the loopback address and stops its whole process tree when the block is left.

    Prompts are text: it takes no token ids, and no request for an exact length. An answer ends at the model's stop token or at `max_tokens`.

    Args:
        options: what to start.
        on_progress: called twice a second while waiting.

    Yields:
        The engine, once `/health` answers, which it does with the model loaded.

    Raises:
        ProbeError: `missing_engine`, `model_not_found` (no weights or no tokenizer in the folder), `port_taken`, `start_timeout`, or what the log says.
    """
    _check(options.model)
    with tempfile.TemporaryDirectory(prefix="tco-hub-") as folder:
        _show_as_cache(options, Path(folder))
        with launched(_launch(options, Path(folder)), on_progress) as server:
            yield _describe(options, server)


def _check(model: ModelSource) -> None:
    missing = [name for name in _NEEDED if _version(name) is None]
    if missing:
        raise ProbeError("missing_engine", f"`transformers serve` needs {', '.join(missing)}: `{REMEDY}`.")
    folder = Path(model.path)
    if not model.has_weights or not folder.is_dir():
        raise ProbeError(
            "model_not_found",
            f"model {model.reference!r}: `transformers serve` needs a folder with weights (*.safetensors). Make a toy with scripts/make_tiny_model.py.",
        )
    if not (folder / "tokenizer_config.json").exists():
        raise ProbeError(
            "model_not_found",
            f"model {model.reference!r}: the folder has no tokenizer_config.json. Save a tokenizer there.",
        )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _show_as_cache(options: TransformersOptions, folder: Path) -> None:
    """Links the model's files into the layout of a Hugging Face cache, as revision `main`."""
    repository = folder / f"models--{options.served_name.replace('/', '--')}"
    revision = options.model.config_sha256 or "0"
    snapshot = repository / "snapshots" / revision
    for made in (snapshot, repository / "refs", repository / "blobs"):
        made.mkdir(parents=True)
    (repository / "refs/main").write_text(revision, encoding="utf-8")
    for file in Path(options.model.path).iterdir():
        if file.is_file():
            (snapshot / file.name).symlink_to(file.resolve())


def _launch(options: TransformersOptions, hub: Path) -> Launch:
    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "transformers.cli.transformers", "serve", options.served_name),
            *("--host", "127.0.0.1", "--port", str(port)),
            *options.args,
        ]

    return Launch(
        command=command,
        environment={**os.environ, "HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
        model=options.model.name,
        ready_path="/health",
        expected_s=EXPECTED_START_S,
        phase_of=lambda log: "opening the port" if "Started server process" in log else "loading torch and the weights",
        diagnose=diagnose_transformers,
        log_folder=options.log_folder,
        port=options.port,
        start_timeout_s=options.start_timeout_s,
    )


def diagnose_transformers(log_text: str, returncode: int | None) -> ProbeError:
    """Why `transformers serve` ended, from its log.

    Args:
        log_text: everything that it wrote.
        returncode: its exit code.
    """
    if "Missing dependencies for serving" in log_text or "requires `accelerate`" in log_text:
        return ProbeError("missing_engine", f"`transformers serve` lacks packages: `{REMEDY}`.", log_tail(log_text))
    return diagnose(log_text, returncode)


def _describe(options: TransformersOptions, server: Launched) -> RunningEngine:
    model = options.model
    return RunningEngine(
        endpoint=Endpoint(
            base_url=f"http://127.0.0.1:{server.port}", served_model_name=options.served_name, prompt="text"
        ),
        engine=Engine(
            name="transformers",
            version=_version("transformers"),
            args=list(options.args),
            started_by_probe=True,
            profile="transformers",
            start_s=server.start_s,
        ),
        model=Model(
            name=model.name,
            config_sha256=model.config_sha256,
            weights=options.weights,
            dtype=model.dtype if options.dtype == "auto" else options.dtype,
            layers=model.layers,
            vocab_size=model.vocab_size,
        ),
        log_path=server.process.log_path,
        start_s=server.start_s,
        process=server.process,
        diagnose=diagnose_transformers,
    )
