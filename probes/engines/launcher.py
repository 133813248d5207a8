"""Starts any server in a supervised process tree on a loopback port, and waits until it answers there."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from probes.endpoint import Endpoint
from probes.engines.failures import log_tail
from probes.engines.ports import find_port
from probes.engines.process import SupervisedProcess
from probes.engines.stale import cache_folder, forget_engine, note_engine
from probes.errors import ProbeError
from probes.record import Warn
from probes.setting import Engine, Model

DEFAULT_START_TIMEOUT_S = 600.0

_PORT_ATTEMPTS = 3
_LOGS_KEPT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StartProgress:
    """Where a start has got to.

    Attributes:
        elapsed_s: since the engine was started [s].
        expected_s: what a start usually takes [s].
        phase: what the engine is doing, in plain words.
    """

    elapsed_s: float
    expected_s: float
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A server to start.

    Attributes:
        command: program and arguments for a given port.
        environment: the whole environment.
        model: what it serves, for notes about engines that were left behind.
        ready_path: path that answers 200 once requests may come.
        expected_s: what a start usually takes [s].
        phase_of: from the log to what it does now, in plain words.
        diagnose: from the log and the exit code to the reason why it ended.
        log_folder: where the log is kept; None takes the cache folder.
        port: to listen on; None takes a free one.
        start_timeout_s: when to give up waiting [s].
    """

    command: Callable[[int], Sequence[str]]
    environment: Mapping[str, str]
    model: str
    ready_path: str
    expected_s: float
    phase_of: Callable[[str], str]
    diagnose: Callable[[str, int | None], ProbeError]
    log_folder: Path | None = None
    port: int | None = None
    start_timeout_s: float = DEFAULT_START_TIMEOUT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A server that answers.

    Attributes:
        process: its process tree.
        port: where it listens.
        start_s: how long the start took [s].
    """

    process: SupervisedProcess
    port: int
    start_s: float


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
        diagnose: from its log and exit code to the reason why it ended.
        warnings: what a run on this engine must say about it.
    """

    endpoint: Endpoint
    engine: Engine
    model: Model
    log_path: Path
    start_s: float
    process: SupervisedProcess
    diagnose: Callable[[str, int | None], ProbeError]
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
        return None if code is None else self.diagnose(self.process.log_text(), code)


@contextlib.contextmanager
def launched(
    launch: Launch, on_progress: Callable[[StartProgress], None] = lambda _progress: None
) -> Iterator[Launched]:
    """Starts a server on the loopback address and stops its whole process tree when the block is left.

    A free port that somebody takes between finding it and listening on it is swapped for another; one that was asked for is not.

    Args:
        launch: what to start.
        on_progress: called twice a second while waiting.

    Yields:
        The server, once it answers 200.

    Raises:
        ProbeError: `port_taken`, `start_timeout`, `engine_exited` when no process can be made, or what `launch.diagnose` says.
    """
    began_s = time.monotonic()
    process, port = _start(launch, on_progress)
    try:
        yield Launched(process=process, port=port, start_s=time.monotonic() - began_s)
    finally:
        _stop(process)


def _start(launch: Launch, on_progress: Callable[[StartProgress], None]) -> tuple[SupervisedProcess, int]:
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        port = find_port(launch.port)
        process = _make(launch, port)
        try:
            _await_ready(process, port, launch, on_progress)
        except BaseException as error:
            _stop(process)
            taken = isinstance(error, ProbeError) and error.kind == "port_taken"
            if taken and launch.port is None and attempt < _PORT_ATTEMPTS:
                continue
            raise
        return process, port
    raise AssertionError("the loop returns or raises")


def _make(launch: Launch, port: int) -> SupervisedProcess:
    marker = uuid.uuid4().hex
    folder = launch.log_folder or cache_folder() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _prune_logs(folder)
        log_path = folder / f"engine-{marker}.log"
        process = SupervisedProcess(launch.command(port), env=launch.environment, log_path=log_path, marker=marker)
    except OSError as error:
        message = (
            f"the engine cannot be started: {folder} cannot be written or no process can be made ({error.strerror})."
        )
        raise ProbeError("engine_exited", message) from None
    note_engine(process, port, launch.model)
    return process


def _stop(process: SupervisedProcess) -> None:
    process.stop()
    forget_engine(process.marker)


def _prune_logs(folder: Path) -> None:
    logs = sorted(folder.glob("engine-*.log"), key=lambda path: path.stat().st_mtime)
    for path in logs[: max(0, len(logs) - _LOGS_KEPT + 1)]:
        path.unlink(missing_ok=True)


def _await_ready(
    process: SupervisedProcess, port: int, launch: Launch, on_progress: Callable[[StartProgress], None]
) -> None:
    began_s = time.monotonic()
    while not (_answers(port, launch.ready_path) and process.listens_on(port)):
        elapsed_s = time.monotonic() - began_s
        code = process.poll()
        log = process.log_text()
        if code is not None:
            raise launch.diagnose(log, code)
        if elapsed_s > launch.start_timeout_s:
            message = (
                f"the engine did not answer within {launch.start_timeout_s:g} s; it was {launch.phase_of(log)}. "
                "Give it longer with --start-timeout, or choose a smaller model."
            )
            raise ProbeError("start_timeout", message, log_tail(log))
        on_progress(StartProgress(elapsed_s=elapsed_s, expected_s=launch.expected_s, phase=launch.phase_of(log)))
        time.sleep(0.5)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200  # noqa: PLR2004 -- HTTP's OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
