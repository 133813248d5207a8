from __future__ import annotations

import pytest

from tco.workload.demand import demand
from tests.factories import scenario


def test_flat_demand_is_worked_out_by_hand() -> None:
    asked = demand(scenario())

    assert asked.requests[0] == pytest.approx(86_400 * 730.5 / 24)
    assert asked.mean_requests_per_s[0] == pytest.approx(1.0)
    assert asked.peak_requests_per_s[0] == pytest.approx(1.0)
    assert asked.mtok == pytest.approx(12 * 86_400 * 30.4375 * 150 / 1e6)


def test_growth_compounds_from_the_second_month() -> None:
    asked = demand(scenario(workload__growth_per_month_fraction=0.1))

    assert asked.requests[2] / asked.requests[0] == pytest.approx(1.21)


def test_peak_is_the_busiest_hour_with_headroom() -> None:
    asked = demand(scenario(workload__profile=[1.0] * 167 + [3.0], workload__peak_headroom_fraction=0.5))

    assert asked.peak_requests_per_s[0] == pytest.approx(1.5 * 3 / (170 / 168))


def test_batch_work_moves_into_the_quiet_hours() -> None:
    weights = [1.0] * 167 + [3.0]
    half = demand(scenario(workload__profile=weights, workload__batchable_fraction=0.5))
    nearly_all = demand(scenario(workload__profile=weights, workload__batchable_fraction=0.9))

    assert half.peak_requests_per_s[0] == pytest.approx(0.5 * 3 / (170 / 168))
    assert nearly_all.peak_requests_per_s[0] == pytest.approx(1.0)  # never below the mean


def test_no_demand_is_zero_not_an_error() -> None:
    asked = demand(scenario(workload__requests_per_day=0))

    assert (0.0, 0.0) == (asked.mtok, asked.peak_requests_per_s.max())
