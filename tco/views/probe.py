"""Probe: what this machine is, a measurement with live progress, and the curve of any run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from probes import Run, RunError, check_machine, describe_environment, engine_packages, shipped_models
from tco import InputError, Scenario
from tco.answer import headline
from tco.charts import DARK, LIGHT, latency_curve, throughput_curve
from tco.scenario import TokenOption
from tco.views import _edit, _job, _state
from tco.words import plain

MAX_UPLOAD_MB = 8
HERE, ENDPOINT = "A model here", "A running server"
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
    st.caption(plain(f"{environment.cpu}, {environment.memory_gib:g} GiB, {system}"))
    with st.container(gap="xsmall"):
        for finding in check_machine(environment, engine_packages()):
            st.markdown(f"{_LEVELS[finding.level]} {plain(f'{finding.sentence} {finding.remedy}')}")


def show_form(scenario: Scenario) -> None:
    """What to measure; lengths start as the scenario's own traffic."""
    st.markdown("**Measure**")
    kind = st.segmented_control(
        "What", [HERE, ENDPOINT], default=HERE if engine_packages() else ENDPOINT, required=True, key="probe_kind"
    )
    workload = scenario.workload
    with st.form("probe", border=False):
        target = _model_fields() if kind == HERE else _endpoint_fields()
        with st.grid(3, min_column_width=140):
            concurrency = st.text_input(
                "Concurrency",
                "1,2,4,8",
                help="Load points: how many requests are always in flight, separated by commas.",
            )
            repeats = st.number_input(
                "Repeats", 1, 20, 3, help="Of each load point; its confidence interval comes from them."
            )
            minutes = st.number_input(
                "At most (minutes)", 1, 600, 10, help="For measuring; starting an engine comes on top."
            )
            tokens_in = st.number_input(
                "Input tokens", 1, 1_000_000, round(workload.input_tokens_per_request.value) or 1
            )
            tokens_out = st.number_input(
                "Output tokens", 1, 100_000, round(workload.output_tokens_per_request.value) or 1
            )
        if st.form_submit_button(
            "Start the probe", type="primary", icon=":material/play_arrow:", disabled=_job.is_running()
        ):
            request = _job.Request(
                target=target,
                concurrency=concurrency,
                input_tokens=tokens_in,
                output_tokens=tokens_out,
                repeats=repeats,
                budget_minutes=minutes,
            )
            _start(request)


def _model_fields() -> tuple[str, ...]:
    models = shipped_models()
    first = models.index("SmolLM2-135M") if "SmolLM2-135M" in models else 0
    model = st.selectbox(
        "Model",
        models,
        first,
        accept_new_options=True,
        help="An architecture that ships with the product (random weights, real timings), a folder, or a Hugging Face id.",
    )
    return (f"--model={model}",)


def _endpoint_fields() -> tuple[str, ...]:
    url = st.text_input(
        "Address", placeholder="http://127.0.0.1:8000", help="Any OpenAI-compatible server, without /v1."
    )
    served = st.text_input("Model name that it serves", placeholder="meta-llama/Llama-3.1-8B-Instruct")
    key = st.text_input(
        "Variable that holds its key (optional)", help="The name of an environment variable, never the key."
    )
    if not url.strip() or not served.strip():
        return ()
    return (
        f"--endpoint={url.strip()}",
        f"--served-model={served.strip()}",
        *([f"--api-key-env={key.strip()}"] if key.strip() else []),
    )


def _start(request: _job.Request) -> None:
    if not request.target:
        st.error("Give the server's address and the name of the model that it serves.", icon=":material/error:")
        return
    problem = _job.start(request)
    if problem:
        st.error(problem, icon=":material/error:")
    else:
        st.rerun()


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
    _show_run(run)
    _use(scenario, reference, run)


def _choose() -> None:
    st.session_state["run_shown"] = st.session_state["run_choice"]


def _upload() -> None:
    file = st.session_state["run_upload"]
    if file is None:
        return
    try:
        _state.keep_run(file.name, file.getvalue().decode("utf-8"))
        st.session_state["run_shown"] = file.name
    except UnicodeDecodeError:
        st.session_state["run_problem"] = f"{file.name}: not a text file. Open a file made by tco probe run."
    except RunError as error:
        st.session_state["run_problem"] = str(error)


def _show_run(run: Run) -> None:
    where = (
        run.gpu or (run.environment.gpus[0].name if run.environment.gpus else run.environment.cpu) or "unknown hardware"
    )
    engine = " ".join(part for part in (run.engine.name, run.engine.version) if part)
    shape = f"{run.workload.input_tokens} tokens in, {run.workload.output_tokens} out"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(run.evidence, color="green" if run.evidence == "measured" else "blue")
        st.caption(plain(f"{run.model.name} on {where} · {engine} · {shape} · {run.created_at[:10]}"), width="content")
    if not run.usable_cells:
        st.info("No load point of this run is usable; the table says why.", icon=":material/info:")
    else:
        _curves(run)
    _table(run)
    notes = [*run.warnings, *(warning for cell in run.cells for warning in cell.warnings)]
    if notes or run.source or run.incomplete_reason:
        with st.expander("Source and cautions"):
            for text in dict.fromkeys([run.source, run.incomplete_reason, *(note.message for note in notes)]):
                if text:
                    st.markdown(f"- {plain(text)}")


def _curves(run: Run) -> None:
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Throughput**", help="Output tokens per second; the band is the 95 % interval over the repeats.")
        st.altair_chart(throughput_curve(run, palette), alt="Output tokens per second against load")
    with right:
        st.markdown("**Latency**", help="Time to the first token, and time per output token after it.")
        st.altair_chart(latency_curve(run, palette), alt="Latency against load")


def _table(run: Run) -> None:
    rows = [
        {
            "Load": cell.label,
            "State": _cell_state(cell.complete, cell.reason, client_bound=cell.client_bound),
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
        }
        for cell in run.cells
    ]
    numbers = {name: st.column_config.NumberColumn(format="%.4g") for name in list(rows[0])[2:]} if rows else {}
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, column_config=numbers, placeholder="–", alt="Load points of the run"
    )
    st.caption("Latencies in milliseconds.")


def _cell_state(complete: bool, reason: str | None, *, client_bound: bool) -> str:
    if client_bound:
        return "limited by the measuring client"
    return "complete" if complete else f"incomplete: {reason}"


def _use(scenario: Scenario, reference: str, run: Run) -> None:
    own = [option.name for option in scenario.options if not isinstance(option, TokenOption)]
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
        if press.form_submit_button("Use this run", type="primary", icon=":material/input:"):
            _put(option, reference, run, usd_per_hour)
    if used := st.session_state.pop("run_used", None):
        _show_used(used)


def _put(option: str, reference: str, run: Run, usd_per_hour: float | None) -> None:
    def change(text: str) -> str:
        name = option
        if option == NEW:
            name = f"probe of {run.model.name}".replace(".", "-")[:100]
            new = {"name": name, "kind": "rent", "model": run.model.name, "run": reference}
            text = _edit.add_option(text, new)
        text = _edit.set_field(text, f"options.{name}.run", reference)
        return (
            text if usd_per_hour is None else _edit.set_value(text, f"options.{name}.price_usd_per_hour", usd_per_hour)
        )

    try:
        _state.replace(change(_state.text()))
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
_job.show()
form, machine = st.columns([3, 2], gap="large")
with form:
    show_form(current)
with machine:
    show_machine()
st.subheader("Runs", anchor=False)
show_runs(current)
