"""What differs between two states of the price book: two days of one book, or two books."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple

from pricing.book import Book, shipped_book
from pricing.catalog import list_prices
from pricing.offers import readings_on, rental_offers
from pricing.price import Price
from pricing.tables import Record, name_key
from pricing.tokens.names import api_models, find_model
from pricing.tokens.rows import listed_rows

Kind = Literal["changed", "added", "gone"]

Key = tuple[str, ...]


class Row(NamedTuple):
    """One price and the row of the book that it belongs to: an offer, or a model at a seller."""

    row: str
    price: Price


class Change(Record):
    """One price that differs.

    Attributes:
        kind: what happened to it.
        row: the row of the book that it belongs to; a refresh takes a row or leaves it.
        old: the price on the first side, or null.
        new: the price on the second side, or null.
        ratio: new / old; null where there is none, or the old one is zero.
    """

    kind: Kind
    row: str
    old: Price | None = None
    new: Price | None = None
    ratio: float | None = None

    @property
    def price(self) -> Price:
        """The newer of its prices."""
        found = self.new or self.old
        assert found is not None
        return found


def changes(old: Book | None, new: Book | None, *, old_on: date, new_on: date, item: str | None = None) -> list[Change]:
    """What changed from one book on one day to another book on another day.

    Only amounts count: a price that was read again and stayed is no change.

    Args:
        old: the first book; null: the shipped one.
        new: the second book; null: the shipped one.
        old_on: the day in the first book.
        new_on: the day in the second book.
        item: only what begins like this: `H100`, `mistral/mistral-large-4` or, without its seller, `mistral-large-4`.

    Returns:
        By item, row and unit.
    """
    return compare(rows_on(old, old_on, item), rows_on(new, new_on, item))


def compare(before: dict[Key, Row], after: dict[Key, Row]) -> list[Change]:
    """What changed between two sets of prices.

    Args:
        before: from `rows_on`.
        after: likewise.
    """
    found = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            found.append(Change(kind="added", row=new.row, new=new.price))
        elif new is None and old is not None:
            found.append(Change(kind="gone", row=old.row, old=old.price))
        elif old is not None and new is not None and not _same(old.price, new.price):
            ratio = new.price.amount / old.price.amount if old.price.amount else None
            found.append(Change(kind="changed", row=new.row, old=old.price, new=new.price, ratio=ratio))
    return sorted(found, key=_order)


def rows_on(book: Book | None, on: date, item: str | None = None) -> dict[Key, Row]:
    """Every price of a book on a day, API tokens included, by what makes it the same price on another day.

    Args:
        book: null: the shipped one.
        on: the day.
        item: as for `changes`.
    """
    book = book or shipped_book()
    return {**offer_rows(book, on, item), **_distinct(_others(book, on, item)), **token_rows(book, on, item)}


def offer_rows(book: Book, on: date, item: str | None = None) -> dict[Key, Row]:
    """The part of `rows_on` that is rented GPUs on demand and at spot prices."""
    return _distinct(_offers(book, on, item))


def token_rows(book: Book, on: date, item: str | None = None) -> dict[Key, Row]:
    """The part of `rows_on` that is API tokens."""
    return _distinct(_tokens(book, on, item))


def _distinct(found: Iterable[tuple[Key, Row]]) -> dict[Key, Row]:
    """By key; rows that nothing tells apart are told apart by their place among their like."""
    rows: dict[Key, Row] = {}
    places: Counter[Key] = Counter()
    for key, row in found:
        rows[*key, str(places[key])] = row
        places[key] += 1
    return rows


def _same(old: Price, new: Price) -> bool:
    return old.currency == new.currency and math.isclose(old.amount, new.amount, rel_tol=1e-9)


def _order(change: Change) -> tuple[str, ...]:
    price = change.price
    return price.item, change.row, price.per, price.tier, price.region or "", f"{price.above_input_tokens or 0:12}"


def _offers(book: Book, on: date, item: str | None) -> Iterator[tuple[Key, Row]]:
    for offer in readings_on(rental_offers(book), on):
        for price in offer.prices():
            if _asked(price, item):
                yield (*offer.key, price.tier), Row(offer.label, price)


def _others(book: Book, on: date, item: str | None) -> Iterator[tuple[Key, Row]]:
    offered = {row.price for row in offer_rows(book, on, item).values()}
    for price in list_prices(on=on, book=book):
        if price not in offered and _asked(price, item):
            yield _key(price), Row(_label(price), price)


def _tokens(book: Book, on: date, item: str | None) -> Iterator[tuple[Key, Row]]:
    for model in api_models(book=book):
        if item is None or _begins(model, item):
            for price in listed_rows(find_model(model, book), on, book).rows:
                yield _key(price), Row(model, price)


def _label(price: Price) -> str:
    if price.per == "gpu_hour":
        return " ".join(part for part in (price.provider, price.item, price.region, price.tier) if part)
    return "/".join(part for part in (price.item, price.region) if part)


def _key(price: Price) -> Key:
    fields = (price.provider_class, price.region, price.above_input_tokens, price.hours_utc)
    return price.item, price.per, price.provider, price.tier, *("" if field is None else str(field) for field in fields)


def _asked(price: Price, item: str | None) -> bool:
    return item is None or _begins(price.item, item) or _begins(f"{price.item}/{price.region}", item)


def _begins(name: str, item: str) -> bool:
    wanted = name_key(item)
    return name_key(name).startswith(wanted) or name_key(name.partition("/")[2]).startswith(wanted)


def counts(found: Iterable[Change]) -> dict[Kind, int]:
    """How many prices changed, came and went."""
    seen = Counter(change.kind for change in found)
    return {kind: seen[kind] for kind in ("changed", "added", "gone")}
