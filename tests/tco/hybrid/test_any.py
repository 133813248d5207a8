"""Whatever a scenario with options made of others holds, it is answered with finite numbers or refused in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tco
from tco.answer import explain, headline
from tco.errors import InputError
from tests.factories import API, OWN, RENT, run, scenario_data
from tests.tco.test_evaluate_any import spread, workloads

RUNS = {"test-run": run()}
counts = st.integers(0, 40)
mixed = st.fixed_dictionaries(
    {
        "base": st.sampled_from(["rent", "own"]),
        "replicas": st.one_of(st.just("optimal"), counts, st.lists(counts, min_size=1, max_size=5)),
        "sensitive_fraction": spread(0, 1),
        "spares": st.sampled_from(["base", "overflow"]),
        "people": st.fixed_dictionaries({"run_fte": spread(0, 10)}),
        "one_off_usd": st.fixed_dictionaries({"router": spread(0, 1e6)}),
    }
)
cascades = st.fixed_dictionaries(
    {
        "small": st.sampled_from(["rent", "api"]),
        "large": st.sampled_from(["own", "dear"]),
        "escalation_fraction": spread(0, 1),
        "judge_usd_per_request": spread(0, 1),
    }
)
bases = st.fixed_dictionaries(
    {
        "price_usd_per_hour": spread(0, 1e3),
        "throughput_factor": spread(1e-3, 1e3),
        "price": st.sampled_from([{"commitment": "on-demand"}, {"commitment": "reserved-1y"}]),
        "scaling": st.sampled_from([{}, {"max_replicas": 3}, {"policy": "scheduled", "start_up_minutes": 10.0}]),
        "upgrades": st.sampled_from([{}, {"upgrades_per_month": 2.0}]),
    }
)


@settings(max_examples=40)
@given(
    workloads,
    bases,
    mixed,
    cascades,
    st.integers(1, 48),
    st.sampled_from([{}, {"tax_fraction": 0.3}]),
    st.sampled_from(["api", "mixed"]),
)
@pytest.mark.slow
def test_any_mix_is_answered_or_refused_in_a_sentence(
    workload: dict[str, Any],
    base: dict[str, Any],
    hybrid: dict[str, Any],
    cascade: dict[str, Any],
    horizon: int,
    finance: dict[str, Any],
    baseline: str,
) -> None:
    options = [
        dict(API),
        {**RENT, **base},
        dict(OWN),
        {**API, "name": "dear", "output_usd_per_mtok": 90.0},
        {"name": "mixed", "kind": "hybrid", "overflow": "api", **hybrid},
        {"name": "both", "kind": "cascade", **cascade},
    ]
    data = scenario_data(workload=workload, options=options, horizon_months=horizon, finance=finance, baseline=baseline)
    try:
        result = tco.evaluate(tco.Scenario.model_validate(data), RUNS, searches=False)
    except InputError:
        return

    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert headline(result)
    assert [check for check in result.checks if not check.passed] == []
    assert all(explain(result, option) for option in result.options)
    made = result.option("mixed").hybrid
    if made is not None:
        assert 0 <= made.base_requests_fraction <= 1
        assert all(0 <= share <= 1 for share in made.monthly_base_requests_fraction)


@settings(max_examples=40)
@given(workloads, spread(0, 10), st.sampled_from(["rent", "own"]), st.integers(1, 36))
@pytest.mark.slow
def test_an_optimum_without_costs_of_its_own_is_never_dearer_than_the_overflow(
    workload: dict[str, Any], price: Any, base: str, horizon: int
) -> None:
    options = [
        dict(API),
        {**RENT, "price_usd_per_hour": price},
        dict(OWN),
        {"name": "mixed", "kind": "hybrid", "base": base, "overflow": "api"},
    ]
    data = scenario_data(workload=workload, options=options, horizon_months=horizon)
    result = tco.evaluate(tco.Scenario.model_validate(data), RUNS, searches=False)
    made, api = result.option("mixed"), result.option("api")

    if made.feasible and api.feasible:
        assert made.npv_usd is not None
        assert made.npv_usd >= -1e-9 * (api.total_usd or 0.0) - 1e-6
