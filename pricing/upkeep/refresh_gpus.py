"""Newer readings of rented GPUs over `gpu_rental.csv`, offer by offer: the table with them, without the rows refused."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from pricing.book import Book
from pricing.offers import Rejected, RentalOffer

RENTAL = "gpu_rental.csv"

Key = tuple[str, ...]

_Cells = Mapping[str, object]


class _Reading(NamedTuple):
    """A row of the table, as a record and as it is written."""

    offer: RentalOffer
    cells: _Cells


def merged_rental(
    book: Book,
    offers: Iterable[RentalOffer],
    rejected: Iterable[Rejected] = (),
    refused: Collection[str] = (),
) -> bytes:
    """`gpu_rental.csv` with newer readings.

    A changed price is one more row with its own day. A price that was read again and stayed has two rows at most, its first
    and its newest reading. An offer that is gone from its seller's catalogue is taken out; the older book still has it.

    Args:
        book: what was known.
        offers: what the sellers' catalogues list.
        rejected: rows of the same catalogues that were turned away: what was known of them stays.
        refused: offers, by `RentalOffer.label`, that stay as they are.
    """
    seen = list(offers)
    known = _readings(book)
    new = {offer.key: offer for offer in seen if offer.label not in refused}
    gone = {offer.key for offer in gone_offers(book, seen, rejected) if offer.label not in refused}
    rows = [
        reading.cells
        for key in dict.fromkeys([*known, *new])
        if key not in gone
        for reading in _with(known.get(key, []), new.get(key))
    ]
    text = io.StringIO()
    header = book.text(RENTAL).partition("\n")[0].strip().split(",")
    writer = csv.DictWriter(text, fieldnames=header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def gone_offers(book: Book, offers: Iterable[RentalOffer], rejected: Iterable[Rejected] = ()) -> list[RentalOffer]:
    """The newest readings of offers that their seller's catalogue lists no longer.

    Catalogues are not read for every region, so an offer is gone only where the same seller has another offer in its region.

    Args:
        book: what was known.
        offers: what the catalogues list.
        rejected: rows of the same catalogues that were turned away; an offer of which such a row was read is not gone.
    """
    seen = list(offers)
    places = {(offer.provider, offer.region) for offer in seen}
    there = {offer.key for offer in seen} | {row.offer.key for row in rejected if isinstance(row.offer, RentalOffer)}
    newest = {key: readings[-1].offer for key, readings in _readings(book).items() if key not in there}
    return [offer for offer in newest.values() if (offer.provider, offer.region) in places]


def _readings(book: Book) -> dict[Key, list[_Reading]]:
    """All rows of the table by offer, each offer's oldest first."""
    readings: dict[Key, list[_Reading]] = defaultdict(list)
    for row in book.table(RENTAL):
        offer = RentalOffer.model_validate(row)
        readings[offer.key].append(_Reading(offer, row))
    return {key: sorted(rows, key=lambda reading: reading.offer.as_of) for key, rows in readings.items()}


def _with(known: list[_Reading], new: RentalOffer | None) -> list[_Reading]:
    """An offer's history after one more reading."""
    if new is None:
        return known
    before = [
        reading for reading in known if reading.offer.as_of < new.as_of
    ]  # a second reading of a day replaces the first
    after = [reading for reading in known if reading.offer.as_of > new.as_of]
    if len(before) > 1 and _prices(before[-2].offer) == _prices(before[-1].offer) == _prices(new):
        before = before[:-1]
    return [*before, _Reading(new, new.model_dump(mode="json")), *after]


def _prices(offer: RentalOffer) -> tuple[float | None, float | None]:
    return offer.on_demand_usd_per_hour, offer.spot_usd_per_hour
