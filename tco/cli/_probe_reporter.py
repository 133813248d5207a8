"""What a running probe tells the person who waits, and the file that the app reads."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tco.cli._probe_text import cell_line, duration_text, finding_lines
from tco.cli._shared import console

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from probes import ProbeError, Run
    from probes import Progress as SweepProgress
    from probes.engines import RunningEngine, StartProgress


class Reporter:
    """Live progress on stderr, and the same events as JSON lines in a file.

    On a terminal a bar moves; elsewhere there is one line for each thing that happened. Every event has `kind`, `message` and
    `elapsed_s`; the sweep's own add `cells_done`, `cells_total`, `remaining_s` and `cell`, the last one adds `exit_code`.
    """

    def __init__(self, progress_file: Path | None) -> None:
        """Opens the reporter.

        Args:
            progress_file: where events go as JSON lines, None for nowhere.

        Raises:
            OSError: the file cannot be written.
        """
        self._console = console()
        self._file = None if progress_file is None else progress_file.open("w", encoding="utf-8")
        self._bar: Progress | None = None
        self._last_phase = ""
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._file is not None:
            # What a full disk did not take of the progress must not hide how the probe ended.
            with contextlib.suppress(OSError):
                self._file.close()

    def say(self, text: str, style: str | None = None) -> None:
        """Prints one line that stays."""
        self._console.print(text, style=style, markup=False, soft_wrap=True)

    def engine_starting(self, progress: StartProgress) -> None:
        """Shows what an engine that is starting does."""
        left_s = max(0.0, progress.expected_s - progress.elapsed_s)
        text = f"engine: {progress.phase}"
        self._show(f"{text}, about {duration_text(left_s)} left" if left_s else text, None, progress.expected_s)
        if progress.phase == self._last_phase:
            return
        self._last_phase = progress.phase
        if self._bar is None:
            self.say(f"{text} ({duration_text(progress.elapsed_s)})")
        self._write("engine_start", text, progress.elapsed_s, remaining_s=left_s)

    def engine_ready(self, engine: RunningEngine) -> None:
        """Says that the engine answers."""
        capacity = engine.engine.kv_cache_tokens
        cache = "" if capacity is None else f", KV cache of {capacity} tokens"
        text = f"engine ready after {duration_text(engine.start_s)} at {engine.endpoint.base_url}{cache}"
        self.say(text)
        self._write("engine_ready", text, engine.start_s)

    def sweep(self, event: SweepProgress) -> None:
        """Shows one event of the sweep."""
        left = "" if event.remaining_s is None else f", about {duration_text(event.remaining_s)} left"
        self._show(
            f"{event.message} ({event.cells_done}/{event.cells_total}{left})", event.cells_done, event.cells_total
        )
        if event.cell is not None:
            self.say(cell_line(event.cell))
        elif event.kind in ("stopped_flat", "stopped_budget", "save_failed"):
            self.say(event.message, style="yellow")
        self._write(
            event.kind,
            event.message,
            event.elapsed_s,
            cells_done=event.cells_done,
            cells_total=event.cells_total,
            remaining_s=event.remaining_s,
            cell=None if event.cell is None else event.cell.model_dump(mode="json"),
        )

    def problem(self, error: ProbeError) -> None:
        """Says why the probe cannot go on, with the engine's last lines."""
        if error.log_tail:
            self.say("last lines of the engine's log:")
            self.say(error.log_tail, style="dim")
        self.say(f"error: {error}", style="bold red")
        self._write("failed", str(error), None, problem=error.kind, log_tail=error.log_tail)

    def ended(self, message: str, exit_code: int) -> None:
        """Says how the probe ended; the last event."""
        self.say(message)
        self._write("ended", message, None, exit_code=exit_code)

    def findings(self, run: Run) -> None:
        """Says what the run found out; for people only, since programs have the run."""
        for line in finding_lines(run):
            self.say(line)

    def _show(self, text: str, done: float | None, total: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=text, completed=done or 0, total=None if done is None else total)

    def _write(self, kind: str, message: str, elapsed_s: float | None, **more: Any) -> None:
        if self._file is None:
            return
        event = {"kind": kind, "message": message, "elapsed_s": elapsed_s, **more}
        # A full disk must not end a measurement that still runs.
        with contextlib.suppress(OSError):
            self._file.write(json.dumps(event, allow_nan=False) + "\n")
            self._file.flush()
