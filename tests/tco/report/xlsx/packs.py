"""Answers that between them use every kind of cost, for workbooks to be made of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pricing
from probes.run import Run
from tco.compare import Comparison, compare, prepare
from tco.evaluate import evaluate
from tco.report.pack import ReportPack
from tco.report.xlsx.build import Model, model_of
from tco.report.xlsx.expressions import Known
from tco.result import OptionResult
from tco.scenario import Scenario
from tests import factories

API: dict[str, Any] = factories.API | {
    "cached_input_usd_per_mtok": 0.1, "batch_input_usd_per_mtok": 0.5, "batch_output_usd_per_mtok": 1.5, "price_change_per_year_fraction": -0.1, "tokenizer_factor": 1.1,
}  # fmt: skip
RENT: dict[str, Any] = factories.RENT | {
    "price_change_per_year_fraction": 0.05, "throughput_factor": 0.9, "people": {"run_fte": 0.02}, "one_off_usd": {"move": 3_000},
    "extra_usd_per_month": {"insurance": 40}, "availability_target_fraction": 0.999,
}  # fmt: skip
OWN: dict[str, Any] = factories.OWN | {
    "throughput_factor": 0.95, "people": {"run_fte": 0.01}, "one_off_usd": {"move": 2_000}, "availability_target_fraction": 0.999, "server_price_usd": 9_000,
    "gpus_per_server": 2, "server_watts": 900, "economic_life_months": 20,
}  # fmt: skip
WORKLOAD: dict[str, Any] = {
    "requests_per_day": 150_000.0, "growth_per_month_fraction": 0.03, "input_tokens_per_request": 100.0, "output_tokens_per_request": 50.0,
    "cacheable_input_fraction": 0.3, "batchable_fraction": 0.25, "peak_headroom_fraction": 0.2, "profile": "office-hours", "slo": {"ttft_p95_ms": 250.0}, "users": 500,
}  # fmt: skip
AROUND = {
    "storage_usd_per_gib_month": 0.1, "weights_gib": 16, "other_storage_gib": 100, "egress_usd_per_gb": 0.09, "load_balancer_usd_per_hour": 0.03,
    "load_balancer_usd_per_gb": 0.008, "logging_usd_per_gb": 0.5, "log_retention_months": 3, "monitoring_usd_per_month": 50,
}  # fmt: skip
WORK = {
    "retry_fraction": 0.04, "reasoning_factor": 1.3, "evaluation": {"runs_per_month": 4, "run_usd": 30}, "obligations": {"support_usd_per_year": 900, "audits_per_year": 1, "audit_usd": 2_000, "exit_usd": 1_500},
    "migrations": {"every_months": 9, "migration_usd": 1_200, "parallel_months": 2, "parallel_traffic_fraction": 0.5},
    "pipeline": {"guard": {"calls_per_request": 2, "sampled_fraction": 0.5, "call_usd": 1e-5}, "judge": {"sampled_fraction": 0.1, "input_tokens": 400, "output_tokens": 20, "input_usd_per_mtok": 0.2, "output_usd_per_mtok": 0.8}},
    "people": {"run_fte": 0.02, "setup_person_days": 4, "oncall_fte": 0.01, "cost_per_fte_usd_per_year": 120_000},
}  # fmt: skip
TRAINED = {
    "tuning": {"method": "qlora", "training_tokens": 2e8, "retrainings_per_year": 2, "data_person_days": 3, "parameters_count": 8e9, "peak_tflops": 989, "training_usd_per_hour": 2.5}
}  # fmt: skip
HARDWARE = {
    "network_usd_per_gpu": 500, "frontend_network_usd_per_server": 800, "installation_usd_per_server": 300, "spares_fraction": 0.02, "hosting_usd_per_server_per_year": 900,
    "software_usd_per_gpu_per_year": 1_000, "failures_per_gpu_per_year": 0.05, "repair_usd_per_gpu": 4_000, "resale_fraction": {"12": 0.6, "24": 0.35, "36": 0.2},
}  # fmt: skip
EUR_USD = 1.25
BY_HOUR = {"class": "neocloud", "commitment": "on-demand"}

QUESTIONS: dict[str, dict[str, Any]] = {
    "plain": {"options": [API, RENT, OWN]},
    "two": {"horizon_months": 3, "options": [API, RENT | {"one_off_usd": {"move": 5}}]},
    "every line": {
        "workload": WORKLOAD | {"reasoning_tokens_per_request": 30, "cache_write_input_fraction": 0.2, "input_growth_per_month_fraction": 0.01, "agent": {"steps": 4, "growth_tokens_per_step": 20, "history_cacheable_fraction": 0.8}},
        "options": [API | WORK | {"cache_write_usd_per_mtok": 1.25, "tuning": {"training_tokens": 1e7, "training_usd_per_mtok": 8, "retrainings_per_year": 1}}, RENT | WORK | TRAINED | {"around": AROUND}, OWN | WORK | TRAINED | {"around": AROUND, "hardware": HARDWARE}],
    },
    "loan and table": {
        "finance": {"tax_fraction": 0.25, "depreciation": {"schedule": "macrs-5-year"}, "purchase": {"kind": "loan", "interest_rate_per_year": 0.07, "term_months": 14, "financed_fraction": 0.8}, "cost_escalation_per_year_fraction": 0.03, "salary_escalation_per_year_fraction": 0.05, "electricity_escalation_per_year_fraction": -0.02},
        "options": [API, OWN, OWN | {"name": "cash", "purchase": {"kind": "cash"}}],
    },
    "leases": {
        "finance": {
            "inflation_per_year_fraction": 0.025, "reporting_currency": {"currency": "EUR", "usd": 1.25, "as_of": "2026-11-20", "source": "a bank"},"tax_fraction": 0.3, "tax_paid": "monthly", "depreciation": {"book_life_months": 10}},
        "options": [
            API,
            OWN | {"purchase": {"kind": "lease", "term_months": 12, "interest_rate_per_year": 0.08, "buy_out_fraction": 0.15, "at_end": "purchase"}},
            OWN | {"name": "returned", "purchase": {"kind": "lease", "term_months": 9, "payment_per_month_fraction": 0.1, "at_horizon": "passed-on"}},
        ],
    },
    "one after the other": {
        "options": [API, RENT | {"then": {"option": "own", "after_months": 10}}, OWN, RENT | {"name": "later", "starts_after_months": 6}, {"name": "cascade", "kind": "cascade", "small": "small", "large": "api", "escalation_fraction": 0.3, "judge_usd_per_request": 2e-6, "one_off_usd": {"router": 500}}, RENT | {"name": "small"}],
    },
    "by the hour": {
        "options": [
            API,
            RENT | {"name": "scheduled", "price": BY_HOUR, "scaling": {"policy": "scheduled", "start_up_minutes": 12}},
            RENT | {"name": "reactive", "price": BY_HOUR, "scaling": {"policy": "reactive", "start_up_minutes": 6, "cool_down_minutes": 15}},
            RENT | {"name": "spot", "price": BY_HOUR | {"commitment": "spot"}, "failures": {"interruptions_per_hour": 0.02, "restart_minutes": 10}, "scaling": {"start_up_minutes": 5}},
            RENT | {"name": "upgraded", "price": BY_HOUR, "upgrades": {"upgrades_per_month": 2}, "scaling": {"start_up_minutes": 30}},
            OWN | {"failures": {"server_availability_fraction": 0.995, "gpu_availability_fraction": 0.999}},
        ]
    },
    "hybrids": {
        "options": [
            API,
            RENT,
            OWN,
            {"name": "fixed", "kind": "hybrid", "base": "rent", "overflow": "api", "replicas": 2, "people": {"run_fte": 0.01}, "one_off_usd": {"router": 700}},
            {"name": "bought", "kind": "hybrid", "base": "own", "overflow": "api", "replicas": [1, 1, 2, 3], "spares": "overflow"},
            {"name": "later", "kind": "hybrid", "base": "rent", "overflow": "api", "replicas": 3, "starts_after_months": 5},
        ],
    },
    "commitments": {
        "finance": {"tax_fraction": 0.2},
        "options": [
            API,
            RENT | {"price": BY_HOUR, "migrations": {"every_months": 9, "migration_usd": 900, "parallel_months": 2, "parallel_traffic_fraction": 0.4}, "commitments": {
                "base": {"commitment": "reserved-1y", "base_fraction": 0.7, "price_usd_per_hour": 1.5, "upfront_fraction": 0.3},
                "three": {"commitment": "reserved-3y", "replicas": 1, "price_usd_per_hour": 1.2, "at_horizon": "passed-on"},
            }},
            RENT | {"name": "by the hour", "price": BY_HOUR, "scaling": {"policy": "scheduled", "start_up_minutes": 12}, "commitments": {
                "base": {"commitment": "reserved-1y", "replicas": 2, "price_usd_per_hour": 1.6, "renews": False},
                "more": {"commitment": "reserved-3y", "base_fraction": 0.5, "price_usd_per_hour": 1.3},
            }},
            RENT | {"name": "too many", "price": BY_HOUR, "scaling": {"policy": "scheduled"}, "commitments": {"base": {"commitment": "reserved-1y", "replicas": 40, "price_usd_per_hour": 1.4, "upfront_fraction": 1.0}}},
        ],
    },
    "solved tasks": {
        "finance": {"tax_fraction": 0.2},
        "options": [
            API | {"success": {"success_fraction": 0.93}, "evaluation": {"runs_per_month": 2, "run_usd": 15}, "one_off_usd": {"move": 500}, "pipeline": {"guard": {"calls_per_request": 1, "call_usd": 1e-5}}},
            RENT | {"success": {"success_fraction": 0.7, "escalation_fraction": 0.2, "escalates_to": "api"}},
            API | {"name": "cheap", "output_usd_per_mtok": 1.0, "success": {"success_fraction": 0.6, "escalation_fraction": 0.4, "escalates_to": "human", "human_usd_per_task": 0.8}},
            OWN | {"success": {"success_fraction": 0.8, "escalation_fraction": 0.1, "escalates_to": "cheap"}},
        ],
    },
    "classes": {
        "workload": {"requests_per_day": 90_000.0, "growth_per_month_fraction": -0.01, "profile": "consumer-evening", "slo": {"ttft_p95_ms": 250.0}, "classes": {"chat": {"share_fraction": 0.75, "input_tokens_per_request": 90, "output_tokens_per_request": 60}, "mail": {"share_fraction": 0.25, "input_tokens_per_request": 130, "output_tokens_per_request": 20}}},
        "options": [API | {"name": "api"}, API | {"name": "cheap", "output_usd_per_mtok": 1.0, "one_off_usd": {"move": 900}}],
    },
}  # fmt: skip


EVERY = [name for name in QUESTIONS if name != "two"]


def question(name: str, **changes: Any) -> Scenario:
    """One of the questions above."""
    data: dict[str, Any] = {
        "name": name, "as_of": "2026-11-23", "horizon_months": 27, "discount_rate_per_year": 0.08, "baseline": "api", "workload": WORKLOAD,
    }  # fmt: skip
    return Scenario.model_validate(data | QUESTIONS.get(name, {"options": [API, RENT]}) | changes)


def pack_of(scenario: Scenario, runs: Mapping[str, Run] | None = None, **more: Any) -> ReportPack:
    """The answer to a question, as a report takes it."""
    book, found = pricing.shipped_book(), dict(runs or {"test-run": factories.run()})
    prepared = prepare(scenario, found, book)
    return ReportPack(
        scenario=scenario, prepared=prepared, result=evaluate(scenario, found, book, searches=False), **more
    )


@cache
def model(name: str) -> Model:
    """The workbook of one of the questions."""
    return model_of(pack_of(question(name)))


def number_of(option: OptionResult, name: str) -> float | None:
    """A number of an answer by its name on the sheet Results."""
    if name == "first_month_usd":
        return option.monthly_usd[0]
    if name.endswith("_in_currency"):
        own = getattr(option, name.replace("_in_currency", "_usd"))
        return None if own is None else own / EUR_USD
    if name.startswith("todays_"):
        return getattr(option.todays_money, name.removeprefix("todays_"))
    for part in (option.capacity, option.unit_costs, option, option.task_cost):
        if part is not None and hasattr(part, name):
            return getattr(part, name)
    return None


def differences(found: Comparison, number: Mapping[tuple[str, str], Any], within: float = 1e-6) -> list[str]:
    """Numbers of a workbook that are not the engine's."""
    wrong = []
    for (name, key), here in number.items():
        wanted = number_of(found.option(name), key)
        if wanted is None or isinstance(here, str) or here is None:
            if not (wanted is None and isinstance(here, str)):
                wrong.append(f"{name} {key}: {here} instead of {wanted}")
        elif abs(here - wanted) > within * max(abs(wanted), 1e-9):
            wrong.append(f"{name} {key}: {here} instead of {wanted}")
    return wrong


def worked_out(made: Model, path: str, value: float) -> tuple[dict[tuple[str, str], Any], str]:
    """All results of a workbook, and its verdict, where one input has another value."""
    known = Known(changed={made.desk.inputs[path]: value})
    numbers = {key: cell.value(0, known) for key, cell in made.results.numbers.items()}
    return numbers, made.checks.verdict.value(0, known)


__all__ = ["compare", "differences", "model", "model_of", "number_of", "pack_of", "question", "worked_out"]
