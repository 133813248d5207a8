from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.engine_model import NoEngineModel
from tco.errors import InputError
from tco.scenario import Scenario
from tco.simulation.question import asked_option
from tests.factories import API, OWN, RENT, run, scenario, scenario_data
from tests.tco.simulation.asking import ENGINE, asked, with_rent

BY_HOUR = {"policy": "scheduled", "min_replicas": 1, "start_up_minutes": 5}


def test_the_only_self_hosted_option_needs_no_name(monkeypatch):
    found = asked(monkeypatch, name=None)

    assert ("rent", ENGINE) == (found.option.name, found.engine)
    assert [(100.0, 50.0, (("ttft_p95_ms", 250.0),))] == [
        (kind.input_tokens, kind.output_tokens, kind.limits_ms) for kind in found.classes
    ]


@pytest.mark.parametrize(
    ("options", "name", "sentence"),
    [
        ([API, RENT, OWN], None, "several self-hosted options; choose one with --option: rent, own"),
        ([API, RENT, OWN], "nobody", "'nobody' is not in the scenario; self-hosted are: rent, own"),
        (
            [API, RENT, OWN],
            "api",
            "'api' is paid per token and has no replicas to simulate; self-hosted are: rent, own",
        ),
        ([API], None, "no self-hosted option"),
    ],
)
def test_a_wrong_option_is_told_with_the_right_names(options, name, sentence):
    with pytest.raises(InputError, match=sentence):
        asked_option(Scenario.model_validate(scenario_data() | {"options": options}), name)


def test_an_option_without_step_times_says_why_with_a_code(monkeypatch):
    why = NoEngineModel(code="two_cells", sentence="two load points identify nothing: probe more")
    monkeypatch.setattr("tco.simulation.question.fitted_engine", lambda _: why)

    with pytest.raises(InputError, match=r"'rent' cannot be simulated \(two_cells\): two load points identify nothing"):
        asked_option(scenario(), None, {"test-run": run()})


def test_a_throughput_factor_of_a_half_doubles_every_time(monkeypatch):
    found = asked(monkeypatch, with_rent(throughput_factor=0.5))

    assert (0.02, 2e-4) == (found.engine.step_time.intercept_s, found.engine.step_time.per_sequence_s)
    # 0.8 of 1.6 requests/s a replica: one a second needs two.
    assert found.fleet.goodput_requests_per_s == pytest.approx(0.8)
    assert found.fleet.replicas[0] >= 2


def test_a_fixed_fleet_stands_for_its_busiest_hour_in_every_hour(monkeypatch):
    found = asked(monkeypatch, scenario(workload__profile="office-hours"))
    rates, replicas = found.hours

    # One a second on average; the busiest hours have 2.55 times as much, and 1.6 a replica make two of them. Spares: 0.99 of the time enough, each answering 0.99.
    assert rates.max() == found.peak_requests_per_s == pytest.approx(2.5532, rel=1e-4)
    assert rates.mean() == pytest.approx(1.0)
    assert {int(found.fleet.replicas[0])} == set(replicas.tolist()) == {3}
    assert found.spares == 1


def test_a_scheduled_fleet_stands_for_each_hour(monkeypatch):
    question = with_rent(scaling=BY_HOUR)
    question = question.model_copy(
        update={"workload": question.workload.model_copy(update={"profile": "office-hours"})}
    )
    rates, replicas = asked(monkeypatch, question).hours

    # 0.255 and 1.277 requests/s fit one replica, which alone answers 0.99 of the time: enough for the target. 2.553 need two and a spare.
    assert {(0.255, 1), (1.277, 1), (2.553, 3)} == set(zip(rates.round(3).tolist(), replicas.tolist(), strict=True))
    assert (108, 10, 50) == tuple(np.isclose(rates, rate, atol=1e-3).sum() for rate in (0.2553, 1.2766, 2.5532))


def test_servers_of_ones_own_stand_in_every_hour_whatever_the_policy(monkeypatch):
    own = OWN | {"scaling": BY_HOUR}
    question = Scenario.model_validate(scenario_data(workload__profile="office-hours") | {"options": [API, own]})

    assert {3} == set(asked(monkeypatch, question, "own").hours[1].tolist())


def test_a_plan_without_replicas_says_why_and_what_to_give(monkeypatch):
    question = scenario(workload__slo={"ttft_p95_ms": 1.0})

    with pytest.raises(InputError, match=r"the plan has no replicas for it: .* Give --replicas and --requests-per-s"):
        _ = asked(monkeypatch, question).fleet


def test_a_plan_without_requests_says_so(monkeypatch):
    with pytest.raises(InputError, match="the first month has no requests"):
        _ = asked(monkeypatch, scenario(workload__requests_per_day=0)).fleet
