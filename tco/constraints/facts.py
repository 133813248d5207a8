"""What is known of an option beside its price: as its terms state it, else as it follows from where it stands.

An own server is run by you. A rented one stands where its price is from: the book knows the country of most sellers and of the
regions of clouds. Of an API nothing follows from its price: that its seller sits in a country says who can order it to hand data
over, not where the data are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar, get_args

import pricing
from pricing import Answer, Book, Price, PriceNotFound
from pricing.price import Evidence
from probes.run import Run
from tco.option_terms import Terms
from tco.places import countries_of
from tco.replicas_of import gpu_of
from tco.scenario import ElectricityRegion, Option, OwnOption, RentOption, Scenario, TokenOption

T = TypeVar("T")

_EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
_NAMED = 4
"""So many places or sellers are named in a sentence; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the constraints of a scenario are held against.

    Attributes:
        scenario: as written: what was left open in it nobody stated.
        filled: the same with nothing open.
        runs: of self-hosted options, by option name.
        licences: of their models, by option name.
        book: what is known of sellers, regions and ratings.
    """

    scenario: Scenario
    filled: Scenario
    runs: Mapping[str, Run]
    licences: Mapping[str, Answer]
    book: Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Generic[T]):
    """One thing that is known of an option.

    Attributes:
        choices: what it may be; more than one where a price is the median of several offers; None among them: not known.
        says: in words, as the end of a sentence; empty where nothing is known.
        evidence: how good it is; None: nothing is known, or it follows from what the option is.
        source: where it is said.
        as_of: when it was read.
    """

    choices: tuple[T | None, ...]
    says: str = ""
    evidence: Evidence | None = None
    source: str | None = None
    as_of: date | None = None


UNKNOWN: Fact[frozenset[str]] = Fact(choices=(None,))


def terms_of(option: Option) -> Terms:
    """What the option states of itself; nothing where it states nothing."""
    return option.terms or Terms()


def stated(terms: Terms, value: T, says: str) -> Fact[T]:
    """A fact that the option's own terms state."""
    return Fact(choices=(value,), says=says, evidence=terms.evidence, source=terms.source, as_of=terms.as_of)


def regions_fact(option: Option, asked: Asked) -> Fact[frozenset[str]]:
    """The countries in which the data of an option may be.

    Args:
        option: as written.
        asked: what else is known.
    """
    terms = terms_of(option)
    if terms.regions is not None:
        return stated(terms, countries_of(terms.regions), f"its data may be in {', '.join(terms.regions)}")
    if isinstance(option, OwnOption):
        return _site(option)
    return _rented_regions(option, asked) if isinstance(option, RentOption) else UNKNOWN


def operator_fact(option: Option, asked: Asked) -> Fact[frozenset[str]]:
    """The country whose group runs the machines. Not asked of servers of one's own: there it is oneself.

    Args:
        option: as written, paid per token or rented.
        asked: what else is known.
    """
    terms = terms_of(option)
    if terms.operator_country is not None:
        country = terms.operator_country
        return stated(terms, frozenset({country}), f"its operator belongs to a group of {country}")
    if isinstance(option, TokenOption):
        return _operators([option.model.split("/", 1)[0]] if "/" in option.model else [], asked.book)
    if not isinstance(option, RentOption):
        return UNKNOWN
    if option.price_usd_per_hour is not None:
        return _operators([option.price.provider] if option.price.provider else [], asked.book)
    return _operators([price.provider for price in _offers(option, asked)], asked.book)


def _site(option: OwnOption) -> Fact[frozenset[str]]:
    """The country of the electricity, where the scenario names it; its default is nobody's statement."""
    at = option.electricity_usd_per_kwh
    if "electricity_usd_per_kwh" not in option.model_fields_set or not isinstance(at, ElectricityRegion):
        return UNKNOWN
    country = at.region.strip().upper().split("-", 1)[0]
    says = f"its site is in {country}, where its electricity is bought"
    return Fact(choices=(frozenset({country}),), says=says)


def _rented_regions(option: RentOption, asked: Asked) -> Fact[frozenset[str]]:
    if option.price_usd_per_hour is not None:
        pairs: list[tuple[str | None, str | None]] = [(option.price.region, option.price.provider)]
    else:
        pairs = [(price.region, price.provider) for price in _offers(option, asked)]
    known = {pair: None if pair[0] is None else pricing.region_of(pair[0], pair[1], asked.book) for pair in pairs}
    choices = dict.fromkeys(None if row is None else frozenset({row.country}) for row in known.values())
    if not any(choices):
        return UNKNOWN
    rows = [row for row in known.values() if row is not None]
    names = _some(f"{row.region} ({row.country})" for row in rows)
    return Fact(
        choices=tuple(choices),
        says=f"its price is that of {names}{_and_unknown(None in choices, 'places')}",
        evidence=_weakest(row.evidence for row in rows),
        source=rows[0].source,
        as_of=min(row.as_of for row in rows),
    )


def _operators(sellers: Iterable[str], book: Book) -> Fact[frozenset[str]]:
    known = {seller: pricing.operator_of(seller, book) for seller in sellers}
    choices = dict.fromkeys(None if row is None else frozenset({row.country}) for row in known.values())
    if not any(choices):
        return UNKNOWN
    rows = [row for row in known.values() if row is not None]
    names = _some(f"{row.seller} ({row.country})" for row in rows)
    who = "its seller is" if len(known) == 1 else "its price is that of several sellers:"
    return Fact(
        choices=tuple(choices),
        says=f"{who} {names}{_and_unknown(None in choices, 'sellers')}",
        evidence=_weakest(row.evidence for row in rows),
        source=rows[0].source,
        as_of=min(row.as_of for row in rows),
    )


def _offers(option: RentOption, asked: Asked) -> tuple[Price, ...]:
    """The offers whose median the rent is; none where the book has no price and another one was taken (`tco.fill`)."""
    gpu = gpu_of(option, asked.runs[option.name])
    wish = option.price
    if gpu is None:
        return ()
    try:
        return pricing.rental_price(
            gpu,
            on=asked.scenario.as_of,
            provider_class=wish.class_,
            tier=wish.commitment,
            provider=wish.provider,
            region=wish.region,
            book=asked.book,
        ).rows
    except PriceNotFound:
        return ()


def _some(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _and_unknown(there_are: bool, what: str) -> str:
    return f" and of {what} that are not known" if there_are else ""


def _weakest(evidence: Iterable[Evidence]) -> Evidence:
    return max(evidence, key=_EVIDENCE.index)
