"""Whether an option keeps a constraint: one function for each, all with the same answer: met, not met, or nobody said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

import pricing
from pricing import ScoreNotFound
from pricing.price import Evidence
from tco.constraint_terms import Constraints, MinQuality
from tco.constraints.facts import Asked, Fact, operator_fact, regions_fact, terms_of
from tco.licence_check import forbids
from tco.number_style import local
from tco.option_terms import Terms
from tco.places import countries_of
from tco.scenario import Option, OwnOption, Scenario, TokenOption

DAYS_PER_MONTH = 365.25 / 12
T = TypeVar("T")
Verdict = Literal["met", "not met", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One option under one constraint.

    Attributes:
        verdict: whether it is kept.
        says: why, as the end of a sentence.
        field: of `terms`, that settles it where it is not known; empty: none does.
        evidence: how good the fact is; None where it follows from what the option is.
        source: where it is said.
        as_of: when it was read.
    """

    verdict: Verdict
    says: str
    field: str = ""
    evidence: Evidence | None = None
    source: str | None = None
    as_of: date | None = None


Holds = Callable[[Option, Constraints, Asked], Held]


def licence(option: Option, wishes: Constraints, asked: Asked) -> Held:
    """Whether the licence of the model that an option runs allows what the company does; an open question counts only under `licence_commercial`."""
    answer = asked.licences.get(option.name)
    if answer is None:
        return Held(verdict="met", says="tokens are bought under the seller's terms, which are not read here")
    if answer.verdict == "no":
        return Held(verdict="not met", says="; ".join(forbids(answer)))
    if answer.verdict == "yes" or not wishes.licence_commercial:
        return Held(verdict="met", says="the licence does not forbid it")
    return Held(verdict="unknown", says=f"whether the licence of {answer.asked} allows it is open")


def residency(option: Option, wishes: Constraints, asked: Asked) -> Held:
    """Whether data can be only in the places that are allowed: every place in which they may be must be one of those."""
    allowed = countries_of(wishes.residency or [])
    fact = regions_fact(option, asked)
    return _judged(fact, lambda places: places <= allowed, "nobody says where its data are", "regions")


def operator_nationality(option: Option, wishes: Constraints, asked: Asked) -> Held:
    """Whether the group that runs the machines sits in a country that is allowed; servers of one's own are run by oneself."""
    if isinstance(option, OwnOption):
        return Held(verdict="met", says="you run it yourself")
    allowed = countries_of(wishes.operator_nationality or [])
    fact = operator_fact(option, asked)
    return _judged(fact, lambda country: country <= allowed, "nobody says who runs it", "operator_country")


def retention(option: Option, wishes: Constraints, asked: Asked) -> Held:  # noqa: ARG001 - one shape for all
    """Whether others delete requests soon enough; where the model is one's own, nobody else sees them."""
    terms, most = terms_of(option), wishes.max_retention_days
    assert most is not None
    if terms.retention_days is None:
        if not isinstance(option, TokenOption):
            return Held(verdict="met", says="requests stay on machines that you run")
        return Held(verdict="unknown", says="nobody says how long it keeps requests", field="retention_days")
    days = terms.retention_days
    return _stated(terms, met=days <= most, says=f"it keeps requests for {local(days):g} days")


def baa(option: Option, wishes: Constraints, asked: Asked) -> Held:  # noqa: ARG001 - one shape for all
    """Whether a business associate agreement is had. A cloud that stores or processes health data needs one even where it cannot read them; oneself does not.

    Source: US Department of Health and Human Services, Guidance on HIPAA & Cloud Computing (2016),
    https://www.hhs.gov/hipaa/for-professionals/special-topics/health-information-technology/cloud-computing/index.html
    """
    terms = terms_of(option)
    if terms.baa is None:
        if isinstance(option, OwnOption):
            return Held(verdict="met", says="no other party handles the data")
        return Held(verdict="unknown", says="nobody says whether an agreement is signed", field="baa")
    return _stated(terms, met=terms.baa, says="an agreement is had" if terms.baa else "no agreement is had")


def certifications(option: Option, wishes: Constraints, asked: Asked) -> Held:  # noqa: ARG001 - one shape for all
    """Whether all certificates are held. One that is asked for is met by a closer one: `SOC 2` by `SOC 2 Type II`."""
    terms, needed = terms_of(option), wishes.certifications or []
    if terms.certifications is None:
        return Held(verdict="unknown", says="nobody says which certificates it holds", field="certifications")
    held = [_words(name) for name in terms.certifications]
    missing = [name for name in needed if not any(has[: len(_words(name))] == _words(name) for has in held)]
    says = f"it lacks {', '.join(missing)}" if missing else f"it holds {', '.join(terms.certifications)}"
    return _stated(terms, met=not missing, says=says)


