"""How far a long answer is, for the person who waits longer than a moment."""

from __future__ import annotations

import time

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from tco.cli._bar import WithBar
from tco.cli._shared import console

_FIRST_AFTER_S, _SAY_EVERY_S = 2.0, 10.0


class PartsProgress(WithBar):
    """Progress on stderr. On a terminal a bar moves; elsewhere there is a line after two seconds, and then every ten."""

    def __init__(
        self,
        title: str = "simulating (compiled at the first run on a machine)",
        parts: str = "parts simulated",
    ) -> None:
        self._console, self._parts = console(), parts
        self._began, self._said = time.monotonic(), 0.0
        self._first: tuple[float, int] | None = None
        self._bar: Progress | None = None
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn(title), BarColumn(bar_width=30), TimeRemainingColumn())
            self._bar = Progress(*columns, TextColumn("left"), console=self._console, transient=True)
            self._task = self._bar.add_task("", total=None)

    def done(self, done: int, total: int) -> None:
        """Shows that so many parts are done.

        Args:
            done: parts.
            total: of all.
        """
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
            return
        now = time.monotonic() - self._began
        if self._first is None:
            # What came before the first part, such as the answer itself, says nothing of how long the others take.
            self._first = now, done
        if done < total and now >= (self._said + _SAY_EVERY_S if self._said else _FIRST_AFTER_S):
            self._said = now
            self._console.print(f"{done} of {total} {self._parts}{self._left(now, done, total)}", markup=False)

    def _left(self, now: float, done: int, total: int) -> str:
        assert self._first is not None  # of a part that is done
        since, before = self._first
        if done <= before:
            return ""
        return f", about {(now - since) * (total - done) / (done - before):.0f} s left"
