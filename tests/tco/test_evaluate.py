from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tco
from probes.record import Interval
from tco.errors import InputError
from tests.factories import API, CURVE, OWN, RENT, cell, run, scenario

CONTRACT = {
    "name", "kind", "feasible", "reasons", "evidence", "capacity", "capex_usd", "monthly_usd", "line_items", "total_usd",
    "npv_usd", "irr_per_year", "mirr_per_year", "roi_fraction", "payback_months", "discounted_payback_months", "usd_per_mtok",
    "usd_per_request", "usd_per_mtok_at_full_load", "breakeven_requests_per_day",
}  # fmt: skip
RUNS = {"test-run": run()}


def evaluate(**changes: object) -> tco.Result:
    return tco.evaluate(scenario(**changes), RUNS)


def quickly(**changes: object) -> tco.Result:
    return tco.evaluate(scenario(**changes), RUNS, searches=False)


def options(**changes: object) -> list[dict[str, object]]:
    return [API, {**RENT, **changes}]


def test_the_whole_chain_is_worked_out_by_hand() -> None:
    """One request/s. API: 2,629,800 requests a month of 100 in at 1 USD/Mtok and 50 out at 3. Rent: 2 USD/h, 730.5 h."""
    result = evaluate(options=options(one_off_usd={"move": 500.0}, price_usd_per_hour=0.5))
    api, rent = result.option("api"), result.option("rent")
    monthly = 2_629_800 * (100 * 1 + 50 * 3) / 1e6

    assert api.monthly_usd[0] == pytest.approx(monthly)
    assert rent.monthly_usd[0] == pytest.approx(0.5 * 730.5)
    assert rent.payback_months == pytest.approx(500 / (monthly - 365.25))
    assert rent.npv_usd == pytest.approx(12 * (monthly - 365.25) - 500)
    assert api.usd_per_mtok == pytest.approx((100 * 1 + 50 * 3) / 150)
    assert rent.usd_per_mtok == pytest.approx((500 + 12 * 365.25) / (12 * 2_629_800 * 150 / 1e6))
    assert rent.roi_fraction == pytest.approx(rent.npv_usd / 500)
    assert ("rent", "rent") == (result.recommended, result.contender)


def test_unit_cost_at_full_load_times_utilisation_identity() -> None:
    rent = evaluate().option("rent")

    assert rent.usd_per_mtok_at_full_load == pytest.approx(rent.usd_per_mtok * rent.capacity.utilisation_fraction)


def test_npv_at_the_irr_is_zero() -> None:
    changes = {
        "options": [
            API,
            {**OWN, "server_price_usd": 3_000.0, "server_watts": 100.0, "colocation_usd_per_kw_month": 0.0},
        ]
    }
    found = evaluate(**changes).option("own").irr_per_year

    assert found is not None
    assert evaluate(**changes, discount_rate_per_year=min(found, 0.99)).option("own").npv_usd == pytest.approx(
        0, abs=1e-6 if found < 0.99 else 1e9
    )


def test_json_has_the_names_that_others_rely_on() -> None:
    data = json.loads(evaluate().model_dump_json(by_alias=True))

    assert {"schema", "scenario", "baseline", "recommended", "options", "assumptions", "warnings"} <= set(data)
    assert all(set(option) >= CONTRACT for option in data["options"])
    assert {"replicas", "gpus", "servers", "goodput_requests_per_s", "utilisation_fraction", "basis"} <= set(
        data["options"][1]["capacity"]
    )
    assert {"path", "value", "unit", "low", "high", "evidence", "source", "as_of"} <= set(data["assumptions"][0])


def test_another_run_changes_the_payback() -> None:
    slower = {"test-run": run(curve=tuple((c, r / 4, t) for c, r, t in CURVE))}
    question = scenario(options=options(one_off_usd={"move": 500.0}, price_usd_per_hour=0.2))

    fast, slow = (tco.evaluate(question, runs).option("rent").payback_months for runs in (RUNS, slower))
    assert fast is not None
    assert slow is not None
    assert fast < slow


def test_the_run_interval_becomes_a_payback_band() -> None:
    wide = {
        "test-run": run(
            cells=[cell(c, r, t, requests_per_s=Interval(mean=r, low=r / 2, high=r * 2)) for c, r, t in CURVE]
        )
    }
    question = scenario(options=options(one_off_usd={"move": 500.0}, price_usd_per_hour=0.2, throughput_factor=None))
    rent = tco.evaluate(question, wide).option("rent")

    soonest, latest = rent.payback_band_months
    assert soonest <= rent.payback_months < latest


