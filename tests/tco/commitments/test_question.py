from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.commitments import Wishes, commitment_question
from tco.errors import InputError
from tco.scenario import Scenario
from tests.factories import API, OWN, RENT, run, scenario

RUNS = {"test-run": run()}


def asked(rent: dict[str, Any] | None = None, wishes: Wishes | None = None, **changes: Any) -> Any:
    part = {**RENT, **(rent or {})}
    return commitment_question(scenario(options=[dict(API), part], **changes), wishes or Wishes(), RUNS)


def from_book(**changes: Any) -> dict[str, Any]:
    part = {
        name: value
        for name, value in RENT.items()
        if name not in {"price_usd_per_hour", "price_change_per_year_fraction"}
    }
    return part | changes


def of_book(*, wishes: Wishes | None = None, **changes: Any) -> Any:
    question = scenario(options=[dict(API), from_book(**changes)])
    return commitment_question(question, wishes or Wishes(), RUNS)


def test_every_hour_needs_its_replicas_and_spares() -> None:
    """Ten requests/s on average, half of the hours at 5 and half at 15, 1.6 a replica: 4 and 10, one spare for 0.999 each, and one more from some number on."""
    found = asked(
        {"availability_target_fraction": 0.9999, "replica_availability_fraction": 0.999},
        workload__requests_per_day=864_000.0,
        workload__profile=[0.5, 1.5] * 84,
    )

    # P(4 of 5) = 1 - 9.98e-6, P(10 of 11) = 1 - 5.5e-5
    assert found.needed.shape == (12, 168)
    assert found.needed[0, :2].tolist() == [5, 11]
    assert set(found.needed.ravel().tolist()) == {5, 11}


def test_prices_of_all_tiers_come_from_the_book_with_their_source() -> None:
    found = of_book()

    assert list(found.prices) == ["reserved-3y", "reserved-1y", "on-demand", "spot"]
    assert found.prices["reserved-3y"].usd_per_hour < found.prices["reserved-1y"].usd_per_hour
    assert found.prices["reserved-1y"].usd_per_hour < found.prices["on-demand"].usd_per_hour
    assert all(price.source for price in found.prices.values())
    assert 0.9 < found.prices["spot"].available_fraction < 1


def test_an_own_price_moves_the_books_tiers_with_it_and_a_given_tier_is_taken_as_it_is() -> None:
    book = of_book().prices
    found = asked({"price_usd_per_hour": 2.0}, Wishes(prices_usd_per_hour={"reserved-1y": 1.11})).prices

    assert found["on-demand"].usd_per_hour == 2.0
    assert found["reserved-1y"].usd_per_hour == 1.11
    ratio = book["reserved-3y"].usd_per_hour / book["on-demand"].usd_per_hour
    assert found["reserved-3y"].usd_per_hour == pytest.approx(2.0 * ratio)


def test_no_share_of_spot_leaves_spot_out() -> None:
    assert "spot" not in of_book(wishes=Wishes(spot_share_fraction=0.0)).prices


def test_a_reserved_option_asks_for_the_same_hours_as_one_on_demand() -> None:
    hourly, yearly = of_book(), of_book(price={"commitment": "reserved-1y"})

    assert np.array_equal(hourly.needed, yearly.needed)
    assert {tier: price.usd_per_hour for tier, price in hourly.prices.items()} == {
        tier: price.usd_per_hour for tier, price in yearly.prices.items()
    }


@pytest.mark.parametrize(
    ("question", "wishes", "says"),
    [
        (scenario(options=[dict(API), dict(OWN)]), Wishes(), "rents nothing"),
        (
            scenario(options=[dict(API), dict(RENT), {**RENT, "name": "more"}]),
            Wishes(),
            "name one with --option: rent, more",
        ),
        (scenario(), Wishes(option="api"), "no rented option has that name; there are: rent"),
        (scenario(), Wishes(spot_share_fraction=1.5), "outside 0 to 1"),
        (scenario(), Wishes(prices_usd_per_hour={"weekly": 1.0}), "no such tier; choose one of: reserved-3y"),
        (scenario(), Wishes(prices_usd_per_hour={"spot": float("nan")}), "is no price of an hour"),
        (scenario(workload__slo={"ttft_p95_ms": 10.0}), Wishes(), "cannot serve"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(question: Scenario, wishes: Wishes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        commitment_question(question, wishes, RUNS)


def test_a_machine_that_nobody_lets_needs_prices_of_ones_own() -> None:
    runs = {"test-run": run(gpu=None, gpus_per_replica=0)}
    question = scenario(options=[dict(API), from_book(machine_usd_per_hour=0.1)])
    with pytest.raises(InputError, match="give prices with --price"):
        commitment_question(question, Wishes(), runs)
    given = Wishes(prices_usd_per_hour={"on-demand": 0.1, "reserved-1y": 0.07})

    assert list(commitment_question(question, given, runs).prices) == ["reserved-1y", "on-demand"]
