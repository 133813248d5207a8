from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.commitments import Asked, TierPrice, cheapest_mix, commitments
from tco.commitments.records import TERMS_MONTHS

HOURS = 730.5


def asked(needed: Any, prices: dict[str, float], **changes: Any) -> Asked:
    rows = np.array(needed, dtype=np.int64)
    values: dict[str, Any] = {
        "scenario": "test",
        "option": "rent",
        "gpu": "H100-SXM",
        "machines_per_replica": 1,
        "needed": rows,
        "prices": {tier: TierPrice(tier=tier, usd_per_hour=usd) for tier, usd in prices.items()},
        "price_path": np.ones(rows.shape[0]),
        "hours_per_month": HOURS,
        "discount_rate_per_year": 0.0,
        "spot_share_fraction": 0.0,
        "is_due": True,
    }
    return Asked(**(values | changes))


def week(*levels: int) -> list[int]:
    """A week whose hours take these needs in turn; their number must divide 168."""
    return list(levels) * (168 // len(levels))


@pytest.mark.parametrize("ratio", [0.2, 0.4, 0.55, 0.7, 0.9])
def test_one_period_is_the_newsvendors(ratio: float) -> None:
    """A year at one price: the k-th replica is reserved while it is needed in more than price(reserved) / price(on demand) of the hours."""
    generator = np.random.default_rng(3)
    hours = generator.integers(0, 30, 168)
    found = cheapest_mix(asked([hours] * 12, {"reserved-1y": 2.0 * ratio, "on-demand": 2.0}))

    needed_in = np.array([np.mean(hours >= count) for count in range(1, 31)])
    assert found.standing_reserved_1y == [int(np.sum(needed_in > ratio))] * 12
    reserved = found.standing_reserved_1y[0]
    beyond = np.maximum(hours - reserved, 0).mean()
    assert found.total_usd == pytest.approx(12 * HOURS * 2.0 * (ratio * reserved + beyond))


def test_spot_takes_its_share_of_each_hour_first_and_is_there_only_part_of_the_time() -> None:
    """Eight needed in half of the hours, four in the others; at most a quarter spot, which costs 1 / 0.8."""
    prices = {"on-demand": 3.0, "spot": 1.0}
    question = asked([week(8, 4)], prices, spot_share_fraction=0.25)
    spot = TierPrice(tier="spot", usd_per_hour=1.0, available_fraction=0.8)
    found = cheapest_mix(replace(question, prices={**question.prices, "spot": spot}))

    assert found.mean_spot == pytest.approx([1.5])
    assert found.mean_on_demand == pytest.approx([4.5])
    assert found.total_usd == pytest.approx(HOURS * (4.5 * 3.0 + 1.5 * 1.25))


def test_what_the_horizon_cuts_is_due_unless_it_is_passed_on() -> None:
    """Six months of need: a year at half the price costs as much as six months on demand; passed on, half of it."""
    question = asked([week(1)] * 6, {"reserved-1y": 1.2, "on-demand": 2.0})
    due, passed = cheapest_mix(question), cheapest_mix(replace(question, is_due=False))

    assert due.standing_reserved_1y == [0] * 6
    assert due.total_usd == pytest.approx(6 * HOURS * 2.0)
    assert passed.standing_reserved_1y == [1] * 6
    assert passed.total_usd == pytest.approx(6 * HOURS * 1.2)
    cheaper = cheapest_mix(asked([week(1)] * 6, {"reserved-1y": 0.9, "on-demand": 2.0}))
    assert cheaper.due_usd == pytest.approx(6 * HOURS * 0.9)
    assert cheaper.total_usd == pytest.approx(12 * HOURS * 0.9)
    assert sum(cheaper.monthly_usd) == pytest.approx(cheaper.total_usd - cheaper.due_usd)


def test_a_machine_of_several_gpus_and_a_price_that_falls() -> None:
    question = asked([week(1), week(1)], {"on-demand": 2.0}, machines_per_replica=4, price_path=np.array([1.0, 0.5]))

    assert cheapest_mix(question).monthly_usd == pytest.approx([HOURS * 8.0, HOURS * 4.0])


def test_payments_are_discounted_to_the_ends_of_their_months() -> None:
    found = cheapest_mix(asked([week(1)] * 12, {"reserved-1y": 1.0, "on-demand": 2.0}, discount_rate_per_year=0.1))

    assert found.standing_reserved_1y == [1] * 12
    assert found.cost_npv_usd == pytest.approx(sum(HOURS * 1.1 ** (-m / 12) for m in range(1, 13)))


def by_brute_force(question: Asked, most: int) -> float:
    """Every number of three-year and one-year starts in every month, on demand and spot by the hour beside them."""
    months = question.needed.shape[0]
    tiers = [tier for tier in TERMS_MONTHS if tier in question.prices]
    discount = (1 + question.discount_rate_per_year) ** (-np.arange(1, months + 37) / 12)
    cap = (
        np.floor(question.spot_share_fraction * question.needed + 1e-6)
        if "spot" in question.prices
        else 0 * question.needed
    )
    lowest = np.inf
    for starts in product(range(most + 1), repeat=len(tiers) * months):
        cost, standing = 0.0, np.zeros(months)
        for place, count in enumerate(starts):
            tier, month = tiers[place // months], place % months
            term = TERMS_MONTHS[tier]
            bound = range(month, month + term if question.is_due else min(month + term, months))
            rent = question.replica_usd_per_hour(tier) * HOURS * question.price_path[month] * count
            cost += sum(rent * discount[at] for at in bound)
            standing[month : month + term] += count
        over = np.maximum(question.needed - standing[:, None], 0)
        spot = np.minimum(over, cap)
        prices = [
            question.replica_usd_per_hour(tier) if tier in question.prices else 0.0 for tier in ("on-demand", "spot")
        ]
        if "spot" in question.prices and prices[1] >= prices[0]:
            spot = 0 * spot
        hourly = ((over - spot) * prices[0] + spot * prices[1]).mean(axis=1) * HOURS * question.price_path
        lowest = min(lowest, cost + float(hourly @ discount[:months]))
    return lowest


@settings(max_examples=25)
@given(
    needed=st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=3, max_size=3),
    usd=st.tuples(st.floats(0.01, 1.0), st.floats(0.01, 1.5), st.floats(1.0, 3.0), st.floats(0.2, 3.5)),
    falls=st.floats(0.7, 1.1),
    rate=st.sampled_from([0.0, 0.1, 0.5]),
    is_due=st.booleans(),
    share=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_the_program_finds_what_trying_everything_finds(
    needed: list[list[int]], usd: tuple[float, ...], falls: float, rate: float, is_due: bool, share: float
) -> None:
    question = asked(
        [week(*row) for row in needed],
        dict(zip(("reserved-3y", "reserved-1y", "on-demand", "spot"), usd, strict=True)),
        price_path=falls ** np.arange(3.0),
        discount_rate_per_year=rate,
        is_due=is_due,
        spot_share_fraction=share,
    )

    assert cheapest_mix(question).cost_npv_usd == pytest.approx(by_brute_force(question, 2), rel=1e-7, abs=1e-6)


def test_no_tier_alone_is_cheaper_than_the_mix() -> None:
    generator = np.random.default_rng(5)
    needed = generator.integers(1, 12, (24, 168)) + np.arange(24)[:, None] // 6
    found = commitments(
        asked(
            needed,
            {"reserved-3y": 1.0, "reserved-1y": 1.5, "on-demand": 2.2, "spot": 0.9},
            spot_share_fraction=0.25,
            discount_rate_per_year=0.1,
        )
    )

    assert [way.name for way in found.others] == ["all on demand", "all reserved-3y", "all reserved-1y"]
    assert all(found.mix.cost_npv_usd < way.cost_npv_usd for way in found.others)
    on_demand, *reserved = found.others
    assert on_demand.mean_on_demand == pytest.approx(needed.mean(axis=1))
    for way in reserved:
        standing = np.array(way.standing_reserved_3y) + np.array(way.standing_reserved_1y)
        assert np.all(standing >= needed.max(axis=1))
    for way in (found.mix, *found.others):
        assert sum(way.cost_by_tier_usd.values()) == pytest.approx(way.total_usd)
        assert sum(way.monthly_usd) + way.due_usd == pytest.approx(way.total_usd)


def test_no_need_costs_nothing() -> None:
    assert cheapest_mix(asked([week(0)] * 3, {"reserved-1y": 1.0, "on-demand": 2.0})).total_usd == 0
