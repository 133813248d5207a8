"""Monte Carlo against arithmetic, against the plan itself, and against each draw answered alone."""

from __future__ import annotations

import numpy as np
import pytest

import pricing
from tco.compare import compare, prepare
from tco.errors import InputError
from tco.ledgers import capacities_of
from tco.register import quantities, with_value
from tco.risk.changes import npv_after
from tco.risk.inputs import uncertain_inputs
from tco.risk.lengths import length_effects
from tco.risk.many import drawn, outcomes
from tco.risk.simulate import simulate
from tco.risk.two_way import two_way
from tests.factories import API, OWN, RENT, run, scenario

RUNS = {"test-run": run()}
PRICE, RENTED = "options.api.output_usd_per_mtok", "options.rent.price_usd_per_hour"
NO_SPREAD = {"replica_availability_fraction": 0.99, "people": {"run_fte": 0.0, "cost_per_fte_usd_per_year": 0.0}}


def asked(*options, **changes):
    """Nothing but what is given has a range."""
    plain = [{**API, "people": NO_SPREAD["people"]} | options[0], {**RENT, **NO_SPREAD} | options[1], *options[2:]]
    return prepare(scenario(options=plain, **changes), RUNS, pricing.shipped_book())


def uniform(low, high):
    return {"value": (low + high) / 2, "low": low, "high": high, "distribution": "uniform"}


def test_the_probability_of_a_price_above_its_break_even_is_that_of_its_distribution():
    """The API costs 262.98 + 131.49 p USD a month, the rent 1,461: it saves from p = 9.1112 on, in 0.4907 of 3 to 15."""
    found = simulate(asked({"output_usd_per_mtok": uniform(3, 15)}, {}), draws=20_000).of("rent")

    assert found.saves.fraction == pytest.approx((15 - 9.11123) / 12, abs=4 * found.saves.standard_error)
    assert found.saves.standard_error == pytest.approx((0.25 / 20_000) ** 0.5, rel=0.01)
    # The NPV is linear in the price: its ends and its mean are those of the price.
    assert found.npv_usd.mean == pytest.approx(12 * (262.98 + 131.49 * 9 - 1461), abs=4 * found.npv_usd.standard_error)
    assert found.npv_usd.percentiles["5"] == pytest.approx(12 * (262.98 + 131.49 * 3.6 - 1461), rel=0.01)


def test_payback_has_the_distribution_that_follows_from_the_saving():
    """1,000 USD laid out, saved at 131.49 (p - 9.1112) a month: back by month 12 from p = 9.745 on."""
    found = simulate(asked({"output_usd_per_mtok": uniform(3, 15)}, {"one_off_usd": {"move": 1000.0}}), draws=20_000)
    within = found.of("rent").paid_back[-1]

    assert 12 == within.within_months
    assert within.probability.fraction == pytest.approx((15 - 9.74499) / 12, abs=4 * within.probability.standard_error)
    assert found.of("rent").paid_back_by_month[12] == within.probability.fraction
    assert None is found.of("rent").payback_months.percentiles["75"]


def test_without_ranges_every_run_is_the_plan():
    question = asked({}, {"one_off_usd": {"move": 1000.0}})
    plan = compare(question, question.scenario).option("rent")
    found = simulate(question, draws=100)

    assert {plan.npv_usd} == {round(each, 6) for each in found.of("rent").npv_usd.percentiles.values()} or (
        found.of("rent").npv_usd.mean == pytest.approx(plan.npv_usd)
    )
    assert ([], ["no_ranges"]) == (found.shares, [each.code for each in found.warnings])
    assert None is found.of("rent").payback_months.percentiles["5"]
    assert None is plan.payback_months


def test_all_of_the_variance_is_the_price_where_nothing_else_varies():
    found = simulate(asked({"output_usd_per_mtok": uniform(3, 15)}, {}), draws=10_000)

    assert [(PRICE, "prices")] == [(share.path, share.subject) for share in found.shares]
    assert found.shares[0].share_fraction == pytest.approx(1, abs=0.01)
    assert found.unexplained_fraction == pytest.approx(0, abs=0.01)


