"""Inputs: everything in the scenario, with unit, source and range."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

import pricing
from pricing import Company
from tco import InputError, Result, parse
from tco.answer import headline
from tco.charts import DARK, LIGHT, cumulative_cost
from tco.quantity import Quantity
from tco.register import quantities
from tco.scenario import PROFILE_NAMES, Scenario, Slo
from tco.shipped import shipped_scenarios
from tco.views import _bar, _chart, _details, _edit, _fields, _options, _state
from tco.words import label, plain

MAX_UPLOAD_MB = 1


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
        _fields.line("name", "Name", scenario.name)
    with give:
        st.file_uploader(
            "Open a scenario file (YAML)",
            type=["yaml", "yml"],
            max_upload_size=MAX_UPLOAD_MB,
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
        text = file.getvalue().decode("utf-8")
        parse(text)
    except UnicodeDecodeError:
        st.session_state["upload_problem"] = (
            f"{file.name}: not a text file; a scenario is YAML in UTF-8. Nothing was changed."
        )
    except InputError as error:
        st.session_state["upload_problem"] = f"{file.name}: {error}. Nothing was changed."
    else:
        _state.replace(text, origin=_state.OWN)


def show_answer(answer: Result | str) -> None:
    """What the inputs come to now, so that a change is seen at once."""
    if isinstance(answer, str):
        st.error(plain(answer), icon=":material/error:", title="No answer with these inputs")
    else:
        st.info(plain(headline(answer)), icon=":material/balance:")
        if st.toggle("Chart of the answer", key="inputs_chart", persist_state="session"):
            palette = DARK if st.context.theme.type == "dark" else LIGHT
            alt = f"Cumulative cost of every option by month. {headline(answer)}"
            _chart.draw(cumulative_cost(answer, palette), height=260, alt=alt)


def show_workload(scenario: Scenario) -> None:
    """How much, when, how long, how fast."""
    workload = scenario.workload
    with st.grid(3, min_column_width=220, gap="medium"):
        for field in type(workload).model_fields:
            value = getattr(workload, field)
            if isinstance(value, Quantity):
                _fields.quantity(f"workload.{field}", value)
        with st.container():
            _fields.figure(
                "workload.lengths",
                "Lengths vary by (fraction)",
                workload.lengths.spread_fraction if workload.lengths else None,
                change=_edit.set_spread,
                step=0.1,
                placeholder="as the run was probed",
            )
        if workload.batchable_fraction.value:
            with st.container():
                _fields.figure(
                    "workload.batch_deadline_hours",
                    "What can wait is answered within (h)",
                    workload.batch_deadline_hours,
                    change=_edit.set_whole,
                    step=1.0,
                )
        with st.container():
            if isinstance(workload.profile, str):
                _fields.choice(
                    "workload.profile",
                    "When the requests come",
                    PROFILE_NAMES,
                    workload.profile,
                    help="Shape of the week. Capacity is bought for its busiest hour.",
                )
            else:
                st.text_input("When the requests come", "168 weights from the file", disabled=True)
    st.markdown(
        "**Latency promise**", help="Each limit must hold at the load that one replica carries. Empty: not promised."
    )
    limits = workload.slo
    given = list(dict.fromkeys(["ttft_p95_ms", "tpot_p95_ms", "e2e_p95_ms", *limits.limits()]))
    with st.grid(3, min_column_width=220, gap="medium"):
        for field in given:
            path = f"workload.slo.{field}"
            with st.container():
                _fields.figure(
                    path, _limit_label(field), getattr(limits, field), step=100.0, placeholder="not promised"
                )
    others = [field for field in Slo.model_fields if field not in given]
    with st.container(horizontal=True):
        _details.show("workload", {path: value for path, value in quantities(scenario) if path.startswith("workload.")})
        _another_limit(others)


def _another_limit(others: list[str]) -> None:
    with st.popover("Promise another percentile", icon=":material/add:"):
        field = st.selectbox("Limit", others, format_func=_limit_label)
        _fields.figure(f"workload.slo.{field}", "At most (ms)", None, step=100.0)


def _limit_label(field: str) -> str:
    metric, percentile, _ = field.split("_")
    words = {"ttft": "Time to first token", "tpot": "Time per output token", "e2e": "Whole request"}
    return f"{words[metric]}, {percentile} (ms)"


def show_conventions(scenario: Scenario) -> None:
    """How the answer is counted."""
    with st.grid(3, min_column_width=220, gap="medium"):
        with st.container():
            _fields.whole("horizon_months", "Horizon (months)", scenario.horizon_months, "36")
        _fields.quantity("discount_rate_per_year", scenario.discount_rate_per_year)
        with st.container():
            _fields.figure("hours_per_month", "Hours per month", scenario.hours_per_month, step=0.5)
        with st.container():
            key = _state.key("as_of")
            st.date_input(
                "Prices as of",
                scenario.as_of,
                key=key,
                on_change=_date,
                min_value=date(2020, 1, 1),
                help="The price book's prices of this day count. It is part of the file, so that an old answer can be had again.",
            )
    _details.show("conventions", {"discount_rate_per_year": scenario.discount_rate_per_year})


def show_company(scenario: Scenario) -> None:
    """Who asks, as far as the licences of open models want to know."""
    st.markdown(
        "**Who asks**",
        help="Licences of open models depend on it. An option that yours forbids is ruled out, with the clause; empty: nothing is.",
    )
    company = scenario.company or Company()
    with st.grid(3, min_column_width=220, gap="medium"):
        with st.container():
            _fields.line("company.country", "Country (DE, FR, US ...)", company.country, placeholder="not said")
        for field, words in _COMPANY_NUMBERS.items():
            with st.container():
                _fields.figure(f"company.{field}", words, getattr(company, field), placeholder="not said")
    st.caption(pricing.NOT_ADVICE)


_COMPANY_NUMBERS = {
    "monthly_active_users": "Monthly active users, all products",
    "revenue_usd_per_year": "Revenue (USD/year)",
}


def _date() -> None:
    chosen = st.session_state[_state.key("as_of")]
    if chosen is not None:
        _state.attempt("as_of", lambda scenario: _edit.set_field(scenario, "as_of", chosen.isoformat()), chosen)


def show_register(answer: Result | str) -> None:
    """Every number with unit, range, evidence, source and date."""
    if isinstance(answer, str):
        st.write("The register is filled once the inputs give an answer.")
        return
    rows = [
        {
            "Input": label(row.path).rpartition(" (")[0],
            "Value": row.value,
            "Unit": row.unit,
            "Low": row.low,
            "High": row.high,
            "Evidence": row.evidence,
            "As of": row.as_of,
            "Source": row.source,
            "Note": row.note,
            "Path": row.path,
        }
        for row in answer.assumptions
    ]
    columns = {name: st.column_config.NumberColumn(format="%.4g") for name in ("Value", "Low", "High")}
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config=columns,
        height=520,
        placeholder="–",
        alt="All inputs with their sources",
    )


current = _state.scenario()
try:
    found: Result | str = _state.result(searches=False)
except InputError as error:
    found = str(error)
_bar.show(None if isinstance(found, str) else found, plain(current.name))
st.header("Inputs", anchor=False)
show_scenario(current)
show_answer(found)
# Only the tab that is open is drawn: options alone have hundreds of inputs, which every change would send again.
workload_tab, options_tab, conventions_tab, register_tab = st.tabs(
    ["Workload", "Options", "Conventions", "All assumptions"], key="inputs_tab", on_change="rerun"
)
if workload_tab.open:
    with workload_tab:
        show_workload(current)
if options_tab.open:
    with options_tab:
        _options.show(current, found)
if conventions_tab.open:
    with conventions_tab:
        show_conventions(current)
        show_company(current)
if register_tab.open:
    with register_tab:
        show_register(found)
