"""GPU rental offers: the table, what is turned away at import and why, and the prices that an offer holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median
from typing import Annotated, NamedTuple, TypeVar

from pydantic import Field, ValidationError, model_validator

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import Price, ProviderClass, Tier
from pricing.tables import Record

MAX_SPREAD = 1.6
"""An on-demand price further than this factor from its seller's median for the GPU is not a list price."""

MAX_USD_PER_GPU_HOUR = 200.0
"""Above this a price is in another unit (cents, a month, a rack): the dearest GPU-hour ever listed is below 20 USD."""

MIN_USD_PER_GPU_HOUR = 0.01
"""Below this likewise: the cheapest GPU-hour in the book is 0.13 USD, and one per second or in thousands ends up here."""


class Machine(Record):
    """What every row about a rented machine says.

    Attributes:
        gpu: the book's name of the GPU.
        provider: the landlord.
        provider_class: what kind of landlord.
        instance: the landlord's name of the machine.
        gpu_count: GPUs in the machine.
        region: where; null where the list gives one price for all places.
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
    as_of: date
    source: str
    note: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two readings readings of one offer: seller and kind of seller, GPU, machine, region."""
        return (self.provider, self.provider_class, self.gpu, self.instance, self.region or "")

    @property
    def label(self) -> str:
        """The machine in a few words, for messages."""
        return " ".join(part for part in (self.provider, self.gpu, self.instance, self.region) if part)

    def priced(self, tier: Tier, usd_per_hour: float) -> Price:
        """A price of the whole machine as a price per GPU-hour: machine price / GPUs in it.

        Args:
            tier: how it is bought.
            usd_per_hour: the machine's price [USD/h].
        """
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


class RentalOffer(Machine):
    """One machine that somebody lets by the hour, as its price list shows it.

    Attributes:
        on_demand_usd_per_hour: price of the whole machine [USD/h].
        spot_usd_per_hour: price of the whole machine when it may be taken back at any time [USD/h].
    """

    on_demand_usd_per_hour: Annotated[float, Field(gt=0)] | None = None
    spot_usd_per_hour: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _has_a_price(self) -> RentalOffer:
        if self.on_demand_usd_per_hour is None and self.spot_usd_per_hour is None:
            raise ValueError("neither an on-demand nor a spot price")
        return self

    def prices(self) -> list[Price]:
        """The offer's prices per GPU-hour, one for each way to buy."""
        by_tier: list[tuple[Tier, float | None]] = [
            ("on-demand", self.on_demand_usd_per_hour),
            ("spot", self.spot_usd_per_hour),
        ]
        return [self.priced(tier, usd_per_hour) for tier, usd_per_hour in by_tier if usd_per_hour is not None]


class Rejected(NamedTuple):
    """An offer that was turned away, and the reason in one sentence. What is no offer at all is the row as it was read."""

    offer: RentalOffer | Mapping[str, object]
    reason: str


class Screened(NamedTuple):
    """What an import came to."""

    accepted: list[RentalOffer]
    rejected: list[Rejected]


def screen_offers(offers: Iterable[RentalOffer | Mapping[str, object]], *, seen_on: date | None = None) -> Screened:
    """Parts list prices from rows that are something else: the contract of everything that adds to `gpu_rental.csv`.

    Public catalogues mix list prices with discounted items: one catalogue shows eight H100 at 33.61 USD/h in one region
    and 78.37 in the next, with a spot price of 42.71 above the former. The rules, in this order; the whole offer goes:

    1. the row is no offer: a field is missing or unknown, a price is not positive or not a number, `gpu_count` < 1;
    2. `as_of` is after `seen_on`: nobody can have read it yet;
    3. a price per GPU-hour is below `MIN_USD_PER_GPU_HOUR` or above `MAX_USD_PER_GPU_HOUR`: another unit;
    4. an offer with the same key and day came before it: the first counts;
    5. spot > on-demand: one of the two is not what it says;
    6. on-demand per GPU-hour over `MAX_SPREAD` x, or under 1 / `MAX_SPREAD` of, the seller's median for that GPU over the
       offers read on the same day that passed rules 1 to 5. Other days stay out: a price cut is no outlier.

    Spot prices are not held to rule 6: they are a market's, and differ by more than that between places of one seller.

    Args:
        offers: offers, or rows as a CSV reader yields them (an empty cell is `None`).
        seen_on: the day of the import; null: rule 2 is not applied.

    Returns:
        Every row exactly once, accepted or rejected with its reason, each list in the order of the input.
    """
    rejected: list[Rejected] = []
    plausible: list[RentalOffer] = []
    seen: set[tuple[str, ...]] = set()
    for row in offers:
        offer, reason = _read(row)
        if offer is not None:
            reason = _own_problem(offer, seen_on) or _repeat_problem(offer, seen) or _spot_problem(offer)
        if offer is None or reason:
            rejected.append(Rejected(row if offer is None else offer, reason))
        else:
            plausible.append(offer)
    medians = _medians(plausible)
    accepted: list[RentalOffer] = []
    for offer in plausible:
        reason = _spread_problem(offer, medians.get((offer.provider, offer.gpu, offer.as_of)))
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


