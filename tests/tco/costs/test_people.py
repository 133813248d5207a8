from __future__ import annotations

import pytest

from tco import costs
from tco.cashflow import ledger
from tco.scenario import TokenOption
from tco.workload.demand import demand
from tests.factories import API, scenario

ENGINEER = {"run_fte": 0.0, "cost_per_fte_usd_per_year": 132_000}


def option(**people: object) -> TokenOption:
    return TokenOption.model_validate({**API, "people": {**ENGINEER, **people}})


def test_six_people_on_call_at_five_per_cent_are_three_tenths_of_one() -> None:
    on_call = costs.on_call_usd(option(oncall_fte=6 * 0.05), 2)

    assert on_call.tolist() == pytest.approx([0.3 * 132_000 / 12] * 2)
    assert costs.people_usd(option(oncall_fte=0.3), 2).tolist() == [0.0, 0.0]


def test_setting_up_is_paid_by_the_day_of_a_year_of_220() -> None:
    assert float(costs.set_up_usd(option(setup_person_days=30))) == pytest.approx(30 * 132_000 / 220)


def test_setting_up_is_paid_once_at_the_start() -> None:
    question = scenario(options=[{**API, "people": {**ENGINEER, "setup_person_days": 30}}])
    own = ledger(question.options[0], None, question, demand(question))

    assert own.investments["set_up_work"].tolist() == pytest.approx([18_000.0] + [0.0] * 11)
    assert own.line_items["on_call"].tolist() == [0.0] * 12
