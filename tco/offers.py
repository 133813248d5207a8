"""What each option offers beside its price, as far as anybody says: where data are, who runs it, how good and how fast it answers, when it is there.

What its own terms state goes before what the price book or a run knows; what nobody says stays open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pricing
from pricing import Book, ScoreNotFound
from pricing.quality.scores import ARENA
from tco.capacity.curve import latency_at
from tco.compare import Prepared, compare
from tco.constraints.facts import Asked, Fact, operator_fact, regions_fact, terms_of
from tco.constraints.held import lead_time_months, limits_ms
from tco.option_words import bought_as
from tco.places import UNIONS
from tco.result import OptionResult
from tco.scenario import AnyOption, MixedOption, OwnOption, Scenario, TokenOption

TTFT = "ttft_p95_ms"
PROMISED = "promised"
"""Basis of a latency that a fleet is sized for, where no measurement says how much better it is."""

_NAMED = 4
_VERDICTS = {"yes": "allowed", "no": "forbidden", "ask a lawyer": "open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One option beside its price. None: nobody says.

    Attributes:
        bought_as: commitment, tier or purchase, in a few words.
        licence: whether the licence of the model that you run allows it, and which licence it is.
        data_in: places in which data may be.
        operator: country of the group that runs the machines.
        retention_days: how long requests are kept [days].
        certifications: that are held.
        rating_points: how good it answers [points].
        rating_measure: by which measure.
        ttft_p95_ms: time to first token that 95 of 100 requests keep within, at the load that a replica is sized for [ms].
        ttft_basis: how that is known: `measured`, `interpolated`, `promised`, or the evidence of the option's terms.
        lead_time_months: from the scenario's day until it can serve [months]; 0 for tokens, which are sold at once.
    """

    bought_as: str
    licence: str | None = None
    data_in: str | None = None
    operator: str | None = None
    retention_days: float | None = None
    certifications: tuple[str, ...] | None = None
    rating_points: float | None = None
    rating_measure: str | None = None
    ttft_p95_ms: float | None = None
    ttft_basis: str | None = None
    lead_time_months: float | None = None


def offers_of(scenario: Scenario, prepared: Prepared, options: Mapping[str, OptionResult]) -> dict[str, Offer]:
    """What every option offers, by name.

    Args:
        scenario: as written: what was left open in it nobody stated.
        prepared: what its answer rests on.
        options: the answers, by name.
    """
    asked = Asked(
        scenario=scenario,
        filled=prepared.scenario,
        runs=prepared.runs,
        licences=prepared.licences,
        book=prepared.book,
    )
    return {option.name: _offer(option, asked, prepared, options[option.name]) for option in scenario.options}


def _offer(option: AnyOption, asked: Asked, prepared: Prepared, result: OptionResult) -> Offer:
    terms = terms_of(option)
    rating, measure = _rating(option, result.model, asked)
    latency, basis = _ttft(option, asked, prepared, result)
    lead = lead_time_months(option, asked.scenario)
    return Offer(
        bought_as=bought_as(prepared.scenario.option(option.name)),
        licence=_licence(option.name, asked),
        data_in=", ".join(terms.regions) if terms.regions else _places(regions_fact(option, asked)),
        operator="you" if isinstance(option, OwnOption) else _places(operator_fact(option, asked)),
        retention_days=terms.retention_days,
        certifications=None if terms.certifications is None else tuple(terms.certifications),
        rating_points=rating,
        rating_measure=measure,
        ttft_p95_ms=latency,
        ttft_basis=basis,
        lead_time_months=0.0 if lead is None and isinstance(option, TokenOption) else lead,
    )


def _licence(name: str, asked: Asked) -> str | None:
    answer = asked.licences.get(name)
    if answer is None:
        return None
    return ", ".join([_VERDICTS[answer.verdict], *(each.spdx or each.id for each in answer.licences)])


def _places(fact: Fact[frozenset[str]]) -> str | None:
    """The countries that it may be, named as a union where they are one."""
    known = [places for places in fact.choices if places is not None]
    if not known:
        return None
    every = frozenset().union(*known)
    union = next((name for name, places in UNIONS.items() if places == every), None)
    some = sorted(every)[:_NAMED]
    told = union or ", ".join(some) + (f" and {len(every) - _NAMED} more" if len(every) > _NAMED else "")
    return f"{told}, or not known" if None in fact.choices else told


def _rating(option: AnyOption, model: str, asked: Asked) -> tuple[float | None, str | None]:
    """By the measure that the scenario asks for, else the book's; an option's own rating first."""
    terms, wishes = terms_of(option), asked.scenario.constraints
    measure = wishes.min_quality.measure if wishes and wishes.min_quality else ARENA
    if terms.rating_points is not None and terms.rating_measure == measure:
        return terms.rating_points, measure
    return (None, None) if isinstance(option, MixedOption) else _book_rating(model, asked.book, measure)


def _book_rating(model: str, book: Book, measure: str) -> tuple[float | None, str | None]:
    try:
        return pricing.quality_score(model, book, measure=measure).rating, measure
    except ScoreNotFound:
        return None, None


def _ttft(option: AnyOption, asked: Asked, prepared: Prepared, result: OptionResult) -> tuple[float | None, str | None]:
    """Where it is from: the terms of a seller, the run's own curve, else the promise that the fleet is sized for."""
    terms = terms_of(option)
    if terms.latency is not None and terms.latency.ttft_p95_ms is not None:
        return terms.latency.ttft_p95_ms, terms.evidence
    replica = prepared.replicas.get(option.name)
    if replica is None or result.capacity is None or isinstance(option, MixedOption):
        return None, None
    if replica.carried is None and result.capacity.basis != "modelled":
        found = latency_at(prepared.runs[option.name], result.capacity.goodput_requests_per_s, TTFT)
        if found is not None:
            return found, result.capacity.basis
    limit = limits_ms(asked.scenario).get(TTFT)
    return limit, None if limit is None else PROMISED


def costs_if_allowed(prepared: Prepared) -> dict[str, float]:
    """What options would cost over the horizon that could serve, and that only constraints rule out [USD], by name.

    Args:
        prepared: what the answer rests on.
    """
    if not prepared.forbidden:
        return {}
    ledgers = compare(prepared, prepared.scenario).ledgers
    found = {}
    for name, reasons in prepared.forbidden.items():
        own = replace(ledgers[name], barred=tuple(each for each in ledgers[name].barred if each not in reasons))
        if own.feasible:
            found[name] = float(own.total_usd)
    return found
