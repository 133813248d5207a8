"""The curve by hand: a replica carries 1.6 requests/s, 138,240 a day; at 1.2 USD an hour it costs 1.389 USD/Mtok when full; the API 5/3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tco
from tco.compare import Prepared, prepare
from tco.errors import InputError
from tco.load_curve import LoadCurve, load_curve
from tests.factories import API, OWN, RENT, run, scenario

FULL = 1.6 * 86_400
API_USD = 250 / 150
ALWAYS = {"replica_availability_fraction": 0.999999, "availability_target_fraction": 0.5}


def asked(base: dict[str, Any] = RENT, **option: Any) -> Prepared:
    changes = {"price_usd_per_hour": 1.2} if base is RENT else {}
    return prepare(scenario(options=[API, {**base, **ALWAYS, **changes, **option}]), {"test-run": run()})


def curve(**named: Any) -> LoadCurve:
    return load_curve(asked(), "rent", **named)


def test_a_full_fleet_and_its_step_are_found() -> None:
    found = curve()

    assert found.full_load_requests_per_day == pytest.approx(FULL, rel=2e-6)
    (step,) = found.steps
    assert (step.before.replicas, step.after.replicas) == (1, 2)
    assert step.requests_per_day == pytest.approx(FULL, rel=2e-6)
    assert step.before.usd_per_mtok == pytest.approx(1.2 / (1.6 * 3600 * 150 / 1e6), rel=1e-5)
    assert step.after.usd_per_mtok == pytest.approx(2 * step.before.usd_per_mtok, rel=1e-5)
    assert step.before.utilisation_fraction == pytest.approx(1.0, rel=1e-5)


def test_the_api_is_crossed_up_and_down_with_every_replica() -> None:
    """At five sixths of the replicas' load both cost the same; the second replica takes the lead away again."""
    found = curve()

    assert [each.becomes for each in found.crossings] == ["cheaper", "dearer", "cheaper"]
    assert [each.at_step for each in found.crossings] == [False, True, False]
    assert [each.requests_per_day for each in found.crossings] == pytest.approx(
        [FULL * 5 / 6, FULL, 2 * FULL * 5 / 6], rel=3e-6
    )
    assert found.crossings[0].usd_per_mtok == pytest.approx(API_USD, rel=1e-5)


def test_between_steps_it_is_a_hyperbola() -> None:
    points = [point for point in curve().points if point.replicas == 1]
    products = [point.usd_per_mtok * point.requests_per_day for point in points]

    assert len(points) > 40
    assert products == pytest.approx([products[0]] * len(products))
    assert [point.baseline_usd_per_mtok for point in points] == pytest.approx([API_USD] * len(points))


def test_a_point_is_what_a_plan_answers_at_that_volume() -> None:
    point = curve().points[17]
    question = scenario(
        options=[API, {**RENT, **ALWAYS, "price_usd_per_hour": 1.2}], workload__requests_per_day=point.requests_per_day
    )
    rent = tco.evaluate(question, {"test-run": run()}, searches=False).option("rent")

    assert (point.usd_per_mtok, point.usd_per_request) == (rent.usd_per_mtok, rent.usd_per_request)


def test_loads_are_those_of_todays_fleet_from_a_hundredth_to_twice() -> None:
    found = curve()

    assert found.points[0].load_fraction == pytest.approx(0.01)
    assert found.points[-1].load_fraction == pytest.approx(2.0)
    assert found.now.load_fraction == pytest.approx(86_400 / FULL, rel=2e-6)
    assert np.all(np.diff([point.requests_per_day for point in found.points]) > 0)


def test_the_ends_can_be_given_and_steps_follow() -> None:
    found = curve(least=FULL / 2, most=4.5 * FULL)

    assert [step.after.replicas for step in found.steps] == [2, 3, 4, 5]
    assert found.steps_passed == 4


def test_very_many_steps_are_counted_not_named() -> None:
    found = curve(most=200 * FULL)

    assert found.steps == ()
    assert found.steps_passed == 199


def test_servers_come_in_steps_of_their_own() -> None:
    found = load_curve(asked(OWN), "own", most=20 * FULL)
    servers = [step for step in found.steps if step.after.servers > step.before.servers]

    assert [step.after.servers for step in servers] == [2, 3]
    assert [step.requests_per_day for step in servers] == pytest.approx([8 * FULL, 16 * FULL], rel=3e-6)


def test_an_api_has_no_steps_and_takes_todays_volume_as_measure() -> None:
    found = load_curve(prepare(scenario(baseline="rent"), {"test-run": run()}), "api")

    assert (found.full_load_requests_per_day, found.steps, found.now.load_fraction) == (None, (), 1.0)


@pytest.mark.parametrize(
    ("named", "changes", "sentence"),
    [
        ({"option": "nobody"}, {}, "no such option; the scenario has: api, rent"),
        ({"least": 10.0, "most": 5.0}, {}, "must be above 0 and smaller"),
        ({"least": -1.0}, {}, "must be above 0"),
        ({"most": float("inf")}, {}, "must be above 0"),
        ({}, {"workload__requests_per_day": 0}, "no load to start from"),
        ({}, {"workload__slo": {"ttft_p95_ms": 1.0}}, "cannot serve any of these loads"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(
    named: dict[str, Any], changes: dict[str, Any], sentence: str
) -> None:
    prepared = prepare(scenario(**changes), {"test-run": run()})

    with pytest.raises(InputError, match=sentence):
        load_curve(prepared, named.pop("option", "rent"), **named)
