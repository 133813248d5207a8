"""How the API price of one model went: one entry for each time that it changed or will change."""

from __future__ import annotations

from datetime import date, timedelta

from pricing.book import Book, shipped_book
from pricing.tokens.names import find_model
from pricing.tokens.prices import TokenPrices, token_prices
from pricing.tokens.records import Card


def price_history(model: str, book: Book | None = None) -> tuple[TokenPrices, ...]:
    """A model's prices over time, past and announced, for charts and paths.

    An entry begins where the standard price changes; `input.valid_from` and `input.valid_to` are its first and last day, null
    where they are not known. Other tiers are as they are on its first day (on the day of the oldest reading, where the first
    day is not known). The user's own prices are applied as they hold on that day.

    Args:
        model: as in `token_prices`.
        book: the book to read; null: the shipped one.

    Returns:
        Oldest first, at least one.

    Raises:
        PriceNotFound: as `token_prices`.

    Example:
        >>> [(entry.input.valid_from, entry.input.amount) for entry in price_history("google/gemini-4-argon")]
        [(None, 2.0), (datetime.date(2026, 12, 1), 4.0)]
    """
    book = book or shipped_book()
    found = find_model(model, book)
    name = f"{found.seller}/{found.asked}"
    cards = found.sold.tiers.get("standard", ())
    days = [
        _first_day(card, after)
        for before, card, after in zip([None, *cards], cards, [*cards[1:], None], strict=False)
        if card.rates is not None and (before is None or not before.equals(card))
    ]
    # A model that is not sold by token has no day: the look-up says so.
    return tuple(token_prices(name, day, book) for day in days or [book.as_of])


def _first_day(card: Card, after: Card | None) -> date:
    """A day on which a card holds: its first one, or the first on which it was read; before the next card in any case."""
    if card.valid_from is not None:
        return card.valid_from
    if after is None or after.valid_from is None:
        return card.seen_from
    return min(card.seen_from, after.valid_from - timedelta(days=1))
