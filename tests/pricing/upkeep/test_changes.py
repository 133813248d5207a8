from __future__ import annotations

from datetime import date

import pytest

from pricing.book import SHIPPED_ON, Book, shipped_book
from pricing.price import Price
from pricing.sources import genai
from pricing.upkeep.changes import Row, changes, compare, counts, rows_on
from pricing.upkeep.memory_file import MemoryFile
from pricing.upkeep.refresh_tokens import merged_tokens
from tests.price_lists import genai_json, small_book, with_price

DAY = date(2026, 12, 1)


def in_words(found):
    return [
        (change.kind, change.row, change.price.per, *(price and price.amount for price in (change.old, change.new)))
        for change in found
    ]


def test_a_dated_change_shows_between_the_days_around_it():
    # Mistral Large 4: 1.36 / 4.18 until 2026-10-28, 0.70 / 2.10 from 2026-10-29, as the list states it.
    found = changes(None, None, old_on=date(2026, 10, 28), new_on=date(2026, 10, 30), item="mistral/mistral-large-4")
    standard = [change for change in found if change.price.tier == "standard"]
    assert in_words(standard) == [
        ("changed", "mistral/mistral-large-4", "mtok_cached_read", 0.14, 0.07),
        ("changed", "mistral/mistral-large-4", "mtok_input", 1.36, 0.70),
        ("changed", "mistral/mistral-large-4", "mtok_output", 4.18, 2.10),
    ]
    assert [change.ratio for change in standard] == [0.5, pytest.approx(0.70 / 1.36), pytest.approx(2.10 / 4.18)]


def test_an_announced_change_shows_before_it_comes():
    found = changes(None, None, old_on=date(2026, 11, 30), new_on=date(2026, 12, 1), item="google/gemini-4-argon")
    rates = {(c.price.per, c.old.amount, c.new.amount) for c in found if c.price.above_input_tokens is None}
    assert {("mtok_input", 2.0, 4.0), ("mtok_output", 10.0, 20.0)} <= rates
    assert {change.ratio for change in found} == {2.0}


def test_nothing_changes_from_a_day_to_itself():
    assert changes(None, None, old_on=DAY, new_on=DAY) == []


def test_all_prices_of_the_shipped_book_have_keys_of_their_own():
    rows = rows_on(None, SHIPPED_ON)
    tokens = [row for row in rows.values() if row.price.per.startswith("mtok")]
    assert len(tokens) > 5000
    assert {key[-1] for key, row in rows.items() if row.price.per.startswith("mtok")} == {"0"}


def test_two_books_are_told_apart_by_amounts_only():
    base = small_book()
    newer = with_price("openai", "gpt-a", (1.0, 10.0)) | {"deepseek": {"v4": (0.5, 2.0)}}
    del newer["mistral"]["small"]
    tokens = merged_tokens(base, [genai.read(genai_json(newer), DAY)])
    after = Book(as_of=DAY, newer={**base.newer, "tokens.json": MemoryFile("tokens.json", tokens)})
    found = changes(base, after, old_on=DAY, new_on=DAY)
    assert in_words(found) == [
        ("added", "deepseek/v4", "mtok_input", None, 0.5),
        ("added", "deepseek/v4", "mtok_output", None, 2.0),
        ("gone", "mistral/small", "mtok_input", 0.1, None),
        ("gone", "mistral/small", "mtok_output", 0.3, None),
        ("changed", "openai/gpt-a", "mtok_input", 1.25, 1.0),
    ]
    assert counts(found) == {"changed": 1, "added": 2, "gone": 2}


def test_offers_are_told_apart_by_machine_and_region():
    base = small_book()
    text = base.text("gpu_rental.csv").replace(",0.82,0.3,", ",0.60,0.3,")
    after = Book(newer={**base.newer, "gpu_rental.csv": MemoryFile("gpu_rental.csv", text.encode())})
    found = [c for c in changes(base, after, old_on=DAY, new_on=DAY) if not c.price.tier.startswith("reserved")]
    assert in_words(found) == [("changed", "aws L4 g6.xlarge us-west-2", "gpu_hour", 0.82, 0.60)]


@pytest.mark.parametrize(
    ("item", "items"),
    [
        ("openai", {"openai/gpt-a", "openai/gpt-b"}),
        ("GPT-A", {"openai/gpt-a"}),
        ("openai/gpt-b", {"openai/gpt-b"}),
        ("electricity/us-va", {"electricity"}),
        ("nothing", set()),
    ],
)
def test_an_item_is_named_by_how_it_begins_with_or_without_its_seller(item, items):
    assert {row.price.item for row in rows_on(small_book(), DAY, item).values()} == items


def test_a_price_of_zero_has_no_ratio():
    fields = {"item": "x", "per": "mtok_input", "provider": "p", "tier": "standard", "as_of": DAY, "source": "s"}
    free, paid = (Price.model_validate({**fields, "amount": amount}) for amount in (0.0, 1.0))
    (change,) = compare({("k",): Row("x", free)}, {("k",): Row("x", paid)})
    assert (change.kind, change.ratio) == ("changed", None)


def test_the_shipped_book_and_itself_are_equal_as_objects_too():
    assert changes(shipped_book(), Book(), old_on=DAY, new_on=DAY) == []
