from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.finance_terms import Finance
from tco.register import quantities
from tests.factories import scenario

LEASE = {"kind": "lease", "term_months": 36}


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"tax_fraction": 25}, "0 to 1; write a fraction"),
        ({"tax_fraction": -0.1}, "0 to 1"),
        ({"depreciation": {"schedule": "table"}}, "give both, or neither"),
        ({"depreciation": {"schedule": "table", "table_fraction": [0.5, 0.4]}}, "adds up to 0.9"),
        ({"depreciation": {"table_fraction": [1.0]}}, "give both, or neither"),
        ({"depreciation": {"schedule": "macrs-5-year", "book_life_months": 60}}, "leave it out"),
        ({"depreciation": {"book_life_months": 0}}, "greater than or equal to 1"),
        ({"purchase": LEASE}, "either `payment_per_month_fraction`"),
        ({"purchase": {**LEASE, "payment_per_month_fraction": 0.03, "interest_rate_per_year": 0.05}}, "either"),
        ({"purchase": {"kind": "loan", "interest_rate_per_year": 6, "term_months": 36}}, "0 to 1"),
        ({"purchase": {"kind": "gift"}}, "gift"),
        ({"inflation_per_year_fraction": -1}, "-0.99 to 1"),
        (
            {"reporting_currency": {"currency": "USD", "usd": 1.0, "as_of": "2026-11-23", "source": "x"}},
            "needs no rate",
        ),
        ({"reporting_currency": {"currency": "EUR", "usd": 1.16}}, "as_of"),
    ],
)
def test_terms_that_cannot_be_are_refused_in_a_sentence(terms: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Finance.model_validate(terms)


def test_every_number_of_the_terms_is_in_the_register() -> None:
    asked = scenario(finance={"tax_fraction": 0.25, "purchase": {**LEASE, "payment_per_month_fraction": 0.03}})
    paths = {path for path, _ in quantities(asked)}

    assert {"finance.tax_fraction", "finance.purchase.payment_per_month_fraction"} <= paths
