from __future__ import annotations

import pytest

import tco.what_if.waterfall as module
from tco import InputError
from tco.what_if import difference
from tests.factories import API, OWN, RENT, run, scenario

SLOW = ((1, 0.2, 100.0), (2, 0.3, 150.0))
"""A curve that needs more replicas than that of the factories."""


@pytest.fixture(autouse=True)
def _the_run_is_held(monkeypatch):
    monkeypatch.setattr(module, "find_run", lambda _reference, _folder: run())


def test_the_waterfall_leads_from_one_npv_to_the_other():
    second = scenario(workload__requests_per_day=172_800.0, options=[dict(API), RENT | {"price_usd_per_hour": 0.5}])
    found = difference(scenario(), second)

    # $657.45 a month at the API for each request/s; one replica of $1,461, and three from 1.6 requests/s on.
    first_usd, between_usd, second_usd = 12 * (657.45 - 1461), 12 * (1314.9 - 4383), 12 * (1314.9 - 1095.75)
    assert ("rent", "api", "rent", True) == (
        found.option,
        found.recommended_first,
        found.recommended_second,
        found.flips,
    )
    assert (first_usd, second_usd) == (pytest.approx(found.npv_first_usd), pytest.approx(found.npv_second_usd))
    volume, price = found.steps
    assert (("workload.requests_per_day",), (86_400.0,), (172_800.0,)) == (volume.paths, volume.before, volume.after)
    assert ("options.rent.price_usd_per_hour",) == price.paths
    assert (between_usd - first_usd, second_usd - between_usd) == (
        pytest.approx(volume.change_usd),
        pytest.approx(price.change_usd),
    )
    assert found.npv_second_usd - found.npv_first_usd == pytest.approx(volume.change_usd + price.change_usd)


def test_equal_questions_have_no_steps_whatever_they_are_called():
    found = difference(scenario(), scenario(name="another", question="And this?"))

    assert () == found.steps
    assert not found.flips


def test_a_range_or_a_source_moves_no_npv_and_is_no_step():
    named = RENT | {
        "price_usd_per_hour": {"value": 2.0, "low": 1.0, "high": 3.0, "evidence": "contract", "source": "ours"}
    }

    assert () == difference(scenario(), scenario(options=[dict(API), named])).steps


def test_an_option_that_comes_and_one_that_goes_are_one_step_each():
    first, second = (
        scenario(options=[dict(API), dict(RENT), OWN]),
        scenario(options=[dict(API), dict(RENT), OWN | {"name": "ours"}]),
    )
    found = difference(first, second, "rent")

    came, gone = found.steps
    assert {"options.ours"} == {".".join(path.split(".")[:2]) for path in came.paths}
    assert ("options.own.name",) == gone.paths
    assert [0.0, 0.0] == [came.change_usd, gone.change_usd]


def test_differences_that_are_only_valid_together_are_one_step():
    today = RENT | {"name": "today"}
    found = difference(
        scenario(options=[dict(API), dict(RENT)]), scenario(baseline="today", options=[today, dict(RENT)]), "rent"
    )

    assert "baseline" == found.steps[0].paths[0]
    assert len(found.steps[0].paths) > 1
    assert 0.0 == pytest.approx(found.npv_second_usd)


def test_where_an_end_cannot_serve_there_is_no_npv_and_no_change():
    found = difference(scenario(), scenario(workload__slo={"ttft_p95_ms": 1.0}))

    (step,) = found.steps
    assert (None, None, None) == (step.npv_usd, step.change_usd, found.npv_second_usd)


@pytest.mark.parametrize(
    ("second", "option", "words"),
    [
        ({}, "nobody", "the first scenario has no such option; it has: api, rent"),
        ({"options": [dict(API), OWN]}, "rent", "the second scenario has no such option; it has: api, own"),
        ({"options": [dict(API), OWN]}, None, "no option in common"),
    ],
)
def test_options_that_cannot_be_compared_are_a_sentence(second, option, words):
    with pytest.raises(InputError) as refused:
        difference(scenario(), scenario(**second), option)
    assert words in str(refused.value)


def test_runs_that_the_caller_holds_are_not_looked_for(monkeypatch):
    def nowhere(_reference, _folder):
        raise InputError("no such file")

    monkeypatch.setattr(module, "find_run", nowhere)
    slower = run(SLOW, run_id="slower")
    own_runs = {RENT["run"]: run(), "slower.json": slower}
    second = scenario(options=[dict(API), RENT | {"run": "slower.json"}])
    found = difference(scenario(), second, own_runs=own_runs)

    assert ("options.rent.run",) == found.steps[0].paths
    assert found.npv_second_usd < found.npv_first_usd
    with pytest.raises(InputError, match="no such file"):
        difference(scenario(), second)


def test_two_runs_that_claim_one_id_are_told_apart():
    own_runs = {RENT["run"]: run(), "slower.json": run(SLOW)}
    second = scenario(options=[dict(API), RENT | {"run": "slower.json"}])
    found = difference(scenario(), second, own_runs=own_runs)

    assert found.npv_second_usd < found.npv_first_usd
