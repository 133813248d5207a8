"""The whole book of API prices against the library genai-prices, which bills a request by the same list in its own code.

The installed release is the newest reading of the book. The library knows one state of the list; the book has 78, so for past days
it may know better. Such days are the only exceptions, and each must be explained by what an older release showed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import genai_prices
import pytest
from genai_prices import Usage
from genai_prices.data import providers

from pricing.tokens.cards import TOKENS
from pricing.tokens.names import api_models, find_model
from pricing.tokens.prices import price_of_request, token_prices

# Arithmetic, or files, that take seconds.
pytestmark = pytest.mark.slow

NEWEST = date(2026, 11, 10)

USES = [
    {"input_tokens": 1_000, "output_tokens": 500, "cache_read_tokens": 0},
    {"input_tokens": 32_000, "output_tokens": 1, "cache_read_tokens": 31_000},
    {"input_tokens": 300_000, "output_tokens": 1_000, "cache_read_tokens": 100_000},
    {"input_tokens": 1_100_000, "output_tokens": 10, "cache_read_tokens": 0},
]

CONTEXTS = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}

TOKEN_UNITS = {"input_mtok", "output_mtok", "cache_read_mtok"}


def is_sold(model, tier, at):
    """Whether the library has rates of its own for a tier, and both input and output."""
    prices = model.get_prices(at, CONTEXTS[tier])
    if prices.input_mtok is None or prices.output_mtok is None:
        return False
    return tier == "standard" or any(
        variant.when.items() <= CONTEXTS[tier].items()
        and (variant.constraint is None or variant.constraint.active(at))
        and variant.prices.__dict__.keys() & TOKEN_UNITS
        for variant in model.price_variants or []
    )


def bills(day, *, hours=(12,), tiers=tuple(CONTEXTS), sellers=None, uses=USES):
    """(name, tier, hour, library's bill, book's bill) [USD] of every model that the library sells by token on a day."""
    for seller in providers:
        for model in seller.models if sellers is None or seller.id in sellers else ():
            for tier in tiers:
                for hour in hours:
                    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
                    if is_sold(model, tier, at):
                        yield from one_bill(seller, model, tier, at, uses)


def one_bill(seller, model, tier, at, uses):
    context = CONTEXTS[tier]
    # A fee for each request is in the book's note, not in its rates.
    fee = float(model.get_prices(at, context).requests_kcount or 0) / 1000
    for use in uses:
        theirs = model.calc_price(Usage(**use), seller, genai_request_timestamp=at, price_context=context)
        ours = price_of_request(
            f"{seller.id}/{model.id}",
            at.date(),
            input_tokens=use["input_tokens"],
            cached_tokens=use["cache_read_tokens"],
            output_tokens=use["output_tokens"],
            tier=tier,
            at=time(at.hour),
        )
        yield f"{seller.id}/{model.id}", tier, at.hour, float(theirs.total_price) - fee, ours


def test_the_book_was_built_from_the_installed_release():
    assert find_model("openai/gpt-5").reading.release == genai_prices.__version__


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 12, 1), date(2027, 1, 1)])
def test_every_request_costs_what_the_library_bills_today_and_on_the_days_of_announced_changes(day):
    compared = list(bills(day, uses=USES if day == date(2026, 11, 23) else USES[::2]))
    assert len(compared) > 4_000
    assert [] == [bill for bill in compared if bill[3] != pytest.approx(bill[4], abs=1e-9)]


def test_every_hour_of_the_day_costs_what_the_library_bills():
    compared = list(bills(date(2026, 11, 23), hours=range(24), sellers={"deepseek"}))
    assert len({hour for _, _, hour, _, _ in compared}) == 24
    assert [] == [bill for bill in compared if bill[3] != pytest.approx(bill[4], abs=1e-9)]


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 10, 25)])
def test_for_past_days_only_what_an_older_release_showed_differs(day):
    compared = list(bills(day, uses=USES[::2]))
    differ = {(name, tier) for name, tier, _, theirs, ours in compared if theirs != pytest.approx(ours, abs=1e-9)}
    assert 0 < len({name for name, _ in differ}) < 130
    # The book's price of that day is then one that the newest release does not have: it was last read before that.
    assert {
        (name, tier) for name, tier in differ if token_prices(name, day).as_of >= NEWEST and tier == "standard"
    } == set()


def test_the_library_and_the_book_sell_the_same_models():
    sold = {
        f"{seller.id}/{model.id}"
        for seller in providers
        for model in seller.models
        if is_sold(model, "standard", datetime(2026, 11, 23, 12, tzinfo=UTC))
    }
    book = {name for name in api_models() if find_model(name).record.feed == "genai-prices"}
    assert sold == book


def test_the_books_own_names_are_found_as_the_library_finds_them():
    # Every alias in so many words, at its own seller.
    for seller in providers:
        for model in seller.models:
            for name in (model.id, getattr(model.match, "equals", model.id)):
                found = seller.find_model(name, all_providers=providers)
                ours = find_model(f"{seller.id}/{name}")
                exact = any(known.id.casefold() == name.casefold() for known in seller.models)
                assert ours.model == (name if exact and name == model.id else found.id), (TOKENS, seller.id, name)
