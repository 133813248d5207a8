"""Which scenario Inputs works on: choose a shipped one, open a file, save this one."""

from __future__ import annotations

import streamlit as st

from tco import InputError
from tco.scenario import Scenario
from tco.shipped import shipped_scenarios
from tco.views import _fields, _scenario_upload, _state
from tco.words import plain


def show_scenario(scenario: Scenario) -> None:
    """Which scenario: choose a shipped one, upload one, download this one."""
    names = list(shipped_scenarios())
    origin = st.session_state["scenario_origin"]
    pick, give = st.columns(2, gap="medium")
    with pick:
        options = names if origin in names else [origin, *names]
        st.selectbox(
            "Scenario",
            options,
            index=options.index(origin),
            format_func=lambda name: "your own file" if name == _state.OWN else name,
            key=_state.key("picker"),
            on_change=_pick,
            help="Examples that ship with the product. Choosing one replaces what is on this page.",
        )
        _fields.line("name", "Name", scenario.name, help=None)
    with give:
        st.file_uploader(
            "Open a scenario file (YAML)",
            type=_scenario_upload.TYPES,
            max_upload_size=_scenario_upload.MAX_MB,
            key=f"upload {st.session_state['revision']}",
            on_change=_upload,
        )
        st.download_button(
            "Save as YAML",
            _state.text(),
            "scenario.yaml",
            "application/yaml",
            on_click="ignore",
            icon=":material/download:",
            help="Every value with its range, source and date. `tco plan scenario.yaml` gives the same answer.",
        )
    if problem := st.session_state.pop("upload_problem", None):
        st.error(plain(problem), icon=":material/error:")


def _pick() -> None:
    chosen = st.session_state[_state.key("picker")]
    if chosen != _state.OWN:
        _state.open_shipped(chosen)


def _upload() -> None:
    file = st.session_state[f"upload {st.session_state['revision']}"]
    if file is None:
        return
    try:
        text = _scenario_upload.text_of(file)
    except InputError as error:
        st.session_state["upload_problem"] = f"{error}. Nothing was changed."
    else:
        _state.replace(text, origin=_state.OWN)
