"""Financing and taxes of many draws at once are those of each draw alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.ledgers import ledger_of
from tco.register import with_value
from tco.scenario import Scenario
from tco.workload.demand import demand
from tests.factories import API, OWN, RENT, replica, scenario

DRAWN = {
    "workload.requests_per_day": [20_000.0, 400_000.0, 900_000.0],
    "finance.tax_fraction": [0.0, 0.2, 0.4],
    "finance.cost_escalation_per_year_fraction": [0.0, 0.03, -0.02],
    "options.own.server_price_usd": [80_000.0, 100_000.0, 120_000.0],
    "options.own.residual_fraction": [0.0, 0.1, 0.3],
}
PURCHASES = {
    "cash": ({"kind": "cash"}, {}),
    "loan": (
        {"kind": "loan", "interest_rate_per_year": 0.06, "term_months": 9},
        {"finance.purchase.interest_rate_per_year": [0.0, 0.05, 0.1]},
    ),
    "lease": (
        {
            "kind": "lease",
            "term_months": 8,
            "interest_rate_per_year": 0.06,
            "buy_out_fraction": 0.1,
            "at_end": "purchase",
        },
        {
            "finance.purchase.interest_rate_per_year": [0.0, 0.05, 0.1],
            "finance.purchase.buy_out_fraction": [0.0, 0.1, 0.2],
        },
    ),
    "returned lease": (
        {"kind": "lease", "term_months": 5, "payment_per_month_fraction": 0.03},
        {"finance.purchase.payment_per_month_fraction": [0.02, 0.03, 0.05]},
    ),
}


def asked(purchase: dict[str, Any], schedule: str) -> Scenario:
    both = {**RENT, "name": "both", "starts_after_months": 2, "then": {"option": "own", "after_months": 6}}
    finance = {"tax_fraction": 0.1, "purchase": purchase, "depreciation": {"schedule": schedule}}
    return scenario(options=[API, RENT, OWN, both], finance=finance, horizon_months=30)


@pytest.mark.parametrize("schedule", ["straight-line", "macrs-5-year"])
@pytest.mark.parametrize("name", ["own", "both"])
@pytest.mark.parametrize("kind", PURCHASES)
def test_draws_at_once_are_one_after_the_other(kind: str, name: str, schedule: str) -> None:
    purchase, own_draws = PURCHASES[kind]
    question = asked(purchase, schedule)
    replicas = {each: replica(question, each) for each in ("rent", "own", "both")}
    together, alone = question, [question] * 3
    for path, values in (DRAWN | own_draws).items():
        together = with_value(together, path, np.array(values)[:, None])
        alone = [with_value(each, path, value) for each, value in zip(alone, values, strict=True)]
    found = ledger_of(name, together, replicas, demand(together))

    for number, one in enumerate(alone):
        expected = ledger_of(name, one, replicas, demand(one))
        assert found.costs_by_time_usd[number] == pytest.approx(expected.costs_by_time_usd)
        assert np.broadcast_to(found.left_usd, 3)[number] == pytest.approx(float(expected.left_usd))
        assert np.broadcast_to(found.total_usd, 3)[number] == pytest.approx(float(expected.total_usd))
