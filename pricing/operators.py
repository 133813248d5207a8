"""Who runs a seller's machines, by the country of its group, and in which country a cloud region lies: facts for conditions on data.

The country of a group says which state can order it to hand data over; where the machines stand is another question. What a
seller's contract promises (retention, certificates, agreements) is in no table: it hangs on the contract.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator

from pricing.book import Book, once_per_book, shipped_book
from pricing.licensing.rules import COUNTRIES
from pricing.price import Evidence
from pricing.tables import Record, find_name


def _known(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code!r} is no country of ISO 3166-1")
    return code


_Country = Annotated[str, AfterValidator(_known)]


class Operator(Record):
    """One row of `operators.csv`: the seat of the group that runs a seller's machines.

    Attributes:
        seller: the book's name of the seller.
        country: two letters of ISO 3166-1.
        evidence: `literature` where terms or a report were read, else `expert`.
        as_of: the day on which it was read or set down.
        source: URL of the seller's terms.
        note: what a reader must know to use it.
    """

    seller: str
    country: _Country
    evidence: Evidence
    as_of: date
    source: str
    note: str | None = None


class CloudRegion(Record):
    """One row of `cloud_regions.csv`: where a region of a cloud lies.

    Attributes:
        provider: the book's name of the seller.
        region: the region as the seller writes it.
        country: two letters of ISO 3166-1.
        place: the town or state that the seller names.
        evidence: how good that is.
        as_of: the day on which it was read.
        source: URL.
        note: what a reader must know to use it.
    """

    provider: str
    region: str
    country: _Country
    place: str
    evidence: Evidence
    as_of: date
    source: str
    note: str | None = None


def operator_of(seller: str, book: Book | None = None) -> Operator | None:
    """Who runs a seller's machines.

    Special cases: a marketplace has none, because its machines belong to many hosts.

    Args:
        seller: the book's name of it; case, blanks and hyphens do not matter.
        book: the book to read; null: the shipped one.

    >>> operator_of("nebius").country, operator_of("vast-ai")
    ('NL', None)
    """
    known = _operators(book or shipped_book())
    name = find_name(seller, known)
    return None if name is None else known[name]


def region_of(region: str, provider: str | None = None, book: Book | None = None) -> CloudRegion | None:
    """Where a cloud region lies.

    Args:
        region: as the seller writes it, for example `eu-central-1`.
        provider: whose region; null, or one without such a row: any seller's, where all agree on the country.
        book: the book to read; null: the shipped one.

    >>> region_of("eu-north1", "nebius").country, region_of("eu-central-1").place
    ('FI', 'Frankfurt')
    """
    rows = [row for row in _regions(book or shipped_book()) if row.region == region.strip().casefold()]
    own = [row for row in rows if provider is not None and row.provider == provider]
    if own:
        return own[0]
    return rows[0] if len({row.country for row in rows}) == 1 else None


@once_per_book
def _operators(book: Book) -> dict[str, Operator]:
    rows = (Operator.model_validate(row) for row in book.table("operators.csv"))
    return {row.seller: row for row in rows}


@once_per_book
def _regions(book: Book) -> tuple[CloudRegion, ...]:
    return tuple(CloudRegion.model_validate(row) for row in book.table("cloud_regions.csv"))
