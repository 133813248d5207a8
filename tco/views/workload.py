"""Workload: when the requests come, how many, how long they are, and what can wait."""

from __future__ import annotations

import streamlit as st

from tco import InputError, Scenario
from tco.format import share, volume
from tco.number_style import local
from tco.views import _bar, _chart, _empty, _look, _state
from tco.words import label, number, plain
from tco.workload.demand import Demand, demand
from tco.workload_charts import growth_chart, length_chart, length_frame, waiting_chart, week_chart


def show_workload(scenario: Scenario) -> None:
    """The traffic in pictures, the numbers above them."""
    asked = demand(scenario)
    _bar.show(None, plain(scenario.name))
    st.header(plain(_headline(scenario, asked)), anchor=False)
    _numbers(scenario, asked)
    palette = _look.palette()
    workload, first = scenario.workload, float(asked.mean_requests_per_s[0])
    with st.grid(2, min_column_width=320, gap="medium"):
        with st.container():
            st.markdown("**The week**", help="Requests a second in each hour of a week of the first month.")
            _chart.draw(
                week_chart(workload, palette),
                alt=f"Heat map of the week: the busiest hour has {local(workload.weights.peak):.1f} times the mean of {local(first):.3g} requests a second.",
            )
        with st.container():
            st.markdown("**The months**", help="Requests a day, with the scenario's growth.")
            _chart.draw(growth_chart(asked, palette), alt=f"Requests a day by month. {_growth(scenario, asked)}")
        with st.container():
            st.markdown("**How long they are**", help="Prompts and answers by length; equal areas are equal shares.")
            _lengths(scenario)
        with st.container():
            st.markdown(
                "**What can wait**", help="Requests that may be answered hours later are moved into quiet hours."
            )
            _waiting(scenario, asked)
    _inputs(scenario)


def _headline(scenario: Scenario, asked: Demand) -> str:
    workload = scenario.workload
    busiest = float(asked.mean_requests_per_s[0]) * workload.weights.peak
    if not workload.requests_per_day.value:
        return "There are no requests, so there is nothing to carry."
    return (
        f"{volume(workload.requests_per_day.value)} requests a day: {_rate(busiest)} a second in the busiest hour of the week, "
        f"{_rate(float(asked.peak_requests_per_s[0]))} to be covered."
    )


def _rate(requests_per_s: float) -> str:
    return f"{local(requests_per_s):,.3g}" if requests_per_s < 1000 else f"{local(requests_per_s):,.0f}"  # noqa: PLR2004


def _growth(scenario: Scenario, asked: Demand) -> str:
    first, last = asked.mean_requests_per_s[0], asked.mean_requests_per_s[-1]
    if not first:
        return "There are none."
    times = last / first
    return f"In month {scenario.horizon_months} there are {local(times):.2f} times as many as in the first."


def _numbers(scenario: Scenario, asked: Demand) -> None:
    workload = scenario.workload
    mtok = (asked.input_tokens[0] + asked.output_tokens[0]) / 1e6
    with st.grid(4, min_column_width=150):
        st.metric(
            "Peak to mean",
            f"{local(workload.weights.peak):.2f} ×",
            border=True,
            help="Capacity is bought for the busiest hour.",
        )
        st.metric(
            "Tokens, month 1",
            f"{number(float(mtok))} M",
            border=True,
            help="Prompts and answers together, before retries.",
        )
        st.metric(
            "Prompt + answer",
            f"{local(workload.mean_input_tokens):,.0f} + {local(workload.mean_output_tokens):,.0f}",
            border=True,
            help="Mean lengths in tokens.",
        )
        st.metric(
            "Growth in all",
            share(float(asked.mean_requests_per_s[-1] / asked.mean_requests_per_s[0]) - 1)
            if asked.mean_requests_per_s[0]
            else "–",
            border=True,
            help=_growth(scenario, asked),
        )


def _lengths(scenario: Scenario) -> None:
    workload = scenario.workload
    if workload.classes:
        rows = [
            f"- **{plain(name)}**, {share(kind.share_fraction.value)} of the requests: "
            f"{local(kind.input_tokens_per_request.value):,.0f} tokens in, {local(kind.output_tokens_per_request.value):,.0f} out"
            for name, kind in workload.classes.items()
        ]
        st.markdown("\n".join(rows))
        return
    if length_frame(workload).empty:
        said = "as those of the run" if workload.lengths is None else "not at all"
        st.info(
            f"Lengths vary {said}. Give *Lengths vary by* on *Inputs* to say how yours do; {local(0.8)} is usual for a chat.",
            icon=":material/straighten:",
        )
        return
    palette = _look.palette()
    _chart.draw(
        length_chart(workload, palette),
        alt=f"Lengths vary log-normally around {local(workload.mean_input_tokens):,.0f} tokens of prompt and {local(workload.mean_output_tokens):,.0f} of answer.",
    )


def _waiting(scenario: Scenario, asked: Demand) -> None:
    workload = scenario.workload
    if not workload.batchable_fraction.value:
        st.info(
            "Every request is answered at once. Where some may wait, say so in *Can wait* on *Inputs*: fewer machines and batch prices follow.",
            icon=":material/schedule:",
        )
        return
    palette = _look.palette()
    _chart.draw(
        waiting_chart(workload, asked, palette),
        alt=f"{share(workload.batchable_fraction.value)} of the requests may wait {workload.batch_deadline_hours} hours.",
    )


def _inputs(scenario: Scenario) -> None:
    assumed = [
        label(f"workload.{name}").rpartition(" (")[0]
        for name in ("requests_per_day", "input_tokens_per_request", "output_tokens_per_request")
        if (quantity := getattr(scenario.workload, name)) is not None and quantity.evidence == "assumption"
    ]
    if assumed:
        st.caption(plain(f"Assumed, not measured: {', '.join(assumed)}. Logs of your own traffic would tell."))
    st.page_link(_state.page("inputs"), label="Change it on Inputs", icon=":material/tune:")


try:
    show_workload(_state.scenario())
except InputError as error:
    _empty.show(error)