def latency(option: Option, wishes: Constraints, asked: Asked) -> Held:  # noqa: ARG001 - one shape for all
    """Whether an option paid per token keeps the promise, by measured percentiles; self-hosted ones are sized for it.

    A stricter percentile within the limit keeps a promise, a looser one beyond it breaks it; the rest is not known.
    """
    if not isinstance(option, TokenOption):
        return Held(verdict="met", says="it is sized for the promise")
    terms = terms_of(option)
    measured = terms.latency.limits() if terms.latency else {}
    verdicts = {name: _within(name, limit, measured) for name, limit in limits_ms(asked.scenario).items()}
    broken = [name for name, verdict in verdicts.items() if verdict == "not met"]
    if broken:
        return _stated(terms, met=False, says=f"its {_promise(broken[0])} was measured beyond the limit")
    open_ = [name for name, verdict in verdicts.items() if verdict == "unknown"]
    if open_:
        return Held(verdict="unknown", says=f"nobody measured its {_promise(open_[0])}", field="latency")
    return _stated(terms, met=True, says="its measured latency keeps the promise")


def quality(option: Option, wishes: Constraints, asked: Asked) -> Held:
    """Whether the model of an option is rated high enough: by the option's own rating, else by the book's."""
    least, terms = wishes.min_quality, terms_of(option)
    assert least is not None
    if terms.rating_points is not None and terms.rating_measure == least.measure:
        says = f"it is rated {local(terms.rating_points):,.6g} ({least.measure})"
        return _stated(terms, met=terms.rating_points >= least.min_rating_points, says=says)
    return _rated(asked.filled.option(option.name).model, least, asked)


def supply(option: Option, wishes: Constraints, asked: Asked) -> Held:
    """Whether an option can serve soon enough. Tokens are sold at once; machines are not always to be had."""
    terms, most = terms_of(option), wishes.max_lead_time_months
    assert most is not None
    months = lead_time_months(option, asked.scenario)
    if months is None:
        if isinstance(option, TokenOption):
            return Held(verdict="met", says="tokens are sold at once")
        return Held(verdict="unknown", says="nobody says when it can serve", field="lead_time_months")
    return _stated(terms, met=months <= most, says=f"it can serve after {local(months):.3g} months")


def lead_time_months(option: Option, scenario: Scenario) -> float | None:
    """From the scenario's day until an option can serve, as its terms say it [months]; None: they do not."""
    terms = terms_of(option)
    if terms.available_from is None:
        return terms.lead_time_months
    return max(0.0, (terms.available_from - scenario.as_of).days / DAYS_PER_MONTH)


def limits_ms(scenario: Scenario) -> dict[str, float]:
    """The tightest latency promises of a scenario, over its classes where it has such [ms]."""
    workload = scenario.workload
    promises = [kind.slo or workload.slo for kind in workload.classes.values()] or [workload.slo]
    found: dict[str, float] = {}
    for promise in promises:
        for name, limit in promise.limits().items():
            found[name] = min(limit, found.get(name, limit))
    return found


def _rated(model: str, least: MinQuality, asked: Asked) -> Held:
    try:
        score = pricing.quality_score(model, asked.book, measure=least.measure)
    except ScoreNotFound:
        says = f"no rating of {model} by {least.measure} is known"
        return Held(verdict="unknown", says=says, field="rating_points")
    bounds = (
        f"{local(score.low):,.0f} to {local(score.high):,.0f}, "
        if score.low is not None and score.high is not None
        else ""
    )
    return Held(
        verdict="met" if score.rating >= least.min_rating_points else "not met",
        says=f"{score.model} is rated {local(score.rating):,.0f} ({bounds}{least.measure}{f', {score.as_of}' if score.as_of else ''})",
        evidence=score.evidence,
        source=score.source,
        as_of=score.as_of,
    )


def _judged(fact: Fact[T], is_kept: Callable[[T], bool], nobody_says: str, field: str) -> Held:
    """Kept where it is kept whatever is the case, broken where it is broken whatever is the case."""
    kept = {None if choice is None else is_kept(choice) for choice in fact.choices}
    verdict: Verdict = "met" if kept == {True} else "not met" if kept == {False} else "unknown"
    return Held(
        verdict=verdict,
        says=fact.says or nobody_says,
        field=field if verdict == "unknown" else "",
        evidence=fact.evidence,
        source=fact.source,
        as_of=fact.as_of,
    )


def _stated(terms: Terms, *, met: bool, says: str) -> Held:
    return Held(
        verdict="met" if met else "not met",
        says=says,
        evidence=terms.evidence,
        source=terms.source,
        as_of=terms.as_of,
    )


def _within(name: str, limit: float, measured: dict[str, float]) -> Verdict:
    metric, percentile = _parts(name)
    of_metric = {_parts(other)[1]: value for other, value in measured.items() if _parts(other)[0] == metric}
    if any(at >= percentile and value <= limit for at, value in of_metric.items()):
        return "met"
    return "not met" if any(at <= percentile and value > limit for at, value in of_metric.items()) else "unknown"


def _parts(name: str) -> tuple[str, int]:
    """Metric and percentile of `ttft_p95_ms`."""
    metric, percentile, _ = name.split("_")
    return metric, int(percentile[1:])


def _promise(name: str) -> str:
    metric, percentile = _parts(name)
    return f"{metric.upper()} p{percentile}"


def _words(name: str) -> tuple[str, ...]:
    """Letters and digits of a certificate's name, apart: `SOC2` is `SOC 2`."""
    return tuple(re.findall(r"[a-z]+|[0-9]+", name.casefold()))
