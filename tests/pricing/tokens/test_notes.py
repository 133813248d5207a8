from __future__ import annotations

import pytest

from pricing.book import Book, shipped_book
from pricing.tokens.cards import TokensDamaged
from pricing.tokens.names import api_models, api_sellers, find_model
from pricing.tokens.notes import NOTES, token_notes


def test_every_remark_is_about_something_that_the_book_has():
    notes = token_notes(shipped_book())
    assert set(notes.sellers) <= set(api_sellers())
    assert set(notes.models) | set(notes.windows) <= set(api_models())
    assert [] == [name for name in notes.windows if not find_model(name).sold.tiers["standard"][-1].windows]


def test_a_damaged_file_is_refused_by_name(tmp_path):
    (tmp_path / NOTES).write_text('{"models": {"a/b": {"note": "x"}}}')
    with pytest.raises(TokensDamaged, match=r"tokens_notes\.json is damaged"):
        token_notes(Book(newer={NOTES: tmp_path / NOTES}))
