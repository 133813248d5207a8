"""Shipped claims against arithmetic with the listed prices, so that a slip in a scenario file is seen."""

from __future__ import annotations

import pytest

import tco
from tco.claims import claim_of, question
from tco.claims.measures import training_hours, training_usd
from tco.shipped import shipped_scenarios

HOURS = 730.5


def answer(number, case=None):
    path = shipped_scenarios()[claim_of(number).scenario]
    return tco.evaluate(tco.load(path, case=case), searches=False)


def test_hosted_open_models_cost_their_tokens():
    result = answer(6)
    requests = 50_000 * HOURS / 24
    input_mtok, output_mtok = requests * 1500 / 1e6, requests * 300 / 1e6

    # Half of the prompt is billed at a twentieth: 2 and 0.1 USD in, 10 out.
    assert input_mtok * (2 + 0.1) / 2 + output_mtok * 10 == pytest.approx(
        result.option("proprietary-api").monthly_usd[0]
    )
    # 0.88 USD in and out, and no price for what its cache answers.
    assert (input_mtok + output_mtok) * 0.88 == pytest.approx(result.option("together-llama-70b").monthly_usd[0])


def test_a_managed_machine_is_worth_the_work_that_it_saves_less_its_premium():
    sagemaker = answer(7).option("sagemaker")
    replicas = sagemaker.capacity.paid_replicas_by_month

    # A fifth of 160,000 USD a year and 20 of 220 days are saved; 7.912 in place of 6.88 USD an hour is paid.
    by_hand = 20 * 160_000 / 220 + sum(
        (0.2 * 160_000 / 12 - (7.912 - 6.88) * HOURS * count) / 1.1 ** (month / 12)
        for month, count in enumerate(replicas, 1)
    )
    assert by_hand == pytest.approx(sagemaker.npv_usd, rel=1e-6)


def test_a_training_takes_its_operations_over_what_the_card_reaches():
    claim = claim_of(9)
    prepared = question(claim, claim.statements[0])
    # Four operations a weight and token and two for what is computed again, at 30 % of 165.2 TFLOP/s; QLoRA takes 1.66 times as long.
    hours = 1.66 * 6 * 8_030_261_248 * 20e6 / (0.3 * 165.2e12) / 3600

    assert hours == pytest.approx(training_hours(prepared, "qlora-on-rtx-4090"))
    assert hours * 0.515 == pytest.approx(training_usd(prepared, "qlora-on-rtx-4090"))
    assert 4 / 6 / 1.66 * hours * 165.2 / 989 == pytest.approx(training_hours(prepared, "lora-on-h100"))


def test_the_saving_of_claim_3_is_that_of_whole_costs():
    result = answer(3)
    own, today = result.option("own-servers"), result.option("proprietary-api")

    assert 1 - own.total_usd / today.total_usd == pytest.approx(own.saving_fraction)
    assert own.total_usd == pytest.approx(sum(own.monthly_usd) + own.capex_usd - own.residual_usd)


def test_in_berlin_the_licence_rules_llama_4_out_and_in_the_united_states_it_does_not():
    berlin, there = answer(1), answer(1, case="in-the-us")

    assert not berlin.option("llama-4-scout-tuned").feasible
    assert "principal place of business in the EU" in berlin.option("llama-4-scout-tuned").reasons[0]
    assert there.option("llama-4-scout-tuned").feasible


def test_what_no_retention_costs_is_the_difference_to_the_best_api():
    barred, allowed = answer(2), answer(2, case="apis-allowed")

    assert ("own-mixtral", "api-of-the-maker") == (barred.recommended, allowed.recommended)
    (price,) = [each.price_usd for each in barred.constraints.prices if each.constraints == ["retention"]]
    worth = {option.name: option.npv_usd for option in allowed.options}
    assert worth["api-of-the-maker"] - worth["own-mixtral"] == pytest.approx(price)