def test_two_independent_prices_share_the_variance_by_their_own():
    """The NPV's variance is (12 x 131.49)² x 12² / 12 by the API's price and (12 x 730.5)² x 2² / 12 by the rent."""
    found = simulate(
        asked({"output_usd_per_mtok": uniform(3, 15)}, {"price_usd_per_hour": uniform(1, 3)}), draws=50_000
    )
    api, rent = (131.49 * 12) ** 2, (730.5 * 2) ** 2
    shares = {share.path: share.share_fraction for share in found.shares}

    assert shares == pytest.approx({PRICE: api / (api + rent), RENTED: rent / (api + rent)}, abs=0.01)


def test_the_same_seed_gives_the_same_answer_and_another_one_differs():
    question = asked(
        {"output_usd_per_mtok": uniform(3, 15)}, {"throughput_factor": {"value": 1, "low": 0.5, "high": 1.2}}
    )
    first, again, other = (simulate(question, draws=2000, seed=seed) for seed in (7, 7, 8))

    assert first == again
    assert first.of("rent").npv_usd != other.of("rent").npv_usd


def test_correlated_inputs_widen_or_narrow_the_answer():
    """The rent's price moving with the API's: the difference of two that move together varies less."""

    def spread(coefficient):
        pairs = [{"between": [PRICE, RENTED], "correlation": coefficient}] if coefficient else []
        question = asked(
            {"output_usd_per_mtok": uniform(3, 15)}, {"price_usd_per_hour": uniform(1, 3)}, correlations=pairs
        )
        band = simulate(question, draws=4000).of("rent").npv_usd
        return band.percentiles["95"] - band.percentiles["5"]

    assert spread(0.95) < 0.5 * spread(0) < 0.5 * spread(-0.95)


def test_a_run_in_which_the_fleet_is_too_large_neither_saves_nor_pays_back():
    changes = {
        "scaling": {"max_replicas": 1},
        "throughput_factor": {"value": 1.0, "low": 0.25, "high": 1.0, "distribution": "uniform"},
    }
    found = simulate(asked({"output_usd_per_mtok": 30.0}, changes), draws=4000).of("rent")

    # One request a second over 1.6 a replica: one carries it from a factor of 0.625 on, half of 0.25 to 1.
    assert found.served.fraction == pytest.approx(0.5, abs=4 * found.served.standard_error)
    assert found.saves.fraction == found.served.fraction == found.paid_back[-1].probability.fraction


def test_what_cannot_serve_at_all_is_told():
    question = asked(
        {}, {"scaling": {"max_replicas": 1}}, workload__requests_per_day={"value": 1e6, "low": 9e5, "high": 2e6}
    )
    found = simulate(question, draws=200, option="rent")

    assert (0.0, None, None) == (found.of("rent").served.fraction, found.of("rent").saves, found.of("rent").npv_usd)
    assert ([], None) == (found.shares, found.measuring)


def test_where_the_baseline_cannot_serve_there_is_no_npv_to_explain():
    tight = {"options": [RENT, API], "baseline": "rent", "workload__slo": {"ttft_p95_ms": 1.0}}
    question = scenario(**tight, workload__requests_per_day={"value": 9e4, "low": 5e4, "high": 2e5})
    found = simulate(prepare(question, RUNS, pricing.shipped_book()), draws=200)

    assert ("api", 1.0, None) == (found.option, found.of("api").served.fraction, found.of("api").npv_usd)
    assert ([], None, None) == (found.shares, found.unexplained_fraction, found.measuring)


def test_a_number_in_several_options_is_named_by_the_one_that_is_judged():
    wage = {"run_fte": 0.5, "cost_per_fte_usd_per_year": {"value": 1.5e5, "low": 1e5, "high": 2e5}}
    question = asked({"people": {**wage, "run_fte": 0.0}}, {"people": wage})
    found = simulate(question, draws=1000)

    assert ["options.api.people.cost_per_fte_usd_per_year"] == [each.path for each in found.inputs]
    assert ["options.rent.people.cost_per_fte_usd_per_year"] == [each.path for each in found.shares]


