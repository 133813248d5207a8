"""API prices per million tokens as `Price` records, for one model at one seller on one day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

from pricing.price import Price, PriceNotFound, Tier, Unit
from pricing.tables import Record
from pricing.token_library import (
    CAUTIONS,
    base_rate,
    find_model,
    price_of_day,
    price_source,
    released,
    span_of_price,
)

if TYPE_CHECKING:
    from decimal import Decimal

_BATCH = {"processing": "batch"}


class TokenPrices(Record):
    """What one model costs through one seller's API.

    Attributes:
        model: as asked for, `seller/model`.
        provider: the seller.
        as_of: when the library's data was released.
        input: fresh input [USD/Mtok].
        output: output [USD/Mtok].
        cached_read: input that the seller finds in its cache [USD/Mtok]; null where it has no such price.
        cache_write: input that the seller puts in its cache [USD/Mtok]; null where it has no such price. Where lifetimes
            differ, the shortest.
        batch_input: fresh input of a batch job [USD/Mtok]; null where the seller has no batch price on the day.
        batch_output: output of a batch job [USD/Mtok]; null likewise.
        long_context_from_tokens: a request with more input than this pays the long-context prices for all of its tokens.
        long_context_input: fresh input of such a request [USD/Mtok].
        long_context_output: output of such a request [USD/Mtok].
        note: what a reader must know to use it.
    """

    model: str
    provider: str
    as_of: date
    input: Price
    output: Price
    cached_read: Price | None = None
    cache_write: Price | None = None
    batch_input: Price | None = None
    batch_output: Price | None = None
    long_context_from_tokens: int | None = None
    long_context_input: Price | None = None
    long_context_output: Price | None = None
    note: str | None = None

    @property
    def prices(self) -> list[Price]:
        """All its prices, in the order of the fields."""
        return [value for value in self.__dict__.values() if isinstance(value, Price)]


def token_prices(model: str, on: date) -> TokenPrices:
    """The API prices of one model on one day.

    Where the price depends on the hour, the one that holds for most of the day (UTC) is taken and the note gives the other:
    DeepSeek's V4 prices are therefore off-peak prices. A price that changes later carries its last day in `valid_to`.

    Args:
        model: `seller/model`, for example `openai/gpt-5` or `groq/llama-3.3-70b-versatile`.
        on: the day. Days before the seller's first known price get that first price.

    Raises:
        PriceNotFound: no such seller or model, or the model is not sold by input and output token.

    Example:
        >>> from datetime import date
        >>> token_prices("google/gemini-4-argon", date(2026, 11, 30)).input.amount
        2.0
        >>> token_prices("google/gemini-4-argon", date(2026, 12, 1)).input.amount
        4.0
    """
    seller, info = find_model(model)
    standard, hours_note = price_of_day(info, on)
    fresh, out = standard.input_mtok, standard.output_mtok
    if fresh is None or out is None:
        raise PriceNotFound(
            f"{model}: {seller.id} does not price it by input and output token (but by request, image, hour or the like). "
            "Give `input_usd_per_mtok` and `output_usd_per_mtok` in the scenario."
        )
    changes = [price.constraint for price in info.prices] if isinstance(info.prices, list) else []
    # Another seller's batch terms do not come with its list price; the library's own bill leaves them out too.
    owned = any(info is own for own in seller.models)
    note = _note(model, seller, info, standard, hours_note)
    listed = _Listing(model, seller.id, price_source(seller), note, "standard", *span_of_price(changes, on))
    return TokenPrices(
        model=model,
        provider=seller.id,
        as_of=released(),
        input=listed.price(base_rate(fresh), "mtok_input"),
        output=listed.price(base_rate(out), "mtok_output"),
        cached_read=listed.maybe(standard.cache_read_mtok, "mtok_cached_read"),
        cache_write=listed.maybe(standard.cache_write_mtok, "mtok_cache_write"),
        note=note,
        **(_batch(info, listed, on) if owned else {}),
        **_long_context(fresh, out, listed),
    )


@dataclass(frozen=True, slots=True)
class _Listing:
    """What all prices of one model and tier have in common."""

    item: str
    provider: str
    source: str
    note: str | None
    tier: Tier
    valid_from: date | None
    valid_to: date | None

    def price(self, amount: Decimal, per: Unit) -> Price:
        """One price [USD/Mtok]."""
        return Price(
            item=self.item,
            amount=float(amount),
            per=per,
            provider=self.provider,
            tier=self.tier,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            as_of=released(),
            source=self.source,
            note=self.note,
        )

    def maybe(self, value: Decimal | TieredPrices | None, per: Unit) -> Price | None:
        """The price below the first threshold, or None where the seller has no such price."""
        return None if value is None else self.price(base_rate(value), per)


def _batch(info: ModelInfo, listed: _Listing, on: date) -> dict[str, Price | None]:
    variants = [variant for variant in info.price_variants or [] if variant.when == _BATCH]
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    if not any(variant.constraint is None or variant.constraint.active(noon) for variant in variants):
        return {}
    prices = info.get_prices(noon, _BATCH)
    valid_from, valid_to = span_of_price((variant.constraint for variant in variants), on)
    batch = replace(listed, tier="batch", valid_from=valid_from, valid_to=valid_to)
    return {
        "batch_input": batch.maybe(prices.input_mtok, "mtok_input"),
        "batch_output": batch.maybe(prices.output_mtok, "mtok_output"),
    }


def _long_context(fresh: Decimal | TieredPrices, out: Decimal | TieredPrices, listed: _Listing) -> dict[str, Any]:
    tiered = [price for price in (fresh, out) if isinstance(price, TieredPrices)]
    if not tiered:
        return {}
    threshold = tiered[0].tiers[0].start
    long = replace(listed, note=f"all tokens of a request with more than {threshold} input tokens")
    return {
        "long_context_from_tokens": threshold,
        "long_context_input": long.price(_above(fresh), "mtok_input"),
        "long_context_output": long.price(_above(out), "mtok_output"),
    }


def _above(value: Decimal | TieredPrices) -> Decimal:
    return value.tiers[0].price if isinstance(value, TieredPrices) else value


def _note(model: str, seller: Provider, info: ModelInfo, standard: ModelPrice, hours: str | None) -> str | None:
    asked = model.strip().partition("/")[2]
    parts = [
        hours,
        CAUTIONS.get(f"{seller.id}/{info.id}"),
        None
        if any(info is own for own in seller.models)
        else f"{seller.id} has no row of its own: the maker's list price",
        None if asked.casefold() == info.id.casefold() else f"{asked} is priced as {info.id}",
        "withdrawn or about to be" if info.deprecated else None,
        _tiers_note(standard),
    ]
    return "; ".join(part for part in parts if part) or None


def _tiers_note(standard: ModelPrice) -> str | None:
    cached, fresh = standard.cache_read_mtok, standard.input_mtok
    parts = [
        f"cached reads above {t.start} tokens: {t.price}"
        for t in (cached.tiers if isinstance(cached, TieredPrices) else [])
    ]
    parts += [
        f"input above {t.start} tokens: {t.price}" for t in (fresh.tiers[1:] if isinstance(fresh, TieredPrices) else [])
    ]
    return "; ".join(parts) or None
