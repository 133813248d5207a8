from __future__ import annotations

import numpy as np
import pytest

from tco import costs
from tco.capacity.capacity import capacity_of
from tco.cashflow import ledger
from tco.workload.demand import demand
from tests.factories import API, RENT, replica, scenario

REQUESTS_PER_MONTH = 86_400 * 730.5 / 24


def test_one_failure_in_twenty_makes_5_3_per_cent_more_requests() -> None:
    """1 / (1 − 0.05) = 1.0526, and 1.667 in an outage with 40 % failures."""
    question = scenario(options=[{**API, "retry_fraction": 0.05}, {**API, "name": "bad", "retry_fraction": 0.4}])
    asked = demand(question)
    once = costs.output_tokens_usd(question.options[0], question, asked)
    told = [ledger(option, None, question, asked).line_items["output_tokens"][0] for option in question.options]

    assert told == pytest.approx([once[0] / 0.95, once[0] / 0.6])


def test_machines_answer_retries_too() -> None:
    """Half of all in vain: twice as many come."""
    plain, wasteful = ({**RENT, "name": name, "retry_fraction": share} for name, share in (("a", 0.0), ("b", 0.5)))
    question = scenario(options=[plain, wasteful], baseline="a", workload__requests_per_day=2 * 86_400.0)
    for option in question.options:
        option_fleet = ledger(option, replica(question, option.name), question, demand(question)).fleet
        assert option_fleet is not None
        assert option_fleet.mean_requests_per_s[0] == pytest.approx(4.0 if option.name == "b" else 2.0)


def test_a_tokenizer_that_makes_more_tokens_leaves_room_for_fewer_requests() -> None:
    question = scenario(options=[API, {**RENT, "tokenizer_factor": 1.25}])
    own = ledger(question.option("rent"), replica(question, "rent"), question, demand(question))

    assert own.fleet is not None
    assert own.fleet.mean_requests_per_s[0] == pytest.approx(1.25)
    assert own.fleet.capacity.basis == "modelled"


def test_reasoning_is_billed_as_output() -> None:
    question = scenario(
        options=[{**API, "reasoning_factor": 2.0}, {**API, "name": "same"}],
        workload__reasoning_tokens_per_request=400.0,
    )
    asked = demand(question)
    usd = {
        option.name: ledger(option, None, question, asked).line_items["output_tokens"][0] for option in question.options
    }

    assert usd["same"] == pytest.approx(REQUESTS_PER_MONTH * 450 / 1e6 * 3)
    assert usd["api"] == pytest.approx(REQUESTS_PER_MONTH * 850 / 1e6 * 3)


def test_an_open_model_reasons_with_its_own_length() -> None:
    """At the same answer of 50 tokens in all, reasoning included, the capacity is that of the probed length."""
    question = scenario(
        options=[API, {**RENT, "reasoning_factor": 0.25}, {**RENT, "name": "as-long"}],
        workload__output_tokens_per_request=10.0,
        workload__reasoning_tokens_per_request=160.0,
    )
    probed = capacity_of(replica(scenario(), "rent"), scenario().workload)
    short, long = (capacity_of(replica(question, name), question.workload) for name in ("rent", "as-long"))

    assert short.requests_per_s == probed.requests_per_s
    assert long.requests_per_s < probed.requests_per_s


def test_prompts_that_lengthen_are_billed_by_month_and_told_by_their_mean() -> None:
    question = scenario(workload__input_growth_per_month_fraction=0.1, horizon_months=3)
    asked = demand(question)
    usd = costs.input_tokens_usd(question.options[0], question, asked)

    assert usd.tolist() == pytest.approx([REQUESTS_PER_MONTH * 100 / 1e6 * factor for factor in (1, 1.1, 1.21)])
    assert float(asked.input_tokens_per_request) == pytest.approx(100 * (1 + 1.1 + 1.21) / 3)
    assert asked.mtok == pytest.approx(REQUESTS_PER_MONTH * (331 + 150) / 1e6)


def test_a_machine_needs_as_much_longer_as_its_prompts_are_and_gets_no_credit_for_shorter_ones() -> None:
    for growth, factors in ((0.1, [1, 1.1, 1.21]), (-0.1, [1, 1, 1])):
        question = scenario(workload__input_growth_per_month_fraction=growth, horizon_months=3)
        own = ledger(question.option("rent"), replica(question, "rent"), question, demand(question))
        assert own.fleet is not None
        assert own.fleet.mean_requests_per_s.tolist() == pytest.approx(factors)


def test_what_is_written_to_a_cache_is_billed_at_its_price() -> None:
    question = scenario(workload__cacheable_input_fraction=0.6, workload__cache_write_input_fraction=0.3)
    option = question.options[0].model_copy(
        update={
            name: question.options[0].input_usd_per_mtok.at(price)
            for name, price in (("cached_input_usd_per_mtok", 0.1), ("cache_write_usd_per_mtok", 1.25))
        }
    )
    asked, mtok = demand(question), REQUESTS_PER_MONTH * 100 / 1e6

    assert costs.cache_write_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 0.3 * 1.25)
    assert costs.cached_input_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 0.6 * 0.1)
    assert costs.input_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 0.1 * 1.0)


def test_a_vendor_without_a_price_of_writes_bills_them_as_input() -> None:
    question = scenario(workload__cache_write_input_fraction=0.3)
    asked = demand(question)

    assert costs.cache_write_tokens_usd(question.options[0], question, asked).tolist() == [0.0] * 12
    assert costs.input_tokens_usd(question.options[0], question, asked)[0] == pytest.approx(REQUESTS_PER_MONTH / 1e4)


def test_growth_without_requests_is_told_by_the_first_month() -> None:
    asked = demand(scenario(workload__requests_per_day=0.0, workload__input_growth_per_month_fraction=0.1))

    assert float(asked.input_tokens_per_request) == 100
    assert np.isfinite(asked.input_tokens).all()
