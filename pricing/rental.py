"""What one GPU-hour costs to rent: the offers that count on a day, and their median, lowest and highest."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from statistics import median
from typing import Literal, NamedTuple, get_args

from pricing.book import Book, once_per_book, shipped_book
from pricing.commitments import commitment_discounts, commitments, reserved_prices
from pricing.managed import listed_managed_prices, managed_rows
from pricing.offers import readings_on, rental_offers
from pricing.price import BOOK, Evidence, Price, PriceNotFound, ProviderClass, Tier
from pricing.tables import Record, did_you_mean, find_name

Landlords = Literal["any", "hyperscaler", "neocloud", "marketplace", "managed"]
"""`any` is every landlord of a bare GPU; `managed` adds a service and is never mixed in."""

_EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)


class RentalQuote(Record):
    """What the market asks for one GPU-hour.

    Attributes:
        gpu: the book's name of the GPU.
        tier: how it is rented.
        provider_class: which landlords were asked.
        price: the market's median [USD per GPU-hour], see `market_median`; its `as_of` is the oldest reading among the offers, its evidence the weakest.
            Where the user has a contract that fits, it is the contract.
        low_usd_per_hour: the cheapest offer [USD per GPU-hour].
        high_usd_per_hour: the dearest offer [USD per GPU-hour].
        count: offers.
        sellers: those who make them.
        derived_count: how many of them no list shows, because they were computed from another price (`Price.derived` says
            how); the other offers are as somebody lists them.
        rows: the offers, cheapest first.
    """

    gpu: str
    tier: Tier
    provider_class: Landlords
    price: Price
    low_usd_per_hour: float
    high_usd_per_hour: float
    count: int
    sellers: int
    derived_count: int
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
    """The market price of one rented GPU-hour: the median over sellers, one voice each (see `market_median`).

    Which reading of an offer counts on a day: see `offers.readings_on`.

    Reserved tiers mix what sellers list with on-demand less a discount (see `commitments.reserved_prices`): `price.derived`
    says how many are derived, `price.low` and `price.high` are the medians at the ends of the discounts' ranges, and the
    evidence is the weakest of the offers.

    The user's own prices of the book go first: a contract for the GPU that fits the filters is the quote, alone. A contract
    without a kind of landlord or region fits each of them.

    Args:
        gpu: the book's name, for example `H100-SXM`; case, blanks and hyphens do not matter.
        on: the day.
        provider_class: which landlords; `any` leaves managed services out.
        tier: `on-demand`, `spot`, `reserved-1y` or `reserved-3y`.
        provider: one landlord, for example `aws`.
        region: one region as that landlord writes it, for example `us-east-1`.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such GPU, or no offer left by the filters.
    """
    return _found(
        gpu,
        on=on,
        provider_class=provider_class,
        tier=tier,
        provider=provider,
        region=region,
        book=book or shipped_book(),
    )


def market_median(prices: Iterable[Price], end: Literal["amount", "low", "high"] = "amount") -> float:
    """The median of a market: the median over sellers of each seller's own median [USD per GPU-hour].

    A seller with one price in thirty regions has one voice, not thirty. For an even number the median is the mean of the
    middle two.

    Args:
        prices: offers of one GPU and tier, at least one.
        end: `amount`, or an end of the range; a price without a range has its amount there.

    Example:
        A seller who asks 4, 4 and 6 in three places, one who asks 2 and one who asks 3: the median of 4, 2 and 3 is 3.
    """
    by_seller: dict[str, list[float]] = defaultdict(list)
    for price in prices:
        asked = {"amount": price.amount, "low": price.low, "high": price.high}[end]
        by_seller[price.provider].append(price.amount if asked is None else asked)
    return median(median(amounts) for amounts in by_seller.values())


@lru_cache(maxsize=1024)
def _found(
    gpu: str, *, on: date, provider_class: Landlords, tier: Tier, provider: str | None, region: str | None, book: Book
) -> RentalQuote:
    by_gpu = _sorted_prices(on, book).by_gpu
    name = find_name(gpu, by_gpu)
    if name is None:
        raise PriceNotFound(
            f"no rental price for the GPU {gpu!r}.{did_you_mean(gpu, by_gpu)} "
            "See `tco prices list`, or give `price_usd_per_hour` in the scenario."
        )
    contracts = _contract_layers(on, book)
    rows = [
        price
        for price in by_gpu[name]
        if price.tier == tier
        and _is_let_by(price, provider_class, contracts)
        and provider in (None, price.provider)
        and (region in (None, price.region) or (price.layer in contracts and price.region is None))
    ]
    rows = [price for price in rows if price.layer in contracts] or rows
    if not rows:
        asked = ", ".join(part for part in (provider_class, tier, provider, region) if part)
        raise PriceNotFound(f"no rental price for {name} with: {asked}. There is: {_what_there_is(by_gpu[name])}.")
    return _quote(name, rows, on=on, landlords=provider_class, tier=tier, region=region)


def rental_prices(on: date, book: Book | None = None) -> list[Price]:
    """Every price per GPU-hour as it counts on a day, cheapest first: on demand, spot, reserved, managed, and the user's own.

    Args:
        on: the day; see `offers.readings_on`.
        book: the book to read; null: the shipped one. Its overrides are applied to every price.
    """
    return list(_sorted_prices(on, book or shipped_book()).prices)


class _Prices(NamedTuple):
    """Prices of one day, cheapest first, and the same by GPU in the order of the GPUs' names."""

    prices: tuple[Price, ...]
    by_gpu: Mapping[str, tuple[Price, ...]]


