from __future__ import annotations

from typing import Any

import pytest

from tco import evaluate
from tests.factories import API, OWN, run, scenario

LEASE = {"kind": "lease", "payment_per_month_fraction": 0.03}
LOAN = {"kind": "loan", "interest_rate_per_year": 0.0}


def told(purchase: dict[str, Any]) -> dict[str, str]:
    result = evaluate(scenario(options=[API, {**OWN, "purchase": purchase}]), {"test-run": run()}, searches=False)
    return {warning.code: warning.message for warning in result.warnings if warning.path == "options.own"}


def test_a_lease_that_the_horizon_cuts_is_told_with_what_it_still_asks_for() -> None:
    """24 months of 3,000 USD are left of 36, on a horizon of 12."""
    found = told({**LEASE, "term_months": 36})

    assert found["lease_cut"] == (
        "own: leases that run on ask for $72.0k more, counted at the end of the horizon (`at_horizon: due`)"
    )


def test_a_loan_that_the_horizon_cuts_is_told() -> None:
    """Half of 100,000 USD is owed after 12 of 24 payments without interest."""
    assert told({**LOAN, "term_months": 24})["loan_cut"].startswith("own: loans that run on are paid off with $50.0k")


@pytest.mark.parametrize(
    "purchase",
    [
        {"kind": "cash"},
        {**LOAN, "term_months": 12},
        {**LEASE, "term_months": 12},
        {**LEASE, "term_months": 36, "at_horizon": "passed-on"},
    ],
)
def test_nothing_is_told_of_what_ends_in_time_or_is_passed_on(purchase: dict[str, Any]) -> None:
    assert not {"lease_cut", "loan_cut"} & told(purchase).keys()