def test_a_promise_that_no_load_meets_is_an_answer_not_a_crash() -> None:
    result = evaluate(workload__slo={"ttft_p95_ms": 1.0})
    rent = result.option("rent")

    assert not rent.feasible
    assert "no measured load meets the promise" in rent.reasons[0]
    assert (None, None, []) == (rent.total_usd, rent.payback_months, rent.monthly_usd)
    assert ("api", None) == (result.recommended, result.contender)


def test_a_baseline_that_cannot_serve_is_never_recommended() -> None:
    result = evaluate(workload__slo={"ttft_p95_ms": 1.0}, baseline="rent")

    assert ("api", None) == (result.recommended, result.option("api").npv_usd)


def test_nothing_can_serve() -> None:
    result = tco.evaluate(scenario(options=[RENT], baseline="rent", workload__slo={"ttft_p95_ms": 1.0}), RUNS)

    assert (None, None) == (result.recommended, result.contender)


def test_no_demand_has_costs_but_no_unit_costs() -> None:
    result = evaluate(workload__requests_per_day=0, options=options(one_off_usd={"move": 500.0}))
    rent = result.option("rent")

    assert (None, None) == (rent.usd_per_mtok, rent.usd_per_request)
    assert rent.total_usd == 500.0
    assert rent.payback_months is None
    assert "no_demand" in {warning.code for warning in result.warnings}


def test_a_missing_run_names_the_option_and_the_command() -> None:
    with pytest.raises(InputError, match=r"option 'rent'.*tco probe run --out"):
        tco.evaluate(scenario())


def test_a_missing_api_price_names_the_option() -> None:
    data = {**API, "model": "openai/gpt-nonsense-77", "input_usd_per_mtok": None}

    with pytest.raises(InputError, match="option 'api'"):
        evaluate(options=[data, RENT])


def test_an_absurd_demand_cannot_be_served_and_says_why() -> None:
    rent = evaluate(workload__requests_per_day=1e14).option("rent")

    assert not rent.feasible
    assert "check the units" in rent.reasons[0]


@settings(max_examples=25)
@given(st.floats(1, 1e6), st.floats(1, 3))
def test_more_demand_never_costs_less(requests: float, more: float) -> None:
    few, many = (quickly(workload__requests_per_day=r, options=[API, RENT, OWN]) for r in (requests, requests * more))

    for option in few.options:
        assert many.option(option.name).total_usd >= option.total_usd - 1e-6


@settings(max_examples=25)
@given(st.floats(0.05, 5), st.floats(0, 5))
def test_a_dearer_gpu_never_pays_back_sooner(price: float, more: float) -> None:
    cheap, dear = (
        quickly(options=options(price_usd_per_hour=p, one_off_usd={"move": 300.0})).option("rent").payback_months
        for p in (price, price + more)
    )

    assert dear is None or (cheap is not None and cheap <= dear + 1e-6)


def test_break_even_volume_is_where_the_saving_changes_sign() -> None:
    found = evaluate(options=options(price_usd_per_hour=0.5)).option("rent").breakeven_requests_per_day

    assert found is not None
    below, above = (
        evaluate(workload__requests_per_day=found * f, options=options(price_usd_per_hour=0.5)).option("rent").npv_usd
        for f in (0.999, 1.001)
    )
    assert below < 0 <= above


def test_without_searches_every_other_number_is_the_same() -> None:
    question = scenario(options=[*options(price_usd_per_hour=0.5), OWN])
    whole, quick = (tco.evaluate(question, RUNS, searches=wanted) for wanted in (True, False))
    searched = {"breakeven_requests_per_day": None, "breakeven": None}

    assert whole.drivers
    assert whole.option("rent").breakeven_requests_per_day is not None
    assert quick == whole.model_copy(
        update={"drivers": [], "options": [option.model_copy(update=searched) for option in whole.options]}
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml")), ids=lambda path: path.stem
)
def test_shipped_scenarios_answer(path: Path) -> None:
    question = tco.load(path)
    result = tco.evaluate(question, {"../runs/demo.json": run()})

    assert {option.name for option in result.options} == {option.name for option in question.options}
    assert result.recommended is not None
