from __future__ import annotations

import numpy as np
import pytest

import tco
from tco.cashflow import ledger
from tco.idle import idle_usd
from tco.workload.demand import demand
from tests.factories import API, OWN, RENT, replica, run, scenario

OFFICE = [7.0 if hour // 24 < 5 and 8 <= hour % 24 < 18 else 1.0 for hour in range(168)]
ALWAYS = {"replica_availability_fraction": 0.999999, "availability_target_fraction": 0.5}


def asked(base: dict[str, object], **option: object) -> tuple[tco.Scenario, object]:
    """7 requests/s in office hours and 1 else, of 1.6 a replica: mean 468/168."""
    question = scenario(
        options=[{**base, **ALWAYS, **option}],
        baseline=base["name"],
        workload__profile=OFFICE,
        workload__requests_per_day=86_400 * 468 / 168,
    )
    mine = question.options[0]
    return question, ledger(mine, replica(question, mine.name), question, demand(question))


def test_rent_beyond_the_hours_that_serve_is_idle() -> None:
    """Five replicas at 2 USD around the clock; 468/168/1.6 = 1.741 of them serve."""
    _, own = asked(RENT)

    assert idle_usd(own, 730.5) == pytest.approx(12 * 730.5 * 2 * (5 - 468 / 168 / 1.6))


def test_a_schedule_leaves_less_idle_and_the_same_work() -> None:
    _, fixed = asked(RENT)
    _, scheduled = asked(RENT, scaling={"policy": "scheduled", "start_up_minutes": 12})
    served = fixed.total_usd - idle_usd(fixed, 730.5)

    assert scheduled.total_usd - idle_usd(scheduled, 730.5) == pytest.approx(served)
    assert scheduled.line_items["gpu_rent"][0] == pytest.approx(2 * 730.5 * (50 * 5 + 118 + 5 * 4 * 0.2) / 168)


def test_hours_of_an_upgrade_are_rented_and_idle() -> None:
    _, fixed = asked(RENT)
    _, upgraded = asked(RENT, upgrades={"upgrades_per_month": 2}, scaling={"start_up_minutes": 12})

    assert upgraded.total_usd - fixed.total_usd == pytest.approx(12 * 2 * 5 * 0.2 * 2.0)
    assert idle_usd(upgraded, 730.5) - idle_usd(fixed, 730.5) == pytest.approx(12 * 2 * 5 * 0.2 * 2.0)


def test_servers_are_idle_with_their_power_and_their_price_less_what_they_fetch() -> None:
    _, own = asked(OWN, gpus_per_server=1, residual_fraction=0.1)
    machines = (
        sum(float(np.sum(own.line_items[name])) for name in ("electricity", "colocation", "maintenance"))
        + 5 * 100_000
        - own.residual_usd
    )

    assert idle_usd(own, 730.5) == pytest.approx(machines * (1 - 468 / 168 / 1.6 / 5))


def test_tokens_are_never_idle() -> None:
    question = scenario()

    assert idle_usd(ledger(question.option("api"), None, question, demand(question)), 730.5) is None


def test_the_answer_says_what_stands_and_what_is_idle() -> None:
    scaling = {"policy": "reactive", "start_up_minutes": 12, "cool_down_minutes": 0}
    question = scenario(
        options=[API, {**RENT, **ALWAYS, "scaling": scaling}],
        workload__profile=OFFICE,
        workload__requests_per_day=86_400 * 468 / 168,
    )
    found = tco.evaluate(question, {"test-run": run()}).option("rent")
    capacity = found.capacity

    assert ("reactive", 5, [1] * 12) == (capacity.policy, capacity.replicas, capacity.least_replicas_by_month)
    assert capacity.paid_replicas_by_month == pytest.approx([(50 * 5 + 118) / 168] * 12)
    assert capacity.late_fraction == pytest.approx(5 * 1.28 * 7 / 468)
    assert capacity.idle_usd == pytest.approx(found.total_usd * (1 - capacity.utilisation_fraction))
    assert found.usd_per_mtok_at_full_load == pytest.approx(found.usd_per_mtok * capacity.utilisation_fraction)