def _sorted_prices(on: date, book: Book) -> _Prices:
    return _listed_prices(_reading_day(on, book), book) if book.overrides is None else _own_prices(on, book)


@lru_cache(maxsize=32)
def _own_prices(on: date, book: Book) -> _Prices:
    """The lists' prices under the user's own, which may hold for some days only."""
    listed = _listed_prices(_reading_day(on, book), book).prices
    return _sorted(listed if book.overrides is None else book.overrides.over(listed, on, per="gpu_hour"))


def _listed_prices(reading_day: date, book: Book) -> _Prices:
    known = _known_prices(book)
    if reading_day not in known:
        offers = [price for offer in readings_on(rental_offers(book), reading_day) for price in offer.prices()]
        managed = [row.price for row in listed_managed_prices(reading_day, book)]
        known[reading_day] = _sorted([*offers, *reserved_prices(reading_day, book), *managed])
    return known[reading_day]


@once_per_book
def _known_prices(_: Book) -> dict[date, _Prices]:
    """What `_listed_prices` made so far, at most one entry for each day on which something was read."""
    return {}


def _sorted(prices: Iterable[Price]) -> _Prices:
    cheapest_first = sorted(prices, key=lambda price: (price.amount, price.provider, price.region or ""))
    by_gpu: dict[str, list[Price]] = defaultdict(list)
    for price in cheapest_first:
        by_gpu[price.item].append(price)
    return _Prices(tuple(cheapest_first), {gpu: tuple(by_gpu[gpu]) for gpu in sorted(by_gpu)})


def _reading_day(on: date, book: Book) -> date:
    """The last day up to `on` on which anything in the tables was read: from then on the same readings count."""
    days = _reading_days(book)
    return days[max(0, bisect_right(days, on) - 1)] if days and days[0] <= on else date.min


@once_per_book
def _reading_days(book: Book) -> list[date]:
    tables = (rental_offers(book), commitments(book), commitment_discounts(book), managed_rows(book))
    return sorted({row.as_of for rows in tables for row in rows})


def _contract_layers(on: date, book: Book) -> frozenset[str]:
    """The layers of the user's contract prices for GPU-hours."""
    own = book.overrides.own_prices(on) if book.overrides is not None else []
    return frozenset(price.layer for price in own if price.per == "gpu_hour")


def _is_let_by(price: Price, landlords: Landlords, contracts: frozenset[str]) -> bool:
    if price.layer in contracts and price.provider_class is None:
        return True
    return price.provider_class != "managed" if landlords == "any" else price.provider_class == landlords


def _quote(
    gpu: str, rows: list[Price], *, on: date, landlords: Landlords, tier: Tier, region: str | None
) -> RentalQuote:
    amounts = [row.amount for row in rows]
    return RentalQuote(
        gpu=gpu,
        tier=tier,
        provider_class=landlords,
        price=_only(rows[0], on)
        if len(rows) == 1
        else _median(gpu, rows, on=on, landlords=landlords, tier=tier, region=region),
        low_usd_per_hour=min(amounts),
        high_usd_per_hour=max(amounts),
        count=len(rows),
        sellers=len({row.provider for row in rows}),
        derived_count=sum(row.derived is not None for row in rows),
        rows=tuple(rows),
    )


def _only(row: Price, on: date) -> Price:
    later = f"first read after {on.isoformat()}" if row.as_of > on else None
    return row.model_copy(update={"note": "; ".join(part for part in (row.note, later) if part) or None})


def _median(gpu: str, rows: list[Price], *, on: date, landlords: Landlords, tier: Tier, region: str | None) -> Price:
    """The offers as one price."""
    amounts = [row.amount for row in rows]
    sellers = sorted({row.provider for row in rows})
    later = sum(row.as_of > on for row in rows)
    note = f"median of {len(sellers)} sellers with {len(rows)} offers, {min(amounts):.2f} to {max(amounts):.2f}; as of the oldest"
    if later:
        note += f"; {later} first read after {on.isoformat()}"
    kind: ProviderClass | None = None if landlords == "any" else landlords
    derived = [row.derived for row in rows if row.derived is not None]
    layers = {row.layer for row in rows}
    return Price(
        item=gpu,
        amount=market_median(rows),
        low=market_median(rows, "low") if derived else None,
        high=market_median(rows, "high") if derived else None,
        per="gpu_hour",
        provider=", ".join(sellers),
        provider_class=kind,
        region=region,
        tier=tier,
        as_of=min(row.as_of for row in rows),
        source=f"the price book's {len(rows)} offers of {', '.join(sellers)}, each with its source",
        evidence=max((row.evidence for row in rows), key=_EVIDENCE.index),
        derived=f"{len(derived)} of {len(rows)} offers: {'; '.join(_kinds(derived))}" if derived else None,
        layer=layers.pop() if len(layers) == 1 else "; ".join(sorted(layers - {BOOK})),
        note=note,
    )


def _kinds(derived: list[str]) -> list[str]:
    """How offers were derived, each way once, without their own amounts: `on-demand x (1 - 0.2)`."""
    return list(dict.fromkeys(re.sub(r"^(on-demand|bare machine) [\d.]+ x", r"\1 x", how) for how in derived))


def _what_there_is(prices: Iterable[Price]) -> str:
    kinds = sorted({f"{price.provider_class} {price.tier}" for price in prices})
    sellers = sorted({price.provider for price in prices})
    return f"{', '.join(kinds)}; sellers {', '.join(sellers)}"
