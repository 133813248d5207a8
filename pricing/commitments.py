"""GPU hours reserved for one or three years: what sellers list, and what on-demand less a usual discount comes to elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from pricing.book import Book, once_per_book, shipped_book
from pricing.offers import Machine, RentalOffer, readings_on, rental_offers
from pricing.price import Evidence, Price, ProviderClass, Tier
from pricing.tables import Record

Fraction = Annotated[float, Field(ge=0, le=1)]
TermMonths = Annotated[
    Literal[12, 36],
    # A CSV file has text, and pydantic matches a literal by type.
    BeforeValidator(lambda value: int(value) if isinstance(value, str) and value.isdigit() else value),
]

TIERS: dict[int, Tier] = {12: "reserved-1y", 36: "reserved-3y"}
"""The tier of each term [months]."""


class Commitment(Machine):
    """One machine reserved for a term, as its seller lists it.

    Attributes:
        term_months: for how long the buyer is bound [months].
        plan: the seller's name of it.
        upfront_fraction: share of the whole term's price that is paid on the first day; null where the list does not say.
        usd_per_hour: price of the whole machine, what is paid on the first day spread evenly over the term [USD/h].
        evidence: `listed`, or `literature` where somebody else than the seller says so.
    """

    term_months: TermMonths
    plan: str
    upfront_fraction: Fraction | None = None
    usd_per_hour: Annotated[float, Field(gt=0)]
    evidence: Evidence

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two readings readings of one offer: the machine's, and term and plan."""
        return (*self.machine_key, self.plan)

    @property
    def machine_key(self) -> tuple[str, ...]:
        """Machine and term, whatever the plan."""
        return (*super().key, str(self.term_months))

    def price(self) -> Price:
        """The price per GPU-hour: machine price / GPUs in it; the term's upfront share is in the note."""
        price = self.priced(TIERS[self.term_months], self.usd_per_hour)
        note = "; ".join([price.note or "", self.plan, _upfront(self.upfront_fraction)])
        return price.model_copy(update={"evidence": self.evidence, "note": note})


class CommitmentDiscount(Record):
    """What a commitment takes off on-demand where the price itself is not listed.

    Attributes:
        provider_class: of which kind of landlord.
        provider: of one landlord, or null: of each of that kind that has no row of its own.
        gpu: for one GPU, or null: for each that has no row of its own.
        term_months: for how long the buyer is bound [months].
        upfront_fraction: share of the whole term's price that is paid on the first day.
        discount_fraction: off on-demand.
        low_fraction: the smallest discount that is likely.
        high_fraction: the largest.
        evidence: `literature` where it is the ratio of the seller's own prices of another machine or place, else `assumption`.
        as_of: the day that it is of.
        source: where it comes from.
        note: what a reader must know to use it.
    """

    provider_class: ProviderClass
    provider: str | None = None
    gpu: str | None = None
    term_months: TermMonths
    upfront_fraction: Fraction
    discount_fraction: Fraction
    low_fraction: Fraction
    high_fraction: Fraction
    evidence: Evidence
    as_of: date
    source: str
    note: str | None = None

    @model_validator(mode="after")
    def _range_holds_value(self) -> CommitmentDiscount:
        if not self.low_fraction <= self.discount_fraction <= self.high_fraction:
            raise ValueError(f"a discount of {self.discount_fraction:g} is outside its own range")
        return self

    def price(self, offer: RentalOffer) -> Price:
        """The reserved price of an offer: on-demand x (1 - discount) [USD per GPU-hour], and its range likewise.

        Args:
            offer: has an on-demand price.

        Example:
            An offer of 4 USD per GPU-hour and a discount of 0.25 make 3 USD, `derived` "on-demand 4 x (1 - 0.25)".
        """
        on_demand = offer.priced("on-demand", offer.on_demand_usd_per_hour or 0.0)
        said = [on_demand.note or "", f"discount of {self.source}"]
        return on_demand.model_copy(
            update={
                "amount": on_demand.amount * (1 - self.discount_fraction),
                "low": on_demand.amount * (1 - self.high_fraction),
                "high": on_demand.amount * (1 - self.low_fraction),
                "tier": TIERS[self.term_months],
                "as_of": min(on_demand.as_of, self.as_of),
                "evidence": self.evidence,
                "derived": f"on-demand {on_demand.amount:.4g} x (1 - {self.discount_fraction:g})",
                "note": "; ".join([*said, _upfront(self.upfront_fraction)] if self.upfront_fraction else said),
            }
        )


