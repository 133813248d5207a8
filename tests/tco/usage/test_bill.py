"""What was paid, beside the price book's prices, by hand."""

from __future__ import annotations

from datetime import date

import pytest

from pricing import price_of_request, token_prices
from tco.usage import Asked, ReadOptions, UsageFile, bills, read_usage, together
from tco.usage.bill import sentence
from tests.tco.usage.samples import FOLDER, of_text, sample

HEADER = "timestamp,requests,model,tier,input_tokens,cached_input_tokens,output_tokens,cost_usd\n"


def rates(model: str = "openai/gpt-6.1-sol"):
    return token_prices(model, date(2026, 11, 2))


def test_the_sample_costs_what_its_tokens_cost_in_the_book():
    (bill,) = bills(sample("langfuse.jsonl"))
    price = rates()
    by_hand = (
        1600 * price.input.amount
        + 400 * price.cached_read.amount
        + 300 * price.cache_write.amount
        + 400 * price.output.amount
    ) / 1e6

    assert ("gpt-6.1-sol", "openai/gpt-6.1-sol") == (bill.model, bill.book_model)
    assert bill.reckoned_usd == pytest.approx(by_hand)
    assert bill.unexplained_usd == pytest.approx(0.00799 - by_hand)


def test_single_requests_cost_together_what_each_costs():
    (bill,) = bills(sample("litellm_export.csv"))
    each = [(1000, 400, 0, 200), (500, 0, 0, 100), (800, 0, 300, 100)]
    expected = sum(
        price_of_request("openai/gpt-6.1-sol", date(2026, 11, 2), input_tokens=i, cached_tokens=r, cache_write_tokens=w, output_tokens=o)
        for i, r, w, o in each
    )  # fmt: skip

    assert bill.reckoned_usd == pytest.approx(expected)


def test_the_batch_tier_has_its_own_prices():
    options = ReadOptions(asked=Asked(cached="inside"))
    (bill,) = bills(of_text(HEADER + "2026-11-02,1,openai/gpt-6.1-sol,batch,1000000,0,1000000,\n", options=options))

    assert bill.reckoned_usd == pytest.approx(rates().batch_input.amount + rates().batch_output.amount)
    assert bill.billed_usd is None


def test_prices_are_those_of_each_day():
    days = (date(2026, 11, 30), date(2026, 12, 1))
    text = HEADER + "".join(f"{day},1,google/gemini-4-argon,standard,1000000,,0,\n" for day in days)
    (bill,) = bills(of_text(text))

    # The book has an announced rise on 1 December 2026.
    assert bill.reckoned_usd == pytest.approx(2.0 + 4.0)


def test_a_discount_is_left_over_with_its_sign():
    (bill,) = bills(
        of_text(HEADER + f"2026-11-02,1,openai/gpt-6.1-sol,standard,1000000,,0,{0.8 * rates().input.amount}\n")
    )

    assert bill.unexplained_fraction == pytest.approx(-0.2)
    assert "-20.0% is not explained (a discount" in sentence(bill)


def test_a_model_that_the_book_does_not_have_has_nothing_to_be_held_against():
    rows = "2026-11-02,1,house-model,standard,100,,10,1\n2026-11-02,1,openai/gpt-6.1-sol,standard,100,,10,1\n"
    parts = bills(of_text(HEADER + rows))

    assert {"house-model": "not in the price book", "openai/gpt-6.1-sol": None} == {
        bill.model: bill.reason for bill in parts
    }
    assert (2.0, None) == (together(parts).billed_usd, together(parts).reckoned_usd)


def test_costs_of_their_own_file_join_the_model_that_the_book_knows_under_both_names():
    both = read_usage([UsageFile.at(FOLDER / name) for name in ("openai_usage.json", "openai_costs.json")])
    known, unknown = bills(both)

    assert ("openai/gpt-6.1-sol", 0.00824) == (known.book_model, pytest.approx(known.billed_usd))
    # 0.00275 USD name no model: they count in the sum, and there alone.
    assert (0.00275, "costs without tokens") == (unknown.billed_usd, unknown.reason)
    assert together((known, unknown)).unexplained_usd == pytest.approx(0.01099 - known.reckoned_usd)


def test_what_a_million_tokens_cost():
    (bill,) = bills(of_text(HEADER + "2026-11-02,1,m,standard,1500000,,500000,3\n"))

    assert 1.5 == bill.paid_usd_per_mtok
