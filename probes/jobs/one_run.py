"""One probe of a queue, from its start to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from probes.job import GRACE_S, Job, JobState, events_path
from probes.jobs.records import EndedJob, JobRequest, RunningJob, outcome_of
from probes.jobs.time_left import TimeLeft, time_left


class OneRun:
    """A probe whose turn has come. Used by one thread at a time.

    Attributes:
        number: its number in the queue.
        request: what was asked for.
        is_stopping: it was asked to stop.
    """

    def __init__(self, number: int, request: JobRequest, now_s: float) -> None:
        """Nothing is started yet.

        Args:
            number: its number in the queue.
            request: what was asked for.
            now_s: the queue's clock [s].
        """
        self.number, self.request, self.is_stopping = number, request, False
        self._started_s = self._event_s = now_s
        self._state = JobState(events=(), running=True, exit_code=None, log_tail="")
        self._out: Path | None = None
        self._job: Job | None = None
        self._folder: TemporaryDirectory[str] | None = None

    @property
    def job(self) -> Job:
        """The job, once it was started."""
        assert self._job is not None
        return self._job

    def start(self, start_job: Callable[..., Job]) -> None:
        """Starts it, with log and events in a folder that goes with it.

        Args:
            start_job: as `probes.start_job`.

        Raises:
            OSError: no folder or no process could be made.
            ValueError: an argument holds what a command line cannot carry.
        """
        self._folder = TemporaryDirectory(prefix="tco-probe-")
        folder = Path(self._folder.name)
        command, self._out = self.request.settle(events_path(folder))
        self._job = start_job(command, folder)

    def failed(self, why: str) -> None:
        """Notes that it could not be started.

        Args:
            why: in the system's words.
        """
        sentence = f"The probe could not be started ({why}). Free some space, or check the folder's rights."
        self._state = JobState(events=(), running=False, exit_code=None, log_tail=sentence)

    def note(self, state: JobState, now_s: float) -> None:
        """Notes where it has got to.

        Args:
            state: from `probes.poll`.
            now_s: the queue's clock [s].
        """
        if len(state.events) != len(self._state.events):
            self._event_s = now_s
        self._state = state

    def shown(self, now_s: float) -> RunningJob:
        """What the queue says of it while it runs.

        Args:
            now_s: the queue's clock [s].
        """
        left = time_left(
            self._state.events,
            limit_s=self.request.limit_s,
            start_s=self.request.start_s,
            elapsed_s=now_s - self._started_s,
            since_event_s=now_s - self._event_s,
        )
        if self.is_stopping:
            left = TimeLeft(left_s=GRACE_S, is_limit=True)
        return RunningJob(
            number=self.number, request=self.request, state=self._state, left=left, is_stopping=self.is_stopping
        )

    def ended(self, now_s: float, now: datetime) -> EndedJob:
        """What stays of it; its folder is deleted.

        Args:
            now_s: the queue's clock [s].
            now: the time of day.
        """
        if self._folder is not None:
            self._folder.cleanup()
        return EndedJob(
            number=self.number,
            request=self.request,
            out=self._out if self._out is not None and self._out.exists() else None,
            state=self._state,
            outcome=outcome_of(self._state, is_cancelled=self.is_stopping),
            ended_at=now,
            took_s=now_s - self._started_s,
        )
