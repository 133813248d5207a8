"""What one GPU-hour costs to rent: the offers that count on a day, and their median, lowest and highest."""

from __future__ import annotations

from datetime import date
from statistics import median
from typing import Literal

from pricing.book import Book
from pricing.offers import readings_on, rental_offers
from pricing.price import Price, PriceNotFound, ProviderClass, Tier
from pricing.tables import Record, did_you_mean, find_name

Landlords = Literal["any", "hyperscaler", "neocloud", "marketplace", "managed"]
"""`any` is every landlord of a bare GPU; `managed` adds a service and is never mixed in."""


class RentalQuote(Record):
    """What the market asks for one GPU-hour.

    Attributes:
        gpu: the book's name of the GPU.
        tier: how it is rented.
        provider_class: which landlords were asked.
        price: the median offer [USD per GPU-hour]; its `as_of` is the oldest reading among the offers.
        low_usd_per_hour: the cheapest offer [USD per GPU-hour].
        high_usd_per_hour: the dearest offer [USD per GPU-hour].
        count: offers.
        rows: the offers, cheapest first.
    """

    gpu: str
    tier: Tier
    provider_class: Landlords
    price: Price
    low_usd_per_hour: float
    high_usd_per_hour: float
    count: int
    rows: tuple[Price, ...]


def rental_price(
    gpu: str,
    *,
    on: date,
    provider_class: Landlords = "any",
    tier: Tier = "on-demand",
    provider: str | None = None,
    region: str | None = None,
    book: Book | None = None,
) -> RentalQuote:
    """The market price of one rented GPU-hour: the median of the offers, each offer counted once.

    An offer in several regions or machine sizes is several offers, so a landlord with a long price list weighs more; ask for
    one `provider_class` or `provider` to see through it. For an even number of offers the median is the mean of the middle
    two. Which reading of an offer counts on a day: see `offers.readings_on`.

    Args:
        gpu: the book's name, for example `H100-SXM`; case, blanks and hyphens do not matter.
        on: the day.
        provider_class: which landlords; `any` leaves managed services out.
        tier: `on-demand` or `spot`.
        provider: one landlord, for example `aws`.
        region: one region as that landlord writes it, for example `us-east-1`.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such GPU, or no offer left by the filters.
    """
    everything = rental_prices(on, book)
    gpus = sorted({price.item for price in everything})
    name = find_name(gpu, gpus)
    if name is None:
        raise PriceNotFound(
            f"no rental price for the GPU {gpu!r}.{did_you_mean(gpu, gpus)} "
            "See `tco prices list`, or give `price_usd_per_hour` in the scenario."
        )
    of_gpu = [price for price in everything if price.item == name]
    rows = [
        price
        for price in of_gpu
        if price.tier == tier
        and _is_let_by(price, provider_class)
        and provider in (None, price.provider)
        and region in (None, price.region)
    ]
    if not rows:
        asked = ", ".join(part for part in (provider_class, tier, provider, region) if part)
        raise PriceNotFound(f"no rental price for {name} with: {asked}. There is: {_what_there_is(of_gpu)}.")
    return _quote(name, rows, on=on, landlords=provider_class, tier=tier, region=region)


def rental_prices(on: date, book: Book | None = None) -> list[Price]:
    """Every offer's prices per GPU-hour as they count on a day, cheapest first.

    Args:
        on: the day; see `offers.readings_on`.
        book: the book to read; null: the shipped one.
    """
    prices = [price for offer in readings_on(rental_offers(book), on) for price in offer.prices()]
    return sorted(prices, key=lambda price: (price.amount, price.provider, price.region or ""))


def _is_let_by(price: Price, landlords: Landlords) -> bool:
    return price.provider_class != "managed" if landlords == "any" else price.provider_class == landlords


def _quote(
    gpu: str, rows: list[Price], *, on: date, landlords: Landlords, tier: Tier, region: str | None
) -> RentalQuote:
    amounts = [row.amount for row in rows]
    sellers = sorted({row.provider for row in rows})
    later = sum(row.as_of > on for row in rows)
    note = f"median of {len(rows)} offers, {min(amounts):.2f} to {max(amounts):.2f}; as of the oldest"
    if later:
        note += f"; {later} first read after {on.isoformat()}"
    kind: ProviderClass | None = None if landlords == "any" else landlords
    price = Price(
        item=gpu,
        amount=median(amounts),
        per="gpu_hour",
        provider=", ".join(sellers),
        provider_class=kind,
        region=region,
        tier=tier,
        as_of=min(row.as_of for row in rows),
        source=rows[0].source
        if len(rows) == 1
        else f"pricing/data/gpu_rental.csv, {len(rows)} offers, each with its source",
        note=note,
    )
    return RentalQuote(
        gpu=gpu,
        tier=tier,
        provider_class=landlords,
        price=price,
        low_usd_per_hour=min(amounts),
        high_usd_per_hour=max(amounts),
        count=len(rows),
        rows=tuple(rows),
    )


def _what_there_is(prices: list[Price]) -> str:
    kinds = sorted({f"{price.provider_class} {price.tier}" for price in prices})
    sellers = sorted({price.provider for price in prices})
    return f"{', '.join(kinds)}; sellers {', '.join(sellers)}"
