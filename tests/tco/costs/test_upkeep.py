from __future__ import annotations

import numpy as np
import pytest

from tco import costs
from tco.cashflow import ledger
from tco.scenario import TokenOption
from tco.workload.demand import demand
from tests.factories import API, OWN, RENT, replica, scenario


def option(**changes: object) -> TokenOption:
    return TokenOption.model_validate({**API, **changes})


def test_evaluation_costs_its_runs() -> None:
    usd = costs.evaluation_usd(option(evaluation={"runs_per_month": 4, "run_usd": 35}), 3)

    assert usd.tolist() == [140.0] * 3


def test_a_yearly_migration_falls_into_the_thirteenth_and_the_twenty_fifth_month() -> None:
    usd = costs.migrations_usd(option(migrations={"every_months": 12, "migration_usd": 5_000}), 36)

    assert np.flatnonzero(usd).tolist() == [12, 24]
    assert usd.sum() == 10_000


def test_while_two_models_answer_the_bill_is_paid_twice() -> None:
    moves = {"every_months": 4, "migration_usd": 0, "parallel_months": 2, "parallel_traffic_fraction": 0.25}
    usd = costs.parallel_run_usd(option(migrations=moves), np.full(10, 800.0))

    assert usd.tolist() == [0, 0, 0, 0, 200, 200, 0, 0, 200, 200]


@pytest.mark.parametrize(("base", "line"), [(API, "output_tokens"), (RENT, "gpu_rent")])
def test_migrations_happen_on_both_sides(base: dict[str, object], line: str) -> None:
    moves = {"every_months": 6, "migration_usd": 1_000, "parallel_months": 1}
    question = scenario(options=[{**base, "migrations": moves}], baseline=base["name"])
    held = replica(question, "rent") if base is RENT else None
    own = ledger(question.options[0], held, question, demand(question))
    serving = own.line_items["gpu_rent"] if base is RENT else own.line_items["input_tokens"] + own.line_items[line]

    assert own.line_items["migrations"][6] == 1_000
    assert own.line_items["parallel_run"][6] == pytest.approx(serving[6])
    assert own.line_items["parallel_run"].sum() == pytest.approx(serving[6])


def test_servers_of_ones_own_are_not_bought_twice() -> None:
    moves = {"every_months": 6, "migration_usd": 1_000, "parallel_months": 1}
    question = scenario(options=[{**OWN, "migrations": moves}], baseline="own")
    own = ledger(question.options[0], replica(question, "own"), question, demand(question))

    assert own.line_items["migrations"].sum() == 1_000
    assert "parallel_run" not in own.line_items


def test_support_and_audits_are_spread_over_the_year() -> None:
    duties = option(obligations={"support_usd_per_year": 12_000, "audits_per_year": 2, "audit_usd": 9_000})

    assert costs.support_usd(duties, 2).tolist() == [1_000.0] * 2
    assert costs.audits_usd(duties, 2).tolist() == [1_500.0] * 2


def test_leaving_is_paid_in_the_last_month() -> None:
    leaving = option(obligations={"exit_usd": 7_000})

    assert costs.exit_usd(leaving, 4).tolist() == [0, 0, 0, 7_000]
    assert costs.exit_usd(leaving, 4, last=1).tolist() == [0, 7_000, 0, 0]


def test_an_option_that_is_followed_by_another_is_left_in_its_own_last_month() -> None:
    question = scenario(options=[{**API, "obligations": {"exit_usd": 7_000}}])
    own = ledger(question.options[0], None, question, demand(question), during=range(5))

    assert np.flatnonzero(own.line_items["exit"]).tolist() == [4]
