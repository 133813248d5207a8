"""One look across all feeds: rentals, electricity, GPUs to buy and, when named, API tokens."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pricing.book import Book
from pricing.electricity import electricity_price, electricity_quotes
from pricing.gpus import gpu_names, gpu_price
from pricing.hardware import COLOCATION, colocation_price, figures, server_names, server_price
from pricing.rental import rental_prices
from pricing.tables import name_key
from pricing.tokens.names import api_models, api_sellers
from pricing.tokens.prices import token_prices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pricing.price import Price, ProviderClass, Tier

STALE_AFTER_DAYS = 180
"""Half a year: GPU rents and token prices move by tens of per cent in that time."""


def list_prices(
    *,
    on: date,
    item: str | None = None,
    provider: str | None = None,
    provider_class: ProviderClass | None = None,
    tier: Tier | None = None,
    book: Book | None = None,
) -> list[Price]:
    """The book's prices on a day, filtered.

    API token prices come in only when `provider` names their seller or `item` reads `seller/...`: there are thousands.

    Args:
        on: the day.
        item: begins like this, case, blanks and hyphens apart: `H100` finds every H100; `electricity/DE` and
            `openai/gpt-5` find one region and one family of models.
        provider: one seller.
        provider_class: kind of GPU landlord.
        tier: how it is bought.
        book: the book to read; null: the shipped one.

    Returns:
        By item, then by amount; empty where nothing matches.
    """
    found = [
        *rental_prices(on, book),
        *_electricity(on, book),
        *_purchases(on, book),
        *_colocation(on, book),
        *_tokens(on, item, provider, book),
    ]
    wanted = [
        price
        for price in found
        if (item is None or _begins(price, item))
        and provider in (None, price.provider)
        and provider_class in (None, price.provider_class)
        and tier in (None, price.tier)
    ]
    return sorted(wanted, key=lambda price: (price.item, price.per, price.amount, price.provider))


def every_price(on: date, book: Book | None = None) -> list[Price]:
    """Every price that the book has on a day: those of `list_prices` and the tokens of all sellers, some 10,000.

    Args:
        on: the day.
        book: the book to read; null: the shipped one.
    """
    sellers = api_sellers(book)
    return [*list_prices(on=on, book=book), *(price for seller in sellers for price in _tokens(on, None, seller, book))]


def stale(prices: Iterable[Price], on: date, days: int = STALE_AFTER_DAYS) -> list[Price]:
    """Those prices that were read more than `days` before `on` [days].

    Args:
        prices: any.
        on: the day they are to be used for.
        days: how old is too old; a price that is exactly so old still passes.
    """
    return [price for price in prices if price.as_of < on - timedelta(days=days)]


def _begins(price: Price, item: str) -> bool:
    full = f"{price.item}/{price.region}" if price.item == "electricity" else price.item
    return name_key(full).startswith(name_key(item))


def _electricity(on: date, book: Book | None) -> list[Price]:
    kinds = dict.fromkeys((quote.region, quote.sector) for quote in electricity_quotes(book))
    return [electricity_price(region, on=on, sector=sector, book=book).price for region, sector in kinds]


def _purchases(on: date, book: Book | None) -> list[Price]:
    gpus = [gpu_price(name, on, book) for name in gpu_names(book)]
    servers = [server_price(name, on, book) for name in server_names(book)]
    return [price for price in (*gpus, *servers) if price is not None]


def _colocation(on: date, book: Book | None) -> list[Price]:
    places = dict.fromkeys(figure.region for figure in figures(book) if figure.name == COLOCATION)
    return [colocation_price(place, on, book) for place in places]


def _tokens(on: date, item: str | None, provider: str | None, book: Book | None) -> list[Price]:
    seller = provider if provider is not None else (item or "").partition("/")[0].casefold()
    if seller not in api_sellers(book):
        return []
    models = api_models(seller, book)
    if item is not None:
        models = [model for model in models if name_key(model).startswith(name_key(item))]
    return [price for model in models for price in token_prices(model, on, book).prices]
