"""A thread that calls a function again and again while there is something to do, and is gone when there is not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

EVERY_S = 0.5


class Keeper:
    """Keeps something going without anybody who watches. Its thread ends with the process, and does not hold it up.

    Args:
        tick: is called every so often; false: nothing is left to do.
        every_s: how often [s].
    """

    def __init__(self, tick: Callable[[], bool], every_s: float = EVERY_S) -> None:
        self._tick, self._every_s = tick, every_s
        self._lock, self._woken = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Says that there is something to do; returns at once."""
        with self._lock:
            self._woken.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="probe-queue", daemon=True)
                self._thread.start()

    @property
    def is_awake(self) -> bool:
        """Whether its thread lives."""
        with self._lock:
            return self._thread is not None

    def _work(self) -> None:
        while True:
            self._woken.clear()
            if not self._tick_once() and self._may_go():
                return
            self._woken.wait(self._every_s)

    def _tick_once(self) -> bool:
        try:
            return self._tick()
        except Exception:
            # Whatever it was, those that wait must not wait for ever.
            logging.getLogger(__name__).exception("the queue of probes stumbled, and goes on")
            return True

    def _may_go(self) -> bool:
        with self._lock:
            # Between the tick and this lock something may have been added.
            if self._woken.is_set():
                return False
            self._thread = None
            return True
