from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.cashflow import Ledger
from tco.ledgers import ledger_of
from tco.scenario import Scenario
from tco.splice import involved, served_by
from tco.workload.demand import demand
from tests.factories import API, OWN, RENT, replica, scenario

ONE_OFF = {"one_off_usd": {"set_up": 5_000.0}, "extra_usd_per_month": {"logs": 100.0}}


def question(**changes: Any) -> Scenario:
    return scenario(options=[API, {**RENT, **ONE_OFF}, {**OWN, **ONE_OFF}, *changes.pop("more", [])], **changes)


def costs(name: str, asked: Scenario) -> Ledger:
    replicas = {each: replica(asked, each) for each in ("rent", "own", "later", "both") if _has(asked, each)}
    return ledger_of(name, asked, replicas, demand(asked))


def _has(asked: Scenario, name: str) -> bool:
    return name in {option.name for option in asked.options}


def same(one: Ledger, other: Ledger) -> None:
    assert one.costs_by_time_usd == pytest.approx(other.costs_by_time_usd)
    assert float(one.left_usd) == pytest.approx(float(other.left_usd))
    assert float(one.total_usd) == pytest.approx(float(other.total_usd))


TERMS = {
    "plain": {},
    "taxed": {
        "tax_fraction": 0.25,
        "depreciation": {"schedule": "macrs-5-year"},
        "cost_escalation_per_year_fraction": 0.1,
    },
    "loan": {"tax_fraction": 0.25, "purchase": {"kind": "loan", "interest_rate_per_year": 0.06, "term_months": 9}},
    "lease": {"purchase": {"kind": "lease", "payment_per_month_fraction": 0.03, "term_months": 8}},
}


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
def test_a_start_after_0_months_is_no_delay_and_one_after_the_horizon_is_the_baseline(terms: dict[str, Any]) -> None:
    now, never = ({**OWN, **ONE_OFF, "name": "later", "starts_after_months": months} for months in (0, 12))

    same(costs("later", question(more=[now], finance=terms)), costs("own", question(finance=terms)))
    same(costs("later", question(more=[never], finance=terms)), costs("api", question(finance=terms)))


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
def test_followed_after_0_months_is_the_follower_and_after_the_horizon_the_first(terms: dict[str, Any]) -> None:
    at_once, never = (
        {**RENT, **ONE_OFF, "name": "both", "then": {"option": "own", "after_months": months}} for months in (0, 12)
    )

    same(costs("both", question(more=[at_once], finance=terms)), costs("own", question(finance=terms)))
    same(costs("both", question(more=[never], finance=terms)), costs("rent", question(finance=terms)))


@settings(max_examples=20)
@given(st.integers(1, 11), st.sampled_from(["plain", "taxed"]))
def test_running_costs_are_those_of_who_serves(months: int, terms: str) -> None:
    both = {**RENT, **ONE_OFF, "name": "both", "then": {"option": "own", "after_months": months}}
    asked = question(more=[both], finance=TERMS[terms])
    found, first, second = (costs(name, asked) for name in ("both", "rent", "own"))

    assert found.monthly_usd[:months] == pytest.approx(first.monthly_usd[:months])
    assert found.monthly_usd[months:] == pytest.approx(second.monthly_usd[months:])
    assert found.upfront_usd.nonzero()[0].tolist() == [0, months]
    assert found.investments["set_up"][[0, months]].tolist() == [5_000, 5_000]
    assert found.investments["servers"][months] == second.investments["servers"][0]


def test_servers_bought_later_are_younger_at_the_end() -> None:
    """Straight line from 100,000 to a tenth in 48 months: 6 months old, 100,000 · (1 − 0.9 · 6 / 48)."""
    later = {**OWN, "name": "later", "starts_after_months": 6}

    assert float(costs("later", question(more=[later])).residual_usd) == pytest.approx(88_750)


def test_delayed_by_hand() -> None:
    """The API bills 86,400 · 30.4375 · (100 · 1 + 50 · 3) / 1e6 = 657.45 USD a month for three months; then rent of 2 GPUs at 2 USD for 730.5 h."""
    later = {**RENT, "name": "later", "starts_after_months": 3}
    found = costs("later", question(more=[later]))

    assert found.monthly_usd[:3] == pytest.approx(657.45)
    assert found.monthly_usd[3:] == pytest.approx(costs("rent", question()).monthly_usd[3:] - 100)
    assert found.fleet is not None
    assert found.fleet.replicas[:3].tolist() == [0, 0, 0]
    assert (found.fleet.replicas[3:] > 0).all()
    assert found.fleet.utilisation_fraction == pytest.approx(costs("rent", question()).fleet.utilisation_fraction)


def test_prices_are_those_of_the_months_in_which_they_are_paid() -> None:
    rising = {**RENT, "name": "later", "price_change_per_year_fraction": 0.5, "starts_after_months": 6}
    at_once = {**rising, "name": "both", "starts_after_months": 0}
    asked = question(more=[rising, at_once])

    assert costs("later", asked).monthly_usd[6:] == pytest.approx(costs("both", asked).monthly_usd[6:])


def test_who_serves_when() -> None:
    both = {**RENT, "name": "both", "starts_after_months": 2, "then": {"option": "own", "after_months": 5}}
    asked = question(more=[both])

    assert served_by("both", asked) == [("api", range(2)), ("both", range(2, 5)), ("own", range(5, 12))]
    assert involved("both", asked) == ["both", "api", "own"]
    assert served_by("rent", asked) == [("rent", range(12))]


def test_each_option_serves_in_its_own_months_and_none_is_left_out() -> None:
    both = {**RENT, "name": "both", "starts_after_months": 2, "then": {"option": "own", "after_months": 5}}
    served = [month for _, months in served_by("both", question(more=[both])) for month in months]

    assert served == list(range(12))
    assert np.unique(served).size == 12


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"then": {"option": "nobody", "after_months": 3}},
            "followed by 'nobody', which is no option; choose one of: api, rent, own",
        ),
        ({"then": {"option": "later", "after_months": 3}}, "is another option"),
        ({"starts_after_months": 6, "then": {"option": "own", "after_months": 3}}, "the second must not be smaller"),
        ({"starts_after_months": -1}, "greater than or equal to 0"),
    ],
)
def test_a_sequence_that_cannot_be_is_refused_in_a_sentence(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        question(more=[{**RENT, "name": "later", **more}])


def test_the_baseline_cannot_start_later() -> None:
    with pytest.raises(ValueError, match="the baseline 'api' is what is paid for today"):
        scenario(options=[{**API, "starts_after_months": 3}, RENT])
