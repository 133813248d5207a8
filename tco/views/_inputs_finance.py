"""Tax, depreciation, how servers are paid for, rising costs, inflation, another currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st

from tco.field_words import help_of_field, label_of_field
from tco.form_starts import US_TAX
from tco.result import Assumption
from tco.scenario import Scenario
from tco.views import _details, _edit, _fields, _forms, _look, _state
from tco.views._forms import Context

_TAX, _CURRENCY = "finance.tax_fraction", "finance.reporting_currency"
_HINT = "EUR, GBP ..."


def show_finance(scenario: Scenario, filled: Mapping[str, Assumption]) -> None:
    """Everything of `finance`: off until it is given.

    Args:
        scenario: as written.
        filled: what the price book and the runs fill in, by path.
    """
    finance = scenario.finance
    st.caption(
        "All of it is off until you give it: before tax, servers paid at once, costs without a price of their own standing still."
    )
    with st.container(horizontal=True):
        if not finance.is_taxed:
            st.button(
                "Add tax and depreciation",
                icon=":material/add:",
                key=_state.key("finance tax"),
                on_click=_add_tax,
                help="21% and the US five-year schedule (IRS Publication 946), to be replaced by your own.",
            )
        else:
            st.button("Before tax", icon=":material/undo:", key=_state.key("finance no tax"), on_click=_remove_tax)
        if finance.reporting_currency is None:
            _add_currency(scenario.as_of)
    _fields.problem("finance")
    hidden = set() if finance.is_taxed else {"tax_paid", "depreciation"}
    _forms.show(finance, "finance", Context(filled=filled), leave_out=hidden)
    given = {f"finance.{name}": value for name, value in finance if name.endswith("_fraction") and value is not None}
    _details.show("finance", given)


def _add_tax() -> None:
    fields = {_TAX: dict(US_TAX), "finance.depreciation": {"schedule": "macrs-5-year"}}
    _state.attempt("finance", lambda scenario: _edit.set_together(scenario, fields, {}), None, reshapes=True)


def _remove_tax() -> None:
    fields = dict.fromkeys((_TAX, "finance.depreciation", "finance.tax_paid"))
    _state.attempt("finance", lambda scenario: _edit.set_together(scenario, fields, {}), None, reshapes=True)


def _add_currency(as_of: date) -> None:
    """A rate has no sensible beginning: all of it is asked for at once."""
    with (
        st.popover(label_of_field(_CURRENCY), icon=":material/add:", help=help_of_field(_CURRENCY)),
        st.form(_state.key("currency form"), border=False),
    ):
        code = st.text_input("Currency", placeholder=_HINT, max_chars=3, key=_state.key("currency code"))
        rate = st.number_input(
            label_of_field(f"{_CURRENCY}.usd"), value=None, format="%g", key=_state.key("currency usd")
        )
        day = st.date_input("Rate of", as_of, key=_state.key("currency day"))
        source = st.text_input("Source", max_chars=500, key=_state.key("currency source"))
        if st.form_submit_button("Add", type=_look.emphasis()):
            given = {"currency": code.strip().upper(), "usd": rate, "as_of": day.isoformat(), "source": source.strip()}
            _state.attempt(_CURRENCY, lambda scenario: _edit.set_field(scenario, _CURRENCY, given), None, reshapes=True)
            if _state.rejected(_CURRENCY) is None:
                st.rerun()
        _fields.problem(_CURRENCY)
