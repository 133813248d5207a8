"""Whatever the terms are, the answer is finite, its checks hold, and terms that change nothing change nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tco
from tests.factories import API, OWN, RENT, run, scenario_data

pytestmark = pytest.mark.slow

RUNS = {"test-run": run()}

shares = st.one_of(st.just(0.0), st.just(1.0), st.floats(0.01, 1.0))
changes = st.one_of(st.just(-0.99), st.just(0.0), st.just(1.0), st.floats(-0.9, 0.9).map(lambda x: round(x, 6)))
terms_of_payment = st.one_of(
    st.just({"kind": "cash"}),
    st.fixed_dictionaries(
        {
            "kind": st.just("loan"),
            "interest_rate_per_year": shares,
            "term_months": st.integers(1, 240),
            "financed_fraction": shares,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("lease"),
            "term_months": st.integers(1, 240),
            "payment_per_month_fraction": shares,
            "buy_out_fraction": shares,
            "at_end": st.sampled_from(["return", "purchase"]),
            "at_horizon": st.sampled_from(["due", "passed-on"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("lease"),
            "term_months": st.integers(1, 240),
            "interest_rate_per_year": shares,
            "buy_out_fraction": shares,
            "at_end": st.just("purchase"),
        }
    ),
)
depreciation = st.one_of(
    st.fixed_dictionaries({"book_life_months": st.integers(1, 240)}),
    st.just({"schedule": "macrs-5-year"}),
    st.just({"schedule": "table", "table_fraction": [0.25] * 4}),
)
terms = st.fixed_dictionaries(
    {
        "tax_fraction": shares,
        "tax_paid": st.sampled_from(["year-end", "monthly"]),
        "depreciation": depreciation,
        "purchase": terms_of_payment,
        "cost_escalation_per_year_fraction": changes,
        "inflation_per_year_fraction": changes,
    }
)


@settings(max_examples=60)
@given(terms, st.integers(1, 60), st.integers(0, 70), st.integers(0, 50), st.integers(1, 60))
def test_any_terms_are_answered_with_finite_numbers_that_add_up(
    finance: dict[str, Any], horizon: int, start: int, more: int, life: int
) -> None:
    own = {**OWN, "economic_life_months": life}
    both = {
        **RENT,
        "name": "both",
        "starts_after_months": start,
        "then": {"option": "own", "after_months": start + more},
    }
    data = scenario_data(
        options=[API, RENT, own, both], finance=finance, horizon_months=horizon, discount_rate_per_year=0.1
    )
    result = tco.evaluate(tco.Scenario.model_validate(data), RUNS, searches=False)

    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert [check for check in result.checks if not check.passed] == []


@settings(max_examples=20)
@given(terms_of_payment, st.integers(1, 40))
def test_no_tax_and_no_servers_make_terms_that_change_nothing(purchase: dict[str, Any], horizon: int) -> None:
    data = scenario_data(options=[API, RENT], horizon_months=horizon)
    plain, terms_given = (
        tco.evaluate(tco.Scenario.model_validate(data | {"finance": finance}), RUNS, searches=False)
        for finance in ({}, {"purchase": purchase, "depreciation": {"schedule": "macrs-5-year"}})
    )

    assert plain.options == terms_given.options
