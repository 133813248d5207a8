"""Verdicts against arithmetic by hand, on a scenario that can be worked out."""

from __future__ import annotations

import math

import pytest

import tco
from probes import save_run
from tco import Scenario, dump
from tco.claims import Claim, Statement, answer_sentence, judge, told, turning_points
from tco.claims.chance import chance
from tco.claims.measures import cost_growth_fraction, cost_spread_factor, training_hours
from tco.compare import prepare
from tco.risk.simulate import simulate
from tco.shipped import shipped_scenarios
from tco.what_if import Condition
from tests.factories import API, RENT, run, scenario_data

# 2,629,800 requests a month at $0.00025 against one GPU at $0.4: $657.45 and $292.20, 55.6 % less.
# A replica that hardly ever fails has no spare, in no draw.
SURE = {"price_usd_per_hour": 0.4, "replica_availability_fraction": 0.9999}
SAVED = 1 - 0.4 * 730.5 / (2_629_800 * 0.00025)


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A claim whose scenario is the one by hand, with options as they are changed."""

    def packed(*statements, **changes):
        data = scenario_data(**changes)
        save_run(run(), tmp_path / "test-run.json")
        data["options"][1] = {**data["options"][1], **SURE, "run": "test-run.json"}
        path = tmp_path / "claim-0-by-hand.yaml"
        path.write_text(dump(Scenario.model_validate(data)), encoding="utf-8")
        monkeypatch.setattr("tco.claims.judging.shipped_scenarios", lambda: {"claim-0-by-hand": path})
        return Claim(
            number=0, title="By hand", quote="", scenario="claim-0-by-hand", statements=statements, left_open="All."
        )

    return packed


def held(**changes):
    data = scenario_data(**changes)
    data["options"][1] = {**data["options"][1], **SURE}
    return prepare(Scenario.model_validate(data), {"test-run": run()})


def says(*conditions, **more):
    return Statement(words="It saves", option="rent", conditions=conditions, **more)


def test_the_saving_is_the_share_of_the_baselines_cost(pack):
    (answer,) = judge(pack(says("saving_fraction>=0.5", "payback_months<=3"))).answers

    assert "holds" == answer.verdict
    assert [pytest.approx(SAVED), 0.0] == [each.figure for each in answer.asked]
    assert 0.5556 == pytest.approx(SAVED, abs=1e-4)
    assert (
        "It saves: holds (asked saving of at least 50.0%, found 55.6%; asked payback within 3.0 months, found at once; in all runs; throughput interpolated from run test-run)."
        == answer_sentence(answer)
    )


def test_one_condition_that_does_not_hold_is_enough(pack):
    (answer,) = judge(pack(says("saving_fraction>=0.6", "payback_months<=3"))).answers

    assert "does not hold" == answer.verdict
    assert [False, True] == [each.holds for each in answer.asked]
    assert 0.0 == answer.probability.fraction


@pytest.mark.parametrize(
    ("claimed", "verdict"),
    [
        (["saving_fraction>=0.5"], "holds"),
        (["saving_fraction>=0.9"], "does not hold"),
        (["saving_fraction>=0.5", "saving_fraction>=0.9"], "holds in part"),
        (["saving_fraction>=0.5", None], "holds in part"),
        (["saving_fraction>=0.9", None], "does not hold"),
        ([None], "cannot be tested"),
    ],
)
def test_a_verdict_is_of_all_that_is_claimed(pack, claimed, verdict):
    made = [Statement(words="Good", untestable="nobody knows") if each is None else says(each) for each in claimed]
    besides = says("saving_fraction>=0.99", is_claimed=False)

    judged = judge(pack(*made, besides), draws=0)

    assert verdict == judged.verdict
    assert f"Claim 0, By hand: {verdict}." == told(judged).splitlines()[0]
    assert told(judged).splitlines()[-1].startswith("- besides: It saves: does not hold")


def test_what_is_ruled_out_does_not_hold_and_says_why(pack):
    question = pack(says("saving_fraction>=0"), constraints={"max_retention_days": 0, "certifications": ["SOC 2"]})
    (answer,) = judge(question, draws=200).answers

    assert "does not hold" == answer.verdict
    assert 0.0 == answer.probability.fraction
    assert (
        "It saves: does not hold, for rent is ruled out: whether it meets certificates (SOC 2) is not known"
        in answer_sentence(answer)
    )


def test_the_same_runs_as_tco_risk_are_counted(pack):
    # Uniform from 1 to 5 USD/Mtok: dearer than the rent from (292.2 / 2.6298 - 100) / 50 = 0.2222 on, so it saves in all.
    price = {"value": 3.0, "low": 1.0, "high": 5.0, "distribution": "uniform"}
    prepared = held(options=[{**API, "output_usd_per_mtok": price}, dict(RENT)])
    # Half is saved where 2.6298 · (100 + 50 · p) >= 584.4: p >= 2.4444, in 63.9 % of the draws.
    found = chance(prepared, [Condition("saving_fraction", ">=", 0.5)], "rent", draws=20_000)

    limit = (584.4 / 2.6298 - 100) / 50
    assert (5 - limit) / 4 == pytest.approx(found.fraction, abs=0.01)
    assert found.standard_error < 0.005


def test_a_saving_has_the_probability_of_tco_risk():
    prepared = prepare(tco.load(shipped_scenarios()["claim-6-hosted-open-models"]))
    risk = simulate(prepared, draws=1_000, seed=3)

    for name in ("together-llama-70b", "groq-llama-70b"):
        found = chance(prepared, [Condition("npv_usd", ">", 0.0)], name, draws=1_000, seed=3)
        assert risk.of(name).saves == found


def test_conditions_must_hold_in_the_same_run():
    price = {"value": 3.0, "low": 1.0, "high": 5.0, "distribution": "uniform"}
    prepared = held(options=[{**API, "output_usd_per_mtok": price}, dict(RENT)])
    above, below = Condition("saving_fraction", ">=", 0.5), Condition("saving_fraction", "<", 0.5)

    assert 0.0 == chance(prepared, [above, below], "rent", draws=500).fraction
    assert 1.0 == sum(chance(prepared, [each], "rent", draws=500).fraction for each in (above, below))


def test_of_figures_that_are_not_simulated_there_is_no_probability():
    assert chance(held(), [Condition("replicas", "<=", 3.0)], "rent", draws=500) is None
    assert chance(held(), [], "rent", draws=500) is None


def test_a_recommendation_has_a_probability_too():
    prepared = held()

    assert 1.0 == chance(prepared, [Condition("recommended", "=", math.inf)], "rent", draws=200).fraction
    assert 0.0 == chance(prepared, [Condition("recommended", "=", math.inf)], "api", draws=200).fraction


def test_tokens_grow_with_the_volume_and_a_replica_does_not():
    # One request a second of 1.6: at two a second a second replica stands.
    assert 1.0 == pytest.approx(cost_growth_fraction(held(), "api"))
    assert 1.0 == pytest.approx(cost_growth_fraction(held(), "rent"))
    assert 0.0 == pytest.approx(cost_growth_fraction(held(workload__requests_per_day=43_200.0), "rent"))


def test_a_sure_rent_against_an_unsure_bill_spreads_less():
    price = {"value": 3.0, "low": 1.0, "high": 5.0, "distribution": "uniform"}

    assert 0.0 == pytest.approx(
        cost_spread_factor(held(options=[{**API, "output_usd_per_mtok": price}, dict(RENT)]), "rent")
    )


def test_what_is_not_trained_has_no_hours():
    assert training_hours(held(), "rent") is None
    assert training_hours(held(), "api") is None


def test_turning_points_are_those_of_tco_solve(pack):
    lever = "options.rent.price_usd_per_hour"
    ((statement, solved),) = turning_points(pack(says("saving_fraction>=0.5", levers=(lever,))))

    # Half of $657.45 over 730.5 hours.
    assert 0.45 == pytest.approx(solved.nearest, rel=2e-6)
    assert "saving_fraction>=0.5" == solved.condition.text("rent")
    assert lever == statement.levers[0]


def test_the_answer_has_the_share_that_is_saved():
    result = tco.evaluate(Scenario.model_validate(scenario_data()), {"test-run": run()}, searches=False)

    api, rent = result.option("api"), result.option("rent")
    assert api.saving_fraction is None
    assert 1 - rent.total_usd / api.total_usd == pytest.approx(rent.saving_fraction)
    assert rent.saving_fraction < 0
