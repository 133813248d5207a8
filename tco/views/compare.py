"""Compare: what sets two scenarios apart, and what each difference does to the NPV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from tco import InputError, Scenario, dump, load, parse
from tco.compare_charts import step_title, waterfall_chart
from tco.format import usd
from tco.glossary import term
from tco.shipped import shipped_scenarios
from tco.views import _bar, _chart, _history, _hosted, _look, _scenario_upload, _state
from tco.what_if import Difference, Step, difference
from tco.words import number, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator
    from streamlit.runtime.uploaded_file_manager import UploadedFile

NOW = "the scenario of this session"
BEFORE = "before the last change"
MOST_FILES = 10
_KEPT, _READ = "compared", "compare.read"
_LONG = 60


def show_compare() -> None:
    """Two choices, then the way from one to the other."""
    _bar.show(None, plain(_state.scenario().name))
    head = st.container()
    left, right = st.columns(2, gap="medium")
    with st.expander("Other scenario files", icon=":material/upload_file:"):
        _upload()
    held = choices()
    names = list(held)
    with left:
        first = st.selectbox(
            "From",
            names,
            _first(names),
            key="compare.first",
            persist_state="session",
            placeholder="Choose a scenario",
        )
    with right:
        second = st.selectbox("To", names, names.index(NOW), key="compare.second", persist_state="session")
    if first is None:
        _nothing_yet(head)
    else:
        _show(held[first], held[str(second)], head)


def choices() -> dict[str, _history.Held]:
    """Scenarios that can be compared, by what they are called on the page."""
    shipped = {
        f"example: {load(path).name}": _history.Held(dump(load(path)), name, str(path.parent))
        for name, path in shipped_scenarios().items()
    }
    versions = {f"version: {name}": held for name, held in _history.versions().items()}
    before: list[_history.Held] = st.session_state["undo"]
    last = {BEFORE: _history.Held(*before[-1])} if before else {}
    uploaded: dict[str, str] = st.session_state.get("compare.files", {})
    files = {f"file: {name}": _history.Held(text, _state.OWN, None) for name, text in uploaded.items()}
    return {NOW: _history.now(), **last, **versions, **files, **shipped}


def _first(names: list[str]) -> int | None:
    """What one most likely wants to start from: a version, else what was before the last change; None where there is neither."""
    wanted = [n for n, name in enumerate(names) if name.startswith("version:") or name == BEFORE]
    return wanted[-1] if wanted else None


def _nothing_yet(head: DeltaGenerator) -> None:
    head.header("What sets two scenarios apart", anchor=False)
    st.info(
        "Nothing was changed in this session yet. Change an input, or keep this version under *Versions*: then this page shows "
        "what each difference does to the NPV. Or choose a scenario to come from.",
        icon=":material/difference:",
    )
    st.page_link(_state.page("inputs"), label="Inputs", icon=":material/tune:")


def _upload() -> None:
    files = st.file_uploader(
        "Other scenario files (YAML)",
        type=_scenario_upload.TYPES,
        accept_multiple_files=True,
        max_upload_size=_scenario_upload.MAX_MB,
        key="compare.upload",
        help="They stay in this session. Versions are named above, under *Versions*.",
    )
    if len(files) > MOST_FILES:
        st.error(
            f"{len(files)} files; at most {MOST_FILES} are held here. Take some out of the list above.",
            icon=":material/error:",
        )
    elif files:
        _keep(files)


def _keep(files: Sequence[UploadedFile]) -> None:
    """Holds those that are scenarios, and says of each other one why it is none. A file is read once."""
    asked = tuple(file.file_id for file in files)
    kept = st.session_state.get(_READ)
    if kept is None or kept[0] != asked:
        texts: dict[str, str] = {}
        problems = []
        for number, file in enumerate(files, start=1):
            try:
                # Files of two folders may have one name.
                texts[file.name if file.name not in texts else f"{file.name}, {number}."] = _scenario_upload.text_of(
                    file
                )
            except InputError as error:
                problems.append(str(error))
        kept = (asked, problems)
        st.session_state[_READ] = kept
        st.session_state["compare.files"] = texts
    for problem in kept[1]:
        st.error(plain(f"{problem}."), icon=":material/error:")


def _scenario(held: _history.Held) -> Scenario:
    return parse(held.text).in_folder(None if held.folder is None else Path(held.folder))


def _show(first: _history.Held, second: _history.Held, head: DeltaGenerator) -> None:
    """The answer; its sentence stands above the choices."""
    try:
        with _hosted.turn(), st.spinner("Answering step by step"):
            found = _difference(first, second)
    except InputError as error:
        head.header("These two cannot be compared", anchor=False)
        told = str(error)
        st.info(plain(f"{told[:1].upper()}{told[1:]}."), icon=":material/info:")
        st.write("Choose two scenarios that share an option beside what is paid today.")
        return
    head.header(plain(headline(found)), anchor=False)
    if not found.steps:
        st.info("Both ask the same question. Choose another one.", icon=":material/equal:")
        return
    _numbers(found)
    palette = _look.palette()
    if found.npv_first_usd is not None and found.npv_second_usd is not None:
        _chart.draw(
            waterfall_chart(found, palette),
            alt=f"NPV of {found.option} from {usd(found.npv_first_usd)} to {usd(found.npv_second_usd)} by change",
        )
    else:
        st.info(
            plain(f"{found.option} cannot serve in one of the two, so its NPV has no way between them."),
            icon=":material/block:",
        )
    _table(found)


def _difference(first: _history.Held, second: _history.Held) -> Difference:
    """Once for the same two: it answers the scenario once for every difference."""
    files = {**st.session_state["runs"], **st.session_state["own_prices"]}
    asked = (first, second, tuple(sorted(files.items())))
    kept = st.session_state.get(_KEPT)
    if kept is not None and kept[0] == asked:
        return _again(kept[1])
    bar = st.progress(0.0)

    def on_step(done: int, total: int) -> None:
        bar.progress(min(1.0, (done + 1) / total))

    try:
        found = difference(
            _scenario(first),
            _scenario(second),
            own_runs=_state.own_runs(),
            own_prices=_state.own_prices(),
            on_step=on_step,
        )
    finally:
        bar.empty()
    # As plain data, so that a reload of the code never meets objects of an older class.
    plain_steps = [
        {name: getattr(step, name) for name in ("paths", "before", "after", "npv_usd", "change_usd")}
        for step in found.steps
    ]
    fields = ("option", "npv_first_usd", "npv_second_usd", "recommended_first", "recommended_second")
    st.session_state[_KEPT] = (asked, {**{name: getattr(found, name) for name in fields}, "steps": plain_steps})
    return found


def _again(kept: dict[str, Any]) -> Difference:
    return Difference(**{**kept, "steps": tuple(Step(**step) for step in kept["steps"])})


def headline(found: Difference) -> str:
    """One sentence: whether the recommendation changes, and from what to what."""

    def named(option: str | None) -> str:
        return "nothing, for no option can serve" if option is None else option

    if found.flips:
        return f"The recommendation changes from {named(found.recommended_first)} to {named(found.recommended_second)}."
    return f"The recommendation stays: {named(found.recommended_second)}."


def _numbers(found: Difference) -> None:
    first, second = found.npv_first_usd, found.npv_second_usd
    moved = None if first is None or second is None else second - first
    with st.grid(4, min_column_width=150):
        told = f"Of {found.option} against the baseline. {term('NPV')}"
        st.metric("NPV, from", _npv(first), border=True, help=plain(told))
        st.metric("NPV, to", _npv(second), border=True, help=plain(told))
        st.metric("It moves by", _moved(moved), border=True, help="The second NPV less the first.")
        st.metric(
            "Differences", f"{len(found.steps)}", border=True, help="Inputs that are not the same, one step each."
        )


def _npv(amount: float | None) -> str:
    return "cannot serve" if amount is None else usd(amount)


def _moved(amount: float | None) -> str:
    return "–" if amount is None else f"{'+' if amount > 0 else ''}{usd(amount)}"


def _table(found: Difference) -> None:
    moving = [step for step in found.steps if step.change_usd is None or step.change_usd]
    idle = [step_title(step) for step in found.steps if step not in moving]
    rows = [
        {
            "Change": step_title(step),
            "From": _text(step.before[0]) if len(step.paths) == 1 else "",
            "To": _text(step.after[0]) if len(step.paths) == 1 else "",
            "NPV moves by": _moved(step.change_usd),
            "NPV then": _npv(step.npv_usd),
            "Path": ", ".join(step.paths),
        }
        for step in moving
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="–", alt="Every difference and what it does")
    if idle:
        st.caption(plain(f"Differs and moves nothing: {', '.join(idle)}."))
    st.caption(
        plain(
            f"NPV of {found.option} against the baseline. Changes are made one after the other in the order of the file; where inputs act together, the share of each hangs on that order."
        )
    )


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


show_compare()
