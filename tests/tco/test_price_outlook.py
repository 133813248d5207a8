from __future__ import annotations

from datetime import date

import pytest

import pricing
from pricing import shipped_book
from tco.price_outlook import price_change, token_prices_of
from tco.quantity import Quantity
from tco.scenario import Scenario
from tests.factories import API, RENT, run, scenario
from tests.tco.test_fill import filled, without

BOOK = shipped_book()


def question(**changes: object) -> Scenario:
    return scenario(**{"horizon_months": 36, **changes})


def test_an_announced_price_counts_where_it_holds_for_most_of_the_horizon() -> None:
    """gemini-4-argon costs 2 and 10 USD/Mtok; 4 and 20 are announced for 1 December 2026."""
    found = token_prices_of("google/gemini-4-argon", question(), BOOK)

    assert (4.0, 20.0) == (found.input.amount, found.output.amount)
    assert found.input.note.startswith("announced for 2026-12-01; until then 2 in, 10 out")


def test_a_plan_dated_into_the_past_does_not_know_what_came() -> None:
    """mistral-large-4 went from 1.36 and 4.18 to 0.70 and 2.10 on 29 October 2026."""
    found = token_prices_of("mistral/mistral-large-4", question(as_of="2026-10-25"), BOOK)

    assert (1.36, 4.18) == (found.input.amount, found.output.amount)


def test_a_price_without_an_announcement_is_that_of_the_day() -> None:
    assert pricing.token_prices("openai/gpt-6.1-sol", date(2026, 11, 23)) == token_prices_of(
        "openai/gpt-6.1-sol", question(), BOOK
    )


def test_a_listed_price_moves_as_such_prices_did_over_the_same_horizon() -> None:
    change = price_change("same-model", Quantity(value=1.0, evidence="listed"), question(), BOOK)
    path = pricing.price_path("same-model", 36, as_of=date(2026, 11, 23))

    # The yearly rate whose third power is the path's factor after three years.
    assert (1 + change.value) ** 3 == pytest.approx(path.typical_factor, rel=1e-3)
    assert (1 + change.low) ** 3 == pytest.approx(path.low_factor, rel=1e-3)
    assert (1 + change.high) ** 3 == pytest.approx(path.high_factor, rel=1e-3)
    assert (change.evidence, change.source) == ("literature", path.source)


@pytest.mark.parametrize("evidence", ["contract", "invoice"])
def test_an_agreed_price_is_held(evidence: str) -> None:
    change = price_change("same-model", Quantity(value=1.0, evidence=evidence), question(), BOOK)

    assert (0.0, None) == (change.value, change.bounds)
    assert "agreed" in change.note


def test_history_that_is_too_short_gives_no_range() -> None:
    change = price_change("gpu-rent", Quantity(value=1.0), question(as_of="2020-01-01"), BOOK)

    assert (0.0, None) == (change.value, change.bounds)
    assert "too little history before 2020-01-01" in change.note


def test_rents_move_by_the_history_of_rents_and_committed_ones_are_held() -> None:
    open_rent = without(RENT, "price_change_per_year_fraction")
    book = filled(without(open_rent, "price_usd_per_hour")).price_change_per_year_fraction
    committed = filled({**without(open_rent, "price_usd_per_hour"), "price": {"commitment": "reserved-1y"}})

    assert pricing.price_path("gpu-rent", 12, as_of=date(2026, 11, 23)).yearly_change().high == book.high
    assert committed.price_change_per_year_fraction.bounds is None
    assert (
        committed.price_usd_per_hour.value < filled(without(open_rent, "price_usd_per_hour")).price_usd_per_hour.value
    )


def test_a_machine_without_gpu_has_no_history_of_rents() -> None:
    machine = {**without(RENT, "price_change_per_year_fraction"), "price_usd_per_hour": 1.0}

    assert filled(machine, run(gpu=None)).price_change_per_year_fraction.bounds is None


def test_a_change_that_the_scenario_gives_is_kept() -> None:
    assert (
        -0.2
        == filled({**API, "name": "x", "price_change_per_year_fraction": -0.2}).price_change_per_year_fraction.value
    )
