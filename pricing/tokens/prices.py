"""API prices per million tokens as `Price` records, for one model at one seller on one day, and what one request costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time
from functools import lru_cache

from pricing.book import Book, shipped_book
from pricing.price import Price, PriceNotFound, Tier, Unit
from pricing.tables import Record
from pricing.tokens.hours import in_hours
from pricing.tokens.names import OWN_PRICE, find_model
from pricing.tokens.rows import listed_rows, own_rows, same_prices_since

_KEPT = 4096
"""Look-ups that are remembered, one for each span of days with the same prices."""


class TokenPrices(Record):
    """What one model costs through one seller's API.

    Attributes:
        model: `seller/model`, the model as asked for.
        provider: the seller.
        as_of: the day of the newest reading that shows the standard price.
        input: fresh input [USD/Mtok].
        output: output [USD/Mtok].
        cached_read: input that the seller finds in its cache [USD/Mtok]; null where it has no such price.
        cache_write: input that the seller puts in its cache, for the shortest lifetime that it has [USD/Mtok]; null likewise.
        cache_write_1h: input put in the cache for an hour [USD/Mtok]; null likewise.
        batch_input: fresh input of a batch job [USD/Mtok]; null where the seller has no such price on the day.
        batch_output: output of a batch job [USD/Mtok]; null likewise.
        batch_cached_read: cached input of a batch job [USD/Mtok]; null likewise.
        flex_input: fresh input of a request that may wait [USD/Mtok]; null likewise.
        flex_output: its output [USD/Mtok].
        flex_cached_read: its cached input [USD/Mtok].
        priority_input: fresh input of a request that goes first [USD/Mtok]; null likewise.
        priority_output: its output [USD/Mtok].
        priority_cached_read: its cached input [USD/Mtok].
        fast_input: fresh input of the faster service [USD/Mtok]; null likewise.
        fast_output: its output [USD/Mtok].
        fast_cached_read: its cached input [USD/Mtok].
        long_context_from_tokens: a request with more input than this pays the long-context prices for all of its tokens.
        long_context_input: fresh input of such a request [USD/Mtok].
        long_context_output: its output [USD/Mtok].
        long_context_cached_read: its cached input [USD/Mtok].
        long_context_cache_write: input that it puts in the cache [USD/Mtok].
        further: the prices beyond these: second thresholds, long requests of other tiers, other hours of the day.
        hours_utc: the hours in which the prices above hold, where they depend on the hour; those of the others are in `further`.
        context_tokens: longest input, where known [tokens].
        deprecated: the seller has withdrawn the model or is about to.
        note: what a reader must know to use it.
    """

    model: str
    provider: str
    as_of: date
    input: Price
    output: Price
    cached_read: Price | None = None
    cache_write: Price | None = None
    cache_write_1h: Price | None = None
    batch_input: Price | None = None
    batch_output: Price | None = None
    batch_cached_read: Price | None = None
    flex_input: Price | None = None
    flex_output: Price | None = None
    flex_cached_read: Price | None = None
    priority_input: Price | None = None
    priority_output: Price | None = None
    priority_cached_read: Price | None = None
    fast_input: Price | None = None
    fast_output: Price | None = None
    fast_cached_read: Price | None = None
    long_context_from_tokens: int | None = None
    long_context_input: Price | None = None
    long_context_output: Price | None = None
    long_context_cached_read: Price | None = None
    long_context_cache_write: Price | None = None
    further: tuple[Price, ...] = ()
    hours_utc: str | None = None
    context_tokens: int | None = None
    deprecated: bool = False
    note: str | None = None

    @property
    def prices(self) -> list[Price]:
        """All its prices: those with a field of their own in the order of the fields, then the others."""
        return [*(value for value in self.__dict__.values() if isinstance(value, Price)), *self.further]


def token_prices(model: str, on: date, book: Book | None = None) -> TokenPrices:
    """The API prices of one model on one day.

    Where the price depends on the hour, the one that holds for most of the day (UTC) is taken and the note gives the other:
    DeepSeek's V4 prices are therefore off-peak prices. A price that changes later carries its last day in `valid_to`. Days
    before the first known price get that price, and the note says so. The user's own prices are applied to each price; a
    model that only the user knows is found where his file has its `mtok_input` and `mtok_output`.

    Args:
        model: `seller/model`, for example `openai/gpt-5`; aliases and bare names: see `token_names`.
        on: the day.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such seller or model, several sell it, or it is not sold by input and output token.

    Example:
        >>> from datetime import date
        >>> token_prices("google/gemini-4-argon", date(2026, 11, 30)).input.amount
        2.0
        >>> token_prices("google/gemini-4-argon", date(2026, 12, 1)).input.amount
        4.0
    """
    book, model = book or shipped_book(), model.strip()
    if book.overrides is not None:
        return _token_prices(model, on, book)  # the user's own entries begin and end on days of their own
    try:
        return _token_prices(model, same_prices_since(find_model(model, book), on), book)
    except PriceNotFound:
        # Once more for the sentence, which names the day that was asked for.
        return _token_prices(model, on, book)


@lru_cache(maxsize=_KEPT)
def _token_prices(model: str, on: date, book: Book) -> TokenPrices:
    try:
        found = find_model(model, book)
    except PriceNotFound:
        own = own_rows(model, on, book)
        if own is None:
            raise
        return _sorted_in(own, model=model, provider=own[0].provider, as_of=own[0].as_of, note=own[0].note)
    listing = listed_rows(found, on, book)
    if not listing.rows:
        how = f"but by {', '.join(found.sold.sold_by)}" if found.sold.sold_by else f"on {on}"
        raise PriceNotFound(
            f"{found.seller}/{found.asked}: {found.seller} does not price it by input and output token {how}. {OWN_PRICE}"
        )
    rows = listing.rows
    if book.overrides is not None:
        applied = [book.overrides.apply(price, on) for price in rows]
        # A price that only the contract has, such as a batch rate, stands beside the listed ones.
        taken = {price.layer for price in applied}
        beside = book.overrides.own_prices(on, f"{found.seller}/{found.asked}")
        rows = (*applied, *(price for price in beside if price.layer not in taken))
    return _sorted_in(
        rows,
        model=f"{found.seller}/{found.asked}",
        provider=found.seller,
        as_of=listing.as_of,
        hours_utc=listing.hours_utc,
        context_tokens=found.sold.context_tokens,
        deprecated=found.sold.deprecated or found.sold.gone is not None,
        note=listing.note,
    )


_OTHER_TIERS: tuple[Tier, ...] = ("batch", "flex", "priority", "fast")

_UNIT_FIELDS: tuple[tuple[Unit, str], ...] = (
    ("mtok_input", "input"),
    ("mtok_output", "output"),
    ("mtok_cached_read", "cached_read"),
)

_FIELDS: dict[tuple[Tier, Unit], str] = {
    **{("standard", unit): name for unit, name in _UNIT_FIELDS},
    ("standard", "mtok_cache_write"): "cache_write",
    ("standard", "mtok_cache_write_1h"): "cache_write_1h",
    **{(tier, unit): f"{tier}_{name}" for tier in _OTHER_TIERS for unit, name in _UNIT_FIELDS},
}

_LONG_FIELDS: dict[Unit, str] = {
    "mtok_input": "long_context_input",
    "mtok_output": "long_context_output",
    "mtok_cached_read": "long_context_cached_read",
    "mtok_cache_write": "long_context_cache_write",
}


def _sorted_in(rows: Iterable[Price], **fields: object) -> TokenPrices:
    """The record with each price in its field, and the others in `further`."""
    rows = list(rows)
    hours = fields.get("hours_utc")
    steps = {row.above_input_tokens for row in rows if row.tier == "standard" and row.hours_utc == hours}
    first = min((above for above in steps if above is not None), default=None)
    named: dict[str, Price] = {}
    further: list[Price] = []
    for row in rows:
        field = _field(row, first) if row.hours_utc == hours or row.tier != "standard" else None
        if field is None or field in named:
            further.append(row)
        else:
            named[field] = row
    record = {"long_context_from_tokens": first, "further": tuple(further), **named, **fields}
    return TokenPrices.model_validate(record)


def _field(row: Price, first_step: int | None) -> str | None:
    if row.above_input_tokens is None:
        return _FIELDS.get((row.tier, row.per))
    return _LONG_FIELDS.get(row.per) if row.tier == "standard" and row.above_input_tokens == first_step else None


def price_of_request(
    model: str,
    on: date,
    *,
    input_tokens: float,
    output_tokens: float,
    cached_tokens: float = 0,
    cache_write_tokens: float = 0,
    tier: Tier = "standard",
    at: time | None = None,
    book: Book | None = None,
) -> float:
    """What one request costs [USD].

    `(fresh · input + cached · cached_read + written · cache_write + output_tokens · output) / 10⁶`, with
    `fresh = input_tokens − cached − written`, all at the rates of the highest threshold that `input_tokens` is above. Where the
    seller has no price for cached or written input, that is fresh input.

    Args:
        model: as in `token_prices`.
        on: the day.
        input_tokens: all input, cached and written included [tokens].
        output_tokens: output [tokens].
        cached_tokens: input found in the cache [tokens].
        cache_write_tokens: input put in the cache, for the shortest lifetime [tokens].
        tier: how it is bought.
        at: the time of day, UTC; null: the hours that make up most of the day.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: as `token_prices`, and where the model is not sold in this tier.
        ValueError: less than nothing, or more cached and written input than input.

    Example:
        >>> from datetime import date
        >>> round(price_of_request("openai/gpt-6.1-sol", date(2026, 11, 23), input_tokens=300_000, output_tokens=1_000), 6)
        1.215
    """
    fresh = input_tokens - cached_tokens - cache_write_tokens
    if min(fresh, cached_tokens, cache_write_tokens, output_tokens) < 0:
        raise ValueError(
            f"{input_tokens:g} tokens of input with {cached_tokens:g} cached and {cache_write_tokens:g} written to the cache, "
            f"{output_tokens:g} of output: none may be negative, and input holds the other two"
        )
    prices = token_prices(model, on, book)
    rates = dict(_rates(prices, tier, at, input_tokens))
    if not rates:
        tiers = sorted({price.tier for price in prices.prices})
        raise PriceNotFound(f"{prices.model} is not sold as {tier!r} on {on}. There is: {', '.join(tiers)}.")
    usd = fresh * rates["mtok_input"] + output_tokens * rates["mtok_output"]
    usd += cached_tokens * rates.get("mtok_cached_read", rates["mtok_input"])
    usd += cache_write_tokens * rates.get("mtok_cache_write", rates["mtok_input"])
    return usd / 1e6


def _rates(prices: TokenPrices, tier: Tier, at: time | None, input_tokens: float) -> Iterator[tuple[Unit, float]]:
    """The rates of one request, by unit."""
    rows = [row for row in prices.prices if row.tier == tier and (row.above_input_tokens or -1) < input_tokens]
    if at is not None:
        rows = [row for row in rows if row.hours_utc is None or in_hours(at, row.hours_utc)]
    elif tier == "standard":
        rows = [row for row in rows if row.hours_utc == prices.hours_utc]
    for row in sorted(rows, key=lambda row: row.above_input_tokens or -1):
        yield row.per, row.amount
