"""Whole fleets by hand: the cheapest mix, what the simulation teaches, sharing, licences, what cannot be served."""

from __future__ import annotations

import math

import pytest

from tco.capacity.engine_model import NoEngineModel
from tco.errors import InputError
from tco.mixed_fleet import Means, Wishes, plan_fleet
from tests.tco.mixed_fleet.small_fleets import breaking, filled, means, question, rented, runs

SMALL, LARGE = rented("small", 1.0), rented("large", 3.0)
TABLE = {("small", 100): 5.0, ("small", 1000): 0.25, ("large", 100): 10.0, ("large", 1000): 2.0}
TWO_SIZES = {"short": (10 / 12, 100), "long": (2 / 12, 1000)}


def asked(**changes):
    return question(per_s=12.0, options=[SMALL, LARGE], classes=TWO_SIZES, **changes)


def plan(*scenarios, table=TABLE, wishes=None, ttft_ms=None, held=("small", "large"), **more):
    tools = means(table, ttft_ms=ttft_ms)
    return plan_fleet(scenarios, wishes, runs=runs(*held), means=tools, **more)


def test_each_size_goes_where_it_is_cheapest():
    # 10/s short on small: 2 replicas at 1; 2/s long on large: 1 replica at 3. Large alone: 1 + 1 = 2 at 3.
    found = plan(asked())
    assert {"small": 2, "large": 1} == {use.name: use.count for use in found.fleet.uses}
    assert 5.0 == pytest.approx(found.fleet.usd_per_hour)
    assert [[1.0, 0.0], [0.0, 1.0]] == found.fleet.assignment[0].round(9).tolist()
    assert ("large", 6.0) == (found.best_single.name, found.best_single.fleet.usd_per_hour)
    assert 1 - 5 / 6 == pytest.approx(found.mixing_saves_fraction)
    # Small alone: 2 + 8 replicas.
    assert [10.0, 6.0] == [alone.fleet.usd_per_hour for alone in found.singles]
    assert found.fleet.holds


def test_at_most_one_type_is_the_best_single_one():
    found = plan(asked(), wishes=Wishes(max_types=1))
    assert {"large": 2} == {use.name: use.count for use in found.fleet.uses}
    assert 0.0 == found.mixing_saves_fraction


def test_only_the_types_that_were_named_are_used():
    found = plan(asked(), wishes=Wishes(types=("small",)))
    assert {"small": 10} == {use.name: use.count for use in found.fleet.uses}


def test_spares_come_from_the_availability_target():
    # One replica that answers 99 % of the time, for 99.9 %: one beside one, and one beside two.
    options = [{**option, "availability_target_fraction": 0.999} for option in (SMALL, LARGE)]
    found = plan(question(per_s=12.0, options=options, classes=TWO_SIZES))
    # small + large: 2 + 1 and 1 + 1 are 3 x 1 + 2 x 3 = 9; large alone: 2 + 1 at 3, as much, so either is right.
    assert 9.0 == pytest.approx(found.fleet.usd_per_hour)
    assert all(use.spares == 1 for use in found.fleet.uses)


def test_stock_is_never_exceeded_and_its_lack_is_said():
    found = plan(asked(), wishes=Wishes(stock={"small": 1}))
    # One small takes 5/s short, the other 5/s are half a large one, which has 1.0 of long: 2 large. Or no small at all.
    assert 6.0 == pytest.approx(found.fleet.usd_per_hour)
    # One large is 1.0 of the 2.0 that all would make.
    with pytest.raises(
        InputError, match=r"the stock is too small: .*; all that can be had carries 50% of the load at most"
    ):
        plan(asked(), wishes=Wishes(stock={"small": 0, "large": 1}))


def test_a_replica_is_added_where_the_mixed_traffic_breaks_the_promise():
    # On one type the two sizes add up to 2.0 large replicas; together they may fill it to four fifths only.
    def breaks(_name, rates):
        return sum(rates.values()) > 5.0

    found = plan(question(per_s=12.0, options=[LARGE], classes=TWO_SIZES), ttft_ms=breaking(breaks), held=("large",))
    # 12/s over 2 replicas are 6 a replica, over 3 are 4.
    assert {"large": 3} == {use.name: use.count for use in found.fleet.uses}
    assert {"large": 2} == found.fleet.additive.counts
    assert found.fleet.holds
    assert 9.0 == pytest.approx(found.fleet.usd_per_hour)
    assert pytest.approx([100.0] * 2) == [promise.found_ms for promise in found.fleet.promises]


