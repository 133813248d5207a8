"""The `Price` records of one model on one day: the card that holds in each tier, its steps, its hours, and what to say of it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pricing.price import Price, Tier, Unit
from pricing.tokens.cards import FEEDS
from pricing.tokens.hours import DAY_MINUTES, minutes_of, text_of
from pricing.tokens.notes import token_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pricing.book import Book
    from pricing.tokens.names import Found
    from pricing.tokens.records import Card, Rates

_UNITS: dict[str, Unit] = {
    "input": "mtok_input",
    "output": "mtok_output",
    "cached_read": "mtok_cached_read",
    "cache_write": "mtok_cache_write",
    "cache_write_1h": "mtok_cache_write_1h",
}

_ALSO = {
    "requests_kcount": "{:g} USD per 1,000 requests besides",
    "output_reasoning_mtok": "reasoning tokens at {:g} USD/Mtok",
    "output_citation_mtok": "citation tokens at {:g} USD/Mtok",
}


class Listing(NamedTuple):
    """What a model costs on a day.

    Attributes:
        rows: every price; empty where it is not sold by input and output token on the day.
        as_of: the day of the newest reading that shows the standard price.
        hours_utc: the hours of the price that holds for most of the day, where there is another.
        note: what a reader must know to use it.
    """

    rows: tuple[Price, ...]
    as_of: date
    hours_utc: str | None = None
    note: str | None = None


def listed_rows(found: Found, on: date, book: Book) -> Listing:
    """The book's prices of a model on a day.

    Args:
        found: the model.
        on: the day.
        book: the book that it was found in.
    """
    cards = found.sold.tiers.get("standard", ())
    held = _held(cards, on)
    if held is None:
        return Listing((), found.reading.seen_on)
    parts = _hours(held.card)
    notes = _joined(_notes(found, held, parts, on, book))
    rows = list(_card_rows(found, "standard", held, parts, notes))
    # Another seller's other terms do not come with its list price.
    for tier, dated in found.sold.tiers.items() if found.owner == found.seller else ():
        other = _held(dated, on) if tier != "standard" else None
        if other is not None:
            rows += _card_rows(found, tier, other, _hours(other.card), notes)
    return Listing(tuple(rows), held.card.seen_to, parts[0].hours_utc, notes)


def same_prices_since(found: Found, on: date) -> date:
    """The first of the days, up to a given one, since when a model's listed prices and what is said of them are the same.

    Args:
        found: the model.
        on: the given day.

    Returns:
        The newest day on or before `on` on which a card begins or was first read; the first day of the calendar where there
        is none.
    """
    turns = found.sold.turns
    at = bisect_right(turns, on)
    return turns[at - 1] if at else date.min


def own_rows(model: str, on: date, book: Book) -> tuple[Price, ...] | None:
    """The prices of a model that only the user knows; None where his file has not both input and output of it.

    Args:
        model: as asked for.
        on: the day.
        book: the book with his prices.
    """
    rows = tuple(book.overrides.own_prices(on, model)) if book.overrides is not None else ()
    standard = {row.per for row in rows if row.tier == "standard" and row.above_input_tokens is None}
    return rows if {"mtok_input", "mtok_output"} <= standard else None


class _Held(NamedTuple):
    """The card that holds on a day, the first and last day of its rates, their oldest reading, and the card of the rates before."""

    card: Card
    valid_from: date | None
    valid_to: date | None
    seen_from: date
    before: Card | None


def _held(cards: Sequence[Card], on: date) -> _Held | None:
    """The newest card that has begun; an undated one has always held. Neighbours with equal rates are one span."""
    begun = [at for at, card in enumerate(cards) if card.valid_from is None or card.valid_from <= on]
    if not begun or cards[begun[-1]].rates is None:
        return None
    first = last = begun[-1]
    while first > 0 and cards[first - 1].equals(cards[first]):
        first -= 1
    while last + 1 < len(cards) and cards[last + 1].equals(cards[last]):
        last += 1
    later = cards[last + 1].valid_from if last + 1 < len(cards) else None
    valid_to = None if later is None else later - timedelta(days=1)
    seen_from = min(card.seen_from for card in cards[first : last + 1])
    return _Held(cards[begun[-1]], cards[first].valid_from, valid_to, seen_from, cards[first - 1] if first else None)


@dataclass(frozen=True, slots=True)
class _Part:
    """The rates of some hours of the day."""

    rates: Rates
    minutes: int
    hours_utc: str | None


def _hours(card: Card) -> list[_Part]:
    """The rates by hours, the longest first; windows with the same rates are one."""
    if card.rates is None:
        return []
    if not card.windows:
        return [_Part(card.rates, DAY_MINUTES, None)]
    left = set(range(DAY_MINUTES))
    by_rates: dict[tuple[float | None, ...], tuple[Rates, set[int]]] = {}
    for window in reversed(card.windows):  # of two windows that overlap the last one counts
        minutes = minutes_of(window.utc) & left
        left -= minutes
        by_rates.setdefault(tuple(window.rates.model_dump().values()), (window.rates, set()))[1].update(minutes)
    parts = [(card.rates, left), *by_rates.values()]
    return sorted(
        (_Part(rates, len(minutes), text_of(minutes)) for rates, minutes in parts if minutes),
        key=lambda part: -part.minutes,
    )


def _card_rows(found: Found, tier: Tier, held: _Held, parts: list[_Part], note: str | None) -> Iterator[Price]:
    """The prices of one card: those of most hours, then long requests, then other hours."""
    for part in parts[:1]:
        yield from _prices(found, tier, held, part.rates, note, hours_utc=part.hours_utc)
    for step in held.card.steps:
        words = f"all tokens of a request with more than {step.above} input tokens"
        yield from _prices(found, tier, held, step.rates, words, above=step.above)
    for part in parts[1:]:
        yield from _prices(found, tier, held, part.rates, note, hours_utc=part.hours_utc)


def _prices(
    found: Found,
    tier: Tier,
    held: _Held,
    rates: Rates,
    note: str | None,
    *,
    above: int | None = None,
    hours_utc: str | None = None,
) -> Iterator[Price]:
    item, source = f"{found.seller}/{found.asked}", _source(found, held.card)
    for name, unit in _UNITS.items():
        amount = getattr(rates, name)
        if amount is not None:
            yield Price(
                item=item,
                amount=amount,
                per=unit,
                provider=found.seller,
                tier=tier,
                above_input_tokens=above,
                hours_utc=hours_utc,
                valid_from=held.valid_from,
                valid_to=held.valid_to,
                as_of=held.card.seen_to,
                source=source,
                evidence="listed" if _has_link(found) else "literature",
                derived=None if found.owner == found.seller else f"the list price of {found.owner}",
                note=note,
            )


def _has_link(found: Found) -> bool:
    """Whether it is known where the price was read: the first list has a page for each seller, the second one for some rows."""
    return found.record.feed == FEEDS[0] or found.sold.url is not None


def _source(found: Found, card: Card) -> str:
    """The price page, and the release of the list through which it was read."""
    newest = card.seen_to == found.reading.seen_on and found.reading.release
    through = f"{found.record.feed} {found.reading.release}" if newest else f"{found.record.feed} of {card.seen_to}"
    page = found.sold.url or found.record.url
    return f"{page} via {through}" if page else through


def _notes(found: Found, held: _Held, parts: list[_Part], on: date, book: Book) -> Iterator[str | None]:
    card, notes = held.card, token_notes(book)
    yield _hours_note(parts)
    known = [notes.models.get(f"{found.owner}/{found.model}"), notes.sellers.get(found.seller)]
    if card.windows:
        known.insert(0, notes.windows.get(f"{found.owner}/{found.model}"))
    yield from (remark.note for remark in known if remark is not None)
    if not _has_link(found):
        yield "the list does not say where it read this price: check it before use"
    if found.owner != found.seller:
        yield f"{found.seller} has no row of its own: the maker's list price"
    if found.asked.casefold() != found.model.casefold():
        yield f"{found.asked} is priced as {found.model}"
    if found.sold.deprecated:
        yield "withdrawn or about to be"
    if found.sold.gone is not None:
        yield f"no longer listed since {found.sold.gone}"
    yield from _dates_notes(held, on)
    yield from (words.format(card.also[unit]) for unit, words in _ALSO.items() if unit in card.also)


def _hours_note(parts: list[_Part]) -> str | None:
    if len(parts) == 1:
        return None
    (most, *others) = parts
    other, hours = others[0].rates, most.minutes / 60
    name = "off-peak price" if (most.rates.input, most.rates.output) < (other.input, other.output) else "price"
    return f"{name} of {hours:g} hours of the day (UTC); other {24 - hours:g}: {other.input:g} in, {other.output:g} out"


def _dates_notes(held: _Held, on: date) -> Iterator[str]:
    card = held.card
    if held.valid_from is None and on < held.seen_from:
        yield f"not known since when it holds: first read on {held.seen_from}"
    if card.noticed and held.before is not None:
        yield f"read differently on {held.before.seen_to}: changed, or corrected, between then and {card.valid_from}"
    if card.valid_from is not None and card.valid_from > card.seen_to:
        yield f"announced, as read on {card.seen_to}"


def _joined(notes: Iterable[str | None]) -> str | None:
    return "; ".join(note for note in notes if note) or None
