from __future__ import annotations

import math

import pytest

from tco import InputError
from tco.compare import compare
from tco.what_if import Condition, parse_condition
from tests.tco.what_if.asked import prepared


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("payback_months<=12", Condition("payback_months", "<=", 12.0)),
        (" npv_usd > -1e3 ", Condition("npv_usd", ">", -1000.0)),
        ("utilisation_fraction>=0.5", Condition("utilisation_fraction", ">=", 0.5)),
    ],
)
def test_a_condition_is_a_figure_a_sign_and_a_number(text, condition):
    assert (condition, None) == parse_condition(text, ["api"])


def test_a_recommendation_names_its_option():
    condition, option = parse_condition("recommended=my GPU", ["api", "my GPU"])

    assert "my GPU" == option
    assert "recommended=my GPU" == condition.text("my GPU")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("payback", "write FIGURE<=NUMBER"),
        ("pay_back_months<=12", "did you mean payback_months?"),
        ("zzz<=12", "there are: payback_months"),
        ("payback_months<=soon", "'soon' is not a number"),
        ("npv_usd>=nan", "'nan' is not a number"),
        ("npv_usd>=inf", "'inf' is not a number"),
        ("npv_usd=0", "write npv_usd<=0 or npv_usd>=0"),
        ("recommended=nobody", "with one of: api, rent"),
        ("recommended>=rent", "with one of: api, rent"),
    ],
)
def test_what_is_no_condition_is_refused_with_what_is(text, words):
    with pytest.raises(InputError) as refused:
        parse_condition(text, ["api", "rent"])
    assert words in str(refused.value)


def test_never_is_longer_than_any_payback():
    held = prepared()
    found = compare(held, held.scenario)
    soon, ever = Condition("payback_months", "<=", 1e9), Condition("payback_months", ">", 0.0)

    assert math.inf == soon.figure(found, "rent")
    assert (False, True) == (soon.holds(found, "rent"), ever.holds(found, "rent"))


def test_an_option_that_cannot_serve_fulfils_nothing():
    held = prepared(workload__slo={"ttft_p95_ms": 1.0})
    found = compare(held, held.scenario)

    for condition in (Condition("total_usd", ">=", -1e9), Condition("total_usd", "<", 1e9)):
        assert condition.figure(found, "rent") is None
        assert not condition.holds(found, "rent")


def test_a_figure_of_capacity_is_none_where_there_is_no_fleet():
    held = prepared()
    found = compare(held, held.scenario)

    assert 1.0 == Condition("replicas", "<=", 1.0).figure(found, "rent")
    assert not Condition("replicas", "<=", 1.0).holds(found, "api")
