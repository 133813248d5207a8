"""A report while it is made: which part of it, how long it still takes, and a button that stops it."""

from __future__ import annotations

import time
from typing import Self

import streamlit as st

from tco.number_style import local, notation, numbers_in

_STOPPED = "report.stopped"
_RUNS_UNTIL, _FLIPS_UNTIL = 0.15, 0.8
"""Shares of the bar; without the search the files begin where the runs end."""


class Making:
    """The bar and the button, drawn where it is made.

    Whoever presses a button of a page begins its script anew, and what is under way ends where it next draws: at each step of the bar.

    Args:
        files: how many are written.
        quick: nothing is searched.
    """

    def __init__(self, files: int, *, quick: bool) -> None:
        self._files, self._searched_until = files, _RUNS_UNTIL if quick else _FLIPS_UNTIL
        self._began = time.monotonic()
        # What it says stands on the page, whatever notation the report has.
        self._style = notation()
        self._place = st.empty()
        with self._place.container(border=True):
            self._bar = st.progress(0.0, "Answering")
            st.button("Stop the report", icon=":material/stop_circle:", key="report.stop", on_click=_stop)

    def runs(self, done: int, total: int) -> None:
        """Shows how many runs of the simulation are done."""
        with numbers_in(self._style):
            said = f"Simulating: {local(done):,} of {local(total):,} runs"
        self._bar.progress(_RUNS_UNTIL * done / max(1, total), said)

    def inputs(self, done: int, total: int) -> None:
        """Shows for how many inputs is known what would flip the answer."""
        if done <= 1:
            self._began = time.monotonic()
        so_far = min(1.0, done / max(1, total))
        at = _RUNS_UNTIL + (_FLIPS_UNTIL - _RUNS_UNTIL) * so_far
        self._bar.progress(at, f"Looking for what flips the answer: {done} of {total} inputs, {self._left(so_far)}")

    def file(self, written: int, next_: str) -> None:
        """Shows which file is written next."""
        at = self._searched_until + (1 - self._searched_until) * written / max(1, self._files)
        self._bar.progress(at, f"Writing file {written + 1} of {self._files}: {next_}")

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Takes bar and button off the page, but where the whole page is drawn anew."""
        if kind is None or issubclass(kind, Exception):
            self._place.empty()

    def _left(self, so_far: float) -> str:
        gone = time.monotonic() - self._began
        if so_far <= 0 or gone < 1:
            return "time left not known yet"
        return f"about {gone * (1 - so_far) / so_far:.0f} s left"


def was_stopped() -> bool:
    """Whether the visitor has just stopped one; true once."""
    return bool(st.session_state.pop(_STOPPED, False))


def _stop() -> None:
    st.session_state[_STOPPED] = True
