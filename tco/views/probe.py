"""Probe: what this machine is, a measurement with live progress, and the curve of any run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from probes import Run, RunError, check_machine, describe_environment, engine_packages
from tco import InputError, Scenario, dump
from tco.answer import headline
from tco.hosting import is_hosted
from tco.number_style import local
from tco.scenario import SelfHostedOption
from tco.views import _edit, _job, _job_show, _look, _probe_form, _probe_run, _state
from tco.words import plain

MAX_UPLOAD_MB = 8
NEW = "a new option"
_LEVELS = {
    "ok": ":green[:material/check_circle:]",
    "warn": ":orange[:material/warning:]",
    "blocker": ":red[:material/block:]",
}


def show_machine() -> None:
    """What is here, and whether a probe can start."""
    environment = describe_environment()
    st.markdown("**This machine**")
    system = (environment.os or "unknown system").split()[0]
    busy = ". A probe runs: load and free memory below are also its own." if _job.is_busy() else ""
    st.caption(plain(f"{environment.cpu}, {local(environment.memory_gib):g} GiB, {system}{busy}"))
    with st.container(gap="xsmall"):
        for finding in check_machine(environment, engine_packages()):
            st.markdown(f"{_LEVELS[finding.level]} {plain(f'{finding.sentence} {finding.remedy}')}")


def show_runs(scenario: Scenario) -> None:
    """Any run: its curve, its cells, and its use in the scenario."""
    runs = _state.known_runs()
    pick, give = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with give:
        st.file_uploader(
            "Open a run file (JSON)", type=["json"], max_upload_size=MAX_UPLOAD_MB, key="run_upload", on_change=_upload
        )
    if problem := st.session_state.pop("run_problem", None):
        st.error(plain(problem), icon=":material/error:")
    if not runs:
        st.info("There is no run yet. Measure one above, or open a run file.", icon=":material/speed:")
        return
    shown = st.session_state.get("run_shown")
    st.session_state["run_choice"] = shown if shown in runs else next(iter(runs))
    with pick:
        reference = st.selectbox(
            "Run", list(runs), key="run_choice", on_change=_choose, format_func=lambda name: f"{name} ({runs[name]})"
        )
    try:
        run = _state.open_run(reference)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _probe_run.show(run, reference, saved_here=runs[reference] == _state.SAVED_HERE)
    _use(scenario, reference, run)


def _choose() -> None:
    st.session_state.update(run_shown=st.session_state["run_choice"], run_follows=False)


def _upload() -> None:
    file = st.session_state["run_upload"]
    if file is None:
        return
    try:
        _state.keep_run(file.name, file.getvalue().decode("utf-8"))
        st.session_state.update(run_shown=file.name, run_follows=False)
    except UnicodeDecodeError:
        st.session_state["run_problem"] = f"{file.name}: not a text file. Open a file made by tco probe run."
    except (RunError, InputError) as error:
        st.session_state["run_problem"] = str(error)


def _use(scenario: Scenario, reference: str, run: Run) -> None:
    own = [option.name for option in scenario.options if isinstance(option, SelfHostedOption)]
    st.subheader("Use this run in the scenario", anchor=False)
    with st.form("use", border=False):
        target, price, press = st.columns([3, 3, 2], vertical_alignment="bottom")
        option = target.selectbox("Option", [*own, NEW])
        usd_per_hour = price.number_input(
            "Price of the machine (USD/hour)",
            value=None,
            format="%g",
            placeholder="from the option or the price book",
            help="Needed where the run has no GPU that the price book knows.",
        )
        if press.form_submit_button("Use this run", type=_look.emphasis(), icon=":material/input:"):
            _put(option, reference, run, usd_per_hour)
    if used := st.session_state.pop("run_used", None):
        _show_used(used)


def _put(option: str, reference: str, run: Run, usd_per_hour: float | None) -> None:
    def changed(scenario: Scenario) -> Scenario:
        name = option
        if option == NEW:
            name = f"probe of {run.model.name}".replace(".", "-")[:100]
            new = {"name": name, "kind": "rent", "model": run.model.name, "run": reference}
            scenario = _edit.add_option(scenario, new)
        scenario = _edit.set_field(scenario, f"options.{name}.run", reference)
        if usd_per_hour is None:
            return scenario
        return _edit.set_value(scenario, f"options.{name}.price_usd_per_hour", usd_per_hour)

    try:
        _state.replace(dump(changed(_state.scenario())))
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        st.session_state["run_used"] = option


def _show_used(option: str) -> None:
    try:
        answer = headline(_state.result())
    except InputError as error:
        st.warning(
            plain(str(error)), icon=":material/warning:", title="The run is in the scenario, but there is no answer yet"
        )
        return
    st.success(plain(f"Used in {option}. {answer}"), icon=":material/balance:")
    st.page_link(Path(__file__).parent / "decision.py", label="See the decision", icon=":material/arrow_forward:")


current = _state.scenario()
st.header("Probe", anchor=False)
if is_hosted():
    # Nor is anything said of the server's own machine.
    st.info(_job.OFF, icon=":material/block:")
else:
    _job_show.show()
    form, machine = st.columns([3, 2], gap="large")
    with form:
        _probe_form.show(current)
    with machine:
        show_machine()
st.subheader("Runs", anchor=False)
show_runs(current)
