"""A queue of probes: one runs, and the others follow by themselves in the order in which they were asked for.

Two at once would measure each other. The queue has no thread of its own: whoever holds it calls `tick` again and again (`probes.jobs.keeper`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from probes.job import Job, JobState, cancel, poll, start_job
from probes.jobs.one_run import OneRun
from probes.jobs.records import EndedJob, JobRequest, QueueRefusedError, QueueState, WaitingJob
from probes.jobs.time_left import starts

MOST_WAITING = 10
"""Probes that may wait. Ten of ten minutes are most of two hours; more is rather a slip than a wish."""

KEPT = 10
"""Ended probes that are remembered."""


class JobQueue:
    """The queue of one process. Every method may be called from any thread.

    Args:
        start: starts a command in a folder, as `probes.start_job`.
        poll: says where a job has got to, as `probes.poll`.
        cancel: asks a job to stop, as `probes.cancel`.
        clock: a clock that never goes back [s].
        now: the time of day.
    """

    def __init__(
        self,
        *,
        start: Callable[..., Job] = start_job,
        poll: Callable[[Job], JobState] = poll,
        cancel: Callable[[Job], None] = cancel,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._start_job, self._poll, self._cancel, self._clock, self._now = start, poll, cancel, clock, now
        # A poll may wait until processes are gone; who only looks must not wait with it.
        self._ticking, self._lock = threading.Lock(), threading.Lock()
        self._waiting: list[tuple[int, JobRequest]] = []
        self._running: OneRun | None = None
        self._ended: deque[EndedJob] = deque(maxlen=KEPT)
        self._last_number = 0

    def add(self, request: JobRequest) -> int:
        """Takes in a probe, and starts it at once where nothing runs.

        Args:
            request: what is to be measured.

        Returns:
            How many are before it; 0: its turn came at once.

        Raises:
            QueueRefusedError: as many wait already as may, or its run is in the queue.
        """
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise QueueRefusedError(
                    f"{MOST_WAITING} probes wait already, as many as may. Take one out, or wait until one has ended."
                )
            if request.file is not None and request.file in self._files():
                raise QueueRefusedError(f"{request.file} is in the queue already. Wait for it, or take it out.")
            before = len(self._waiting) + (self._running is not None)
            self._last_number += 1
            self._waiting.append((self._last_number, request))
            self._start_next()
            return before

    def take_out(self, number: int) -> bool:
        """Takes a probe that waits out of the queue.

        Args:
            number: its number.

        Returns:
            False where it does not wait any more.
        """
        with self._lock:
            left = [each for each in self._waiting if each[0] != number]
            found, self._waiting = len(left) < len(self._waiting), left
            return found

    def move_up(self, number: int) -> None:
        """Lets a probe that waits go before the one in front of it; the first stays where it is."""
        with self._lock:
            place = next((index for index, each in enumerate(self._waiting) if each[0] == number), 0)
            if place:
                self._waiting.insert(place - 1, self._waiting.pop(place))

    def cancel(self, number: int) -> None:
        """Asks the probe that runs to stop. What it has measured is kept, and the next one starts when it has ended.

        Args:
            number: its number. Where it has ended meanwhile, nothing happens to the one that runs now.
        """
        with self._lock:
            run = self._running
            if run is not None and run.number == number:
                run.is_stopping = True
                self._cancel(run.job)

    def close(self) -> None:
        """Takes all that wait out of the queue and asks the one that runs to stop."""
        with self._lock:
            self._waiting.clear()
            if self._running is not None:
                self._running.is_stopping = True
                self._cancel(self._running.job)

    def holds(self, file: Path) -> bool:
        """Whether a run is gone on with, or waits for that."""
        with self._lock:
            return file in self._files()

    def tick(self) -> bool:
        """Sees how far the running probe is, and starts the next one when it has ended.

        Returns:
            Whether one runs now.
        """
        with self._ticking:
            run = self._running
            state = None if run is None else self._poll(run.job)
            with self._lock:
                if run is not None and state is not None:
                    run.note(state, self._clock())
                    if not state.running:
                        self._running = None
                        self._ended.append(run.ended(self._clock(), self._now()))
                self._start_next()
                return self._running is not None

    def look(self) -> QueueState:
        """The queue as of the last tick, with times as of now."""
        with self._lock:
            running = None if self._running is None else self._running.shown(self._clock())
            most_s = (None if each.limit_s is None else each.start_s + each.limit_s for _, each in self._waiting)
            times = starts(None if running is None else running.left, most_s)
            waiting = tuple(
                WaitingJob(number=number, request=request, starts=at)
                for (number, request), at in zip(self._waiting, times, strict=False)
            )
            return QueueState(running=running, waiting=waiting, ended=tuple(reversed(self._ended)), left=times[-1])

    def _files(self) -> set[Path | None]:
        held = {request.file for _, request in self._waiting}
        return held if self._running is None else held | {self._running.request.file}

    def _start_next(self) -> None:
        """Starts the next that can be started; those that cannot end with the reason."""
        while self._running is None and self._waiting:
            number, request = self._waiting.pop(0)
            run = OneRun(number, request, self._clock())
            try:
                run.start(self._start_job)
            except (OSError, ValueError) as error:
                # ValueError: an argument that no command line can carry.
                run.failed(getattr(error, "strerror", None) or str(error))
                self._ended.append(run.ended(self._clock(), self._now()))
            else:
                self._running = run