def test_measuring_narrows_what_hangs_on_the_throughput():
    """12 requests/s on replicas of 1.6: without a run the fleet is 5 to 12 replicas, with one 8 or 9."""
    busy = {"throughput_factor": {"value": 1.0, "low": 0.97, "high": 1.03}}
    found = simulate(
        asked({"output_usd_per_mtok": 30.0}, busy, workload__requests_per_day=12 * 86_400.0), draws=4000
    ).measuring

    with_run, without = (high - low for low, high in (found.with_run_npv_usd, found.without_run_npv_usd))
    assert (True, "rent") == (found.is_measured, found.option)
    assert without > 3 * with_run


EVERYTHING = scenario(
    options=[
        {
            **API,
            "price_change_per_year_fraction": {"value": 0, "low": -0.2, "high": 0.1},
            "cached_input_usd_per_mtok": 0.1,
        },
        {**RENT, "scaling": {"policy": "scheduled", "start_up_minutes": 12}, "people": {"run_fte": 0.5}},
        {
            **OWN,
            "people": {"run_fte": {"value": 1, "low": 0.5, "high": 3}},
            "one_off_usd": {"move": {"value": 9e3, "low": 0, "high": 2e4}},
        },
    ],
    workload__requests_per_day={"value": 9e5, "low": 1e5, "high": 5e6},
    workload__growth_per_month_fraction={"value": 0.02, "low": -0.05, "high": 0.1},
    workload__cacheable_input_fraction={"value": 0.3, "low": 0.0, "high": 0.6},
    workload__profile="office-hours",
    horizon_months=30,
)


@pytest.mark.parametrize("name", ["rent", "own"])
def test_each_draw_is_what_the_plan_says_of_its_values(name):
    """Whatever a scenario may leave uncertain: a hundred draws together give what each gives alone."""
    question = prepare(EVERYTHING, RUNS, pricing.shipped_book())
    inputs = tuple(
        each
        for each in uncertain_inputs(question.scenario, question.runs)
        if not (each.shapes_the_fleet or each.is_length)
    )
    generator, count = np.random.default_rng(3), 12
    values = [generator.uniform(*each.quantity.bounds, count) for each in inputs]
    together = outcomes(
        question,
        drawn(question.scenario, inputs, values, {}),
        [name],
        count,
        capacities_of(question.scenario, question.replicas),
    )

    assert len(inputs) > 8
    for draw in range(count):
        alone = question.scenario
        for each, own in zip(inputs, values, strict=True):
            for path in each.paths:
                alone = with_value(alone, path, float(own[draw]))
        plan = compare(question, alone).option(name)
        assert together[name].npv_usd[draw] == pytest.approx(plan.npv_usd, rel=1e-9, abs=1e-6)
        assert together[name].total_usd[draw] == pytest.approx(plan.total_usd, rel=1e-9)
        never = np.inf if plan.payback_months is None else plan.payback_months
        assert together[name].payback_months[draw] == pytest.approx(never, rel=1e-9)


def test_one_change_at_a_time_is_what_the_plan_says_of_it():
    question = prepare(EVERYTHING, RUNS, pricing.shipped_book())
    changes = [(path, end) for path, each in quantities(question.scenario) if each.bounds for end in each.bounds]
    answers = npv_after(question, "own", changes, capacities_of(question.scenario, question.replicas))

    for (path, value), answer in zip(changes, answers, strict=True):
        plan = compare(question, with_value(question.scenario, path, value)).option("own")
        assert answer == pytest.approx(plan.npv_usd, rel=1e-9, abs=1e-6), path


