"""The one probe that this app runs at a time: start it, watch it, cancel it.

A probe is a process of its own, because a measurement must not share an interpreter with a page that redraws. Two at once
would measure each other, so all sessions of the app share one slot.
"""

from __future__ import annotations

import re
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import streamlit as st

from probes import Job, JobState, cancel, events_path, poll, start_job
from probes.cell import CellShape, load_label
from tco.hosting import is_hosted
from tco.views import _state
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S = 1.0
_FOUR_DIGITS = st.column_config.NumberColumn(format="%.4g")
_CANCELLED = "Cancelled before anything was measured."
_CANCELLED_KEPT = "Cancelled. What was measured until then is kept, and shown below."
OFF = (
    "This is a hosted server, and probes are off here: a probe starts processes and sends requests to whatever address it is given. "
    "Probe on your own machine with `tco probe run`, and open the run file below."
)
"""What a hosted server says of probes, and why."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class Slot:
    """Where the running or the last probe is kept."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    job: Job | None = None
    out: Path | None = None
    folder: TemporaryDirectory[str] | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be measured.

    Attributes:
        target: arguments that name a model to start, or an endpoint.
        concurrency: load points, as `1,2,4`.
        input_tokens: in a prompt.
        output_tokens: in an answer.
        repeats: of each load point.
        budget_minutes: for measuring.
        more: further arguments, each bound by `=`.
    """

    target: tuple[str, ...]
    concurrency: str
    input_tokens: int
    output_tokens: int
    repeats: int
    budget_minutes: int
    more: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model, for the run's file name."""
        chosen = next(part for part in self.target if part.startswith(("--model=", "--served-model=")))
        return _UNSAFE.sub("-", chosen.partition("=")[2])[:60]

    def command(self, out: Path, events: Path) -> list[str]:
        """The command line; values are bound by `=`, so that none is taken for a flag."""
        return [
            *(sys.executable, "-m", "tco.cli", "probe", "run"),
            *self.target,
            f"--concurrency={self.concurrency}",
            f"--input-tokens={self.input_tokens}",
            f"--output-tokens={self.output_tokens}",
            f"--repeats={self.repeats}",
            f"--budget={self.budget_minutes}m",
            *self.more,
            f"--out={out}",
            f"--progress-file={events}",
        ]


def resume_command(file: Path, events: Path) -> list[str]:
    """The command line that goes on with an interrupted run."""
    return [*(sys.executable, "-m", "tco.cli", "probe", "resume"), f"--progress-file={events}", "--", str(file)]


@st.cache_resource
def slot() -> Slot:
    """The app's one slot."""
    return Slot()


def start(request: Request) -> str | None:
    """Starts a probe.

    Returns:
        Why it could not be started; None where it was.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    out = _state.runs_folder() / f"{stamp}-{request.name}.json"
    return _start(out, lambda events: request.command(out, events))


def resume(file: Path) -> str | None:
    """Goes on with an interrupted run.

    Args:
        file: the run's file, on this machine.

    Returns:
        Why it could not be started; None where it was.
    """
    return _start(file, lambda events: resume_command(file, events))


def _start(out: Path, command: Callable[[Path], list[str]]) -> str | None:
    if is_hosted():
        return OFF
    here = slot()
    with here.lock:
        if here.job is not None and poll(here.job).running:
            return "Another probe is running; two at once would measure each other. Wait for it, or cancel it."
        if here.folder is not None:
            here.folder.cleanup()
        try:
            here.folder = TemporaryDirectory(prefix="tco-probe-")
            folder = Path(here.folder.name)
            here.out = out
            here.cancelled = False
            here.job = start_job(command(events_path(folder)), folder)
        except OSError as error:
            return f"The probe could not be started ({error.strerror}). Free some space, or check the folder's rights."
    return None


def is_running() -> bool:
    """Whether a probe runs now."""
    job = slot().job
    return job is not None and poll(job).running


def show() -> None:
    """The running or the last probe, if there is one; redraws itself while it runs."""
    if slot().job is not None:
        st.fragment(run_every=EVERY_S if is_running() else None)(_show)()


def _show() -> None:
    here = slot()
    if here.job is None:
        return
    state = poll(here.job)
    was_running = st.session_state.pop("probe_running", False)
    if state.running:
        st.session_state["probe_running"] = True
        _show_running(state, here)
        return
    if was_running:
        if here.out is not None and here.out.exists():
            st.session_state["run_shown"] = here.out.as_posix()
        st.rerun()
    if here.cancelled:
        kept = here.out is not None and here.out.exists()
        st.info(_CANCELLED_KEPT if kept else _CANCELLED, icon=":material/stop_circle:")
    else:
        _show_ended(state)


def _show_running(state: JobState, here: Slot) -> None:
    last = state.events[-1] if state.events else {}
    done, total = last.get("cells_done") or 0, last.get("cells_total") or 0
    with st.container(border=True):
        st.markdown(f"**Measuring** · {plain(str(last.get('message') or 'starting'))}")
        counted = f"{done} of {total} load points" if total else "not measuring yet"
        st.progress(done / total if total else 0.0, text=f"{counted}, {_left(last)}")
        _cells(state)
        with st.expander("Log"):
            st.code(state.log_tail or "nothing yet", language=None, wrap_lines=True)
        if st.button("Cancel", icon=":material/stop_circle:", help="What was measured so far is kept."):
            _cancel(here)


def _cancel(here: Slot) -> None:
    if here.job is not None:
        here.cancelled = True
        cancel(here.job)
        st.toast("Stopping; what was measured is kept.")


def _left(event: dict[str, Any]) -> str:
    left_s = event.get("remaining_s")
    if left_s is None:
        return "time left not known yet"
    return f"about {left_s:.0f} s left" if left_s < 100 else f"about {left_s / 60:.0f} min left"  # noqa: PLR2004


def _cells(state: JobState) -> None:
    cells = [event["cell"] for event in state.events if event.get("cell")]
    if cells:
        st.dataframe(
            [
                {
                    "Load": _load(cell),
                    "Output tokens/s": cell["output_tokens_per_s"]["mean"],
                    "First token p95 (ms)": cell["ttft_ms"]["p95"],
                    "Failed": cell["requests_failed"],
                }
                for cell in cells
            ],
            hide_index=True,
            column_config=dict.fromkeys(("Output tokens/s", "First token p95 (ms)"), _FOUR_DIGITS),
            placeholder="–",
            alt="Load points so far",
        )


def _load(cell: dict[str, Any]) -> str:
    shape = None if cell["shape"] is None else CellShape.model_validate(cell["shape"])
    return load_label(cell["concurrency"], cell["request_rate_per_s"], shape)


def _show_ended(state: JobState) -> None:
    problem = next((event for event in reversed(state.events) if event["kind"] == "failed"), None)
    ended = next((event["message"] for event in reversed(state.events) if event["kind"] == "ended"), None)
    if state.exit_code == 0:
        st.success(plain(ended or "The probe is done."), icon=":material/check_circle:")
        return
    last_line = (state.log_tail.strip().splitlines() or ["The probe ended without a word."])[-1]
    sentence = problem["message"] if problem else ended or last_line
    st.warning(plain(sentence), icon=":material/warning:", title="The last probe did not finish")
    with st.expander("Log"):
        st.code((problem or {}).get("log_tail") or state.log_tail or "empty", language=None, wrap_lines=True)
