"""The queue on the page: the probe that runs, those that wait, those that have ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from probes.cell import CellShape, load_label
from tco.job_words import OUTCOMES, counted, ended_text, in_words, log_of, roughly
from tco.views import _dataframe, _job, _reader
from tco.views._probe_command import HERE
from tco.words import plain

if TYPE_CHECKING:
    from probes import JobState
    from probes.jobs.records import EndedJob, JobRequest, Outcome, QueueState, RunningJob, WaitingJob

EVERY_S, EVERY_IDLE_S = 1.0, 3.0
_LOG_HEIGHT, _LOG_LINES = 240, 8
_LAST_WORDS = ("failed", "ended")
_ADDRESS = re.compile(r"`?(https?://[^\s`]*[^\s`.,;:)'\"])`?")
_ICONS: dict[Outcome, str] = {
    "complete": ":green[:material/check_circle:]",
    "incomplete": ":orange[:material/pending:]",
    "cancelled": ":gray[:material/stop_circle:]",
    "failed": ":red[:material/error:]",
}


def show() -> None:
    """The queue, where there is anything in it; redraws itself while a probe runs, and looks now and then whether another visitor started one."""
    state = _job.look()
    # A visitor who comes later is not told of what ended before.
    st.session_state.setdefault("jobs_seen", _newest(state))
    runs = state.running is not None
    st.fragment(run_every=EVERY_S if runs else EVERY_IDLE_S)(_show)(ran=runs)


def _show(*, ran: bool) -> None:
    # A part that redraws itself is not within the run of the page.
    with _reader.numbers():
        _draw(ran=ran)


def _draw(*, ran: bool) -> None:
    # Told here, because what is drawn before a rerun or by a callback is gone at once.
    if notice := st.session_state.pop("job_notice", None):
        st.toast(notice, icon=":material/info:")
    state = _job.look()
    if st.session_state["jobs_seen"] != _newest(state):
        _follow(state)
        st.rerun()
    if ran != (state.running is not None):
        # The whole page is another one: what the button says, and how often this is drawn.
        st.rerun()
    if state.running is not None:
        with st.container(border=True):
            _show_running(state.running)
            if state.waiting:
                _show_waiting(state)
    if state.ended:
        _show_last(state.ended[0], is_idle=state.running is None)
        _show_ended(state.ended)


def _newest(state: QueueState) -> int:
    return state.ended[0].number if state.ended else 0


def _follow(state: QueueState) -> None:
    """Shows the run that has just ended, unless the visitor looks at another one."""
    st.session_state["jobs_seen"] = _newest(state)
    out = state.ended[0].out
    if out is not None and st.session_state.get("run_follows", True):
        st.session_state["run_shown"] = out.as_posix()


def _show_running(running: RunningJob) -> None:
    last = running.state.events[-1] if running.state.events else {}
    st.markdown(f"**{_doing(running)}** · {_said(str(last.get('message') or 'looking at the machine and the server'))}")
    st.caption(_said(_what(running.request)))
    fraction, words = counted(running.state)
    st.progress(fraction, text=f"{words}, {in_words(running.left)} left")
    _cells(running.state)
    with st.expander("Log"):
        _log(running.state.log_tail or "nothing yet")
    st.button(
        "Cancel",
        icon=":material/stop_circle:",
        help="What was measured so far is kept. What waits goes on with its turn.",
        disabled=running.is_stopping,
        on_click=_job.line().queue.cancel,
        args=(running.number,),
        key="job_cancel",
    )


def _doing(running: RunningJob) -> str:
    last = running.state.events[-1] if running.state.events else {}
    if last.get("kind") in _LAST_WORDS:
        return "Ending"
    if running.is_stopping:
        return "Stopping"
    return "Measuring" if last.get("cells_total") else "Starting"


def _said(sentence: str) -> str:
    """What a probe said, as Markdown. As code an address is no link: it is the server that is measured, not a page to visit."""
    return plain(_ADDRESS.sub(r"`\1`", sentence))


def _log(text: str) -> None:
    st.code(text, language=None, wrap_lines=True, height=_LOG_HEIGHT if text.count("\n") > _LOG_LINES else "content")


def _what(request: JobRequest) -> str:
    where = "on this machine" if request.where == HERE else f"at {request.where}"
    limit = "" if request.limit_s is None else f" · at most {roughly(request.limit_s)}"
    return f"{request.title} {where} · {request.load}{limit}"


def _show_waiting(state: QueueState) -> None:
    count = len(state.waiting)
    st.markdown(f"**{count} {'waits' if count == 1 else 'wait'}** · all done in {in_words(state.left)}")
    for place, job in enumerate(state.waiting, start=1):
        _show_one_waiting(place, job)


def _show_one_waiting(place: int, job: WaitingJob) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{place}. {_said(_what(job.request))}  \n:small[starts in {in_words(job.starts)}]")
        st.button(
            "Move up",
            icon=":material/arrow_upward:",
            type="tertiary",
            disabled=place == 1,
            on_click=_job.line().queue.move_up,
            args=(job.number,),
            key=f"job_up_{job.number}",
        )
        st.button(
            "Take out",
            icon=":material/close:",
            type="tertiary",
            on_click=_take_out,
            args=(job.number,),
            key=f"job_out_{job.number}",
        )


def _take_out(number: int) -> None:
    if not _job.line().queue.take_out(number):
        st.session_state["job_notice"] = "It has been started meanwhile; cancel it instead."


def _cells(state: JobState) -> None:
    cells = [event["cell"] for event in state.events if event.get("cell")]
    if cells:
        rows = pd.DataFrame(
            [
                {
                    "Load": _load(cell),
                    "Output tokens/s": cell["output_tokens_per_s"]["mean"],
                    "First token p95 (ms)": cell["ttft_ms"]["p95"],
                    "Failed": cell["requests_failed"],
                }
                for cell in cells
            ]
        )
        _dataframe.draw(rows, alt="Load points so far")


def _load(cell: dict[str, Any]) -> str:
    shape = None if cell["shape"] is None else CellShape.model_validate(cell["shape"])
    return load_label(cell["concurrency"], cell["request_rate_per_s"], shape)


def _show_last(ended: EndedJob, *, is_idle: bool) -> None:
    """How the last probe ended; while the next one runs, only where something went wrong."""
    sentence = _said(ended_text(ended))
    if ended.outcome in ("complete", "cancelled"):
        if is_idle and ended.outcome == "complete":
            st.success(sentence, icon=":material/check_circle:")
        elif is_idle:
            st.info(sentence, icon=":material/stop_circle:")
    else:
        st.warning(
            sentence, icon=":material/warning:", title=f"The probe of {plain(ended.request.title)} did not finish"
        )
        with st.expander("Its log"):
            _log(log_of(ended))


def _show_ended(ended: tuple[EndedJob, ...]) -> None:
    with st.expander(f"Earlier probes ({len(ended)})", icon=":material/history:"):
        for job in ended:
            _show_one_ended(job)


def _show_one_ended(job: EndedJob) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        more = "" if job.outcome == "complete" else f"  \n:small[{_said(ended_text(job))}]"
        st.markdown(f"{_ICONS[job.outcome]} {_said(_ended_line(job))}{more}")
        if job.out is not None and st.button(
            "Show its run", icon=":material/monitoring:", type="tertiary", key=f"job_run_{job.number}"
        ):
            st.session_state.update(run_shown=job.out.as_posix(), run_follows=False)
            st.rerun()


def _ended_line(job: EndedJob) -> str:
    when = f"{OUTCOMES[job.outcome]} at {job.ended_at:%H:%M} UTC after {roughly(job.took_s)}"
    return f"{_what(job.request)} · {when}"
