"""Whatever a scenario holds, as long as it is one, it is answered with finite numbers or refused in a sentence."""

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

pytestmark = pytest.mark.slow

RUNS = {"test-run": run()}


def spread(low: float, high: float) -> st.SearchStrategy[Any]:
    """A number, or one with a range, with the ends of what is allowed drawn often."""
    number = st.one_of(st.just(low), st.just(high), st.floats(low, high).filter(lambda x: x == 0 or abs(x) >= 1e-12))
    ranged = st.tuples(number, number, number).map(sorted).map(lambda v: {"value": v[1], "low": v[0], "high": v[2]})
    return st.one_of(number, ranged)


def success(target: str) -> st.SearchStrategy[Any]:
    """Nothing said, or a share solved and all or none of the rest handed on."""
    shares = st.integers(0, 1000).map(lambda part: part / 1000)
    human = {"human_usd_per_task": 1e6} if target == "human" else {}
    handed = shares.map(
        lambda part: {"success_fraction": part, "escalation_fraction": 1 - part, "escalates_to": target, **human}
    )
    return st.one_of(st.none(), shares.map(lambda part: {"success_fraction": part}), handed)


workloads = st.fixed_dictionaries(
    {
        "requests_per_day": spread(0, 1e12),
        "users": st.one_of(st.none(), spread(1e-6, 1e12)),
        "growth_per_month_fraction": spread(-0.99, 1),
        "input_tokens_per_request": spread(1e-3, 1e7),
        "output_tokens_per_request": spread(1e-3, 1e7),
        "cacheable_input_fraction": spread(0, 1),
        "batchable_fraction": spread(0, 1),
        "peak_headroom_fraction": spread(0, 100),
        "profile": st.sampled_from(["flat", "office-hours", [1.0] + [0.0] * 167]),
        "slo": st.sampled_from([{}, {"ttft_p95_ms": 250.0}, {"e2e_p99_ms": 1e-3}, {"tpot_p50_ms": 15.0}]),
    }
)
options = st.fixed_dictionaries(
    {
        "api": st.fixed_dictionaries(
            {
                "input_usd_per_mtok": spread(0, 1e6),
                "price_change_per_year_fraction": spread(-0.99, 1),
                "tokenizer_factor": spread(0.01, 100),
                "success": success("human"),
            }
        ),
        "rent": st.fixed_dictionaries(
            {
                "price_usd_per_hour": spread(0, 1e6),
                "throughput_factor": spread(1e-6, 1e6),
                "success": success("api"),
                "availability_target_fraction": spread(0.5, 0.999999),
            }
        ),
        "own": st.fixed_dictionaries(
            {
                "server_price_usd": spread(0, 1e9),
                "success": success("rent"),
                "economic_life_months": st.integers(1, 240),
                "residual_fraction": spread(0, 1),
                "gpus_per_server": st.integers(1, 1024),
            }
        ),
    }
)


@settings(max_examples=60)
@given(workloads, options, st.integers(1, 60), spread(-0.99, 1), st.sampled_from(["api", "rent", "own"]))
def test_any_scenario_is_answered_or_refused_in_a_sentence(
    workload: dict[str, Any], changes: dict[str, dict[str, Any]], horizon: int, rate: Any, baseline: str
) -> None:
    every = [{**base, **changes[base["name"]]} for base in (API, RENT, OWN)]
    data = scenario_data(
        workload=workload, options=every, horizon_months=horizon, discount_rate_per_year=rate, baseline=baseline
    )
    try:
        result = tco.evaluate(tco.Scenario.model_validate(data), RUNS)
    except InputError:
        return

    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert headline(result)
    assert [check for check in result.checks if not check.passed] == []
    assert all(explain(result, option) for option in result.options)
