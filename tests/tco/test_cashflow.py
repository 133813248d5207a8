from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tco.cashflow import ledger, saving_npv_usd, savings_by_time_usd, with_residual
from tco.workload.demand import demand
from tests.factories import API, OWN, replica, scenario


def ledgers(**changes: object) -> tuple[object, object, object]:
    own = {**OWN, "one_off_usd": {"migration": 7_000.0}, "extra_usd_per_month": {"monitoring": 300.0}}
    question = scenario(options=[API, own], **changes)
    asked = demand(question)
    return (
        question,
        ledger(question.option("api"), None, question, asked),
        ledger(question.option("own"), replica(question, "own"), question, asked),
    )


def test_the_total_is_the_sum_of_its_lines_less_the_residual() -> None:
    _, _, own = ledgers()
    lines = sum(items.sum() for items in (own.line_items | own.investments).values())

    assert own.total_usd == pytest.approx(lines - own.residual_usd)
    assert own.costs_by_time_usd.sum() == pytest.approx(lines)


def test_purchases_fall_at_the_start_and_running_costs_at_the_end_of_a_month() -> None:
    _, _, own = ledgers()
    flows = own.costs_by_time_usd

    assert flows[0] == pytest.approx(107_000)
    assert flows[1] == pytest.approx(own.monthly_usd[0])
    assert flows.shape == (13,)


def test_named_costs_appear_under_their_name() -> None:
    _, _, own = ledgers()

    assert own.line_items["monitoring"].tolist() == [300.0] * 12
    assert own.investments["migration"].sum() == 7_000


def test_saving_npv_is_the_difference_of_the_present_values() -> None:
    question, api, own = ledgers(discount_rate_per_year=0.1)
    factor = 1.1 ** (-np.arange(13) / 12)
    expected = api.costs_by_time_usd @ factor - own.costs_by_time_usd @ factor + own.residual_usd * factor[-1]

    assert saving_npv_usd(question.discount_rate_per_year.value, api, own) == pytest.approx(expected)
    assert saving_npv_usd(0.1, api, api) == 0
    assert savings_by_time_usd(api, api).tolist() == [0.0] * 13


def test_what_is_left_may_be_drawn_where_nothing_else_is() -> None:
    _, api, own = ledgers()
    drawn = replace(own, residual_usd=np.asarray([0.0, 10_000.0]))
    savings = savings_by_time_usd(api, own)
    flows = with_residual(savings, api, drawn)

    assert (2, savings.size) == flows.shape
    assert (flows[1] - flows[0]).tolist() == [0.0] * (savings.size - 1) + [10_000.0]
