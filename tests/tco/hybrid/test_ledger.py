from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

import tco
from tco.capacity.capacity import capacity_of
from tco.compare import prepare
from tco.hybrid.base import split_of, with_demand
from tco.hybrid.ledger import hybrid_ledger
from tco.ledgers import ledger_of, with_settled_hybrids
from tco.register import with_value
from tco.risk.simulate import simulate
from tco.scenario import Scenario
from tco.workload.demand import demand
from tests.factories import API, RENT, replica, run, scenario
from tests.tco.hybrid.mixes import API_USD_PER_REQUEST, GOODPUT, NO_SPARES, mix_of, question

RUNS = {"test-run": run()}
HOURS = 730.5
REQUESTS_A_MONTH = 86_400 * HOURS / 24


def two_levels(**changes: Any) -> Scenario:
    """Half of all hours at half, half at three halves of one request/s; one replica carries 1.6, half a replica is not had."""
    profile = [0.5, 1.5] * 84
    return question(workload__profile=profile, workload__requests_per_day=4 * 86_400.0, **changes)


def ledger(asked: Scenario, name: str = "mixed") -> tco.cashflow.Ledger:
    parts = {option.name: replica(asked, option.name) for option in asked.options if option.kind in {"rent", "own"}}
    return ledger_of(name, asked, parts, demand(asked))


def test_a_hybrid_by_hand() -> None:
    """Loads of 2 and 6 requests/s; two replicas carry 3.2: 2 + 3.2 of 8 stay, 2.8 of 8 go to the API."""
    own = ledger(two_levels(hybrid={"replicas": 2}, base={"people": {"run_fte": 0.1}}))
    tokens = own.line_items["input_tokens"] + own.line_items["output_tokens"]

    assert own.line_items["gpu_rent"] == pytest.approx(np.full(12, 2 * 2.0 * HOURS))
    assert tokens == pytest.approx(np.full(12, 4 * REQUESTS_A_MONTH * 2.8 / 8 * API_USD_PER_REQUEST))
    assert own.line_items["people"] == pytest.approx(np.full(12, 0.1 * 160_000 / 12))
    assert own.fleet is not None
    assert own.fleet.utilisation_fraction == pytest.approx((5.2 / 2) / (2 * GOODPUT))


def test_without_replicas_it_is_the_overflow_alone_and_with_those_for_the_peak_the_base_alone() -> None:
    none, all_ = (two_levels(hybrid={"replicas": count}, base={"people": {"run_fte": 0.3}}) for count in (0, 4))

    assert ledger(none).monthly_usd == pytest.approx(ledger(none, "api").monthly_usd)
    assert ledger(none).fleet is None
    assert ledger(all_).monthly_usd == pytest.approx(ledger(all_, "rent").monthly_usd)
    assert ledger(all_).line_items["output_tokens"].tolist() == [0.0] * 12


def test_spares_of_the_base_are_paid_for_and_serve_nothing() -> None:
    asked = two_levels(
        hybrid={"replicas": 2}, base={"availability_target_fraction": 0.999, "replica_availability_fraction": 0.99}
    )
    own = ledger(asked)

    # P(both of two answer) = 0.9801, P(2 of 3) = 0.999702
    assert own.fleet is not None
    assert own.fleet.replicas.tolist() == [3.0] * 12
    assert own.line_items["gpu_rent"] == pytest.approx(np.full(12, 3 * 2.0 * HOURS))
    assert own.line_items["output_tokens"] == pytest.approx(
        ledger(two_levels(hybrid={"replicas": 2})).line_items["output_tokens"]
    )


def test_the_overflow_can_be_the_spare_by_hand() -> None:
    """Two replicas answer 0.9 of the time each: both in 0.81, one in 0.18. Both carry 5.2 of 8, one 3.2, none nothing."""
    rarely = {"replica_availability_fraction": 0.9, "availability_target_fraction": 0.999}
    own = ledger(two_levels(hybrid={"replicas": 2, "spares": "overflow"}, base=rarely))
    tokens = own.line_items["input_tokens"] + own.line_items["output_tokens"]
    stays = (0.81 * 5.2 + 0.18 * 3.2) / 8

    assert own.fleet is not None
    assert own.fleet.replicas.tolist() == [2.0] * 12
    assert tokens == pytest.approx(np.full(12, 4 * REQUESTS_A_MONTH * (1 - stays) * API_USD_PER_REQUEST))
    with_spares = ledger(two_levels(hybrid={"replicas": 2}, base=rarely))
    # P(2 of 6) = 0.99995, P(2 of 5) = 0.99954, P(2 of 4) = 0.9963
    assert with_spares.fleet is not None
    assert with_spares.fleet.replicas.tolist() == [5.0] * 12


