from __future__ import annotations

import numpy as np
import pytest

from tco.workload.demand import demand
from tco.workload_charts import growth_chart, growth_frame, length_frame, waiting_frame, week_chart, week_frame
from tests.factories import scenario


def test_the_week_adds_up_to_a_week_of_requests():
    question = scenario(workload__profile="office-hours", workload__growth_per_month_fraction=0.1)

    assert 7 * 86_400 == pytest.approx(3600 * week_frame(question.workload)["requests_per_s"].sum())
    assert 7 * 86_400 * 1.21 == pytest.approx(3600 * week_frame(question.workload, 2)["requests_per_s"].sum())


def test_the_busiest_hour_of_an_office_week_is_on_a_weekday():
    frame = week_frame(scenario(workload__profile="office-hours").workload)
    busiest = frame.loc[frame["requests_per_s"].idxmax()]

    assert "Mon" == busiest["day"]
    assert 8 == busiest["hour"]


def test_the_months_grow_by_the_scenarios_growth():
    frame = growth_frame(demand(scenario(workload__growth_per_month_fraction=0.1)))

    assert list(range(1, 13)) == frame["month"].tolist()
    np.testing.assert_allclose(frame["requests_per_day"], 86_400 * 1.1 ** np.arange(12))


def test_lengths_are_those_of_a_log_normal_distribution_with_the_given_mean():
    workload = scenario(workload__lengths={"kind": "lognormal", "spread_fraction": 0.8}).workload
    frame = length_frame(workload)
    prompts = frame[frame["of"] == "prompts"]
    steps = np.gradient(np.log(prompts["tokens"]))

    assert 1.0 == pytest.approx((prompts["density"] * steps).sum(), abs=0.01)
    # The mean of the lengths under that density is the workload's own: 100 tokens.
    assert 100.0 == pytest.approx((prompts["tokens"] * prompts["density"] * steps).sum(), rel=0.02)


def test_lengths_that_do_not_vary_have_no_picture():
    assert length_frame(scenario().workload).empty


def test_what_can_wait_is_served_later_and_nothing_is_lost():
    question = scenario(workload__profile="office-hours", workload__batchable_fraction=0.5)
    frame = waiting_frame(question.workload, demand(question))
    sums = frame.groupby("of")["requests_per_s"].agg(["sum", "max"])

    assert sums.loc["comes", "sum"] == pytest.approx(sums.loc["is served", "sum"])
    assert sums.loc["is served", "max"] < sums.loc["comes", "max"]


def test_a_workload_without_requests_can_be_drawn():
    assert week_chart(scenario(workload__requests_per_day=0.0).workload).to_dict()


def test_the_months_of_a_workload_without_requests_have_an_axis_with_numbers():
    (drawn,) = growth_chart(demand(scenario(workload__requests_per_day=0.0, horizon_months=1))).to_dict()["layer"]

    assert {"domain": [0, 1]} == drawn["encoding"]["y"]["scale"]
    # Of one month there is no line.
    assert drawn["mark"]["point"] is True
