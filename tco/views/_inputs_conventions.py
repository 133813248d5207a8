"""How the answer is counted, and who asks."""

from __future__ import annotations

from datetime import date

import streamlit as st

import pricing
from pricing import Company
from tco.scenario import Scenario
from tco.views import _details, _edit, _fields, _forms, _reader, _state
from tco.views._forms import Context


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
    _forms.show(scenario.prices, "prices", Context(), only=("book",))
    st.caption(_reader.sentence())
    _details.show("conventions", {"discount_rate_per_year": scenario.discount_rate_per_year})


def show_company(scenario: Scenario) -> None:
    """Who asks, as far as the licences of open models want to know."""
    st.markdown(
        "**Who asks**",
        help="Licences of open models depend on it. An option that yours forbids is ruled out, with the clause; empty: nothing is.",
    )
    _forms.show(scenario.company or Company(), "company", Context())
    st.caption(pricing.NOT_ADVICE)


def _date() -> None:
    chosen = st.session_state[_state.key("as_of")]
    if chosen is not None:
        _state.attempt("as_of", lambda scenario: _edit.set_field(scenario, "as_of", chosen.isoformat()), chosen)