def test_where_the_overflow_is_the_spare_only_what_may_not_leave_has_spares() -> None:
    """Half of 6 requests/s may not leave: two replicas carry them, and five must stand so that two of them answer in 0.999."""
    rarely = {"replica_availability_fraction": 0.9, "availability_target_fraction": 0.999}
    private = {"spares": "overflow", "sensitive_fraction": 0.5}

    assert not ledger(two_levels(hybrid=private | {"replicas": 4}, base=rarely)).feasible
    assert ledger(two_levels(hybrid=private | {"replicas": 5}, base=rarely)).feasible


def test_a_spare_is_had_where_it_pays_and_only_there() -> None:
    """One replica would carry all; a second one serves when the first does not: a tenth of the time, worth 0.1 · 0.9 · 1 request/s."""
    rarely = {"replica_availability_fraction": 0.9, "price": {"commitment": "reserved-1y"}}
    worth = 0.1 * 0.9 * 3600 * API_USD_PER_REQUEST
    for price, count in ((0.9 * worth, 2.0), (1.1 * worth, 1.0)):
        own = ledger(question(hybrid={"spares": "overflow"}, base=rarely | {"price_usd_per_hour": price}))

        assert own.fleet is not None
        assert own.fleet.replicas.tolist() == [count] * 12


def test_of_very_many_replicas_the_mean_answers() -> None:
    many = {"workload__requests_per_day": 5_000 * 86_400.0, "workload__profile": "office-hours"}
    rarely = {"replica_availability_fraction": 0.95}
    asked = question(hybrid={"replicas": 2_500, "spares": "overflow"}, base=rarely, **many)
    mix = mix_of(asked)
    found = split_of(mix, np.full(12, 2_500.0))
    answering = binom.rvs(2_500, 0.95, size=2_000, random_state=1)
    each = split_of(replace(mix, answers_fraction=1.0), answering[:, None] * np.ones(12))

    assert float(found.base[0]) == pytest.approx(float(each.base[:, 0].mean()), abs=2e-4)


def test_what_can_wait_fills_quiet_hours_before_it_overflows() -> None:
    """Loads of 2 and 6, half of which can wait two hours: 1 and 3 are urgent; a base of 3.2 serves 4 of 8 at once and of 4 that wait all but 1.6 of the time."""
    changes = {"workload__batchable_fraction": 0.5, "workload__batch_deadline_hours": 2}
    own = ledger(two_levels(hybrid={"replicas": 2}, **changes))

    # Room 2.2 and 0.2 beside the urgent ones: 2.4 of the 4 that can wait.
    overflow = (8 - 4 - 2.4) / 8
    tokens = own.line_items["input_tokens"] + own.line_items["output_tokens"]
    assert tokens == pytest.approx(np.full(12, 4 * REQUESTS_A_MONTH * overflow * API_USD_PER_REQUEST))


def test_the_overflow_has_its_own_share_of_what_can_wait_at_the_batch_price() -> None:
    changes = {"workload__batchable_fraction": 0.5, "workload__batch_deadline_hours": 2}
    asked = two_levels(hybrid={"replicas": 2}, **changes)
    api = asked.options[0].model_copy(
        update={
            "batch_input_usd_per_mtok": tco.Quantity(value=0.5),
            "batch_output_usd_per_mtok": tco.Quantity(value=1.5),
        }
    )
    own = ledger(asked.model_copy(update={"options": [api, *asked.options[1:]]}))

    # All that leaves can wait, so all of it is billed at half.
    tokens = own.line_items["input_tokens"] + own.line_items["output_tokens"]
    assert tokens == pytest.approx(np.full(12, 4 * REQUESTS_A_MONTH * 1.6 / 8 * API_USD_PER_REQUEST / 2))


