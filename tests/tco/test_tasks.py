"""Cost of a solved task, by hand: the API costs 0.00025 USD a request, a rented replica 12 · 730.5 · 2 USD for all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tco
from tco.compare import compare, prepare
from tco.what_if import parse_condition, solve_for
from tests.factories import API, OWN, RENT, run, scenario

REQUESTS = 12 * 86_400 * 730.5 / 24
API_USD = 0.00025
RENT_USD = 12 * 730.5 * 2.0
ALWAYS = {"replica_availability_fraction": 0.999999, "availability_target_fraction": 0.5}


def answer(api: dict[str, Any] | None, rent: dict[str, Any] | None, **changes: Any) -> tco.Result:
    options = [{**API, "success": api}, {**RENT, **ALWAYS, "success": rent}]
    return tco.evaluate(scenario(options=options, **changes), {"test-run": run()}, searches=False)


def test_without_escalation_a_task_costs_an_attempt_over_the_success() -> None:
    found = answer({"success_fraction": 0.8}, None).option("api").task_cost

    assert found.usd_per_successful_task == pytest.approx(API_USD / 0.8)
    assert (found.solved_fraction, found.escalation_usd_per_attempt) == (0.8, 0.0)


def test_what_is_handed_to_an_api_costs_both_attempts() -> None:
    rent = {"success_fraction": 0.8, "escalation_fraction": 0.15, "escalates_to": "api"}
    found = answer({"success_fraction": 0.98}, rent).option("rent").task_cost

    assert found.usd_per_attempt == pytest.approx(RENT_USD / REQUESTS)
    assert found.escalation_usd_per_attempt == pytest.approx(0.15 * API_USD)
    assert found.solved_fraction == pytest.approx(0.8 + 0.15 * 0.98)
    assert found.usd_per_successful_task == pytest.approx((RENT_USD / REQUESTS + 0.15 * API_USD) / (0.8 + 0.15 * 0.98))
    assert found.total_usd == pytest.approx(RENT_USD + 0.15 * API_USD * REQUESTS)


def test_a_person_solves_what_comes() -> None:
    api = {"success_fraction": 0.9, "escalation_fraction": 0.06, "escalates_to": "human", "human_usd_per_task": 2.5}
    found = answer(api, None).option("api").task_cost

    assert found.solved_fraction == pytest.approx(0.96)
    assert found.usd_per_successful_task == pytest.approx((API_USD + 0.06 * 2.5) / 0.96)


def test_what_goes_to_options_that_follow_one_another_is_sized_for_each_of_them() -> None:
    """Half of ten requests/s go to a rent of 1.6 requests/s a replica, after six months to servers of 16: each keeps its own capacity."""
    fast = run(curve=((1, 5.0, 100.0), (2, 9.0, 150.0), (4, 16.0, 250.0), (8, 20.0, 800.0)), run_id="fast")
    api = {**API, "success": {"success_fraction": 0.5, "escalation_fraction": 0.5, "escalates_to": "rent"}}
    rent = {**RENT, "success": {"success_fraction": 1.0}, "then": {"option": "own", "after_months": 6}}
    options = [api, rent, {**OWN, "run": "fast"}]

    def at(volume: float) -> tco.Result:
        asked = scenario(options=options, workload__requests_per_day=volume)
        return tco.evaluate(asked, {"test-run": run(), "fast": fast}, searches=False)

    handed = at(864_000.0).option("api").task_cost
    assert handed.escalation_usd_per_attempt * 10 * REQUESTS == pytest.approx(at(432_000.0).option("rent").total_usd)


def test_a_chain_hands_on_what_is_left_of_what_is_left() -> None:
    rent = {"success_fraction": 0.7, "escalation_fraction": 0.3, "escalates_to": "api"}
    api = {"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "human", "human_usd_per_task": 4.0}
    found = answer(api, rent).option("rent").task_cost

    assert found.solved_fraction == pytest.approx(1.0)
    assert found.usd_per_successful_task == pytest.approx(RENT_USD / REQUESTS + 0.3 * API_USD + 0.03 * 4.0)


def test_escalation_to_machines_pays_for_whole_replicas() -> None:
    """A hundredth of the requests still needs one replica around the clock."""
    api = {"success_fraction": 0.98, "escalation_fraction": 0.01, "escalates_to": "rent"}
    found = answer(api, {"success_fraction": 1.0}).option("api").task_cost

    assert found.escalation_usd_per_attempt == pytest.approx(RENT_USD / REQUESTS)


def test_an_escalation_that_cannot_be_served_has_a_reason_and_no_cost() -> None:
    api = {"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "rent"}
    result = answer(api, {"success_fraction": 1.0}, workload__slo={"ttft_p95_ms": 1.0})
    found = result.option("api").task_cost

    assert found.usd_per_successful_task is None
    assert "rent, which cannot serve them" in found.reason
    assert "no_cost_per_task" in {warning.code for warning in result.warnings}


def test_a_target_without_success_and_tasks_that_nobody_solves_have_reasons() -> None:
    api = {"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "rent"}

    assert "whose success is not given" in answer(api, None).option("api").task_cost.reason
    assert answer({"success_fraction": 0.0}, None).option("api").task_cost.reason == "api solves no task"


def test_nothing_is_assumed_where_nothing_is_said() -> None:
    result = answer(None, None)

    assert result.option("api").task_cost is None
    assert result.cheapest_per_task is None


def test_without_requests_there_is_no_task() -> None:
    assert answer({"success_fraction": 0.8}, None, workload__requests_per_day=0).option("api").task_cost is None


def test_success_turns_the_ranking_and_says_so() -> None:
    """Rent is cheaper at 0.5 USD/h; with unsolved tasks that a person solves, the API is."""
    human = {"escalates_to": "human", "human_usd_per_task": 1.0}
    api = {"success_fraction": 0.99, "escalation_fraction": 0.01, **human}
    rent = {"success_fraction": 0.90, "escalation_fraction": 0.10, **human}
    options = [{**API, "success": api}, {**RENT, **ALWAYS, "price_usd_per_hour": 0.5, "success": rent}]
    result = tco.evaluate(scenario(options=options), {"test-run": run()}, searches=False)

    assert ("rent", "api") == (result.recommended, result.cheapest_per_task)
    (caution,) = [warning for warning in result.warnings if warning.code == "cheapest_per_task_differs"]
    assert "by solved task api is the cheapest, $0.0103 against $0.1 of rent" in caution.message


def test_models_taken_as_equally_good_are_told() -> None:
    options = [API, {**RENT, "model": "another-model"}]
    told = tco.evaluate(scenario(options=options), {"test-run": run()}, searches=False).warnings
    same = answer(None, None).warnings

    assert "success_not_given" in {warning.code for warning in told}
    assert "success_not_given" not in {warning.code for warning in same}


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 100))
def test_solved_tasks_pay_for_all_attempts_and_all_people(solved: int, handed: int, human: int) -> None:
    """`cost of a solved task · solved = attempt + escalated · person`, whatever the shares are."""
    success, handed_share = solved / 1000, min(handed, 1000 - solved) / 1000
    terms = {"success_fraction": success, "escalation_fraction": handed_share, "escalates_to": "human"}
    found = answer({**terms, "human_usd_per_task": human}, None).option("api").task_cost

    assert found.usd_per_successful_task * found.solved_fraction == pytest.approx(API_USD + handed_share * human)


def test_what_success_would_have_to_be_is_solved_with_its_escalations() -> None:
    """`(a + 0.1 · 2) / (s + 0.1) = 0.25` for an attempt that costs next to nothing: s = 0.7 and a little."""
    human = {"success_fraction": 1.0}
    api = {"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "human", "human_usd_per_task": 2.0}
    question = scenario(options=[{**API, "success": api}, {**RENT, "success": human}], baseline="rent")
    condition, _ = parse_condition("usd_per_successful_task<=0.25", ["api", "rent"])
    found = solve_for(
        prepare(question, {"test-run": run()}), "options.api.success.success_fraction", condition, "api", most=0.9
    )

    assert found.nearest == pytest.approx((API_USD + 0.2) / 0.25 - 0.1, rel=1e-5)


def test_where_tasks_go_is_kept_with_what_is_asked() -> None:
    rent = {"success_fraction": 0.7, "escalation_fraction": 0.3, "escalates_to": "other"}
    other = {**API, "name": "other", "success": {"success_fraction": 0.9}}
    question = scenario(options=[API, {**RENT, **ALWAYS, "success": rent}, other])
    condition, _ = parse_condition("usd_per_successful_task<=0.001", ["api", "rent", "other"])
    found = solve_for(prepare(question, {"test-run": run()}), "options.other.output_usd_per_mtok", condition, "rent")

    # (17,532 USD / requests + 0.3 · (0.0001 + 50 · price / 1e6)) / 0.97 = 0.001
    assert found.nearest == pytest.approx(((0.00097 - RENT_USD / REQUESTS) / 0.3 - 0.0001) * 1e6 / 50, rel=1e-5)


def test_a_target_that_was_left_out_of_the_question_is_a_reason_not_a_crash() -> None:
    api = {"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "rent"}
    question = scenario(options=[{**API, "success": api}, {**RENT, "success": {"success_fraction": 1.0}}])
    prepared = prepare(question, {"test-run": run()})
    alone = prepared.scenario.model_copy(update={"options": [prepared.scenario.option("api")]})

    assert "rent, which is not among the options" in compare(prepared, alone).option("api").task_cost.reason
