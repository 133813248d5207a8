from __future__ import annotations

from datetime import date

import pytest

from pricing.price import PriceNotFound
from pricing.tokens.history import price_history


def spans(model):
    return [(e.input.valid_from, e.input.valid_to, e.input.amount, e.output.amount) for e in price_history(model)]


def test_a_history_has_each_price_with_its_days():
    # Mistral's change log: 0.68/2.09 to begin with, the list price from 2026-10-20, about half of it from 2026-10-29.
    assert spans("mistral-large-4") == [
        (None, date(2026, 10, 19), 0.68, 2.09),
        (date(2026, 10, 20), date(2026, 10, 28), 1.36, 4.18),
        (date(2026, 10, 29), None, 0.7, 2.1),
    ]


def test_announced_changes_are_in_the_history():
    assert spans("google/gemini-4-argon") == [
        (None, date(2026, 11, 30), 2, 10),
        (date(2026, 12, 1), None, 4, 20),
    ]


def test_a_price_that_never_changed_is_one_entry():
    assert spans("openai/gpt-5") == [(None, None, 1.25, 10)]


def test_a_stated_price_from_before_the_first_reading_is_kept():
    # OpenAI cut o3 on 2025-06-10, a month before the first release of the list.
    assert spans("openai/o3") == [(None, date(2025, 6, 9), 10, 40), (date(2025, 6, 10), None, 2, 8)]


def test_every_entry_is_as_old_as_the_reading_that_shows_it():
    first, second, third = price_history("deepseek/deepseek-v4-pro")
    assert (first.as_of, second.as_of, third.as_of) == (date(2026, 5, 25), date(2026, 11, 10), date(2026, 11, 10))
    assert (first.hours_utc, third.hours_utc) == (None, "00:00-01:00, 04:00-06:00, 10:00-24:00")


def test_a_fallback_has_the_makers_history_under_its_own_name():
    assert {(entry.model, entry.provider) for entry in price_history("azure/o3")} == {("azure/o3", "azure")}


def test_a_model_that_is_not_sold_by_token_has_no_history_and_says_why():
    with pytest.raises(PriceNotFound, match="groq does not price it by input and output token but by"):
        price_history("groq/whisper-large-v3")