def test_the_capacity_at_other_lengths_is_that_of_the_plan_at_the_ends_and_close_to_it_between():
    question = prepare(
        scenario(
            options=[API, RENT],
            workload__input_tokens_per_request={"value": 100, "low": 80, "high": 200},
            workload__output_tokens_per_request={"value": 50, "low": 25, "high": 100},
        ),
        RUNS,
        pricing.shipped_book(),
    )
    inputs = uncertain_inputs(question.scenario, question.runs)
    effect = length_effects(question.scenario, question.replicas, inputs)["rent"]
    at = {each.path: number for number, each in enumerate(inputs)}

    def factor(path, length):
        values = [np.array([each.quantity.value]) for each in inputs]
        values[at[path]] = np.array([length])
        return float(effect.capacity_factor(tuple(values))[0])

    def planned(path, length):
        plan = compare(question, with_value(question.scenario, path, length)).option("rent")
        return plan.capacity.goodput_requests_per_s / 1.6

    for path, lengths in (
        ("workload.input_tokens_per_request", (80, 200)),
        ("workload.output_tokens_per_request", (25, 100)),
    ):
        for length in lengths:
            assert factor(path, length) == pytest.approx(planned(path, length)), (path, length)
    assert factor("workload.input_tokens_per_request", 100) == pytest.approx(1)


def test_a_map_is_the_plan_at_each_pair_of_values():
    question = prepare(EVERYTHING, RUNS, pricing.shipped_book())
    paths = ("workload.requests_per_day", "options.api.output_usd_per_mtok")
    found = two_way(question, paths, "own", points=4)

    for row, price in enumerate(found.down):
        for column, volume in enumerate(found.across):
            plan = compare(question, with_value(with_value(question.scenario, paths[0], volume), paths[1], price))
            assert found.npv_usd[row][column] == pytest.approx(plan.option("own").npv_usd)


def test_a_map_of_what_lays_the_fleet_out_is_answered_one_by_one():
    question = prepare(EVERYTHING, RUNS, pricing.shipped_book())
    paths = ("workload.peak_headroom_fraction", "workload.requests_per_day")
    found = two_way(question, paths, "own", points=3)
    plan = compare(
        question, with_value(with_value(question.scenario, paths[0], found.across[-1]), paths[1], found.down[0])
    )

    assert found.npv_usd[0][-1] == pytest.approx(plan.option("own").npv_usd)


def test_a_model_that_reasons_longer_carries_less_in_draws_as_in_the_plan():
    """The run's step times are fitted, so that 150 tokens of answer for 50 take their own time."""
    thinking = {**RENT, "reasoning_factor": {"value": 2.0, "low": 1.0, "high": 3.0}}
    question = prepare(
        scenario(options=[dict(API), thinking], workload__reasoning_tokens_per_request=50.0),
        RUNS,
        pricing.shipped_book(),
    )
    capacities = capacities_of(question.scenario, question.replicas)
    path = "options.rent.reasoning_factor"
    answers = npv_after(question, "rent", [(path, 1.0), (path, 2.0), (path, 3.0)], capacities)

    plans = [compare(question, with_value(question.scenario, path, at)).option("rent") for at in (1.0, 2.0, 3.0)]
    assert plans[0].capacity.goodput_requests_per_s > plans[2].capacity.goodput_requests_per_s
    assert answers == pytest.approx([plan.npv_usd for plan in plans])


def test_a_map_of_an_option_that_is_made_of_others_is_the_plan_too():
    mixed = {"name": "mixed", "kind": "hybrid", "base": "rent", "overflow": "api"}
    question = prepare(scenario(options=[dict(API), dict(RENT), mixed]), RUNS, pricing.shipped_book())
    paths = ("workload.requests_per_day", "options.api.output_usd_per_mtok")
    found = two_way(question, paths, "mixed", points=2)
    plan = compare(
        question, with_value(with_value(question.scenario, paths[0], found.across[0]), paths[1], found.down[-1])
    )

    assert found.npv_usd[-1][0] == pytest.approx(plan.option("mixed").npv_usd)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"draws": 10}, "--draws 10: 100 to 10,000,000 runs"),
        ({"draws": 10**9}, "100 to 10,000,000"),
        ({"option": "ownn"}, "no such option; the scenario has: api, rent"),
        ({"option": "api"}, "is the baseline"),
    ],
)
def test_what_cannot_be_simulated_is_a_sentence(how, sentence):
    with pytest.raises(InputError, match=sentence):
        simulate(asked({}, {}), **how)
