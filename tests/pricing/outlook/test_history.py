from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from pricing.outlook.history import (
    QualityPrice,
    RentReading,
    TokenPriceChange,
    quality_prices,
    rent_readings,
    rent_tracks,
    same_model_tracks,
    same_quality_tracks,
    token_price_changes,
)


def step(seen_on, event="changed", prices=(1.0, 5.0), **changes):
    fields = {
        "seller": "s",
        "kind": "vendor",
        "model": "m",
        "seen_on": seen_on,
        "input_usd_per_mtok": prices[0],
        "output_usd_per_mtok": prices[1],
        "event": event,
        "dated_by": "release",
        "source": "a release",
        "as_of": date(2026, 11, 17),
    }
    return TokenPriceChange.model_validate(fields | changes)


def test_a_blended_price_is_three_parts_input_and_one_part_output():
    (track,) = same_model_tracks([step(date(2026, 1, 1), "listed")])
    assert (2.0,) == track.prices


def test_a_model_that_is_gone_ends():
    gone = step(date(2026, 6, 1), "gone", (None, None))
    (track,) = same_model_tracks([gone, step(date(2026, 1, 1), "listed")])
    assert (date(2026, 6, 1), (2.0,)) == (track.gone_on, track.prices)


def test_announced_prices_are_not_history():
    later = step(date(2026, 12, 1), "announced", (2.0, 10.0))
    (track,) = same_model_tracks([step(date(2026, 1, 1), "listed"), later])
    assert (2.0,) == track.prices


def test_a_list_that_nobody_keeps_up_counts_for_half_a_year():
    kept_up = step(date(2026, 11, 1), "listed", seller="kept up")
    left = step(date(2025, 1, 1), "listed", seller="left")
    read_until = {track.seller: track.read_until for track in same_model_tracks([kept_up, left])}
    assert {"kept up": date(2026, 11, 17), "left": date(2025, 7, 3)} == read_until


def quality(seen_on, usd_per_mtok, models):
    return QualityPrice(
        arena_rating=1300,
        seen_on=seen_on,
        usd_per_mtok=usd_per_mtok,
        seller="s",
        model="m",
        models=models,
        source="ratings",
        as_of=date(2025, 12, 17),
    )


def test_a_quality_counts_from_when_three_models_had_it():
    (track,) = same_quality_tracks([quality(date(2024, 2, 1), 3.0, 3), quality(date(2024, 1, 1), 15.0, 2)])
    assert ((date(2024, 2, 1),), (3.0,)) == (track.days, track.prices)


def rent(**changes):
    fields = {
        "gpu": "H100",
        "provider": "lambda",
        "term": "on-demand",
        "seen_on": date(2026, 1, 1),
        "usd_per_hour": 3.0,
        "evidence": "literature",
        "source": "a page",
        "as_of": date(2026, 11, 23),
    }
    return RentReading.model_validate(fields | changes)


def test_contracts_and_indices_are_no_landlords_offer():
    contract, index = rent(term="contract-1y"), rent(provider="market")
    (track,) = rent_tracks([contract, index, rent()])
    assert ("lambda", "H100", (3.0,)) == (track.seller, track.item, track.prices)


def test_no_shipped_step_is_twice_in_the_book():
    keys = Counter((change.seller, change.model, change.seen_on) for change in token_price_changes())
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_shipped_model_is_listed_once_and_first():
    steps = sorted(token_price_changes(), key=lambda change: change.seen_on)
    first = {(change.seller, change.model): change.event for change in reversed(steps)}
    assert {"listed"} == set(first.values())
    assert len(first) == sum(change.event == "listed" for change in steps)


@pytest.mark.parametrize(
    ("model", "day", "prices"),
    [
        # https://openai.com/api/pricing: o3 went from 10 / 40 to 2 / 8 on 2025-06-10.
        (("openai", "o3"), date(2025, 6, 10), (2.0, 8.0)),
        (("mistral", "mistral-large-4"), date(2026, 10, 29), (0.70, 2.10)),
        (("google", "gemini-4-argon"), date(2026, 12, 1), (4.0, 20.0)),
    ],
)
def test_known_changes_are_in_the_book(model, day, prices):
    found = [
        (change.input_usd_per_mtok, change.output_usd_per_mtok)
        for change in token_price_changes()
        if (change.seller, change.model, change.seen_on) == (*model, day)
    ]
    assert [prices] == found


def test_names_that_move_to_the_newest_model_are_left_out():
    assert [change.model for change in token_price_changes() if "latest" in change.model] == []


def test_the_cheapest_of_a_higher_quality_is_never_cheaper():
    by_day = {}
    for price in quality_prices():
        by_day.setdefault(price.seen_on, []).append((price.arena_rating, price.usd_per_mtok))
    assert [
        day for day, prices in by_day.items() if [usd for _, usd in sorted(prices)] != sorted(u for _, u in prices)
    ] == []


def test_the_rent_of_a_year_contract_rose_by_38_per_cent_from_october_to_march():
    # 1.70 to 2.35 USD per GPU-hour, SemiAnalysis: 2.35 / 1.70 = 1.382.
    low, high = (reading.usd_per_hour for reading in rent_readings() if reading.term == "contract-1y")
    assert pytest.approx(1.382, abs=5e-4) == high / low
