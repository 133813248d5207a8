"""Newer readings of API prices over `tokens.json`, model by model: what would change, and the file without the rows refused."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from pricing.book import Book
from pricing.tokens.cards import FEEDS, TOKENS, merge
from pricing.tokens.crosscheck import SECOND, second_file
from pricing.tokens.records import Feed
from pricing.upkeep.changes import Change, compare, token_rows
from pricing.upkeep.memory_file import MemoryFile


def merged_tokens(book: Book, feeds: Collection[Feed], refused: Collection[str] = ()) -> bytes:
    """`tokens.json` after newer readings.

    Args:
        book: what was known.
        feeds: readings.
        refused: models, `seller/model`, that stay as they are: with their old price, or not in the book.

    Raises:
        ValueError: a reading that does not fit the book, such as an older one.
    """
    file = book.file(TOKENS)
    old = file.read_bytes() if file.is_file() else None
    merged = merge(old, *feeds)
    if not refused:
        return merged
    before, after = json.loads(old)["sellers"] if old else {}, json.loads(merged)
    for row in refused:
        seller, _, model = row.partition("/")
        _put_back(before, after["sellers"], seller, model)
    return merge(json.dumps(after).encode())  # without a reading: only writes it in the file's own form


def second_tokens(book: Book, merged: bytes, feeds: Collection[Feed]) -> dict[str, bytes]:
    """The second list beside the book's, made anew where it was read, so that a cross-check compares lists of one time.

    Args:
        book: what was known.
        merged: from `merged_tokens`.
        feeds: readings.

    Returns:
        The file by its name; empty where the second list is not among the readings.
    """
    second = next((feed for feed in feeds if feed.name == FEEDS[1]), None)
    if second is None:
        return {}
    newer = Book(as_of=book.as_of, newer={**book.newer, TOKENS: MemoryFile(TOKENS, merged)})
    return {SECOND: second_file(second, newer)}


def token_changes(book: Book, merged: bytes, on: date) -> list[Change]:
    """Prices that differ on a day, and those that differ on later days on which the new file has a change announced.

    Args:
        book: what was known.
        merged: from `merged_tokens`.
        on: the day.
    """
    newer = Book(as_of=book.as_of, newer={**book.newer, TOKENS: MemoryFile(TOKENS, merged)})
    found: dict[tuple[Any, ...], Change] = {}
    for day in sorted({on, *_later_days(json.loads(merged), on)}):
        for change in compare(token_rows(book, day), token_rows(newer, day)):
            amounts = [price and price.amount for price in (change.old, change.new)]
            price = change.price
            key = (change.row, change.kind, price.per, price.tier, price.above_input_tokens, price.hours_utc, *amounts)
            found.setdefault(key, change)
    return list(found.values())


def feeds_of_sellers(merged: bytes) -> dict[str, str]:
    """The feed that each seller's prices are read from.

    Args:
        merged: from `merged_tokens`.
    """
    return {seller: str(known["feed"]) for seller, known in json.loads(merged)["sellers"].items()}


def _put_back(before: dict[str, Any], after: dict[str, Any], seller: str, model: str) -> None:
    known = before.get(seller, {}).get("models", {}).get(model)
    if known is not None:
        after[seller]["models"][model] = known
    elif seller in after:
        after[seller]["models"].pop(model, None)
        if not after[seller]["models"]:
            del after[seller]


def _later_days(data: dict[str, Any], on: date) -> Iterator[date]:
    for seller in data["sellers"].values():
        for model in seller["models"].values():
            for cards in model.get("tiers", {}).values():
                days = [date.fromisoformat(card["valid_from"]) for card in cards if card.get("valid_from")]
                yield from (day for day in days if day > on)