def test_what_a_hybrid_has_beside_its_parts_is_added() -> None:
    plain, more = (
        ledger(two_levels(hybrid={"replicas": 2} | extra))
        for extra in (
            {},
            {"one_off_usd": {"router": 500.0}, "extra_usd_per_month": {"gateway": 70.0}, "people": {"run_fte": 0.05}},
        )
    )

    assert more.investments["router"].tolist() == [500.0] + [0.0] * 11
    assert more.monthly_usd - plain.monthly_usd == pytest.approx(np.full(12, 70 + 0.05 * 160_000 / 12))


def test_too_few_replicas_for_what_may_not_leave_rule_it_out_in_a_sentence() -> None:
    asked = two_levels(hybrid={"replicas": 1, "sensitive_fraction": 0.5})
    own = ledger(asked)

    assert not own.feasible
    assert "50% of the requests may not leave" in own.reasons[0]
    assert "need 2 replicas of rent" in own.reasons[0]
    assert ledger(two_levels(hybrid={"replicas": 2, "sensitive_fraction": 0.5})).feasible
    assert not ledger(two_levels(hybrid={"replicas": 0, "sensitive_fraction": 0.5})).feasible


def test_a_base_that_cannot_keep_the_promise_rules_it_out() -> None:
    own = ledger(two_levels(workload__slo={"ttft_p95_ms": 10.0}))

    assert not own.feasible
    assert own.reasons


def test_no_requests_cost_nothing_but_people() -> None:
    own = ledger(question(workload__requests_per_day=0.0))

    assert own.feasible
    assert float(own.total_usd) == 0.0


def test_many_draws_are_those_scenarios_one_by_one() -> None:
    asked = two_levels(
        hybrid={"replicas": [1, 2, 3], "sensitive_fraction": 0.1},
        base={"people": {"run_fte": 0.1}},
        workload__batchable_fraction=0.3,
        workload__growth_per_month_fraction=0.02,
    )
    generator = np.random.default_rng(7)
    drawn = {
        "workload.requests_per_day": generator.uniform(2, 6, 40) * 86_400,
        "options.api.output_usd_per_mtok": generator.uniform(1, 5, 40),
        "options.rent.price_usd_per_hour": generator.uniform(1, 3, 40),
        "options.rent.throughput_factor": generator.uniform(0.7, 1.3, 40),
        "options.mixed.sensitive_fraction": generator.uniform(0.0, 0.6, 40),
    }
    many = asked
    for path, values in drawn.items():
        many = with_value(many, path, values[:, None])
    parts = {"rent": replica(asked, "rent")}
    capacities = {"rent": capacity_of(parts["rent"], asked.workload)}
    own = ledger_of("mixed", many, parts, demand(many), capacities)

    assert own.fleet is not None
    for draw in range(40):
        one = asked
        for path, values in drawn.items():
            one = with_value(one, path, float(values[draw]))
        alone = ledger_of("mixed", one, parts, demand(one), capacities)
        assert bool(own.fleet.too_large[draw]) == (not alone.feasible)
        assert own.costs_by_time_usd[draw] == pytest.approx(alone.costs_by_time_usd, rel=1e-9)


def test_with_draws_the_optimum_is_chosen_before_one_knows_them() -> None:
    asked = two_levels(base={"price_usd_per_hour": 0.5, "price": {"commitment": "reserved-1y"}})
    mix = mix_of(asked)
    volumes = np.array([2.0, 4.0, 6.0]) * 86_400
    many = with_value(asked, "workload.requests_per_day", volumes[:, None])
    drawn = with_demand(replace(mix, scenario=many), demand(many))
    own, middle = hybrid_ledger(drawn), hybrid_ledger(mix)

    assert own.fleet is not None
    assert middle.fleet is not None
    assert own.fleet.replicas.tolist() == [middle.fleet.replicas.tolist()] * 3


def cascade(**changes: Any) -> Scenario:
    part = {**RENT, **NO_SPARES}
    large = {**API, "name": "large", "input_usd_per_mtok": 5.0, "output_usd_per_mtok": 15.0}
    option = {"name": "both", "kind": "cascade", "small": "rent", "large": "large", "escalation_fraction": 0.2}
    return scenario(options=[dict(API), part, large, option | changes])


