from __future__ import annotations

import numpy as np
import pytest

from tco import costs
from tco.capacity.fleet import size_fleet
from tco.scenario import OwnOption, TokenOption
from tco.workload.demand import demand
from tests.factories import API, OWN, RENT, replica, run, scenario

REQUESTS_PER_MONTH = 86_400 * 730.5 / 24


def api(**changes: object) -> TokenOption:
    return TokenOption.model_validate({**API, **changes})


def own(**changes: object) -> OwnOption:
    return OwnOption.model_validate({**OWN, **changes})


def owned_fleet(**changes: object) -> tuple[OwnOption, object, object]:
    question = scenario(options=[{**OWN, **changes}], baseline="own")
    return (
        question.options[0],
        question,
        size_fleet(
            question.options[0], replica(question, question.options[0].name), question.workload, demand(question)
        ),
    )


def test_nvidias_workbook_charges_1_60_for_1000_prompts() -> None:
    """1,000 tokens in at 1 USD and 200 out at 3 USD per million: 1.6 USD per 1,000 prompts (NVIDIA LLM TCO workbook)."""
    question = scenario(workload__input_tokens_per_request=1000, workload__output_tokens_per_request=200)
    asked = demand(question)
    usd = costs.input_tokens_usd(api(), question, asked) + costs.output_tokens_usd(api(), question, asked)

    assert usd[0] / asked.requests[0] * 1000 == pytest.approx(1.6)


def test_cached_input_is_billed_at_the_cached_price() -> None:
    question = scenario(workload__cacheable_input_fraction=0.4)
    option = api(cached_input_usd_per_mtok=0.1)
    asked = demand(question)
    mtok = REQUESTS_PER_MONTH * 100 / 1e6

    assert costs.input_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 0.6 * 1.0)
    assert costs.cached_input_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 0.4 * 0.1)


def test_without_a_cached_price_everything_is_billed_in_full() -> None:
    question = scenario(workload__cacheable_input_fraction=0.4)
    asked = demand(question)

    assert costs.input_tokens_usd(api(), question, asked)[0] == pytest.approx(REQUESTS_PER_MONTH * 100 / 1e6)
    assert costs.cached_input_tokens_usd(api(), question, asked)[0] == 0


def test_batch_share_is_billed_at_the_batch_price_and_not_cached() -> None:
    question = scenario(workload__cacheable_input_fraction=0.5, workload__batchable_fraction=0.2)
    option = api(cached_input_usd_per_mtok=0.1, batch_input_usd_per_mtok=0.5, batch_output_usd_per_mtok=1.5)
    asked = demand(question)
    mtok = REQUESTS_PER_MONTH / 1e6

    assert costs.input_tokens_usd(option, question, asked)[0] == pytest.approx(
        mtok * 100 * (0.8 * 0.5 * 1.0 + 0.2 * 0.5)
    )
    assert costs.cached_input_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 100 * 0.8 * 0.5 * 0.1)
    assert costs.output_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 50 * (0.8 * 3.0 + 0.2 * 1.5))


def test_tokenizer_factor_and_price_path_multiply() -> None:
    question = scenario(horizon_months=13)
    option = api(tokenizer_factor=1.3, price_change_per_year_fraction=-0.2)
    usd = costs.output_tokens_usd(option, question, demand(question))

    assert usd[0] == pytest.approx(REQUESTS_PER_MONTH * 50 / 1e6 * 3 * 1.3)
    assert usd[12] == pytest.approx(0.8 * usd[0])


def test_rent_is_paid_for_every_hour() -> None:
    question = scenario()
    rent = question.option("rent")
    found = size_fleet(rent, replica(question, rent.name, run(gpus_per_replica=2)), question.workload, demand(question))

    assert costs.gpu_rent_usd(rent, question, found)[0] == pytest.approx(1 * 2 * 2.0 * 730.5)
    assert RENT["price_usd_per_hour"] == 2.0


def test_site_costs_are_worked_out_by_hand() -> None:
    option, question, found = owned_fleet(pue=1.2, colocation_usd_per_kw_month=150, maintenance_fraction_per_year=0.06)

    assert costs.electricity_usd(option, question, found)[0] == pytest.approx(5 * 1.2 * 730.5 * 0.10)
    assert costs.colocation_usd(option, found)[0] == pytest.approx(5 * 150)
    assert costs.maintenance_usd(option, found)[0] == pytest.approx(100_000 * 0.06 / 12)


def test_servers_are_bought_when_needed_and_again_when_worn_out() -> None:
    option, _, found = owned_fleet(economic_life_months=6)
    bought = costs.server_purchases(option, found)

    assert bought.tolist() == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def test_a_shrinking_fleet_buys_nothing_back() -> None:
    question = scenario(
        options=[OWN], baseline="own", workload__requests_per_day=20 * 86_400, workload__growth_per_month_fraction=-0.3
    )
    found = size_fleet(
        question.options[0], replica(question, question.options[0].name), question.workload, demand(question)
    )

    assert costs.server_purchases(question.options[0], found).sum() == found.servers[0] == 2


def test_residual_falls_in_a_straight_line_to_its_floor() -> None:
    option = own(economic_life_months=48, residual_fraction=0.1)
    bought = np.zeros(24)
    bought[0] = bought[12] = 1.0

    # 24 and 12 of 48 months old: half and a quarter of the way from 100 % to 10 %.
    assert costs.residual_usd(option, bought) == pytest.approx(100_000 * (0.55 + 0.775))


def test_people_cost_a_twelfth_of_a_year() -> None:
    option = own(people={"run_fte": 0.5, "cost_per_fte_usd_per_year": 120_000})

    assert costs.people_usd(option, 3).tolist() == [5000.0] * 3
