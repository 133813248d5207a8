"""A refresh of the price book: what public lists say now, what that would change, and a new snapshot of what was accepted.

Nothing here runs unless the user asks for it, and nothing is taken into the book without a yes to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from pricing.book import Book
from pricing.offers import Rejected, RentalOffer, Screened
from pricing.sources import genai, gpuhunt, litellm
from pricing.tokens.cards import TOKENS
from pricing.tokens.records import Feed
from pricing.upkeep.changes import Change, compare, offer_rows, rows_on
from pricing.upkeep.doubts import doubted
from pricing.upkeep.fetch import Fetched, FetchError, Kind, Limits, fetch_all
from pricing.upkeep.memory_file import MemoryFile
from pricing.upkeep.refresh_gpus import RENTAL, merged_rental
from pricing.upkeep.refresh_tokens import feeds_of_sellers, merged_tokens, second_tokens, token_changes
from pricing.upkeep.snapshot_record import SnapshotInfo, SourceRecord, TurnedAway
from pricing.upkeep.snapshots import write_snapshot

GENAI_URL = "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json"
LITELLM_URL = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"

Group = Literal["tokens", "gpus"]

KEPT_REASONS = 200
"""So many rows that were turned away are named in a snapshot's record; all are counted."""


class Source(NamedTuple):
    """One public list.

    Attributes:
        name: short, for messages.
        group: what it has prices of.
        url: where it is.
        kind: what its file must be.
        read: turns its bytes, seen on a day, into rows of the book; ValueError where they are not that list.
    """

    name: str
    group: Group
    url: str
    kind: Kind
    read: Callable[[bytes, date], Feed | Screened]


def sources(group: Group | None = None) -> list[Source]:
    """The lists that a refresh reads.

    Args:
        group: null: all.
    """
    tokens = [
        Source("genai-prices", "tokens", GENAI_URL, "json", genai.read),
        Source("litellm", "tokens", LITELLM_URL, "json", litellm.read),
    ]
    gpus = [Source(f"gpuhunt {url.split('/')[-3]}", "gpus", url, "zip", gpuhunt.read) for url in gpuhunt.urls()]
    return [source for source in (*tokens, *gpus) if group in (None, source.group)]


class Reading(NamedTuple):
    """What one source came to: rows, or the sentence why there are none."""

    source: Source
    fetched: Fetched | None
    rows: Feed | Screened | None
    problem: str | None


def gather(wanted: Iterable[Source], on: date, limits: Limits | None = None) -> list[Reading]:
    """Fetches and reads sources. One that fails does not stop the others.

    Args:
        wanted: from `sources`.
        on: today.
        limits: hosts, schemes and caps; null: the product's own.
    """
    asked = list(wanted)
    answers = fetch_all([(source.url, source.kind) for source in asked], limits)
    return [_reading(source, answers[source.url], on) for source in asked]