def test_a_cascade_by_hand() -> None:
    """One request/s: one rented replica for all of them, a fifth of them again at 5 and 15 USD/Mtok, and a judge for each."""
    own = ledger(cascade(judge_usd_per_request=0.0001), "both")
    tokens = own.line_items["input_tokens"] + own.line_items["output_tokens"]

    assert own.line_items["gpu_rent"] == pytest.approx(np.full(12, 2.0 * HOURS))
    assert tokens == pytest.approx(np.full(12, 0.2 * REQUESTS_A_MONTH * (100 * 5 + 50 * 15) / 1e6))
    assert own.line_items["judge"] == pytest.approx(np.full(12, REQUESTS_A_MONTH * 0.0001))


def test_a_judge_costs_the_same_a_request_however_long_prompts_become() -> None:
    asked = cascade(judge_usd_per_request=0.0001)
    grows = asked.workload.model_copy(update={"input_growth_per_month_fraction": tco.Quantity(value=0.05)})
    own = ledger(asked.model_copy(update={"workload": grows}), "both")

    assert own.line_items["judge"] == pytest.approx(np.full(12, REQUESTS_A_MONTH * 0.0001))


def test_a_cascade_of_two_models_of_ones_own_has_both_fleets() -> None:
    asked = scenario(
        workload__requests_per_day=16 * 86_400.0,
        options=[
            dict(API),
            {**RENT, **NO_SPARES},
            {**RENT, **NO_SPARES, "name": "big", "price_usd_per_hour": 8.0, "throughput_factor": 0.5},
            {"name": "both", "kind": "cascade", "small": "rent", "large": "big", "escalation_fraction": 0.25},
        ],
    )
    own = ledger(asked, "both")

    # 16 / 1.6 replicas of the small one, 0.25 · 16 / 0.8 of the large one.
    assert own.line_items["gpu_rent"] == pytest.approx(np.full(12, (10 * 2.0 + 5 * 8.0) * HOURS))
    assert own.fleet is not None
    assert own.fleet.replicas.tolist() == [15.0] * 12
    assert own.fleet.utilisation_fraction == pytest.approx(1.0)


def test_the_whole_answer_of_both_kinds() -> None:
    both = {"name": "both", "kind": "cascade", "small": "rent", "large": "api", "escalation_fraction": 0.2}
    asked = two_levels(hybrid={"replicas": "optimal"}, base={"price_usd_per_hour": 0.75})
    data = asked.model_dump(by_alias=True)
    data["options"].append(both)
    result = tco.evaluate(Scenario.model_validate(data), RUNS)
    mixed, pair = result.option("mixed"), result.option("both")

    assert mixed.hybrid is not None
    assert (mixed.hybrid.base, mixed.hybrid.overflow, mixed.hybrid.is_optimal) == ("rent", "api", True)
    assert mixed.hybrid.replicas_by_month == [2] * 12
    assert mixed.hybrid.base_requests_fraction == pytest.approx(5.2 / 8)
    assert [point.replicas for point in mixed.hybrid.curve] == [0, 1, 2, 3, 4]
    assert min(mixed.hybrid.curve, key=lambda point: point.cost_npv_usd).total_usd == pytest.approx(mixed.total_usd)
    assert mixed.model == "Qwen3-0.6B + Qwen3-0.6B"
    assert mixed.usd_per_mtok_at_full_load is None
    assert mixed.npv_usd > max(result.option("rent").npv_usd, 0)
    assert pair.cascade is not None
    assert pair.cascade.escalation_fraction == 0.2
    assert all(check.passed for check in result.checks)


def test_runs_of_a_simulation_keep_the_number_that_was_decided_before_them() -> None:
    """Prices of replicas that nobody knows: with one number for all, every run has the same rent, but for its price."""
    asked = two_levels(base={"price_usd_per_hour": 0.75, "price": {"commitment": "reserved-1y"}})
    ranged = tco.Quantity(value=0.75, low=0.1, high=1.4)
    options = [
        option.model_copy(update={"price_usd_per_hour": ranged}) if option.name == "rent" else option
        for option in asked.options
    ]
    ready = prepare(asked.model_copy(update={"options": options}), RUNS)
    central = with_settled_hybrids(ready.scenario, ready.replicas)
    prices = np.array([0.1, 0.75, 1.4])[:, None]
    many = with_value(central, "options.rent.price_usd_per_hour", prices)
    rent = ledger_of("mixed", many, ready.replicas, demand(many)).line_items["gpu_rent"]

    assert rent == pytest.approx(np.broadcast_to(2 * prices * HOURS, (3, 12)))
    assert simulate(ready, draws=200, option="mixed").options[2].name == "mixed"
