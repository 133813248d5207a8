"""Long calculations take turns: so many at a time in this process, a bounded line behind them, first come first served."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_EVERY_S = 1.0


class LineIsFullError(Exception):
    """As many wait already as may."""


class Turns:
    """The line of one process.

    Args:
        at_once: calculations at a time.
        waiting: who may wait behind them.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once = at_once
        self._most = at_once + waiting
        self._line: list[object] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, while_waiting: Callable[[int], None]) -> Iterator[None]:
        """Waits for a turn, and gives it back when the block ends, however it ends.

        Args:
            while_waiting: is told every second how many are before; what it raises ends the waiting.

        Raises:
            LineIsFullError: as many wait already as may.
        """
        ticket = object()
        with self._changed:
            if len(self._line) >= self._most:
                raise LineIsFullError
            self._line.append(ticket)
        try:
            while before := self._before(ticket):
                while_waiting(before)
                with self._changed:
                    # Asked again under the lock: a turn that came free meanwhile must not be slept through.
                    self._changed.wait_for(lambda: not self._ahead(ticket), timeout=_LOOK_EVERY_S)
            yield
        finally:
            with self._changed:
                self._line.remove(ticket)
                self._changed.notify_all()

    def _before(self, ticket: object) -> int:
        with self._changed:
            return self._ahead(ticket)

    def _ahead(self, ticket: object) -> int:
        return max(0, self._line.index(ticket) - self._at_once + 1)
