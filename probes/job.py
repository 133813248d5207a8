"""A probe as a job beside a long-lived app: start, poll, cancel.

The job's process tree ends when the app ends, in whatever way. The usual `PR_SET_PDEATHSIG` would not do here: it fires when the *thread* that started the process ends, and
web apps run each interaction in a thread of its own.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probes.engines.failures import log_tail
from probes.engines.process import SupervisedProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GRACE_S = 30.0
"""How long a cancelled probe may take to save its run and stop its engine [s]."""

LOG_NAME = "log.txt"
EVENTS_NAME = "progress.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A probe that was started.

    Attributes:
        folder: holds its log and its events.
        process: its process tree.
    """

    folder: Path
    process: SupervisedProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """Where a job has got to.

    Attributes:
        events: what it has reported so far, oldest first.
        running: false once it has ended.
        exit_code: None while it runs.
        log_tail: the last lines that it has written, secrets blanked.
    """

    events: tuple[dict[str, Any], ...]
    running: bool
    exit_code: int | None
    log_tail: str


def events_path(folder: Path) -> Path:
    """The file to which the command must write its events as JSON lines (`--progress-file`)."""
    return folder / EVENTS_NAME


def start_job(command: Sequence[str], folder: Path) -> Job:
    """Starts a command in the background.

    Args:
        command: program and arguments, among them the events file `events_path(folder)`.
        folder: made if need be; what an earlier job left in it is overwritten.

    Returns:
        The job; keep it, its end of the line keeps the command alive.

    Raises:
        OSError: the folder cannot be written, or no process can be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    events_path(folder).unlink(missing_ok=True)
    process = SupervisedProcess(command, env=os.environ, log_path=folder / LOG_NAME, grace_s=GRACE_S)
    return Job(folder=folder, process=process)


def poll(job: Job) -> JobState:
    """Where a job has got to; returns at once.

    Args:
        job: from `start_job`.
    """
    # The exit code first: events that are read after the end are all there are.
    code = job.process.poll()
    if code is not None:
        job.process.stop()
    return JobState(
        events=_read_events(events_path(job.folder)),
        running=code is None,
        exit_code=code,
        log_tail=log_tail(job.process.log_text()),
    )


def cancel(job: Job) -> None:
    """Asks a job to stop and returns at once; `poll` says when it has. A job that has ended stays as it is."""
    job.process.terminate()


def _read_events(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return ()
    # The last line may be half written; it will be whole at the next poll.
    lines = text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
    return tuple(json.loads(line) for line in lines)