def test_what_the_simulation_teaches_can_make_another_mix_the_cheapest():
    # Small replicas bear 2.2/s of short requests in truth, not 5: 10/s are 5 of them at 1, and large alone is 2 at 3 = 6.
    agreed = filled(TABLE)

    def ttft_ms(name, rates):
        return 5000.0 if name == "small" and sum(rates.values()) > 2.2 else agreed(name, rates)

    found = plan(asked(), ttft_ms=ttft_ms)
    assert {"small": 2, "large": 1} == found.fleet.additive.counts
    assert {"large": 2} == {use.name: use.count for use in found.fleet.uses}
    assert 6.0 == pytest.approx(found.fleet.usd_per_hour)
    assert found.fleet.holds


def test_a_promise_that_no_number_of_replicas_keeps_is_said():
    found = plan(asked(), ttft_ms=breaking(lambda *_: True))
    assert found.fleet.holds is False
    assert any("does not hold in the simulation" in caution for caution in found.cautions)


def test_workloads_that_peak_at_different_hours_share_what_each_needs_for_itself():
    day = [1.0 if hour % 24 < 12 else 0.0 for hour in range(168)]
    night = [1.0 - weight for weight in day]
    table = {("small", 100): 5.0}
    # A mean of 5/s that comes in half of the hours is 10/s in those: 2 replicas each, 2 together.
    both = [question(name, per_s=5.0, options=[SMALL], profile=when) for name, when in (("day", day), ("night", night))]
    found = plan(*both, table=table, held=("small",))
    assert {"small": 2} == {use.name: use.count for use in found.fleet.uses}
    assert [2.0, 2.0] == [alone.fleet.usd_per_hour for alone in found.separate]
    assert 0.5 == pytest.approx(found.sharing_saves_fraction)


def test_each_workload_keeps_to_its_own_types():
    mine = question("mine", per_s=4.0, options=[SMALL])
    yours = question("yours", per_s=4.0, options=[LARGE])
    found = plan(mine, yours, table={("small", 100): 5.0, ("large", 100): 10.0})
    assert [[1.0, 0.0], [0.0, 1.0]] == found.fleet.assignment[0].tolist()
    assert "large is no option of 'mine'" == found.question.barred[0, 1]


def test_a_licence_bars_a_type_for_the_company_that_it_forbids():
    # The Llama 4 licence is not for companies of the EU.
    barred = {**SMALL, "model": "Llama-4-Scout"}
    found = plan(question(per_s=12.0, options=[barred, LARGE], classes=TWO_SIZES, company={"country": "DE"}))
    assert {"large"} == {use.name for use in found.fleet.uses}
    assert any("licence forbids" in why for why in found.question.barred.values())
    assert any("serves none of" in caution for caution in found.cautions)


def test_different_models_are_said():
    found = plan(question(per_s=12.0, options=[SMALL, {**LARGE, "model": "Qwen3-8B"}], classes=TWO_SIZES))
    assert any("different models" in caution for caution in found.cautions)


def test_a_size_that_no_type_serves_is_named_with_why():
    table = TABLE | {("small", 1000): None, ("large", 1000): None}
    with pytest.raises(InputError) as error:
        plan(asked(), table=table)
    sentence = str(error.value)
    assert "no type serves long: 512-1024 in, 0-64 out (16.7% of all requests)" in sentence
    assert "small: too slow for 1000 tokens" in sentence


def test_a_week_reserves_nothing_where_there_is_no_such_offer():
    found = plan(asked(), week=True)
    assert [0, 0] == [use.reserved for use in found.week.mix.uses]
    assert 168 * 5.0 == pytest.approx(found.week.mix.cost_usd)


def test_a_week_is_planned_anew_with_what_its_busy_hours_teach():
    # A mean of 5/s in half of the hours: 10/s are 2 replicas by adding up. In truth a replica bears 4/s, so that 3 must stand: 84 hours at 1 USD each.
    day = [1.0 if hour % 24 < 12 else 0.0 for hour in range(168)]

    def ttft_ms(_name, rates):
        return 5000.0 if sum(rates.values()) > 4.0 else 100.0

    found = plan(
        question(per_s=5.0, options=[SMALL], profile=day),
        table={("small", 100): 5.0},
        ttft_ms=ttft_ms,
        held=("small",),
        week=True,
    )
    assert 3 == found.fleet.uses[0].serving
    assert [3] * 12 + [0] * 12 == list(found.week.mix.uses[0].hourly[:24])
    assert 84 * 3.0 == pytest.approx(found.week.mix.cost_usd)
    assert found.week.holds


def test_the_front_costs_less_as_promises_loosen():
    # Goodputs and what a replica bears both grow in line with the promised time.
    grown = {at: lambda limits, rate=rate: rate * limits["ttft_p95_ms"] / 1000 for at, rate in TABLE.items()}
    found = plan(asked(), table=grown, ttft_ms=filled(TABLE), front=True)
    # Long on large, and short in the room that is left there, the rest on small:
    # x 0.5: 2 large full, 10 / 2.5 small; x 0.7: 2 large with room for 4 of 10, 6 / 3.5 small; x 1: 1 large full, 10 / 5 small;
    # x 1.5: 1 large with room for 5 of 10, 5 / 7.5 small; x 2: 1 large has room for all.
    assert [0.5, 0.7, 1.0, 1.5, 2.0] == [point.scale for point in found.front]
    assert [10.0, 8.0, 5.0, 4.0, 3.0] == pytest.approx([point.fleet.usd_per_hour for point in found.front])
    assert all(point.is_on_front and point.fleet.holds for point in found.front)


