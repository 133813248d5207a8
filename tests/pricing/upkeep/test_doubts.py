from __future__ import annotations

from datetime import date

import pytest

from pricing.book import SHIPPED_ON
from pricing.price import Price
from pricing.upkeep.changes import Change, Row, rows_on
from pricing.upkeep.doubts import doubted, slipped, typical


def price(amount, *, item="openai/gpt-a", per="mtok_input", provider="openai", tier="standard"):
    return Price(
        item=item,
        amount=amount,
        per=per,
        provider=provider,
        tier=tier,
        as_of=date(2026, 10, 1),
        source="https://a.example",
    )


def changed(old, new, **fields):
    before = None if old is None else price(old, **fields)
    after = None if new is None else price(new, **fields)
    kind = "added" if before is None else "gone" if after is None else "changed"
    return Change(kind=kind, row=(after or before).item, old=before, new=after)


PEERS = [Row("a", price(amount, item=f"x/{amount}")) for amount in (0.5, 1.0, 2.0)]


def reasons(change, turned_away=None):
    return doubted({change.row: [change]}, PEERS, turned_away or {}).get(change.row, ())


@pytest.mark.parametrize(("old", "new"), [(1.0, 2.0), (2.0, 1.0), (1.25, 1.0), (None, 1.0), (1.0, None)])
def test_usual_changes_are_not_doubted(old, new):
    assert reasons(changed(old, new)) == ()


def test_a_jump_is_doubted_with_both_prices_and_the_ratio():
    assert reasons(changed(1.0, 2.5)) == ("mtok_input standard: 1 -> 2.5, 2.5 times the old price",)
    assert reasons(changed(2.5, 1.0)) == ("mtok_input standard: 2.5 -> 1, 0.4 times the old price",)


def test_a_price_of_nothing_is_doubted():
    assert reasons(changed(1.0, 0.0)) == ("mtok_input standard: it costs nothing, and 1 before",)
    assert reasons(changed(None, 0.0)) == ("mtok_input standard: it costs nothing",)


def test_what_was_free_and_now_costs_is_doubted():
    assert reasons(changed(0.0, 1.0)) == ("mtok_input standard: 0 -> 1, free before",)


def test_a_new_price_per_thousand_or_per_token_is_in_another_unit():
    # The median of the unit is 1.0: 500 times it, or a 300th of it, is the limit.
    assert reasons(changed(None, 600.0)) == (
        "mtok_input standard: 600 is 600 times 1, the median of all mtok_input: another unit?",
    )
    assert reasons(changed(None, 0.003)) == (
        "mtok_input standard: 0.003 is 0.003 times 1, the median of all mtok_input: another unit?",
    )
    assert reasons(changed(None, 500.0)) == reasons(changed(None, 0.004)) == ()


def test_a_price_is_held_against_the_same_model_at_other_sellers():
    # 0.01 is a 100th of the unit's median, and a 400th of what others ask for the same model.
    peers = [*PEERS, Row("p", price(4.0, item="groq/gpt-a", provider="groq"))]
    beside = typical(row.price for row in peers)
    assert slipped(price(0.01), beside) == "0.01 is 0.0025 times 4, the same at others: another unit?"
    assert slipped(price(0.02), beside) is None


def test_a_row_that_went_because_it_was_turned_away_is_doubted():
    change = changed(1.0, None)
    assert reasons(change, {"openai/gpt-a": "input: -1 is below 0"}) == (
        "its row was turned away: input: -1 is below 0",
    )


def test_a_list_that_lost_most_of_a_seller_is_doubted():
    rows = [price(1.0, item=f"openai/m{number}") for number in range(8)]
    known = [Row(row.item, row) for row in rows]

    def gone(count):
        return {row.item: [Change(kind="gone", row=row.item, old=row)] for row in rows[:count]}

    assert doubted(gone(4), known, {}) == {}
    found = doubted(gone(5), known, {})
    assert found["openai/m0"] == ("5 of 8 rows of openai are gone from its list: a list cut short?",)
    assert len(found) == 5


def test_no_more_than_a_handful_of_shipped_prices_is_in_another_unit():
    prices = [row.price for row in rows_on(None, SHIPPED_ON).values()]
    beside = typical(prices)
    odd = {found.item for found in prices if slipped(found, beside)}
    # litellm lists these two per thousand tokens: 0.0005 and 0.002 as USD per token are 500 and 2,000 USD/Mtok.
    assert odd <= {"watsonx/core42/jais-13b-chat"}
