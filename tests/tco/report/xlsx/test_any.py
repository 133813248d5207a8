"""Whatever a scenario holds, its workbook is written, agrees with the engine where it says so, and has no error in any cell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import pricing
from tco.compare import prepare
from tco.errors import InputError
from tco.evaluate import evaluate
from tco.report.pack import ReportPack
from tco.report.xlsx.write import workbook_bytes
from tco.scenario import Scenario
from tests.factories import API, OWN, RENT, run, scenario_data
from tests.tco.report.xlsx import packs
from tests.tco.test_evaluate_any import options, spread, workloads

RUNS = {"test-run": run()}
FINANCES = ({}, {"tax_fraction": 0.3}, {"purchase": {"kind": "loan", "interest_rate_per_year": 0.1, "term_months": 7}})

RATE_FAR_BELOW_ZERO: tuple[Any, ...] = (
    {"requests_per_day": 1e12, "growth_per_month_fraction": -0.99, "input_tokens_per_request": 0.001, "output_tokens_per_request": 0.001, "batchable_fraction": 1, "cacheable_input_fraction": 1, "peak_headroom_fraction": 44.4, "profile": "flat", "slo": {}},
    {"rent": {"availability_target_fraction": 0.5, "price_usd_per_hour": 309_061.0, "throughput_factor": 173_171.0}, "own": {}, "api": {"tokenizer_factor": 90.3}},
    36, 1.0, "api", {"tax_fraction": 0.3},
)  # fmt: skip
"""Nothing invested, 1e11 USD saved in the first month, then losses that weigh a million times more at the rate where they meet."""


@pytest.mark.slow
@example(*RATE_FAR_BELOW_ZERO)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    workloads, options, st.integers(1, 40), spread(-0.5, 1), st.sampled_from(["api", "rent", "own"]), st.sampled_from(FINANCES)
)  # fmt: skip
def test_any_scenario_has_a_workbook_that_agrees_with_its_answer(
    workload: dict[str, Any], changes: dict[str, Any], horizon: int, rate: Any, baseline: str, finance: dict[str, Any]
) -> None:
    every = [{**base, **changes[base["name"]]} for base in (API, RENT, OWN)]
    data = scenario_data(workload=workload, options=every, horizon_months=horizon, discount_rate_per_year=rate, baseline=baseline, finance=finance)  # fmt: skip
    try:
        asked = Scenario.model_validate(data)
        prepared = prepare(asked, RUNS, pricing.shipped_book())
        result = evaluate(asked, RUNS, pricing.shipped_book(), searches=False)
    except (InputError, ValidationError):
        return
    made = packs.model_of(ReportPack(scenario=asked, prepared=prepared, result=result))
    numbers = {key: cell.value(0, made.desk.known) for key, cell in made.results.numbers.items()}

    assert packs.differences(made.desk.found, numbers) == []
    assert made.checks.verdict.value(0, made.desk.known) == "OK"
    assert len(workbook_bytes(made)) > 10_000
