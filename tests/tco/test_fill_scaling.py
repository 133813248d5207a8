from __future__ import annotations

import math
from typing import Any

import pytest

import pricing
from probes.run import Run
from probes.setting import Engine, Model
from tco.fill_scaling import running_of
from tests.factories import OWN, RENT, run, scenario

REACTIVE = {"scaling": {"policy": "reactive"}}
SPOT = {"price": {"commitment": "spot"}}
LLAMA = "meta-llama/Meta-Llama-3.1-8B-Instruct"


def filled(option: dict[str, Any], held: Run | None = None, base: dict[str, Any] = RENT) -> dict[str, Any]:
    mine = scenario(options=[{**base, **option}], baseline=base["name"]).options[0]
    held = held or run()
    return running_of(mine, held, held.gpus_per_replica, pricing.shipped_book())


def measured(weights: str, start_s: float | None) -> Run:
    return run(engine=Engine(name="vllm", start_s=start_s), model=Model(name=LLAMA, weights=weights))


@pytest.mark.parametrize("base", [RENT, OWN])
def test_a_fleet_that_just_stands_makes_no_assumptions(base: dict[str, Any]) -> None:
    assert filled({}, base=base) == {}


def test_a_measured_start_counts_and_the_machine_is_added() -> None:
    """90 s of the run's own engine with real weights, and four minutes (1 to 7) for machine and container."""
    start = filled(REACTIVE, measured("real", 90.0))["scaling"].start_up_minutes

    assert (5.5, 2.5, 8.5) == pytest.approx((start.value, start.low, start.high))
    assert "engine 1.5 min (measured by the run)" in start.note


def test_dummy_weights_have_yet_to_be_fetched() -> None:
    """8.03 G parameters of two bytes at 1 Gbit/s: 128.5 s."""
    start = filled({**REACTIVE, "model": "from-run"}, measured("dummy", 90.0))["scaling"].start_up_minutes

    assert start.value == pytest.approx(4 + (90 + 8.030261248e9 * 2 / 125e6) / 60, abs=0.01)


def test_an_unmeasured_start_has_a_wide_range() -> None:
    start = filled({**REACTIVE, "model": "unknown-model"})["scaling"].start_up_minutes

    assert (6.0, 2.0, 11.0, "expert") == (start.value, start.low, start.high, start.evidence)


@pytest.mark.parametrize(("start", "expected"), [(1.0, 5.0), (7.0, 14.0), (50.0, 60.0)])
def test_the_cool_down_is_twice_the_start_within_what_kubernetes_does(start: float, expected: float) -> None:
    found = filled({"scaling": {"policy": "reactive", "start_up_minutes": start}})["scaling"]

    assert (start, expected) == (found.start_up_minutes.value, found.cool_down_minutes.value)


def test_a_schedule_needs_no_cool_down() -> None:
    assert filled({"scaling": {"policy": "scheduled"}})["scaling"].cool_down_minutes is None


def test_spot_machines_are_taken_back_on_an_assumption_that_is_shown() -> None:
    failures = filled(SPOT)["failures"]
    often, restart = failures.interruptions_per_hour, failures.restart_minutes

    assert (0.005, 7.1e-5, 0.31, "literature") == (often.value, often.low, often.high, often.evidence)
    assert "spot-traces" in often.source
    assert restart.high > restart.value >= restart.low > 0


def test_what_is_given_is_kept() -> None:
    given = {"interruptions_per_hour": 0.2, "restart_minutes": 3}
    failures = filled({**SPOT, "failures": given})["failures"]

    assert (0.2, 3.0) == (failures.interruptions_per_hour.value, failures.restart_minutes.value)


def test_how_often_spot_machines_go_is_what_was_seen_and_its_logarithmic_middle() -> None:
    """5 % of machines in thirty days; 44 times in 140.67 machine-hours."""
    assert -math.log(1 - 0.05) / 720 == pytest.approx(7.1e-5, rel=0.01)
    assert 44 / 140.67 == pytest.approx(0.31, rel=0.01)
    assert math.sqrt(7.1e-5 * 0.31) == pytest.approx(0.005, rel=0.1)


def test_upgrades_need_a_start_too() -> None:
    assert filled({"upgrades": {"upgrades_per_month": 1}})["scaling"].start_up_minutes.value > 0
