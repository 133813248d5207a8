from __future__ import annotations

import math

import pytest

from tco import InputError
from tco.compare import compare
from tco.register import with_value
from tco.what_if import Condition, flips, solve_for, solved_sentence
from tests.factories import API, RENT
from tests.tco.what_if.asked import PRICE, VOLUME, prepared

WORTH_IT = Condition("npv_usd", ">", 0.0)


def test_a_rent_is_worth_it_up_to_what_the_api_costs():
    found = solve_for(prepared(), PRICE, WORTH_IT, "rent")

    # 2,629,800 requests of $0.00025 a month, over 730.5 hours of one replica.
    (stretch,) = found.stretches
    assert (0.0, True, False) == (stretch.low, stretch.is_open_low, stretch.is_open_high)
    assert stretch.high == pytest.approx(0.9, rel=2e-6)
    assert (2.0, False) == (found.now, found.holds_now)
    assert -9642.6 == pytest.approx(found.figure_now)
    assert stretch.high == found.nearest
    assert (
        "NPV above zero holds where Rent of rent is 0.9 USD/hour or less (now 2 USD/hour; that is 55.0% less)."
        == solved_sentence(found)
    )


def test_a_price_of_today_must_rise_to_where_both_cost_the_same():
    found = solve_for(prepared(), "options.api.output_usd_per_mtok", WORTH_IT, "rent")

    # 2,629,800 · (100 · 1 + 50 · p) / 1e6 = 1,461
    assert found.nearest == pytest.approx((1461 / 2.6298 - 100) / 50, rel=2e-6)
    assert "or more (now 3 USD/Mtok; that is 3.04 times as much)" in solved_sentence(found)


def test_what_holds_now_holds_as_long_as_the_input_stays_where_it_is():
    found = solve_for(_cheap(), PRICE, WORTH_IT, "rent")

    assert found.holds_now
    assert (
        "NPV above zero holds as long as Rent of rent stays at 0.9 USD/hour or below (now 0.5 USD/hour; that is 80.0% more)."
        == (solved_sentence(found))
    )


def test_what_no_value_makes_true_cannot_be_reached_and_the_closest_is_told():
    found = solve_for(prepared(), VOLUME, WORTH_IT, "rent")

    # A full replica carries 1.6 requests/s for $1,461, which cost $1,052 at the API.
    assert () == found.stretches
    assert (None, math.inf) == (found.nearest, found.distance)
    assert found.closest is not None
    assert "NPV above zero cannot be reached: Traffic was tried from" in solved_sentence(found)


def test_the_recommendation_flips_where_the_saving_begins():
    found = solve_for(prepared(), PRICE, Condition("recommended", "=", math.inf), "rent")

    assert found.nearest == pytest.approx(0.9, rel=2e-6)
    assert found.figure_now is None


def test_an_input_that_does_not_matter_says_so():
    found = solve_for(_cheap(), "options.rent.availability_target_fraction", Condition("capex_usd", "<=", 0.0), "rent")

    assert found.nearest is None
    assert "holds whatever Availability target of rent is" in solved_sentence(found)


def test_each_stretch_holds_when_it_is_asked_directly():
    held = prepared()
    condition = Condition("utilisation_fraction", ">=", 0.6)
    found = solve_for(held, VOLUME, condition, "rent", least=10_000, most=1e6)

    # The fleet grows in whole replicas, so that it is well used again and again.
    assert len(found.stretches) > 2
    for each in found.stretches:
        for volume in (each.low, each.high):
            assert condition.holds(compare(held, with_value(held.scenario, VOLUME, volume)), "rent")


def test_every_input_is_asked_and_the_nearest_comes_first():
    found = flips(prepared(), WORTH_IT, "rent")
    turning = [solved for solved in found if solved.nearest is not None]

    assert [solved.distance for solved in found] == sorted(solved.distance for solved in found)
    assert {PRICE, "options.api.output_usd_per_mtok", "options.api.tokenizer_factor"} <= {each.path for each in turning}
    by_path = {solved.path: solved for solved in found}
    assert by_path[PRICE].nearest == pytest.approx(0.9, rel=2e-3)
    assert by_path["options.api.tokenizer_factor"].nearest == pytest.approx(1461 / 657.45, rel=2e-3)


@pytest.mark.parametrize(
    ("path", "ends", "words"),
    [
        ("workload.request_per_day", {}, "near names: workload.requests_per_day"),
        ("nothing like it", {}, "see the assumptions"),
        (PRICE, {"least": 3.0, "most": 1.0}, "the first must be smaller"),
        (PRICE, {"least": -1.0}, "cannot be -1: -1 is outside 0 or more"),
        ("options.rent.availability_target_fraction", {"most": 1.0}, "outside 0.5 to 0.999999"),
    ],
)
def test_bad_input_is_a_sentence(path, ends, words):
    with pytest.raises(InputError) as refused:
        solve_for(prepared(), path, WORTH_IT, "rent", **ends)
    assert words in str(refused.value)


def _cheap():
    return prepared(options=[dict(API), RENT | {"price_usd_per_hour": 0.5}])


def test_a_range_that_history_gives_another_input_does_not_forbid_this_one():
    """Of rents over one month it spans more than doubling within a year, which a person may not write."""
    moving = {name: value for name, value in RENT.items() if name != "price_change_per_year_fraction"}
    asked = prepared(options=[dict(API), moving], horizon_months=1)

    assert asked.scenario.option("rent").price_change_per_year_fraction.high > 1
    assert solve_for(asked, PRICE, WORTH_IT, "rent").nearest == pytest.approx(0.9, rel=1e-4)
