"""The workload's inputs: how much, when, how long, how fast, of which kinds."""

from __future__ import annotations

import streamlit as st

from tco.field_words import label_of_field
from tco.glossary import terms
from tco.quantity import Quantity
from tco.register import quantities
from tco.scenario import PROFILE_NAMES, Scenario, Slo, Workload
from tco.views import _details, _edit, _fields, _forms, _inputs_classes
from tco.views._forms import Context

_SELDOM = (
    "users",
    "reasoning_tokens_per_request",
    "input_growth_per_month_fraction",
    "cache_write_input_fraction",
    "agent",
)
"""Inputs that most workloads leave open."""


def show_workload(scenario: Scenario) -> None:
    """How much, when, how long, how fast.

    Args:
        scenario: as written.
    """
    with st.grid(3, min_column_width=220, gap="medium"):
        _traffic(scenario.workload)
    _promise(scenario)
    _seldom(scenario)


def _traffic(workload: Workload) -> None:
    for field in type(workload).model_fields:
        value = getattr(workload, field)
        if isinstance(value, Quantity) and field not in _SELDOM:
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
        _week(workload)


def _week(workload: Workload) -> None:
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


def _promise(scenario: Scenario) -> None:
    """The limits of the latency promise, and how to add another one."""
    st.markdown(
        "**Latency promise**",
        help=f"Each limit must hold at the load that one replica carries. Empty: not promised. {terms('SLO', 'TTFT', 'TPOT', 'E2E', 'P95')}",
    )
    limits = scenario.workload.slo
    given = list(dict.fromkeys(["ttft_p95_ms", "tpot_p95_ms", "e2e_p95_ms", *limits.limits()]))
    with st.grid(3, min_column_width=220, gap="medium"):
        for field in given:
            path = f"workload.slo.{field}"
            with st.container():
                _fields.figure(
                    path, label_of_field(path), getattr(limits, field), step=100.0, placeholder="not promised"
                )
    others = [field for field in Slo.model_fields if field not in given]
    with st.container(horizontal=True):
        _details.show("workload", {path: value for path, value in quantities(scenario) if path.startswith("workload.")})
        _another_limit(others)


def _seldom(scenario: Scenario) -> None:
    """Kinds of requests, agents, and what else most workloads leave open; drawn where it is open."""
    workload = scenario.workload
    is_used = bool(workload.classes) or any(getattr(workload, name) is not None for name in _SELDOM)
    # An expander whose default changes forgets whether it was open.
    st.session_state.setdefault("inputs.seldom", is_used)
    held = st.expander(
        "Kinds of requests, agents, users, reasoning",
        key="inputs.seldom",
        icon=":material/category:",
        on_change="rerun",
    )
    if held.open:
        with held:
            _inputs_classes.show_classes(scenario)
            _forms.show(workload, "workload", Context(), only=_SELDOM)


def _another_limit(others: list[str]) -> None:
    with st.popover("Promise another percentile", icon=":material/add:"):
        field = st.selectbox("Limit", others, format_func=label_of_field)
        _fields.figure(f"workload.slo.{field}", "At most (ms)", None, step=100.0)