class Item(NamedTuple):
    """One row that a refresh would change: taken or left as a whole.

    Attributes:
        row: `seller/model`, or an offer's label.
        source: the source that it was read from.
        seller: who sells it.
        changes: its prices that differ.
        doubts: why a person should look before it is taken.
    """

    row: str
    source: str
    seller: str
    changes: tuple[Change, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the readings would make of a book.

    Attributes:
        base: the book that they are laid over.
        on: today.
        readings: all, those that failed included.
        items: rows with a price that differs, by source, seller and row.
    """

    base: Book
    on: date
    readings: tuple[Reading, ...]
    items: tuple[Item, ...]

    @property
    def problems(self) -> list[str]:
        """One sentence for each source that failed."""
        return [f"{reading.source.name}: {reading.problem}" for reading in self.readings if reading.problem is not None]

    def files(self, accepted: Collection[str]) -> dict[str, bytes]:
        """The tables that differ, with the rows accepted. Rows whose prices stayed get the new day of reading.

        Args:
            accepted: rows of `items`.
        """
        refused = {item.row for item in self.items} - set(accepted)
        new = _tables(self.base, self.readings, refused)
        return {name: data for name, data in new.items() if data != _bytes(self.base, name)}


def propose(base: Book, readings: Iterable[Reading], on: date) -> Proposal:
    """What readings would change in a book.

    Args:
        base: the book.
        readings: from `gather`.
        on: today.
    """
    kept = tuple(_mergeable(base, readings))
    return Proposal(base, on, kept, tuple(_items(base, kept, on)))


def save(proposal: Proposal, accepted: Collection[str], folder: Path | None = None) -> SnapshotInfo | None:
    """Writes a snapshot of a proposal's accepted rows beside the old ones.

    Args:
        proposal: from `propose`.
        accepted: rows of its items.
        folder: null: the user's.

    Returns:
        Its record, or None where nothing differs from the book that the refresh began with.

    Raises:
        OSError: the folder cannot be written.
    """
    files = proposal.files(accepted)
    if not files:
        return None
    records = [_record(reading, proposal, set(accepted)) for reading in proposal.readings]
    return write_snapshot(
        files,
        as_of=max(proposal.on, proposal.base.as_of),
        created_at=datetime.now(tz=UTC),
        tool=f"tco-llm {metadata.version('tco-llm')}",
        parent=proposal.base,
        sources=tuple(record for record in records if record is not None),
        folder=folder,
    )


def _reading(source: Source, answer: Fetched | FetchError, on: date) -> Reading:
    if isinstance(answer, FetchError):
        return Reading(source, None, None, str(answer))
    try:
        rows = source.read(answer.data, on)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        problem = f"{source.url}: its content is not that list ({' '.join(str(error).split())[:200]})."
        return Reading(source, answer, None, problem)
    if not row_names(rows):
        problem = f"{source.url}: it has no row that the book can take; {len(rows.rejected)} were turned away."
        return Reading(source, answer, None, problem)
    return Reading(source, answer, rows, None)


def row_names(rows: Feed | Screened) -> list[str]:
    """The names of a reading's rows, as in `Item.row`."""
    if isinstance(rows, Feed):
        return [f"{seller}/{model}" for seller, known in rows.sellers.items() for model in known.models]
    return [offer.label for offer in rows.accepted]


def _mergeable(base: Book, readings: Iterable[Reading]) -> list[Reading]:
    """The readings; one that does not fit the book, such as one older than it, becomes a problem."""
    checked: list[Reading] = []
    for reading in readings:
        try:
            _tables(base, [reading], ())
            checked.append(reading)
        except ValueError as error:
            checked.append(reading._replace(rows=None, problem=f"{error}."))
    return checked


def _tables(base: Book, readings: Collection[Reading], refused: Collection[str]) -> dict[str, bytes]:
    tables: dict[str, bytes] = {}
    feeds = [reading.rows for reading in readings if isinstance(reading.rows, Feed)]
    if feeds:
        tables[TOKENS] = merged_tokens(base, feeds, refused)
        tables |= second_tokens(base, tables[TOKENS], feeds)
    screened = [reading.rows for reading in readings if isinstance(reading.rows, Screened)]
    if screened:
        offers = [offer for part in screened for offer in part.accepted]
        rejected = [row for part in screened for row in part.rejected]
        tables[RENTAL] = merged_rental(base, offers, rejected, refused)
    return tables


def _found(base: Book, tables: dict[str, bytes], on: date) -> list[Change]:
    found: list[Change] = []
    if TOKENS in tables:
        found += token_changes(base, tables[TOKENS], on)
    if RENTAL in tables:
        newer = {**base.newer, RENTAL: MemoryFile(RENTAL, tables[RENTAL])}
        found += compare(offer_rows(base, on), offer_rows(Book(as_of=max(on, base.as_of), newer=newer), on))
    return found


def _sources_of_sellers(readings: Iterable[Reading], tables: dict[str, bytes]) -> dict[str, str]:
    """The source of each seller's rows: of tokens, and of GPU hours under `gpus/` and the name."""
    names = feeds_of_sellers(tables[TOKENS]) if TOKENS in tables else {}
    for reading in readings:
        if isinstance(reading.rows, Screened):
            names |= {f"gpus/{offer.provider}": reading.source.name for offer in reading.rows.accepted}
    return names


def _items(base: Book, readings: Collection[Reading], on: date) -> list[Item]:
    tables = _tables(base, readings, ())
    known = rows_on(base, on).values()
    names = _sources_of_sellers(readings, tables)
    by_row: dict[str, list[Change]] = defaultdict(list)
    for change in _found(base, tables, on):
        by_row[change.row].append(change)
    doubts = doubted(by_row, known, _turned_away(readings))
    items = []
    for row, found in by_row.items():
        price = found[0].price
        source = names.get(f"gpus/{price.provider}" if price.per == "gpu_hour" else price.provider, "")
        items.append(Item(row, source, price.provider, tuple(found), doubts.get(row, ())))
    return sorted(items, key=lambda item: (item.source, item.seller, item.row))


def _turned_away(readings: Iterable[Reading]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for reading in readings:
        if isinstance(reading.rows, Feed):
            reasons |= {row.row: row.reason for row in reading.rows.rejected}
        elif reading.rows is not None:
            reasons |= {_label(row): row.reason for row in reading.rows.rejected}
    return reasons


def _label(row: Rejected) -> str:
    return (
        row.offer.label if isinstance(row.offer, RentalOffer) else ", ".join(str(cell) for cell in row.offer.values())
    )


def _record(reading: Reading, proposal: Proposal, accepted: set[str]) -> SourceRecord | None:
    """What a snapshot keeps of a source; None of one that gave nothing."""
    if reading.fetched is None or reading.rows is None:
        return None
    refused = [item for item in proposal.items if item.source == reading.source.name and item.row not in accepted]
    by_list = _turned_away([reading])
    by_user = {item.row: "; ".join(item.doubts) or "not accepted by the user" for item in refused}
    named = [TurnedAway(row=row[:200], reason=reason[:300]) for row, reason in (by_user | by_list).items()]
    names = row_names(reading.rows)
    return SourceRecord(
        name=reading.source.name,
        url=reading.fetched.url,
        fetched_at=reading.fetched.fetched_at,
        sha256=reading.fetched.sha256,
        bytes=len(reading.fetched.data),
        rows_accepted=sum(name not in by_user for name in names),
        rows_rejected=len(reading.rows.rejected) + len(refused),
        rejected=tuple(named[:KEPT_REASONS]),
    )


def _bytes(book: Book, name: str) -> bytes | None:
    file = book.file(name)
    return file.read_bytes() if file.is_file() else None
