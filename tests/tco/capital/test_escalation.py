from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.capital.escalation import escalated, in_todays_money, real_rate_per_year
from tco.finance import npv
from tco.finance_terms import Finance


def test_each_kind_of_cost_rises_by_its_own_rate() -> None:
    flat = np.full(25, 100.0)
    terms = Finance(cost_escalation_per_year_fraction=0.02, salary_escalation_per_year_fraction=0.04)
    risen = escalated({"people": flat, "electricity": flat, "monitoring": flat}, terms)

    assert risen["people"][[0, 12, 24]] == pytest.approx([100, 104, 108.16])
    assert risen["electricity"][[0, 12, 24]] == pytest.approx([100, 102, 104.04])
    assert risen["monitoring"].tolist() == risen["electricity"].tolist()


def test_nothing_rises_unless_it_is_said() -> None:
    flat = np.full(3, 100.0)

    assert escalated({"people": flat}, Finance())["people"] is flat


@given(st.floats(-0.2, 0.5), st.floats(-0.1, 0.2), st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=60))
def test_real_flows_at_the_real_rate_are_worth_what_nominal_ones_are(
    rate: float, inflation: float, values: list[float]
) -> None:
    """Fisher: deflating both flows and rate changes no present value."""
    real = in_todays_money(np.asarray(inflation), np.asarray(values))

    assert npv(real_rate_per_year(rate, inflation), real) == pytest.approx(npv(rate, values), rel=1e-9, abs=1e-4)
