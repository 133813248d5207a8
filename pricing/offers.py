"""GPU rental offers: the table, what is turned away at import and why, and the prices that an offer holds."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cache
from statistics import median
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from pricing.book import Book, shipped_book
from pricing.price import Price, ProviderClass, Tier
from pricing.tables import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SPREAD = 1.6
"""An on-demand price further than this factor from its seller's median for the GPU is not a list price."""


class RentalOffer(Record):
    """One machine that somebody lets by the hour, as its price list shows it.

    Attributes:
        gpu: the book's name of the GPU.
        provider: the landlord.
        provider_class: what kind of landlord.
        instance: the landlord's name of the machine.
        gpu_count: GPUs in the machine.
        region: where; null where the list gives one price for all places.
        on_demand_usd_per_hour: price of the whole machine [USD/h].
        spot_usd_per_hour: price of the whole machine when it may be taken back at any time [USD/h].
        as_of: the day on which the list was read.
        source: URL, and the file and commit where the list was read through a repository.
        note: what a reader must know to use it.
    """

    gpu: str
    provider: str
    provider_class: ProviderClass
    instance: str
    gpu_count: Annotated[int, Field(ge=1)]
    region: str | None = None
    on_demand_usd_per_hour: Annotated[float, Field(gt=0)] | None = None
    spot_usd_per_hour: Annotated[float, Field(gt=0)] | None = None
    as_of: date
    source: str
    note: str | None = None

    def prices(self) -> list[Price]:
        """The offer's prices per GPU-hour, one for each way to buy: machine price / GPUs in it."""
        by_tier: list[tuple[Tier, float | None]] = [
            ("on-demand", self.on_demand_usd_per_hour),
            ("spot", self.spot_usd_per_hour),
        ]
        return [self._price(tier, usd_per_hour) for tier, usd_per_hour in by_tier if usd_per_hour is not None]

    def _price(self, tier: Tier, usd_per_hour: float) -> Price:
        return Price(
            item=self.gpu,
            amount=usd_per_hour / self.gpu_count,
            per="gpu_hour",
            provider=self.provider,
            provider_class=self.provider_class,
            region=self.region,
            tier=tier,
            as_of=self.as_of,
            source=self.source,
            note="; ".join(part for part in (self.instance, self.note) if part),
        )


class Rejected(NamedTuple):
    """An offer that was turned away, and the reason in one sentence."""

    offer: RentalOffer
    reason: str


class Screened(NamedTuple):
    """What an import came to."""

    accepted: list[RentalOffer]
    rejected: list[Rejected]


def screen_offers(offers: Iterable[RentalOffer]) -> Screened:
    """Parts list prices from rows that are something else.

    Public catalogues mix list prices with discounted items: one catalogue shows eight H100 at 33.61 USD/h in one region
    and 78.37 in the next, with a spot price of 42.71 above the former. Two rules, in this order, and the whole offer goes:

    1. spot > on-demand: one of the two is not what it says;
    2. on-demand per GPU-hour over `MAX_SPREAD` x, or under 1 / `MAX_SPREAD` of, the seller's median for that GPU
       (over the offers that passed rule 1).

    Spot prices are not held to rule 2: they are a market's, and differ by more than that between places of one seller.

    Args:
        offers: rows as read.
    """
    rejected: list[Rejected] = []
    plausible: list[RentalOffer] = []
    for offer in offers:
        reason = _spot_problem(offer)
        if reason:
            rejected.append(Rejected(offer, reason))
        else:
            plausible.append(offer)
    medians = _medians(plausible)
    accepted: list[RentalOffer] = []
    for offer in plausible:
        reason = _spread_problem(offer, medians.get((offer.provider, offer.gpu)))
        if reason:
            rejected.append(Rejected(offer, reason))
        else:
            accepted.append(offer)
    return Screened(accepted, rejected)


def rental_offers(book: Book | None = None) -> tuple[RentalOffer, ...]:
    """The offers of `gpu_rental.csv` that passed `screen_offers`.

    Args:
        book: the book to read; null: the shipped one.
    """
    return _offers(book or shipped_book())


@cache
def _offers(book: Book) -> tuple[RentalOffer, ...]:
    return tuple(screen_offers(RentalOffer.model_validate(row) for row in book.table("gpu_rental.csv")).accepted)


def readings_on(offers: Iterable[RentalOffer], on: date) -> list[RentalOffer]:
    """The reading of each offer that counts on a day.

    That is the newest on or before `on`. Where an offer was first read later than `on`, its oldest reading counts: a plan
    dated before the book must still find a price, and the oldest is nearest to it. Such a reading has `as_of` > `on`.

    Args:
        offers: readings, any number for each offer; an offer is a seller, GPU, machine and region.
        on: the day.

    Returns:
        One reading an offer.
    """
    readings: dict[tuple[str, ...], list[RentalOffer]] = defaultdict(list)
    for offer in sorted(offers, key=lambda offer: offer.as_of):
        readings[offer.provider, offer.gpu, offer.instance, offer.region or ""].append(offer)
    return [next((old for old in reversed(dated) if old.as_of <= on), dated[0]) for dated in readings.values()]


def _spot_problem(offer: RentalOffer) -> str | None:
    on_demand, spot = offer.on_demand_usd_per_hour, offer.spot_usd_per_hour
    if on_demand is None or spot is None or spot <= on_demand:
        return None
    return f"spot {spot:g} USD/h is above on-demand {on_demand:g} USD/h: one of them is not a list price"


def _spread_problem(offer: RentalOffer, typical: float | None) -> str | None:
    if offer.on_demand_usd_per_hour is None or typical is None:
        return None
    per_gpu = offer.on_demand_usd_per_hour / offer.gpu_count
    if typical / MAX_SPREAD <= per_gpu <= typical * MAX_SPREAD:
        return None
    return (
        f"{per_gpu:.2f} USD per GPU-hour is further than {MAX_SPREAD:g} x from {typical:.2f}, "
        f"the median of {offer.provider} for {offer.gpu}"
    )


def _medians(offers: Iterable[RentalOffer]) -> dict[tuple[str, str], float]:
    amounts: dict[tuple[str, str], list[float]] = defaultdict(list)
    for offer in offers:
        if offer.on_demand_usd_per_hour is not None:
            amounts[offer.provider, offer.gpu].append(offer.on_demand_usd_per_hour / offer.gpu_count)
    return {key: median(values) for key, values in amounts.items()}
