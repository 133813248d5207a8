"""The queue on the page: the probe that runs, those that wait, those that have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from probes.cell import CellShape, load_label
from tco.job_words import OUTCOMES, counted, ended_text, in_words, log_of, roughly
from tco.views import _job
from tco.words import plain

if TYPE_CHECKING:
    from probes import JobState
    from probes.jobs.records import EndedJob, JobRequest, Outcome, QueueState, RunningJob, WaitingJob

EVERY_S = 1.0
_FOUR_DIGITS = st.column_config.NumberColumn(format="%.4g")
_LOG_HEIGHT = 240
_ICONS: dict[Outcome, str] = {
    "complete": ":green[:material/check_circle:]",
    "incomplete": ":orange[:material/pending:]",
    "cancelled": ":gray[:material/stop_circle:]",
    "failed": ":red[:material/error:]",
}


def show() -> None:
    """The queue, where there is anything in it; redraws itself while a probe runs."""
    state = _job.look()
    # A visitor who comes later is not told of what ended before.
    st.session_state.setdefault("jobs_seen", _newest(state))
    if state.running is not None or state.ended:
        st.fragment(run_every=EVERY_S if state.running is not None else None)(_show)()


def _show() -> None:
    # A callback of a fragment may draw nothing itself.
    if notice := st.session_state.pop("job_notice", None):
        st.toast(notice, icon=":material/info:")
    state = _job.look()
    if st.session_state["jobs_seen"] != _newest(state):
        _follow(state)
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
    doing = "Stopping" if running.is_stopping else "Measuring"
    st.markdown(f"**{doing}** · {plain(str(last.get('message') or 'starting'))}")
    st.caption(plain(_what(running.request)))
    fraction, words = counted(running.state)
    st.progress(fraction, text=f"{words}, {in_words(running.left)} left")
    _cells(running.state)
    with st.expander("Log"):
        st.code(running.state.log_tail or "nothing yet", language=None, wrap_lines=True, height=_LOG_HEIGHT)
    st.button(
        "Cancel",
        icon=":material/stop_circle:",
        help="What was measured so far is kept. What waits goes on with its turn.",
        disabled=running.is_stopping,
        on_click=_job.line().queue.cancel,
        args=(running.number,),
        key="job_cancel",
    )


def _what(request: JobRequest) -> str:
    limit = "" if request.limit_s is None else f" · at most {roughly(request.limit_s)}"
    return f"{request.title} at {request.where} · {request.load}{limit}".replace("at this machine", "on this machine")


def _show_waiting(state: QueueState) -> None:
    count = len(state.waiting)
    st.markdown(f"**{count} {'waits' if count == 1 else 'wait'}** · all done in {in_words(state.left)}")
    for place, job in enumerate(state.waiting, start=1):
        _show_one_waiting(place, job)


def _show_one_waiting(place: int, job: WaitingJob) -> None:
    words, up, out = st.columns([8, 2, 2], vertical_alignment="center", gap="small")
    words.markdown(f"{place}. {plain(_what(job.request))}  \n:small[starts in {in_words(job.starts)}]")
    up.button(
        "Move up",
        icon=":material/arrow_upward:",
        type="tertiary",
        disabled=place == 1,
        on_click=_job.line().queue.move_up,
        args=(job.number,),
        key=f"job_up_{job.number}",
    )
    out.button(
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


def _show_last(ended: EndedJob, *, is_idle: bool) -> None:
    """How the last probe ended; while the next one runs, only where something went wrong."""
    sentence = plain(ended_text(ended))
    if ended.outcome == "complete":
        if is_idle:
            st.success(sentence, icon=":material/check_circle:")
    elif ended.outcome == "cancelled":
        st.info(sentence, icon=":material/stop_circle:")
    else:
        st.warning(
            sentence, icon=":material/warning:", title=f"The probe of {plain(ended.request.title)} did not finish"
        )
        with st.expander("Its log"):
            st.code(log_of(ended), language=None, wrap_lines=True, height=_LOG_HEIGHT)


def _show_ended(ended: tuple[EndedJob, ...]) -> None:
    with st.expander(f"Earlier probes ({len(ended)})", icon=":material/history:"):
        for job in ended:
            words, link = st.columns([8, 2], vertical_alignment="center", gap="small")
            more = "" if job.outcome == "complete" else f"  \n:small[{plain(ended_text(job))}]"
            words.markdown(f"{_ICONS[job.outcome]} {plain(_ended_line(job))}{more}")
            if job.out is not None and link.button("Show its run", type="tertiary", key=f"job_run_{job.number}"):
                st.session_state.update(run_shown=job.out.as_posix(), run_follows=False)
                st.rerun()


def _ended_line(job: EndedJob) -> str:
    when = f"{OUTCOMES[job.outcome]} at {job.ended_at:%H:%M} UTC after {roughly(job.took_s)}"
    return f"{_what(job.request)} · {when}"
