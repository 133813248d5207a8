from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.fleet import size_fleet
from tco.capacity.fleet_hours import replicas_by_hour
from tco.workload.demand import demand
from tests.factories import API, RENT, replica, scenario


def asked(scaling: dict, **changes):
    option = {**RENT, "scaling": scaling, "price_usd_per_hour": 2.0}
    question = scenario(
        options=[dict(API), option],
        workload__profile="office-hours",
        workload__requests_per_day=1_000_000.0,
        workload__growth_per_month_fraction=0.03,
        **changes,
    )
    return question, question.option("rent"), replica(question, "rent")


@pytest.mark.parametrize(
    "scaling",
    [
        {},
        {"policy": "scheduled", "start_up_minutes": 20},
        {"policy": "reactive", "start_up_minutes": 10, "cool_down_minutes": 45},
    ],
)
def test_the_hours_add_up_to_what_is_paid_for(scaling):
    question, option, what = asked(scaling)
    traffic = demand(question)
    fleet = size_fleet(option, what, question.workload, traffic)

    hours = replicas_by_hour(option, what.gpus, question.workload, traffic, fleet.goodput_requests_per_s)

    assert (12, 168) == hours.shape
    np.testing.assert_allclose(hours.mean(axis=1), fleet.paid_replicas)
    np.testing.assert_allclose(hours.max(axis=1), fleet.replicas)


def test_a_night_of_a_fleet_that_follows_the_load_has_fewer():
    question, option, what = asked({"policy": "scheduled", "start_up_minutes": 0})
    hours = replicas_by_hour(option, what.gpus, question.workload, demand(question), 1.8)

    # Office hours: Monday noon stands at the peak, Sunday midnight at a tenth of it.
    assert hours[0, 12] > 5 * hours[0, 6 * 24]
