"""Engines that this tool has started, noted on disk, so that one left behind is found by the next probe.

One small file an engine, in the user's cache folder. It is written when the engine starts and removed after it is gone. A file whose probe is no longer alive is a
leftover; a process id alone proves nothing (they are reused), so the start time of the process is compared as well.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from probes.engines.process import kill_tree, tree_of

if TYPE_CHECKING:
    from probes.engines.process import SupervisedProcess

TITLE = "VLLM::"
"""What vLLM calls its workers. A session alone proves nothing either: after a restart of the machine its number may be another program's."""

_SAME_START_WITHIN_S = 1.0
"""Start times of one process may differ by rounding and by clock corrections [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRecord:
    """An engine that this tool has started.

    Attributes:
        marker: value of `TCO_PROBE_TREE` in its processes.
        session: its session, which is the process id of its supervisor.
        owner_pid: process id of the probe that started it.
        owner_create_time: that process's start [s since 1970].
        port: where it listens.
        model: what it serves.
    """

    marker: str
    session: int
    owner_pid: int
    owner_create_time: float
    port: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEngine:
    """An engine that is alive although it was not started by this process.

    Attributes:
        record: what was noted about it.
        pids: its processes, the oldest first.
        owner_alive: true: another probe is running now; false: a leftover.
    """

    record: EngineRecord
    pids: tuple[int, ...]
    owner_alive: bool

    @property
    def sentence(self) -> str:
        """What a person needs to know about it."""
        pids = " ".join(str(pid) for pid in self.pids)
        what = f"an engine with {self.record.model} on port {self.record.port} (process {self.pids[0]})"
        if self.owner_alive:
            return f"Another probe (process {self.record.owner_pid}) is running {what}; both will measure slower than alone."
        return f"A probe that was killed has left {what}; by hand it is ended with `kill -9 {pids}`."


def cache_folder() -> Path:
    """Where this tool keeps what may be deleted at any time: `$XDG_CACHE_HOME/tco-llm`, or `~/.cache/tco-llm`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tco-llm"


def note_engine(process: SupervisedProcess, port: int, model: str) -> None:
    """Notes an engine that this process has just started. A cache that cannot be written is no reason to fail.

    Args:
        process: its process tree.
        port: where it will listen.
        model: what it will serve.
    """
    owner = psutil.Process()
    record = EngineRecord(
        marker=process.marker,
        session=process.pid,
        owner_pid=owner.pid,
        owner_create_time=owner.create_time(),
        port=port,
        model=model,
    )
    with contextlib.suppress(OSError):
        _folder().mkdir(parents=True, exist_ok=True)
        _file(record.marker).write_text(json.dumps(asdict(record)), encoding="utf-8")


def forget_engine(marker: str) -> None:
    """Removes the note of an engine that is gone."""
    with contextlib.suppress(OSError):
        _file(marker).unlink(missing_ok=True)


def find_engines() -> list[FoundEngine]:
    """Engines of other probes that are alive; notes about engines that are gone are removed on the way.

    Returns:
        Leftovers and engines of probes that are running now.
    """
    found: list[FoundEngine] = []
    for file in sorted(_folder().glob("*.json")):
        record = _read(file)
        if record is None:
            with contextlib.suppress(OSError):
                file.unlink()
            continue
        owner_alive = _is_alive(record.owner_pid, record.owner_create_time)
        if owner_alive and record.owner_pid == os.getpid():
            continue
        processes = sorted(tree_of(record.marker, record.session, TITLE), key=_create_time)
        if processes:
            pids = tuple(process.pid for process in processes)
            found.append(FoundEngine(record=record, pids=pids, owner_alive=owner_alive))
        elif not owner_alive:
            forget_engine(record.marker)
    return found


def stop_leftover(engine: FoundEngine) -> None:
    """Ends every process of a leftover and removes its note."""
    kill_tree(engine.record.marker, engine.record.session, TITLE)
    forget_engine(engine.record.marker)


def _folder() -> Path:
    return cache_folder() / "engines"


def _file(marker: str) -> Path:
    return _folder() / f"{marker}.json"


def _read(file: Path) -> EngineRecord | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return EngineRecord(
            marker=str(data["marker"]),
            session=int(data["session"]),
            owner_pid=int(data["owner_pid"]),
            owner_create_time=float(data["owner_create_time"]),
            port=int(data["port"]),
            model=str(data["model"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _create_time(process: psutil.Process) -> float:
    try:
        return float(process.create_time())
    except psutil.Error:
        return float("inf")


def _is_alive(pid: int, create_time: float) -> bool:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - create_time) < _SAME_START_WITHIN_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
