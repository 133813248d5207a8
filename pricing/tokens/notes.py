"""What is known to be wrong or unusual in the lists of API prices: `tokens_notes.json`, each entry with its source and day."""

from __future__ import annotations

import json
from datetime import date

from pydantic import Field, ValidationError

from pricing.book import Book, once_per_book
from pricing.tables import Record
from pricing.tokens.cards import TokensDamaged

NOTES = "tokens_notes.json"
"""Its path in the book."""


class TokenNote(Record):
    """One remark.

    Attributes:
        note: what a reader of the price must know.
        not_sold: the seller does not sell this model, whatever the list says; a bare name is not taken for it.
        source: where that was read.
        as_of: when.
    """

    note: str
    not_sold: bool = False
    source: str
    as_of: date


class TokenNotes(Record):
    """All remarks.

    Attributes:
        sellers: on all prices of a seller.
        models: on one model, `seller/model`.
        windows: on a model's price while it depends on the hour, `seller/model`.
    """

    sellers: dict[str, TokenNote] = Field(default_factory=dict)
    models: dict[str, TokenNote] = Field(default_factory=dict)
    windows: dict[str, TokenNote] = Field(default_factory=dict)


@once_per_book
def token_notes(book: Book) -> TokenNotes:
    """The remarks of a book.

    Args:
        book: the book to read.

    Raises:
        TokensDamaged: the file is not readable.
    """
    try:
        return TokenNotes.model_validate(json.loads(book.text(NOTES)))
    except (ValueError, ValidationError) as error:
        raise TokensDamaged(f"{NOTES} is damaged: {str(error).splitlines()[0]}. Choose another snapshot.") from None
