from __future__ import annotations

import numpy as np
import pytest

import tco
from tco import costs
from tco.capacity.fleet import Fleet, size_fleet
from tco.scenario import RentOption, Scenario
from tco.workload.demand import Demand, demand
from tests.factories import API, RENT, replica, run, scenario

REQUESTS_PER_MONTH = 86_400 * 730.5 / 24


def asked(around: dict[str, object]) -> tuple[RentOption, Scenario, Demand, Fleet]:
    question = scenario(options=[API, {**RENT, "around": around}])
    option, wanted = question.option("rent"), demand(question)
    return option, question, wanted, size_fleet(option, replica(question, "rent"), question.workload, wanted)


def test_storage_holds_weights_for_each_replica_and_the_logs_that_are_kept() -> None:
    around = {
        "storage_usd_per_gib_month": 0.1,
        "weights_gib": 16,
        "other_storage_gib": 100,
        "log_bytes_per_request": 1024,
        "log_retention_months": 2,
    }
    option, _, wanted, fleet = asked(around)
    month_gib = REQUESTS_PER_MONTH / 1024 / 1024
    usd = costs.storage_usd(option, wanted, fleet)

    assert fleet.replicas[0] == 1
    assert usd[0] == pytest.approx(0.1 * (16 + 100 + month_gib))
    assert usd[1:] == pytest.approx(np.full(11, 0.1 * (16 + 100 + 2 * month_gib)))


def test_egress_goes_by_the_tokens_of_the_answers() -> None:
    option, _, wanted, _ = asked({"egress_usd_per_gb": 0.09, "egress_bytes_per_token": 200})

    # 50 tokens x 200 bytes are 10 kB a request.
    assert costs.egress_usd(option, wanted)[0] == pytest.approx(REQUESTS_PER_MONTH * 1e4 / 1e9 * 0.09)


def test_a_load_balancer_costs_by_the_hour_and_by_the_gb() -> None:
    around = {"load_balancer_usd_per_hour": 0.0225, "load_balancer_usd_per_gb": 0.008, "egress_bytes_per_token": 4}
    option, question, wanted, _ = asked(around)

    # An AWS application load balancer is 16.44 USD for its hours alone.
    assert costs.load_balancing_usd(option, question, wanted)[0] == pytest.approx(
        16.436 + REQUESTS_PER_MONTH * 200 / 1e9 * 0.008, abs=0.001
    )


def test_logs_cost_by_the_gb_beside_a_fixed_price() -> None:
    option, _, wanted, _ = asked(
        {"logging_usd_per_gb": 0.5, "log_bytes_per_request": 2_000, "monitoring_usd_per_month": 80}
    )

    assert costs.logging_usd(option, wanted)[0] == pytest.approx(80 + REQUESTS_PER_MONTH * 2e3 / 1e9 * 0.5)


def test_nothing_is_charged_that_has_no_price() -> None:
    option, question, wanted, fleet = asked({})

    for usd in (
        costs.storage_usd(option, wanted, fleet),
        costs.egress_usd(option, wanted),
        costs.load_balancing_usd(option, question, wanted),
        costs.logging_usd(option, wanted),
    ):
        assert usd.tolist() == [0.0] * 12


def test_the_size_of_the_weights_is_the_books() -> None:
    option = {**RENT, "model": "Qwen3-8B", "around": {"storage_usd_per_gib_month": 1.0, "log_retention_months": 0}}
    result = tco.evaluate(scenario(options=[API, option]), {"test-run": run()}, searches=False)

    # 8,190,735,360 weights of two bytes.
    assert result.option("rent").line_items["storage"][0] == pytest.approx(2 * 8_190_735_360 / 2**30)