@once_per_book
def _offers(book: Book) -> tuple[RentalOffer, ...]:
    return tuple(screen_offers(book.table("gpu_rental.csv"), seen_on=book.as_of).accepted)


M = TypeVar("M", bound=Machine)


def readings_on(offers: Iterable[M], on: date) -> list[M]:
    """The reading of each offer that counts on a day.

    That is the newest on or before `on`. Where an offer was first read later than `on`, its oldest reading counts: a plan
    dated before the book must still find a price, and the oldest is nearest to it. Such a reading has `as_of` > `on`.

    Args:
        offers: readings, any number for each offer; `Machine.key` says which belong together.
        on: the day.

    Returns:
        One reading an offer.
    """
    readings: dict[tuple[str, ...], list[M]] = defaultdict(list)
    for offer in sorted(offers, key=lambda offer: offer.as_of):
        readings[offer.key].append(offer)
    return [next((old for old in reversed(dated) if old.as_of <= on), dated[0]) for dated in readings.values()]


def _read(row: RentalOffer | Mapping[str, object]) -> tuple[RentalOffer | None, str]:
    """The row as an offer, or why it is none."""
    if isinstance(row, RentalOffer):
        return row, ""
    try:
        return RentalOffer.model_validate(row), ""
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "row"
        given = "" if not problem["loc"] else f" (given: {str(problem['input'])[:40]!r})"
        return None, f"{place}: {problem['msg']}{given}"


def _own_problem(offer: RentalOffer, seen_on: date | None) -> str:
    if seen_on is not None and offer.as_of > seen_on:
        return f"as_of {offer.as_of} is after {seen_on}, the day of the import"
    for price in offer.prices():
        if not MIN_USD_PER_GPU_HOUR <= price.amount <= MAX_USD_PER_GPU_HOUR:
            return (
                f"{price.tier} is {price.amount:g} USD per GPU-hour, outside {MIN_USD_PER_GPU_HOUR:g} to "
                f"{MAX_USD_PER_GPU_HOUR:g}: this is another unit"
            )
    return ""


def _repeat_problem(offer: RentalOffer, seen: set[tuple[str, ...]]) -> str:
    key = (*offer.key, offer.as_of.isoformat())
    if key in seen:
        return f"a second row for {offer.label} on {offer.as_of}: the first counts"
    seen.add(key)
    return ""


def _spot_problem(offer: RentalOffer) -> str:
    on_demand, spot = offer.on_demand_usd_per_hour, offer.spot_usd_per_hour
    if on_demand is None or spot is None or spot <= on_demand:
        return ""
    return f"spot {spot:g} USD/h is above on-demand {on_demand:g} USD/h: one of them is not a list price"


def _spread_problem(offer: RentalOffer, typical: float | None) -> str:
    if offer.on_demand_usd_per_hour is None or typical is None:
        return ""
    per_gpu = offer.on_demand_usd_per_hour / offer.gpu_count
    if typical / MAX_SPREAD <= per_gpu <= typical * MAX_SPREAD:
        return ""
    return (
        f"{per_gpu:.2f} USD per GPU-hour is further than {MAX_SPREAD:g} x from {typical:.2f}, "
        f"the median of {offer.provider} for {offer.gpu}"
    )


def _medians(offers: Iterable[RentalOffer]) -> dict[tuple[str, str, date], float]:
    amounts: dict[tuple[str, str, date], list[float]] = defaultdict(list)
    for offer in offers:
        if offer.on_demand_usd_per_hour is not None:
            amounts[offer.provider, offer.gpu, offer.as_of].append(offer.on_demand_usd_per_hour / offer.gpu_count)
    return {key: median(values) for key, values in amounts.items()}
