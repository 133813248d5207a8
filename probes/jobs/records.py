"""What a queue of probes takes in, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from probes.job import JobState
from probes.jobs.time_left import TimeLeft

Outcome = Literal["complete", "incomplete", "cancelled", "failed"]
"""How a probe ended. `incomplete`: its run says what is missing, and can be gone on with."""

_COMPLETE, _INCOMPLETE, _INTERRUPTED = 0, 5, 130
"""Exit codes of `tco probe run`."""


class QueueRefusedError(Exception):
    """A probe was not taken in; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A probe that is asked for.

    Attributes:
        title: what is measured, for people.
        where: on which machine or server, for people.
        load: with which load, for people.
        limit_s: what measuring may take [s]; None: as long as it takes.
        start_s: what comes on top before anything is measured, usually [s].
        settle: called when its turn comes, with the file for its events; gives the command and the run's file.
        file: the run that it goes on with; None for a new one. A run is in the queue once.
    """

    title: str
    where: str
    load: str
    limit_s: float | None
    start_s: float
    settle: Callable[[Path], tuple[Sequence[str], Path]]
    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """The probe that runs.

    Attributes:
        number: its number in this queue.
        request: what was asked for.
        state: where it has got to.
        left: how long it will still take.
        is_stopping: it was asked to stop.
    """

    number: int
    request: JobRequest
    state: JobState
    left: TimeLeft
    is_stopping: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingJob:
    """A probe that waits.

    Attributes:
        number: its number in this queue.
        request: what was asked for.
        starts: when it will start.
    """

    number: int
    request: JobRequest
    starts: TimeLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """A probe that has ended.

    Attributes:
        number: its number in this queue.
        request: what was asked for.
        out: its run; None where it came to none.
        state: the last of it.
        outcome: how it ended.
        ended_at: when.
        took_s: how long it ran [s].
    """

    number: int
    request: JobRequest
    out: Path | None
    state: JobState
    outcome: Outcome
    ended_at: datetime
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """A queue at one moment.

    Attributes:
        running: the probe that runs.
        waiting: those that wait, the next one first.
        ended: the last ones that have ended, the newest first.
        left: when all of them will have ended.
    """

    running: RunningJob | None
    waiting: tuple[WaitingJob, ...]
    ended: tuple[EndedJob, ...]
    left: TimeLeft


def outcome_of(state: JobState, *, is_cancelled: bool) -> Outcome:
    """How a probe ended.

    Args:
        state: the last of it.
        is_cancelled: it was asked to stop; one that was complete by then is complete.
    """
    if state.exit_code == _COMPLETE:
        return "complete"
    if is_cancelled:
        return "cancelled"
    return "incomplete" if state.exit_code in (_INCOMPLETE, _INTERRUPTED) else "failed"
