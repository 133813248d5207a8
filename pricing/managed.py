"""GPU machines as a managed service (SageMaker, Vertex AI, Azure ML ...): their price, and the premium over the bare machine."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Annotated

from pydantic import Field, model_validator

from pricing.book import Book, once_per_book, shipped_book
from pricing.offers import Machine, RentalOffer, readings_on, rental_offers
from pricing.price import Evidence, Price, PriceNotFound
from pricing.tables import Record, did_you_mean, find_name, name_key


class ManagedRow(Machine):
    """One row of `managed.csv`: a service's machine, with its price or with its surcharge over the bare machine.

    Attributes:
        service: the service, for example `sagemaker`.
        usd_per_hour: price of the whole machine, where the service lists it [USD/h].
        premium_fraction: surcharge over the bare machine, where the service lists no price of its own.
        evidence: how good price or surcharge is.
        derived: how the price was computed; null where it is as listed.
        bare_provider: who lets the machine without the service; null where nobody does.
        bare_instance: the landlord's name of it.
        bare_region: where, as the table of offers writes it.
    """

    service: str
    usd_per_hour: Annotated[float, Field(gt=0)] | None = None
    premium_fraction: Annotated[float, Field(ge=-1)] | None = None
    evidence: Evidence
    derived: str | None = None
    bare_provider: str | None = None
    bare_instance: str | None = None
    bare_region: str | None = None

    @model_validator(mode="after")
    def _has_one_price(self) -> ManagedRow:
        if (self.usd_per_hour is None) == (self.premium_fraction is None):
            raise ValueError(f"{self.label}: give either usd_per_hour or premium_fraction")
        if self.premium_fraction is not None and self.bare_instance is None:
            raise ValueError(f"{self.label}: a premium needs the bare machine that it is over")
        return self


class ManagedPrice(Record):
    """What a managed service asks for one machine, beside the same machine without the service.

    Attributes:
        service: the service, for example `sagemaker`.
        gpu: the book's name of the GPU.
        instance: the service's name of the machine.
        gpu_count: GPUs in the machine.
        usd_per_hour: price of the whole machine [USD/h].
        premium_fraction: price per GPU-hour over that of the bare machine, less 1; 0.15 is 15 % more, a negative number is
            cheaper. Null where the book has no bare machine to compare with.
        bare: the bare machine's reading that counts on that day, or null.
        price: the price per GPU-hour, with evidence, source and how it was derived.
    """

    service: str
    gpu: str
    instance: str
    gpu_count: int
    usd_per_hour: float
    premium_fraction: float | None
    bare: RentalOffer | None
    price: Price

    @property
    def usd_per_gpu_hour(self) -> float:
        """Machine price / GPUs in it [USD per GPU-hour]."""
        return self.price.amount


def managed_price(
    service: str, gpu: str, on: date, region: str | None = None, book: Book | None = None
) -> ManagedPrice:
    """The cheapest machine of a managed service with a GPU, by price per GPU-hour.

    Args:
        service: for example `sagemaker`, `vertex-ai`, `azure-ml`, `hf-endpoints`; case, blanks and hyphens do not matter.
        gpu: the book's name, for example `H100-SXM`; likewise.
        on: the day; see `offers.readings_on`.
        region: one region as the service writes it; null: any.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such service, or not with that GPU or in that region; the message lists what there is.

    Example:
        >>> found = managed_price("sagemaker", "H100-SXM", date(2026, 11, 23))
        >>> round(found.usd_per_gpu_hour, 3), round(found.premium_fraction, 3)
        (7.912, 0.15)
    """
    everything = managed_prices(on, book)
    services = sorted({row.service for row in everything})
    name = find_name(service, services)
    if name is None:
        raise PriceNotFound(
            f"no managed service {service!r} in the book.{did_you_mean(service, services)} There is: {', '.join(services)}."
        )
    sold = [row for row in everything if row.service == name]
    rows = [row for row in sold if name_key(row.gpu) == name_key(gpu) and region in (None, row.price.region)]
    if not rows:
        there = sorted({f"{row.gpu} ({row.price.region or 'any region'})" for row in sold})
        where = f" in {region!r}" if region else ""
        raise PriceNotFound(f"{name} has no {gpu!r}{where}. There is: {', '.join(there)}.")
    return min(rows, key=lambda row: (row.usd_per_gpu_hour, row.gpu_count))


def managed_prices(on: date, book: Book | None = None) -> list[ManagedPrice]:
    """Every managed machine as it counts on a day, by service, GPU and size, as the user pays it.

    Args:
        on: the day; see `offers.readings_on`.
        book: the book to read; null: the shipped one. Its overrides are applied; the premium stays that of the lists.
    """
    book = book or shipped_book()
    overrides = book.overrides
    rows = listed_managed_prices(on, book)
    return rows if overrides is None else [_as_paid(row, overrides.apply(row.price, on)) for row in rows]


def listed_managed_prices(on: date, book: Book | None = None) -> list[ManagedPrice]:
    """The same as `managed_prices`, as the services' lists have them, whatever the user's own prices.

    Args:
        on: the day; see `offers.readings_on`.
        book: the book to read; null: the shipped one.
    """
    return list(_prices(book or shipped_book(), on))


def managed_rows(book: Book | None = None) -> tuple[ManagedRow, ...]:
    """The rows of `managed.csv`, every reading.

    Args:
        book: the book to read; null: the shipped one.
    """
    return _rows(book or shipped_book())


def _as_paid(row: ManagedPrice, price: Price) -> ManagedPrice:
    return row.model_copy(update={"price": price, "usd_per_hour": price.amount * row.gpu_count})


@lru_cache(maxsize=32)
def _prices(book: Book, on: date) -> tuple[ManagedPrice, ...]:
    found = ((row, _bare(row, on, book)) for row in readings_on(_rows(book), on))
    # A newer table may have lost the machine that a surcharge is over; then there is nothing to add it to.
    prices = [_price(row, bare) for row, bare in found if bare is not None or row.usd_per_hour is not None]
    return tuple(sorted(prices, key=lambda row: (row.service, row.gpu, row.gpu_count, row.price.region or "")))


def _bare(row: ManagedRow, on: date, book: Book) -> RentalOffer | None:
    """The bare machine's reading that is nearest in time to the service's, or, where the price follows it, the day's."""
    wanted = (row.bare_provider, row.bare_instance, row.bare_region)
    readings = [
        offer
        for offer in rental_offers(book)
        if (offer.provider, offer.instance, offer.region) == wanted and offer.on_demand_usd_per_hour is not None
    ]
    if row.usd_per_hour is None:
        readings = readings_on(readings, on)
    return min(readings, key=lambda offer: abs((offer.as_of - row.as_of).days), default=None)


def _price(row: ManagedRow, bare: RentalOffer | None) -> ManagedPrice:
    bare_usd = None if bare is None else (bare.on_demand_usd_per_hour or 0.0) / bare.gpu_count
    update: dict[str, object] = {"evidence": row.evidence, "derived": row.derived}
    premium = row.premium_fraction
    if row.usd_per_hour is not None:
        usd = row.usd_per_hour
        if bare_usd is not None:
            premium = usd / row.gpu_count / bare_usd - 1
    else:
        usd = (bare_usd or 0.0) * row.gpu_count * (1 + (premium or 0.0))
        update["derived"] = f"bare machine {bare_usd:.4g} x (1 + {premium:g})"
        update["as_of"] = min(row.as_of, bare.as_of if bare is not None else row.as_of)
    return ManagedPrice(
        service=row.service,
        gpu=row.gpu,
        instance=row.instance,
        gpu_count=row.gpu_count,
        usd_per_hour=usd,
        premium_fraction=premium,
        bare=bare,
        price=row.priced("on-demand", usd).model_copy(update=update),
    )


@once_per_book
def _rows(book: Book) -> tuple[ManagedRow, ...]:
    return tuple(ManagedRow.model_validate(row) for row in book.table("managed.csv"))
