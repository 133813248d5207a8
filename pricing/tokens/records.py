"""The records of `tokens.json`, the book's own copy of what API sellers charge: rates, cards by date, models, sellers, feeds."""

from __future__ import annotations

import json
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, ValidationError

from pricing.price import Tier
from pricing.tables import Record

MAX_USD_PER_MTOK = 10_000
"""Above this a number is not a price per million tokens but a mistake of units. The dearest known model is at 600."""

_REASON_LENGTH = 160

UsdPerMtok = Annotated[float, Field(ge=0, le=MAX_USD_PER_MTOK)]

Clause = str | tuple[str, ...]
"""One way to recognise a name: `=x` is x, `^x` begins so, `$x` ends so, `*x` contains it, `/x` a regular expression.
Case does not matter. Several in a tuple must all hold."""


class Rates(Record):
    """What tokens cost at one moment in one tier [USD/Mtok].

    Attributes:
        input: fresh input.
        output: output.
        cached_read: input found in the seller's cache; null: it has no such price and bills it as fresh input.
        cache_write: input put in the cache, for the shortest lifetime; null likewise.
        cache_write_1h: input put in the cache for an hour; null likewise.
    """

    input: UsdPerMtok
    output: UsdPerMtok
    cached_read: UsdPerMtok | None = None
    cache_write: UsdPerMtok | None = None
    cache_write_1h: UsdPerMtok | None = None


class Step(Record):
    """The rates of a long request.

    Attributes:
        above: a request with more input tokens than this pays these rates for all of its tokens.
        rates: every unit's rate, also of those that do not change.
    """

    above: Annotated[int, Field(gt=0)]
    rates: Rates


class Window(Record):
    """The rates of some hours of the day.

    Attributes:
        utc: `HH:MM-HH:MM`, the first included, the second not; it may run over midnight.
        rates: what holds then.
    """

    utc: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")]
    rates: Rates


class Card(Record):
    """What one tier of one model costs from one day on, until the next card begins.

    Attributes:
        valid_from: its first day; null: not known since when.
        rates: what holds below the first step and outside the windows; null: from that day on it is not sold so.
        steps: rates of long requests, by threshold.
        windows: rates of some hours.
        also: what is billed besides, by the feed's name of the unit: `requests_kcount` USD per 1,000 requests.
        seen_from: the day of the oldest reading that shows it.
        seen_to: the day of the newest reading that shows it.
        noticed: `valid_from` is the day of the reading in which the change was noticed, and no date that a seller gave.
    """

    valid_from: date | None = None
    rates: Rates | None = None
    steps: tuple[Step, ...] = ()
    windows: tuple[Window, ...] = ()
    also: dict[str, float] = Field(default_factory=dict)
    seen_from: date
    seen_to: date
    noticed: bool = False

    def equals(self, other: Card) -> bool:
        """Whether another card has the same rates at every threshold and hour."""
        return (self.rates, self.steps, self.windows) == (other.rates, other.steps, other.windows)


class SoldModel(Record):
    """One model at one seller.

    Attributes:
        match: names under which it is asked for; any of the clauses is enough. Empty: its own identifier only.
        context_tokens: longest input, where known [tokens].
        deprecated: its seller has withdrawn it or is about to.
        url: where its price was read, where that differs from its seller's page.
        gone: the day of the first reading in which its seller no longer listed it.
        tiers: cards by tier, oldest first. Empty: not sold by input and output token.
        sold_by: the feed's names of the units that it is sold by, where that is not tokens.
    """

    match: tuple[Clause, ...] = ()
    context_tokens: Annotated[int, Field(ge=0)] | None = None
    deprecated: bool = False
    url: str | None = None
    gone: date | None = None
    tiers: dict[Tier, tuple[Card, ...]] = Field(default_factory=dict)
    sold_by: tuple[str, ...] = ()

    @cached_property
    def turns(self) -> tuple[date, ...]:
        """The days on which a card begins or was first read, in order: between two of them nothing changes."""
        cards = [card for dated in self.tiers.values() for card in dated]
        return tuple(sorted({day for card in cards for day in (card.valid_from, card.seen_from) if day is not None}))


class Seller(Record):
    """One seller and its models.

    Attributes:
        name: as it calls itself.
        url: its price page.
        feed: the feed that its prices are read from.
        makes: how the names of the models that it makes are recognised, as in `SoldModel.match`.
        fallback: sellers whose list is used where it has no row of its own.
        models: by identifier, in the order in which names are tried on them.
    """

    name: str
    url: str | None = None
    feed: str
    makes: tuple[Clause, ...] = ()
    fallback: tuple[str, ...] = ()
    models: dict[str, SoldModel] = Field(default_factory=dict)


class TurnedAway(Record):
    """A row that a feed had and the book does not take, and why."""

    row: str
    reason: str


class Feed(Record):
    """One reading of one public list of prices, in the book's own form.

    Attributes:
        name: of the list: `genai-prices`, `litellm`.
        release: which state of it, in its own words, or null.
        seen_on: the day of the reading: of its release, or on which it was fetched.
        sellers: what it has, by the book's identifier of the seller.
        rejected: rows that were turned away.
    """

    name: str
    release: str | None = None
    seen_on: date
    sellers: dict[str, Seller]
    rejected: tuple[TurnedAway, ...] = ()


def parsed(data: bytes, name: str, most_bytes: int) -> Any:
    """A public list's JSON.

    Args:
        data: its bytes.
        name: the list's, for messages.
        most_bytes: more is not that list [bytes].

    Raises:
        ValueError: too large, or no JSON.
    """
    if len(data) > most_bytes:
        raise ValueError(f"{name}: {len(data):,} bytes, more than {most_bytes:,}; this is not its price file")
    try:
        return json.loads(data)
    except ValueError as error:
        raise ValueError(f"{name}: not JSON ({error})") from None


def turned_away(row: str, error: Exception) -> TurnedAway:
    """A row that could not be turned into a record, with the reason in one short sentence.

    Args:
        row: what names it in the list.
        error: what its record, or its importer, said.
    """
    if not isinstance(error, ValidationError):
        return TurnedAway(row=row, reason=f"{error}"[:_REASON_LENGTH] or type(error).__name__)
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return TurnedAway(row=row, reason=f"{place}: {first['msg']} ({first['input']!r:.40})"[:_REASON_LENGTH])
