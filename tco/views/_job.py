"""The app's one queue of probes: add to it, and ask it.

A probe is a process of its own, because a measurement must not share an interpreter with a page that redraws. Two at once
would measure each other, so all sessions of the app share one queue. It lives in the server's process: it goes on when every page is closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from probes.jobs.keeper import Keeper
from probes.jobs.queue import MOST_WAITING, JobQueue
from probes.jobs.records import QueueRefusedError, QueueState
from tco.hosting import is_hosted
from tco.views import _probe_command, _state

if TYPE_CHECKING:
    from probes import Run
    from probes.jobs.records import JobRequest

OFF = (
    "This is a hosted server, and probes are off here: a probe starts processes and sends requests to whatever address it is given. "
    "Probe on your own machine with `tco probe run`, and open the run file below."
)
"""What a hosted server says of probes, and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """The queue and the thread that keeps it going."""

    queue: JobQueue = field(default_factory=JobQueue)
    keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keeper", Keeper(self.queue.tick))

    def close(self) -> None:
        """Nobody can reach it any more: what waits is forgotten, what runs is stopped and keeps what it has."""
        self.queue.close()


@st.cache_resource(on_release=Line.close, show_spinner=False)
def line() -> Line:
    """The app's one queue."""
    return Line()


def start(request: _probe_command.ProbeRequest) -> str | None:
    """Starts a probe, or puts it into the queue where one runs.

    Args:
        request: what is to be measured.

    Returns:
        Why it was not taken in; None where it was.
    """
    return _add(request.job(_state.runs_folder()))


def resume(run: Run, file: Path) -> str | None:
    """Goes on with an interrupted run, when its turn comes.

    Args:
        run: the run.
        file: its file on this machine.

    Returns:
        Why it was not taken in; None where it was.
    """
    return _add(_probe_command.resume_job(run, file))


def _add(job: JobRequest) -> str | None:
    if is_hosted():
        return OFF
    here = line()
    try:
        before = here.queue.add(job)
    except QueueRefusedError as error:
        return str(error)
    here.keeper.wake()
    # Who asks for a probe wants to see its run.
    st.session_state["run_follows"] = True
    if before:
        st.session_state["job_notice"] = (
            f"Added to the queue: {'it is next' if before == 1 else f'{before} are before it'}."
        )
    return None


def look() -> QueueState:
    """What runs, waits and has ended."""
    return line().queue.look()


def is_busy() -> bool:
    """Whether a probe that is asked for now has to wait."""
    return look().running is not None


def is_full() -> bool:
    """Whether no more are taken in."""
    return len(look().waiting) >= MOST_WAITING


def holds(file: Path) -> bool:
    """Whether a run is gone on with, or waits for that."""
    return line().queue.holds(file)