def test_a_promise_that_no_fleet_keeps_is_a_point_without_a_fleet():
    def rate(limits):
        return None if limits["ttft_p95_ms"] < 600 else 2.0

    found = plan(
        asked(), table=TABLE | {("large", 1000): rate, ("small", 1000): None}, ttft_ms=filled(TABLE), front=True
    )
    tight = found.front[0]
    assert (0.5, None, False) == (tight.scale, tight.fleet, tight.is_on_front)
    assert "no machine type holds the promise" in tight.reasons[0]


def test_what_no_promise_needs_is_taken_away():
    # Together the sizes leave each other room: a replica bears 6/s of the mix, where adding up fills it with 4.5/s.
    found = plan(
        question(per_s=12.0, options=[LARGE], classes={"short": (0.5, 100), "long": (0.5, 1000)}),
        table={("large", 100): 10.0, ("large", 1000): 3.0},
        ttft_ms=breaking(lambda _name, rates: sum(rates.values()) > 6.0 + 1e-9),
        held=("large",),
    )
    # 6 / 10 + 6 / 3 are 2.6 replicas.
    assert {"large": 3} == found.fleet.additive.counts
    assert {"large": 2} == {use.name: use.count for use in found.fleet.uses}
    assert [-1] == [use.changed for use in found.fleet.uses]


def test_a_front_needs_a_promise():
    data = asked().workload.model_copy(update={"slo": type(asked().workload.slo)()})
    with pytest.raises(InputError, match="no latency is promised"):
        plan(asked().model_copy(update={"workload": data}), front=True)


@pytest.mark.parametrize(
    ("make", "wishes", "sentence"),
    [
        (lambda: [question(per_s=1.0, options=[])], None, "has no self-hosted option"),
        (lambda: [asked(), asked()], None, "two scenarios are called 'test'"),
        (lambda: [asked()], Wishes(types=("smal",)), "did you mean 'small'"),
        (lambda: [asked()], Wishes(stock={"huge": 1}), "no self-hosted option has that name"),
        (lambda: [asked()], Wishes(month=99), "has 12 months"),
        (lambda: [question(per_s=0.0, options=[SMALL])], None, "asks for nothing"),
        (
            lambda: [
                question("a", per_s=1.0, options=[SMALL]),
                question("b", per_s=1.0, options=[rented("small", 2.0)]),
            ],
            None,
            "is not that of another scenario: price or spares",
        ),
    ],
)
def test_bad_input_is_a_sentence(make, wishes, sentence):
    with pytest.raises(InputError, match=sentence):
        plan(*make(), wishes=wishes)


def test_growth_is_covered_in_the_month_that_is_asked_for():
    data = asked()
    grown = data.model_copy(
        update={
            "workload": data.workload.model_copy(
                update={"growth_per_month_fraction": data.workload.requests_per_day.at(1.0)}
            )
        }
    )
    # Doubled: 20/s short on 4 small, 4/s long on 2 large.
    found = plan(grown, wishes=Wishes(month=2))
    assert 4 * 1.0 + 2 * 3.0 == pytest.approx(found.fleet.usd_per_hour)
    assert 24.0 == pytest.approx(sum(bucket.requests_per_s for bucket in found.question.buckets))


def test_without_step_times_nothing_is_simulated_and_that_is_said():
    tools = means(TABLE)
    blind = Means(
        capacity=tools.capacity,
        engine=lambda held: NoEngineModel(code="x", sentence=f"{held.run_id} is short of cells"),
    )
    found = plan_fleet([asked()], runs=runs("small", "large"), means=blind)
    assert found.fleet.holds is None
    assert 5.0 == pytest.approx(found.fleet.usd_per_hour)
    assert any("small is short of cells" in caution for caution in found.cautions)
    assert not math.isnan(found.fleet.usd_per_hour)


def test_a_constraint_bars_a_type_that_breaks_it():
    american, german = ({**kind, "terms": {"regions": [place]}} for kind, place in ((SMALL, "US"), (LARGE, "DE")))
    asked = question(per_s=12.0, options=[american, german], classes=TWO_SIZES, constraints={"residency": ["EU"]})
    found = plan(asked)
    assert {"large"} == {use.name for use in found.fleet.uses}
    assert any("data residency (EU) is not met" in why for why in found.question.barred.values())
