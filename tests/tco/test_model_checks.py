"""Every check passes on what the model makes, and fails alone when one thing behind an answer is broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tco
from tco import compare as compare_room
from tco.cashflow import Ledger
from tco.compare import Comparison, compare, prepare
from tco.model_checks import Checked, model_check_cautions, model_checks, not_finite
from tco.result import OptionResult
from tests.factories import API, OWN, RENT, run, scenario

QUESTION = scenario(
    options=[API, {**RENT, "one_off_usd": {"move": 500.0}}, {**OWN, "economic_life_months": 7}],
    discount_rate_per_year=0.1,
    workload__growth_per_month_fraction=0.15,
)
PREPARED = prepare(QUESTION, {"test-run": run()})
FOUND = compare(PREPARED, PREPARED.scenario)


def checked(found: Comparison = FOUND) -> Checked:
    return Checked(scenario=PREPARED.scenario, asked=found.demand, ledgers=found.ledgers, options=found.options)


def failed(found: Comparison) -> set[str]:
    return {check.name for check in model_checks(checked(found)) if not check.passed}


def with_option(name: str, change: Callable[[OptionResult], dict[str, Any]]) -> Comparison:
    options = [each.model_copy(update=change(each)) if each.name == name else each for each in FOUND.options]
    return replace(FOUND, options=options)


def with_ledger(name: str, change: Callable[[Ledger], Ledger]) -> Comparison:
    return replace(FOUND, ledgers={**FOUND.ledgers, name: change(FOUND.ledgers[name])})


def bumped(values: list[float], month: int = 3) -> list[float]:
    return [value + (1.0 if number == month else 0.0) for number, value in enumerate(values)]


def test_an_answer_passes_every_check() -> None:
    checks = model_checks(checked())

    assert len(checks) == 11
    assert all(check.passed for check in checks)
    assert all(np.isfinite(check.difference) for check in checks)
    assert list(model_check_cautions(checks)) == []


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (with_option("api", lambda o: {"monthly_usd": bumped(o.monthly_usd)}), "line_items_sum_to_monthly"),
        (with_option("own", lambda o: {"capex_usd": o.capex_usd + 1.0}), "investments_sum_to_capex"),
        (with_option("rent", lambda o: {"total_usd": o.total_usd + 1.0, "cost_by_use": None, "unit_costs": None}), "parts_sum_to_total"),
        (
            with_ledger("rent", lambda own: replace(own, line_items={**own.line_items, "gpu_rent": own.line_items["gpu_rent"] * 1.001})),
            "reported_is_booked",
        ),
        (with_ledger("rent", lambda own: replace(own, line_items={**own.line_items, "forgotten": np.ones(12)})), "reported_is_booked"),
        (
            with_option("own", lambda o: {"cost_by_use": o.cost_by_use.model_copy(update={"idle_usd": o.cost_by_use.idle_usd + 1})}),
            "usage_idle_overhead_sum_to_total",
        ),
        (
            with_option("own", lambda o: {"unit_costs": o.unit_costs.model_copy(update={"input_usd_per_mtok": 2 * o.unit_costs.input_usd_per_mtok})}),
            "usage_idle_overhead_sum_to_total",
        ),
        (with_option("own", lambda o: {"saving_by_time_usd": bumped(o.saving_by_time_usd)}), "saving_is_baseline_less_option"),
        (with_option("own", lambda o: {"npv_usd": o.npv_usd + 1.0}), "npv_by_another_way"),
        (with_option("rent", lambda o: {"capacity": o.capacity.model_copy(update={"utilisation_fraction": 1.01})}), "utilisation_at_most_one"),
    ],
)  # fmt: skip
def test_each_thing_that_is_broken_fails_its_own_check(broken: Comparison, name: str) -> None:
    assert failed(broken) == {name}


LOAN = {"kind": "loan", "interest_rate_per_year": 0.08, "term_months": 24}
LEASE = {
    "kind": "lease",
    "interest_rate_per_year": 0.08,
    "term_months": 6,
    "buy_out_fraction": 0.1,
    "at_end": "purchase",
}
MIX = {"name": "mix", "kind": "hybrid", "base": "own", "overflow": "api", "replicas": 5, "sensitive_fraction": 0.05}
CASCADE = {"name": "cascade", "kind": "cascade", "small": "rent", "large": "api", "escalation_fraction": 0.2}
OFFICE = {"workload__profile": "office-hours", "workload__requests_per_day": 864_000}


@pytest.mark.parametrize(
    "changes",
    [
        {"finance": {"tax_fraction": 0.3}},
        {"finance": {"purchase": LOAN}},
        {"finance": {"purchase": LEASE, "tax_fraction": 0.3, "tax_paid": "monthly"}},
        {"finance": {"cost_escalation_per_year_fraction": 0.04, "inflation_per_year_fraction": 0.02}},
        {"options": [API, {**RENT, "then": {"option": "own", "after_months": 5}}, OWN], "finance": {"tax_fraction": 0.3}},
        {"options": [API, RENT, {**OWN, "starts_after_months": 5, "economic_life_months": 3}]},
        {"options": [API, RENT, OWN], **OFFICE, "workload__growth_per_month_fraction": -0.2},
        {"options": [API, RENT, OWN, MIX, {**MIX, "name": "later", "base": "rent", "starts_after_months": 4}], **OFFICE},
        {"options": [API, RENT, OWN, CASCADE, {**CASCADE, "name": "both", "large": "own"}], "finance": {"tax_fraction": 0.3}, **OFFICE},
        {"options": [API, {**RENT, "scaling": {"policy": "reactive", "start_up_minutes": 20, "cool_down_minutes": 5}}], **OFFICE},
    ],
)  # fmt: skip
def test_every_way_to_pay_passes_every_check(changes: dict[str, Any]) -> None:
    question = scenario(**{"options": [API, RENT, OWN], "discount_rate_per_year": 0.08, **changes})
    checks = tco.evaluate(question, {"test-run": run()}, searches=False).checks

    assert [check for check in checks if not check.passed] == []


def test_a_server_that_was_never_bought_fails_the_corkscrew() -> None:
    """The books and what is reported agree; only the servers tell."""
    bought = FOUND.ledgers["own"].investments["servers"].copy()
    month = int(np.flatnonzero(bought)[1])
    bought[month] = 0.0
    broken = with_ledger("own", lambda own: replace(own, investments={**own.investments, "servers": bought}))

    assert failed(broken) == {"servers_corkscrew", "reported_is_booked"}


def test_half_a_server_fails_the_corkscrew() -> None:
    bought = FOUND.ledgers["own"].investments["servers"] * 1.5

    broken = with_ledger("own", lambda own: replace(own, investments={**own.investments, "servers": bought}))
    assert "servers_corkscrew" in failed(broken)


def test_too_few_replicas_fail() -> None:
    broken = with_ledger("rent", lambda own: replace(own, fleet=replace(own.fleet, replicas=own.fleet.replicas - 2)))

    assert failed(broken) == {"replicas_carry_the_peak"}


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_an_amount_that_is_no_number_fails_and_its_difference_is_one(odd: float) -> None:
    items = FOUND.ledgers["rent"].line_items["gpu_rent"].copy()
    items[5] = odd
    broken = with_ledger("rent", lambda own: replace(own, line_items={**own.line_items, "gpu_rent": items}))

    assert failed(broken) == {"amounts_are_finite", "reported_is_booked"}
    assert all(np.isfinite(check.difference) for check in model_checks(checked(broken)))


def test_a_failed_check_is_said_where_and_by_how_much() -> None:
    broken = with_option("own", lambda option: {"npv_usd": option.npv_usd + 123.0})
    (caution,) = model_check_cautions(model_checks(checked(broken)))

    assert ("model_check_failed", "options.own") == (caution.code, caution.path)
    assert "own: the check `npv_by_another_way` of the model itself failed by 123 USD" in caution.message


def test_an_answer_carries_its_checks_and_a_failure_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = tco.evaluate(QUESTION, {"test-run": run()}, searches=False)
    monkeypatch.setattr(Ledger, "total_usd", property(lambda own: np.sum(own.monthly_usd)))
    broken = tco.evaluate(QUESTION, {"test-run": run()}, searches=False)

    assert all(check.passed for check in clean.checks)
    assert {"parts_sum_to_total"} <= {check.name for check in broken.checks if not check.passed}
    assert "model_check_failed" in {warning.code for warning in broken.warnings}
    assert "model_check_failed" not in {warning.code for warning in clean.warnings}


def test_an_option_whose_costs_are_no_numbers_is_ruled_out_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    real = compare_room.ledgers_of

    def odd(*arguments: Any, **named: Any) -> dict[str, Ledger]:
        found = real(*arguments, **named)
        own = found["rent"]
        return {**found, "rent": replace(own, line_items={**own.line_items, "gpu_rent": np.full(12, np.nan)})}

    monkeypatch.setattr(compare_room, "ledgers_of", odd)
    rent = tco.evaluate(scenario(), {"test-run": run()}, searches=False).option("rent")

    assert not rent.feasible
    assert "its costs are not finite (gpu_rent)" in rent.reasons[0]


def test_finite_books_are_not_ruled_out() -> None:
    assert all(not_finite(own) == () for own in FOUND.ledgers.values())
