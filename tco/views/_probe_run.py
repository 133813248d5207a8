"""A run on the page: what it found, its charts, its load points, how it was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from tco.glossary import explained
from tco.run_charts import attainment_chart, attainment_frame, latency_curve, throughput_curve
from tco.run_words import ROLE_TITLES, by_role, cautions, findings, lengths_text, load_text
from tco.views import _chart, _dataframe, _job, _look, _probe_measured
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes import Cell, Run
    from probes.cell import CellRole

_COLOURS: dict[str, Any] = {"measured": "green", "literature": "blue", "modelled": "orange"}
_REASONS = {"budget": "its time ran out", "interrupted": "it was interrupted"}
_OPTIONAL = ("Kept (%)", "Kept, low", "Kept, high", "low", "high", "Power (W)", "J per output token")
"""Columns that are left out where no load point has a value."""


def show(run: Run, reference: str, *, saved_here: bool) -> None:
    """A run, the answer first.

    Args:
        run: the run.
        reference: its name in a scenario; a path where it is saved here.
        saved_here: whether its file lies on this machine, so that it can be gone on with.
    """
    _heading(run)
    if sentences := findings(run):
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))
    if saved_here and can_resume(run):
        _resume(run, Path(reference))
    _charts(run)
    _tables(run)
    _probe_measured.show(run)
    notes = [text for text in (run.source, run.incomplete_reason, *cautions(run)) if text]
    if notes:
        with st.expander("Source and cautions"):
            for text in dict.fromkeys(notes):
                st.markdown(f"- {plain(text)}")


def _heading(run: Run) -> None:
    where = (
        run.gpu or (run.environment.gpus[0].name if run.environment.gpus else run.environment.cpu) or "unknown hardware"
    )
    engine = " ".join(part for part in (run.engine.name, run.engine.version) if part)
    shape = f"{run.workload.input_tokens} tokens in, {run.workload.output_tokens} out"
    evidence = "modelled" if run.extrapolation is not None else run.evidence
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(
            evidence,
            color=_COLOURS[evidence],
            help=None if run.extrapolation is None else plain(run.extrapolation.method),
        )
        st.caption(plain(f"{run.model.name} on {where} · {engine} · {shape} · {run.created_at[:10]}"), width="content")


def can_resume(run: Run) -> bool:
    """Whether `tco probe resume` can go on with a run: interrupted, and made by `tco probe run`."""
    plan = run.plan
    return not run.complete and plan is not None and (plan.model is not None or plan.endpoint is not None)


def _resume(run: Run, file: Path) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(f"This run is not complete: {_why(run.incomplete_reason)}."), width="content")
        pressed = st.button(
            "Resume",
            icon=":material/resume:",
            disabled=_job.holds(file),
            help="Goes on with the same engine and the same requests; complete load points are kept. Where a probe runs, it waits for its turn.",
        )
    if not pressed:
        return
    problem = _job.resume(run, file)
    if problem:
        st.error(problem, icon=":material/error:")
    else:
        st.rerun()


def _why(reason: str | None) -> str:
    return _REASONS.get(reason or "", reason or "the file does not say why")


def _charts(run: Run) -> None:
    palette = _look.palette()
    searched = not attainment_frame(run).empty
    if not run.usable_cells and not searched:
        st.info("No load point of this run is usable; the table says why.", icon=":material/info:")
        return
    with st.grid(3 if searched and run.usable_cells else 2, min_column_width=300, gap="medium"):
        if run.usable_cells:
            with st.container():
                st.markdown(
                    "**Throughput**", help="Output tokens per second; the band is the 95 % interval over the repeats."
                )
                _chart.draw(throughput_curve(run, palette), alt="Output tokens per second against load")
            with st.container():
                st.markdown(
                    "**Latency**",
                    help="Time to the first token, and time per output token after it; bands are the 95 % bounds of p95.",
                )
                _chart.draw(latency_curve(run, palette), alt="Latency against load")
        if searched:
            with st.container():
                st.markdown(
                    "**Promise kept**",
                    help="Share of requests that kept every limit when they arrived at random; bars are 95 % Wilson intervals.",
                )
                _chart.draw(
                    attainment_chart(run, palette), alt="Share of requests that kept the promise against offered rate"
                )


def _tables(run: Run) -> None:
    groups = by_role(run)
    if not groups:
        return
    if set(groups) == {"curve"}:
        _table(run, "curve", groups["curve"])
    else:
        for tab, (role, cells) in zip(st.tabs([ROLE_TITLES[role] for role in groups]), groups.items(), strict=True):
            with tab:
                _table(run, role, cells)
    st.caption("Latencies in milliseconds.")


def _table(run: Run, role: CellRole, cells: Sequence[Cell]) -> None:
    frame = pd.DataFrame([row(cell, run) for cell in cells])
    frame = frame.drop(columns=[name for name in _OPTIONAL if frame[name].isna().all()])
    numbers = {str(name): st.column_config.NumberColumn(help=explained(str(name))) for name in list(frame)[3:]}
    title = "Load points of the run" if role == "curve" else f"Load points: {ROLE_TITLES[role]}"
    _dataframe.draw(frame, column_config=numbers, alt=title)


def row(cell: Cell, run: Run) -> dict[str, object]:
    """A load point as a row of the table; latencies in ms, None where a value is not known."""
    kept, energy = cell.attainment, cell.energy
    return {
        "Load": load_text(cell),
        "Tokens in / out": lengths_text(cell, run),
        "State": state(cell),
        "Kept (%)": None if kept is None else 100 * kept.kept_fraction,
        "Kept, low": None if kept is None else 100 * kept.low,
        "Kept, high": None if kept is None else 100 * kept.high,
        "Requests/s": cell.requests_per_s.mean,
        "Output tokens/s": cell.output_tokens_per_s.mean,
        "low": cell.output_tokens_per_s.low,
        "high": cell.output_tokens_per_s.high,
        "First token p50": cell.ttft_ms.p50,
        "First token p95": cell.ttft_ms.p95,
        "Per token p50": cell.tpot_ms.p50,
        "Per token p95": cell.tpot_ms.p95,
        "Failed": cell.requests_failed,
        "Power (W)": cell.power_watts,
        "J per output token": None if energy is None else energy.energy_joules_per_output_token,
    }


def state(cell: Cell) -> str:
    """Whether a load point may carry a decision, in words."""
    if cell.client_bound:
        return "limited by the measuring client"
    return "complete" if cell.complete else f"incomplete: {cell.reason}"
