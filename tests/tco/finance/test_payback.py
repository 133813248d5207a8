from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from tco.finance import discounted_payback_months_of, npv, npv_of, payback_months, payback_months_of

draws = st_numpy.arrays(
    float, st.tuples(st.integers(1, 6), st.integers(1, 30)), elements=st.floats(-1e6, 1e6, allow_nan=False)
)


def by_hand(flow: list[float]) -> float:
    """Walks backwards through the running total until it is below zero."""
    totals = [sum(flow[: month + 1]) for month in range(len(flow))]
    rounding = 1e-9 * max(1.0, *(abs(total) for total in totals))
    for month in range(len(flow) - 1, -1, -1):
        if totals[month] < -rounding:
            return (
                np.inf
                if month == len(flow) - 1
                else month + min(1.0, -totals[month] / (totals[month + 1] - totals[month]))
            )
    return 0.0


@given(draws)
def test_many_flows_at_once_are_one_after_the_other(flows: np.ndarray) -> None:
    found = payback_months_of(flows)

    assert found.shape == flows.shape[:1]
    assert not np.isnan(found).any()
    assert found == pytest.approx([by_hand(flow) for flow in flows.tolist()], abs=1e-6)
    assert [value if np.isfinite(value) else None for value in found] == [payback_months(flow) for flow in flows]


def test_never_is_infinite_and_any_leading_axes_are_kept() -> None:
    flows = np.array([[[-100.0, 40.0, 40.0, 40.0], [-100.0, 1.0, 1.0, 1.0]], [[5.0, 1.0, 1.0, 1.0], [-3.0, 3.0, 0, 0]]])

    assert payback_months_of(flows).tolist() == [[2.5, np.inf], [0.0, 1.0]]


def test_each_draw_has_its_own_rate() -> None:
    flows = [[-100.0, 0.0, *[0.0] * 10, 110.0]] * 2
    rates = [0.05, 0.20]

    assert npv_of(rates, flows) == pytest.approx([npv(rate, flows[0]) for rate in rates])
    assert npv_of(rates, flows) == pytest.approx([110 / 1.05 - 100, 110 / 1.2 - 100])
    assert discounted_payback_months_of(rates, flows)[0] == pytest.approx(11 + 100 / (110 / 1.05))
    assert discounted_payback_months_of(rates, flows)[1] == np.inf
