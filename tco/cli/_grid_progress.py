"""How far a grid is, for the person who waits: a bar with the time left, or a line now and then where nobody watches."""

from __future__ import annotations

import time
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tco.cli._bar import WithBar
from tco.cli._probe_text import duration_text
from tco.cli._shared import console

_SAY_EVERY_S = 30.0
_BAR_AT_MOST_EVERY_S = 0.1


class GridProgress(WithBar):
    """Progress on stderr. On a terminal a bar moves; elsewhere there is a line each half minute."""

    def __init__(self, points: int, taken_up: int) -> None:
        """Prepares the progress.

        Args:
            points: of the grid.
            taken_up: those that are there already.
        """
        self._console = console()
        self._points, self._first = points, taken_up
        self._began = self._said = self._moved = time.monotonic()
        self._bar: Progress | None = None
        if self._console.is_terminal:
            columns = (TextColumn("points"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, TextColumn("left"), console=self._console, transient=True)
            self._task = self._bar.add_task("", total=points, completed=taken_up)

    def __enter__(self) -> Self:
        if self._first:
            self._say(f"{self._first:,} of {self._points:,} points are there already.")
        return super().__enter__()

    def done(self, count: int) -> None:
        """Shows that so many points are there.

        Args:
            count: of all points.
        """
        now = time.monotonic()
        if self._bar is not None:
            if now - self._moved >= _BAR_AT_MOST_EVERY_S or count == self._points:
                self._moved = now
                self._bar.update(self._task, completed=count)
        elif now - self._said >= _SAY_EVERY_S:
            self._said = now
            left_s = (now - self._began) * (self._points - count) / max(1, count - self._first)
            self._say(f"{count:,} of {self._points:,} points, about {duration_text(left_s)} left")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)