def commitments(book: Book | None = None) -> tuple[Commitment, ...]:
    """The listed commitments (`gpu_reserved.csv`), every plan and every reading.

    Args:
        book: the book to read; null: the shipped one.
    """
    return _commitments(book or shipped_book())


def commitment_discounts(book: Book | None = None) -> tuple[CommitmentDiscount, ...]:
    """The discounts that stand in where nothing is listed (`gpu_reserved_discounts.csv`).

    Args:
        book: the book to read; null: the shipped one.
    """
    return _discounts(book or shipped_book())


def commitment_discount(
    provider_class: ProviderClass, provider: str, gpu: str, term_months: int, book: Book | None = None
) -> CommitmentDiscount | None:
    """The discount that holds for one seller's GPU: the seller's own for it, else the seller's, else its kind's.

    Args:
        provider_class: kind of landlord.
        provider: the landlord.
        gpu: the book's name.
        term_months: 12 or 36.
        book: the book to read; null: the shipped one.

    Returns:
        Null where that kind of landlord does not sell such terms (marketplaces three years, managed services any).
    """
    fitting = [
        row
        for row in commitment_discounts(book)
        if row.provider_class == provider_class
        and row.term_months == term_months
        and row.provider in (None, provider)
        and row.gpu in (None, gpu)
    ]
    return max(fitting, key=lambda row: (row.provider is not None, row.gpu is not None, row.as_of), default=None)


def reserved_prices(on: date, book: Book | None = None) -> list[Price]:
    """Prices per GPU-hour of one and three years, as the lists have them on a day; `rental_prices` has them as the user pays them.

    Of a machine that is listed with several plans of one term, the plan with the least upfront is the price: the one that is
    paid like rent; one that does not say how it is paid comes last. An on-demand offer without a listed commitment of its seller
    for the same GPU and place gets one with the discount of `commitment_discount`; `derived` says how.

    Args:
        on: the day; see `offers.readings_on`.
        book: the book to read; null: the shipped one.
    """
    book = book or shipped_book()
    listed = _least_upfront(readings_on(commitments(book), on))
    places = {(row.provider, row.gpu, row.term_months, row.region) for row in listed}
    derived: list[Price] = []
    for offer in readings_on(rental_offers(book), on):
        if offer.on_demand_usd_per_hour is None:
            continue
        for term in TIERS:
            sold = (offer.provider, offer.gpu, term)
            if (*sold, offer.region) in places or (*sold, None) in places:
                continue
            discount = commitment_discount(offer.provider_class, offer.provider, offer.gpu, term, book)
            if discount is not None:
                derived.append(discount.price(offer))
    return [row.price() for row in listed] + derived


def _least_upfront(rows: Iterable[Commitment]) -> list[Commitment]:
    plans: dict[tuple[str, ...], list[Commitment]] = defaultdict(list)
    for row in rows:
        plans[row.machine_key].append(row)
    return [min(group, key=lambda row: (_or_all(row.upfront_fraction), row.usd_per_hour)) for group in plans.values()]


def _or_all(fraction: float | None) -> float:
    """An upfront share to compare by: one that is not stated may be the whole term."""
    return 1.0 if fraction is None else fraction


def _upfront(fraction: float | None) -> str:
    if fraction is None:
        return "how it is paid is not stated"
    return f"{fraction:.0%} of the term paid on the first day" if fraction else "nothing paid upfront"


@once_per_book
def _commitments(book: Book) -> tuple[Commitment, ...]:
    return tuple(Commitment.model_validate(row) for row in book.table("gpu_reserved.csv"))


@once_per_book
def _discounts(book: Book) -> tuple[CommitmentDiscount, ...]:
    return tuple(CommitmentDiscount.model_validate(row) for row in book.table("gpu_reserved_discounts.csv"))
