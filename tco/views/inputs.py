"""Inputs: everything in the scenario, with unit, source and range."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from tco import InputError, Result
from tco.answer import headline
from tco.charts import cumulative_cost
from tco.views import (
    _bar,
    _chart,
    _dataframe,
    _inputs_constraints,
    _inputs_conventions,
    _inputs_file,
    _inputs_finance,
    _inputs_workload,
    _look,
    _options,
    _state,
)
from tco.words import label, plain


def show_answer(answer: Result | str) -> None:
    """What the inputs come to now, so that a change is seen at once."""
    if isinstance(answer, str):
        st.error(plain(answer), icon=":material/error:", title="No answer with these inputs")
    else:
        st.info(plain(headline(answer)), icon=":material/balance:")
        if st.toggle("Chart of the answer", key="inputs_chart", persist_state="session"):
            palette = _look.palette()
            alt = f"Cumulative cost of every option by month. {headline(answer)}"
            _chart.draw(cumulative_cost(answer, palette), height=260, alt=alt)


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
    _dataframe.draw(pd.DataFrame(rows), alt="All inputs with their sources", height=520)


current = _state.scenario()
try:
    found: Result | str = _state.result(searches=False)
except InputError as error:
    found = str(error)
_bar.show(None if isinstance(found, str) else found, plain(current.name))
st.header("Inputs", anchor=False)
_inputs_file.show_scenario(current)
show_answer(found)
# Only the tab that is open is drawn: options alone have hundreds of inputs, which every change would send again.
workload_tab, options_tab, constraints_tab, finance_tab, conventions_tab, register_tab = st.tabs(
    ["Workload", "Options", "Constraints", "Finance", "Conventions", "All assumptions"],
    key="inputs_tab",
    on_change="rerun",
)
filled = {} if isinstance(found, str) else {row.path: row for row in found.assumptions}
if workload_tab.open:
    with workload_tab:
        _inputs_workload.show_workload(current)
if options_tab.open:
    with options_tab:
        _options.show(current, filled)
if constraints_tab.open:
    with constraints_tab:
        _inputs_constraints.show_constraints(current)
if finance_tab.open:
    with finance_tab:
        _inputs_finance.show_finance(current, filled)
if conventions_tab.open:
    with conventions_tab:
        _inputs_conventions.show_conventions(current)
        _inputs_conventions.show_company(current)
if register_tab.open:
    with register_tab:
        show_register(found)
