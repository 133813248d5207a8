"""The workbook's formulas give what the engine gives, at export and after an input was changed."""

from __future__ import annotations

import pytest

from tco.compare import compare
from tco.register import quantities, with_value
from tco.report.xlsx.build import Model
from tco.report.xlsx.checks import STATUS
from tco.report.xlsx.expressions import Known
from tests.tco.report.xlsx import packs

_INPUTS = 12
"""Of each question that are changed, evenly over the register."""


@pytest.mark.slow
@pytest.mark.parametrize("name", packs.EVERY)
def test_all_results_are_formulas_that_agree_with_the_engine(name: str) -> None:
    made = packs.model(name)
    numbers = {key: cell.value(0, made.desk.known) for key, cell in made.results.numbers.items()}

    assert made.checks.verdict.value(0, made.desk.known) == "OK"
    assert {option: rows.held for option, rows in made.rows.items() if rows.held} == {}
    assert packs.differences(made.desk.found, numbers, within=1e-9) == []
    assert set(made.rows) == {option.name for option in made.desk.filled.options}


@pytest.mark.slow
@pytest.mark.parametrize("name", packs.EVERY)
def test_a_changed_live_input_gives_what_the_engine_gives_for_it(name: str) -> None:
    made = packs.model(name)
    live = [(path, quantity) for path, quantity in quantities(made.desk.filled) if made.desk.inputs.is_live(path)]
    wrong = {}
    for path, quantity in live[:: max(1, len(live) // _INPUTS)]:
        value = quantity.value * 0.93 if quantity.value else 0.05
        numbers, verdict = packs.worked_out(made, path, value)
        found = compare(made.desk.pack.prepared, with_value(made.desk.filled, path, value))
        able = {option.name for option in found.options if option.feasible}
        missed = packs.differences(found, {key: here for key, here in numbers.items() if key[0] in able})
        if missed or verdict != "OK, inputs changed":
            wrong[path] = (verdict, missed)

    assert wrong == {}
    assert len(live) > 25


@pytest.mark.parametrize(
    ("name", "live", "stale"),
    [
        ("plain", ["workload.requests_per_day", "workload.batchable_fraction", "options.rent.throughput_factor", "finance.tax_fraction", "options.own.pue"], ["workload.input_tokens_per_request", "workload.output_tokens_per_request"]),
        ("by the hour", ["workload.requests_per_day", "options.scheduled.price_usd_per_hour", "options.spot.failures.interruptions_per_hour"], ["workload.peak_headroom_fraction", "options.scheduled.scaling.start_up_minutes", "options.own.failures.server_availability_fraction"]),
        ("commitments", ["options.rent.commitments.base.base_fraction", "options.rent.commitments.base.upfront_fraction", "options.by the hour.commitments.base.price_usd_per_hour", "workload.requests_per_day"], ["workload.input_tokens_per_request"]),
        ("classes", ["workload.classes.chat.input_tokens_per_request", "workload.classes.mail.share_fraction"], []),
    ],
)  # fmt: skip
def test_the_register_says_which_inputs_are_live(name: str, live: list[str], stale: list[str]) -> None:
    inputs = packs.model(name).desk.inputs

    assert [path for path in live if not inputs.is_live(path)] == []
    assert [path for path in stale if inputs.is_live(path)] == []


def test_the_cost_of_a_solved_task_is_a_formula_where_tasks_go_to_a_person_or_to_what_is_paid_per_token() -> None:
    made = packs.model("solved tasks")
    live = {name for name, key in made.results.numbers if key == "usd_per_successful_task"}

    assert live == {"api", "rent", "cheap", "own"}
    assert made.desk.inputs.is_live("options.own.success.success_fraction")


def test_the_cost_of_a_solved_task_is_the_engines_where_tasks_go_to_machines_and_the_sheet_says_so() -> None:
    back = packs.API | {"success": {"success_fraction": 0.9, "escalation_fraction": 0.05, "escalates_to": "rent"}}
    made = packs.model_of(packs.pack_of(packs.question("back", options=[back, packs.RENT | {"success": {"success_fraction": 0.95}}])))  # fmt: skip
    there = [text.text for text in made.results.sheet.texts]
    apart = [text.text for sheet in made.sheets if sheet.name == "Sensitivity" for text in sheet.texts]

    assert {name for name, key in made.results.numbers if key == "usd_per_successful_task"} == {"rent"}
    assert there.count("Cost of a solved task") == apart.count("Cost of a solved task") == 1
    assert "Searches and simulations (engine, at export); these do not follow changes" in apart
    assert not made.desk.inputs.is_live("options.api.success.success_fraction")


def test_a_changed_input_that_needs_a_new_export_is_told_by_the_verdict() -> None:
    made = packs.model("plain")

    _, verdict = packs.worked_out(made, "workload.input_tokens_per_request", 120.0)

    assert verdict == "NEW EXPORT NEEDED"


def test_prices_are_live_where_the_best_mix_is_held_and_the_verdict_says_so() -> None:
    best = {"name": "best", "kind": "hybrid", "base": "rent", "overflow": "api"}
    made = packs.model_of(packs.pack_of(packs.question("best", options=[packs.API, packs.RENT, best])))
    path = "options.api.output_usd_per_mtok"
    numbers, verdict = packs.worked_out(made, path, 2.97)
    found = compare(made.desk.pack.prepared, with_value(made.desk.filled, path, 2.97))

    assert verdict == "OK, inputs changed, mix held"
    assert packs.differences(found, {key: here for key, here in numbers.items() if key[0] in {"api", "rent"}}) == []
    assert numbers["best", "total_usd"] == pytest.approx(found.option("best").total_usd, rel=0.01)
    assert packs.worked_out(made, "workload.requests_per_day", 140_000.0)[1] == "NEW EXPORT NEEDED"


def test_more_load_than_the_table_of_a_fleet_holds_fails_a_check() -> None:
    made = packs.model("by the hour")

    _, verdict = packs.worked_out(made, "workload.requests_per_day", 150_000.0 * 2_000)

    assert verdict == "CHECK FAILED"


def _at_irr(made: Model, name: str, off: float) -> tuple[float, str]:
    """The IRR of an option, and what its own check says of a rate that is off by so much of its yearly factor."""
    (row,) = [text.row for text in made.checks.sheet.texts if text.text.startswith(f"{name}: at its IRR")]
    (status,) = [cell for cell, _ in made.checks.sheet.cells if (cell.row, cell.column) == (row, STATUS)]
    cell = made.results.numbers[name, "irr_per_year"]
    rate = cell.value(0, made.desk.known)
    return rate, status.value(0, Known(found={(id(cell), 0): rate + off * (1 + rate)}))


def test_a_rate_far_below_zero_of_a_plan_without_investment_passes_its_check_and_one_a_little_off_fails_it() -> None:
    # A month of much saving, then machines that nobody asks anything: late months weigh a thousand times more.
    shrinking = packs.WORKLOAD | {"growth_per_month_fraction": -0.9}
    dear = packs.API | {"output_usd_per_mtok": 100_000}
    question = packs.question(
        "shrinking", horizon_months=36, workload=shrinking, options=[dear, packs.RENT | {"one_off_usd": {}}]
    )
    made, plain = packs.model_of(packs.pack_of(question)), packs.model("plain")

    assert -1 < _at_irr(made, "rent", 0)[0] < -0.9
    assert [_at_irr(made, "rent", off)[1] for off in (0, 1e-4)] == ["OK", "FAIL"]
    assert [_at_irr(plain, "own", off)[1] for off in (0, 1e-4)] == ["OK", "FAIL"]


def test_an_option_with_an_input_that_no_formula_knows_keeps_the_engines_numbers() -> None:
    agreed = {"base": {"commitment": "reserved-1y", "replicas": 2, "price_usd_per_hour": 1.5}}
    made = packs.model_of(packs.pack_of(packs.question("agreed", options=[packs.API, packs.RENT | {"price": packs.BY_HOUR, "commitments": agreed, "starts_after_months": 4}])))  # fmt: skip
    numbers = {key: cell.value(0, made.desk.known) for key, cell in made.results.numbers.items()}

    assert made.checks.verdict.value(0, made.desk.known) == "OK"
    assert packs.differences(made.desk.found, numbers, within=1e-9) == []
    assert "gpu_rent" in made.rows["rent"].held
    assert any(text.text == "GPU rent (engine)" for text in made.desk.cash.texts)
    assert "engine, at export" in {text.text for text in made.desk.cash.texts}
    assert not made.desk.inputs.is_live("options.rent.price_usd_per_hour")
    assert made.desk.inputs.is_live("discount_rate_per_year")


def test_options_that_cannot_serve_are_told_and_cost_nothing() -> None:
    strict = packs.WORKLOAD | {"slo": {"ttft_p95_ms": 1.0}}
    made = packs.model_of(packs.pack_of(packs.question("strict", workload=strict)))
    told = [text.text for text in made.results.sheet.texts if text.text.startswith("ruled out")]

    assert list(made.rows) == ["api"]
    assert len(told) == 1


def test_a_baseline_that_cannot_serve_leaves_no_savings() -> None:
    strict = packs.WORKLOAD | {"slo": {"ttft_p95_ms": 1.0}}
    made = packs.model_of(packs.pack_of(packs.question("strict", workload=strict, baseline="rent")))

    assert {key for _, key in made.results.numbers} & {"npv_usd", "payback_months"} == set()
    assert ("api", "total_usd") in made.results.numbers
