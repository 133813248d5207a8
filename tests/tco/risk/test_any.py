"""Whatever ranges a scenario has, its simulation gives finite numbers or refuses in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tco
from tco.compare import prepare
from tco.errors import InputError
from tco.risk.simulate import simulate
from tests.factories import API, OWN, RENT, run, scenario_data

pytestmark = pytest.mark.slow

RUNS = {"test-run": run()}
KINDS = ("triangular", "pert", "uniform", "lognormal")
DRAWS = 100


def possible(drawn: tuple[list[float], str]) -> Any:
    """A quantity over three numbers in order: that kind, where it can be."""
    (low, value, high), kind = drawn
    if low == high:
        return value
    kind = "pert" if kind == "lognormal" and low <= 0 else kind
    return {"value": value, "low": low, "high": high, "distribution": kind}


def ranged(low: float, high: float) -> st.SearchStrategy[Any]:
    """A number with a range and one of the distributions, or alone, with the ends of what is allowed drawn often."""
    number = st.one_of(st.just(low), st.just(high), st.floats(low, high).filter(lambda x: x == 0 or abs(x) >= 1e-12))
    spread = st.tuples(st.tuples(number, number, number).map(sorted), st.sampled_from(KINDS)).map(possible)
    samples = st.lists(number, min_size=2, max_size=4, unique=True).map(
        lambda drawn: {"value": drawn[0], "distribution": "empirical", "samples": drawn}
    )
    return st.one_of(spread, number, samples)


workloads = st.fixed_dictionaries(
    {
        "requests_per_day": ranged(0, 1e12),
        "growth_per_month_fraction": ranged(-0.99, 1),
        "input_tokens_per_request": ranged(1, 1e4),
        "output_tokens_per_request": ranged(1, 1e4),
        "cacheable_input_fraction": ranged(0, 1),
        "batchable_fraction": ranged(0, 1),
        "peak_headroom_fraction": ranged(0, 100),
        "profile": st.sampled_from(["flat", "office-hours"]),
        "slo": st.sampled_from([{}, {"ttft_p95_ms": 250.0}, {"e2e_p99_ms": 1e-3}]),
    }
)
options = st.fixed_dictionaries(
    {
        "api": st.fixed_dictionaries(
            {
                "output_usd_per_mtok": ranged(0, 1e6),
                "price_change_per_year_fraction": ranged(-0.99, 1),
                "tokenizer_factor": ranged(0.01, 100),
                "retry_fraction": ranged(0, 0.95),
            }
        ),
        "rent": st.fixed_dictionaries(
            {
                "price_usd_per_hour": ranged(0, 1e6),
                "throughput_factor": ranged(1e-6, 1e6),
                "availability_target_fraction": ranged(0.5, 0.999999),
                "starts_after_months": st.integers(0, 6),
            }
        ),
        "own": st.fixed_dictionaries(
            {
                "server_price_usd": ranged(0, 1e9),
                "residual_fraction": ranged(0, 1),
                "economic_life_months": st.integers(1, 60),
                "purchase": st.sampled_from(
                    [
                        {"kind": "cash"},
                        {"kind": "loan", "interest_rate_per_year": {"value": 0.0, "high": 0.5}, "term_months": 7},
                        {"kind": "lease", "interest_rate_per_year": 0.06, "term_months": 7},
                    ]
                ),
            }
        ),
    }
)
finances = st.fixed_dictionaries(
    {
        "tax_fraction": ranged(0, 1),
        "cost_escalation_per_year_fraction": ranged(-0.99, 1),
        "inflation_per_year_fraction": ranged(-0.99, 1),
    }
)
strengths = st.lists(st.floats(-1, 1), max_size=3)


def correlated(data: dict[str, Any], drawn: list[float]) -> list[dict[str, Any]]:
    """Demand moves with others, as strongly as was drawn, where both move."""
    api, own = data["options"][0], data["options"][2]
    others = {
        "workload.growth_per_month_fraction": data["workload"]["growth_per_month_fraction"],
        "options.api.output_usd_per_mtok": api["output_usd_per_mtok"],
        "options.own.server_price_usd": own["server_price_usd"],
    }
    if not isinstance(data["workload"]["requests_per_day"], dict):
        return []
    moving = [path for path, quantity in others.items() if isinstance(quantity, dict)]
    return [
        {"between": ["workload.requests_per_day", path], "correlation": strength}
        for path, strength in zip(moving, drawn, strict=False)
    ]


@settings(max_examples=25)
@given(workloads, options, finances, strengths, st.integers(1, 36), ranged(-0.99, 1))
def test_any_ranges_are_simulated_or_refused_in_a_sentence(
    workload: dict[str, Any],
    changes: dict[str, dict[str, Any]],
    finance: dict[str, Any],
    together: list[float],
    horizon: int,
    rate: Any,
) -> None:
    data = scenario_data(
        workload=workload,
        options=[{**base, **changes[base["name"]]} for base in (API, RENT, OWN)],
        finance=finance,
        horizon_months=horizon,
        discount_rate_per_year=rate,
    )
    data["correlations"] = correlated(data, together)
    try:
        found = simulate(prepare(tco.scenario_file.of_data(data), RUNS), draws=DRAWS)
    except InputError:
        return

    json.dumps(found.model_dump(mode="json"), allow_nan=False)
    for option in found.options:
        assert 0 <= option.served.fraction <= 1
        by_month = option.paid_back_by_month or []
        assert by_month == sorted(by_month)
    assert all(0 <= share.share_fraction <= 1 for share in found.shares)
