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
        # What was done at the first call, and when: before it lie the answer itself and the compiler, which say nothing of a part's time.
        self._first: tuple[int, float] | None = None
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
        self._first = self._first or (done, now)
        if done < total and now >= (self._said + _SAY_EVERY_S if self._said else _FIRST_AFTER_S):
            self._said = now
            self._console.print(f"{done} of {total} {self._parts}, {self._left(done, total, now)}", markup=False)

    def _left(self, done: int, total: int, now: float) -> str:
        assert self._first is not None
        before, at = self._first
        if done <= before:
            return "time left not known yet"
        return f"about {(now - at) * (total - done) / (done - before):.0f} s left"
