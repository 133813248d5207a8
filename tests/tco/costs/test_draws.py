"""Every line item, of many draws of every input that it hangs on: row by row what one scenario gives."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import pricing
from tco.capacity.capacity import capacity_of
from tco.cashflow import Ledger, ledger
from tco.fill import fill
from tco.quantity import Numbers
from tco.register import quantities, with_value
from tco.replicas_of import replicas_of
from tco.scenario import Scenario
from tco.workload.demand import demand
from tests.factories import API, OWN, RENT, run, scenario

DRAWS = np.array([[0.97], [1.0], [1.02]])

COMMON = {
    "retry_fraction": 0.05,
    "reasoning_factor": 1.2,
    "one_off_usd": {"move": 100.0},
    "extra_usd_per_month": {"rest": 10.0},
    "pipeline": {
        "guard": {"call_usd": 0.001},
        "judge": {
            "sampled_fraction": 0.1,
            "calls_per_request": 2,
            "input_tokens": 500,
            "output_tokens": 50,
            "input_usd_per_mtok": 1.0,
            "output_usd_per_mtok": 4.0,
        },
    },
    "evaluation": {"runs_per_month": 2, "run_usd": 50},
    "migrations": {
        "every_months": 5,
        "migration_usd": 1_000,
        "parallel_months": 1,
        "parallel_traffic_fraction": 0.5,
    },
    "obligations": {"support_usd_per_year": 1_200, "audits_per_year": 1, "audit_usd": 500, "exit_usd": 900},
    "people": {
        "run_fte": 0.2,
        "setup_person_days": 20,
        "oncall_fte": 0.1,
        "cost_per_fte_usd_per_year": 100_000,
    },
    "tokenizer_factor": 1.1,
}
TRAINED = {
    "training_tokens": 1e8,
    "retrainings_per_year": 2,
    "data_person_days": 3,
    "training_usd_per_hour": 2.0,
    "parameters_count": 8e9,
    "peak_tflops": 989,
}
AROUND = {
    "storage_usd_per_gib_month": 0.1,
    "weights_gib": 16,
    "other_storage_gib": 10,
    "egress_usd_per_gb": 0.09,
    "load_balancer_usd_per_hour": 0.02,
    "load_balancer_usd_per_gb": 0.01,
    "logging_usd_per_gb": 0.5,
    "monitoring_usd_per_month": 40,
}
OPTIONS = [
    {
        **API,
        **COMMON,
        "cached_input_usd_per_mtok": 0.1,
        "cache_write_usd_per_mtok": 1.25,
        "price_change_per_year_fraction": -0.1,
        "tuning": {"training_tokens": 1e7, "training_usd_per_mtok": 20, "retrainings_per_year": 2},
    },
    {**RENT, **COMMON, "price_change_per_year_fraction": -0.1, "tuning": TRAINED, "around": AROUND},
    {
        **OWN,
        **COMMON,
        "economic_life_months": 8,
        "tuning": TRAINED,
        "around": AROUND,
        "hardware": {
            "network_usd_per_gpu": 1_000,
            "frontend_network_usd_per_server": 500,
            "installation_usd_per_server": 700,
            "spares_fraction": 0.05,
            "hosting_usd_per_server_per_year": 2_000,
            "software_usd_per_gpu_per_year": 4_500,
            "failures_per_gpu_per_year": 0.06,
            "repair_usd_per_gpu": 20_000,
            "resale_fraction": {"6": 0.8, "12": 0.5},
        },
    },
    {
        **RENT,
        "name": "agreed",
        "commitments": {
            "part": {
                "commitment": "reserved-1y",
                "base_fraction": 0.5,
                "price_usd_per_hour": 1.0,
                "upfront_fraction": 0.3,
            },
            "one": {"commitment": "reserved-3y", "replicas": 1, "price_usd_per_hour": 0.8, "upfront_fraction": 0.2},
        },
        "throughput_factor": 0.2,
        "price_change_per_year_fraction": -0.1,
    },
    {**OWN, "name": "plain"},
]

SHAPES_THE_FLEET = ("batchable", "peak_headroom", "availability", "discount_rate", "finance", "prior", "constraints")


@functools.cache
def question() -> Scenario:
    asked = scenario(
        options=OPTIONS,
        workload__growth_per_month_fraction=0.08,
        workload__cacheable_input_fraction=0.3,
        workload__cache_write_input_fraction=0.2,
        workload__reasoning_tokens_per_request=20.0,
        workload__input_growth_per_month_fraction=0.02,
        workload__agent={
            "steps": 3,
            "growth_tokens_per_step": 10,
            "compaction_tokens": 115,
            "history_cacheable_fraction": 0.9,
        },
    )
    return fill(asked, held(asked), pricing.shipped_book())


def held(asked: Scenario) -> dict[str, object]:
    return replicas_of(asked, {option.name: run() for option in asked.options}, pricing.shipped_book())


@functools.cache
def carried() -> dict[str, object]:
    return {name: (replica, capacity_of(replica, question().workload)) for name, replica in held(question()).items()}


def costs_of(name: str, asked: Scenario) -> Ledger:
    replica, capacity = carried().get(name, (None, None))
    return ledger(asked.option(name), replica, asked, demand(asked), capacity)


def touched(path: str) -> list[str]:
    head, _, rest = path.partition(".")
    return [rest.partition(".")[0]] if head == "options" else [option["name"] for option in OPTIONS]


PATHS = [
    path
    for path, quantity in quantities(question())
    if quantity.value != 0 and not any(part in path for part in SHAPES_THE_FLEET)
]


@pytest.mark.parametrize("path", PATHS)
def test_draws_give_row_by_row_what_one_scenario_gives(path: str) -> None:
    values = dict(quantities(question()))[path].value * DRAWS
    for name in touched(path):
        together = costs_of(name, with_value(question(), path, values))
        each = [costs_of(name, with_value(question(), path, float(value))) for value in values[:, 0]]
        for item in together.line_items:
            same(together.line_items[item], [one.line_items[item] for one in each], item)
        for item in together.investments:
            same(together.investments[item], [one.investments[item] for one in each], item)
        residual = np.broadcast_to(together.residual_usd, (len(each),))
        assert residual.tolist() == pytest.approx([float(one.residual_usd) for one in each])


@pytest.mark.parametrize("name", [option["name"] for option in OPTIONS])
def test_every_line_is_there_and_moves_with_some_input(name: str) -> None:
    """So no function of a line item escapes the test above."""
    still = costs_of(name, question())
    lines = still.line_items | still.investments
    if name not in ("plain", "agreed"):
        assert [item for item, months in lines.items() if not np.asarray(months).any()] == []
    moved = set()
    for path in PATHS:
        if name not in touched(path):
            continue
        value = dict(quantities(question()))[path].value
        other = costs_of(name, with_value(question(), path, value * 1.02))
        moved |= {
            item for item, months in (other.line_items | other.investments).items() if (months != lines[item]).any()
        }

    assert {item for item, months in lines.items() if np.asarray(months).any()} - moved == set()


def same(drawn: Numbers, rows: list[Numbers], item: str) -> None:
    expected = np.array(rows)
    np.testing.assert_allclose(np.broadcast_to(drawn, expected.shape), expected, rtol=1e-9, err_msg=item)
