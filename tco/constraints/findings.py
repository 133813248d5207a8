"""Which option keeps which constraint, and which options are ruled out before anything is ranked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pricing
from tco.constraint_result import ConstraintFinding, ConstraintName, titled
from tco.constraint_terms import Constraints
from tco.constraints import held
from tco.constraints.facts import Asked, terms_of
from tco.constraints.serving import HARD, worst
from tco.errors import InputError
from tco.number_style import local
from tco.places import countries_of
from tco.result import Caution
from tco.scenario import MixedOption, Option, RentOption, Scenario

_OF_THE_WHOLE = {"rating_points", "rating_measure", "evidence", "source", "as_of", "note"}


class _Constraint(NamedTuple):
    name: ConstraintName
    asks: str
    holds: held.Holds


def findings(asked: Asked) -> tuple[ConstraintFinding, ...]:
    """Every constraint that the scenario has, held against every option.

    Args:
        asked: the scenario, and what is known of its options.

    Raises:
        InputError: constraints or terms contradict each other or the scenario.
    """
    _check(asked)
    wishes = asked.scenario.constraints or Constraints()
    return tuple(
        _finding(constraint, option, wishes, asked)
        for constraint in _constraints(asked.scenario, wishes)
        for option in asked.scenario.options
    )


def ruled_out(found: Iterable[ConstraintFinding]) -> dict[str, tuple[str, ...]]:
    """The options that may not be taken, each with its reasons.

    Args:
        found: all findings.
    """
    reasons: dict[str, tuple[str, ...]] = {}
    for finding in found:
        if finding.rules_out:
            reasons[finding.option] = (*reasons.get(finding.option, ()), _reason(finding))
    return reasons


def constraint_cautions(found: Iterable[ConstraintFinding]) -> Iterator[Caution]:
    """What is not known and was allowed, and what is kept by nobody's word but the scenario's.

    Args:
        found: all findings.
    """
    unproved: dict[str, list[str]] = {}
    for finding in found:
        if finding.verdict == "unknown" and not finding.rules_out:
            message = f"{finding.option}: {_reason(finding)}; it was allowed"
            yield Caution(code="constraint_unknown", path=finding.path, message=message)
        if finding.verdict == "met" and finding.evidence == "assumption" and finding.source is None:
            unproved.setdefault(finding.option, []).append(titled(finding.constraint, finding.asks))
    for name, titles in unproved.items():
        yield Caution(
            code="terms_without_source",
            path=f"options.{name}.terms.source",
            message=f"{name}: that it meets {', '.join(titles)} is stated without a source; name the contract or the page in its `terms`",
        )


def price_cautions(scenario: Scenario) -> Iterator[Caution]:
    """Rents that are the median over sellers everywhere, beside terms that only some of these sellers can offer.

    Args:
        scenario: as written.
    """
    wishes = scenario.constraints or Constraints()
    if wishes.residency is None and wishes.operator_nationality is None:
        return
    for option in scenario.options:
        if (
            not isinstance(option, RentOption)
            or option.price_usd_per_hour is not None
            or option.price.provider is not None
        ):
            continue
        terms = terms_of(option)
        if terms.regions is not None or terms.operator_country is not None:
            yield Caution(
                code="price_of_other_sellers",
                path=f"options.{option.name}.price.provider",
                message=f"{option.name}: its terms say where it stands or who runs it, and its rent is the median over sellers everywhere; "
                "name the `price.provider`, or give `price_usd_per_hour`",
            )


def supply_cautions(scenario: Scenario) -> Iterator[Caution]:
    """Options whose costs begin before they can serve, whether or not lead times are a constraint.

    Args:
        scenario: as written or filled.
    """
    for option in scenario.options:
        months = held.lead_time_months(option, scenario)
        if months is not None and months > option.starts_after_months and option.name != scenario.baseline:
            yield Caution(
                code="starts_before_it_can",
                path=f"options.{option.name}.starts_after_months",
                message=f"{option.name}: it can serve after {local(months):.3g} months and is counted from month {option.starts_after_months} on; "
                f"give `starts_after_months: {math.ceil(months)}`, so that the baseline is paid until then",
            )


def _constraints(scenario: Scenario, wishes: Constraints) -> Iterator[_Constraint]:
    """Those that are asked for, in the order in which they are told."""
    if scenario.company is not None or wishes.licence_commercial:
        yield _Constraint("licence", "", held.licence)
    if wishes.residency is not None:
        yield _Constraint("residency", ", ".join(wishes.residency), held.residency)
    if wishes.operator_nationality is not None:
        yield _Constraint("operator_nationality", ", ".join(wishes.operator_nationality), held.operator_nationality)
    if wishes.max_retention_days is not None:
        yield _Constraint("retention", f"at most {local(wishes.max_retention_days):g} days", held.retention)
    if wishes.needs_baa:
        yield _Constraint("baa", "HIPAA", held.baa)
    if wishes.certifications is not None:
        yield _Constraint("certifications", ", ".join(wishes.certifications), held.certifications)
    if wishes.holds_slo:
        yield _Constraint("latency", "the workload's promise", held.latency)
    if wishes.min_quality is not None:
        least = wishes.min_quality
        yield _Constraint("quality", f"at least {local(least.min_rating_points):,.6g} by {least.measure}", held.quality)
    if wishes.max_lead_time_months is not None:
        yield _Constraint("supply", f"at most {local(wishes.max_lead_time_months):g} months", held.supply)


def _finding(constraint: _Constraint, option: Option, wishes: Constraints, asked: Asked) -> ConstraintFinding:
    kept, owner = worst(constraint.name, constraint.holds, option, wishes, asked)
    refused = wishes.unknown == "refuse" or (wishes.unknown is None and constraint.name in HARD)
    return ConstraintFinding(
        constraint=constraint.name,
        asks=constraint.asks,
        option=option.name,
        verdict=kept.verdict,
        rules_out=kept.verdict == "not met" or (kept.verdict == "unknown" and refused),
        says=kept.says,
        path=f"options.{owner}.terms.{kept.field}" if kept.field else None,
        evidence=kept.evidence,
        source=kept.source,
        as_of=kept.as_of,
    )


def _reason(finding: ConstraintFinding) -> str:
    if finding.constraint == "licence" and finding.verdict == "not met":
        return finding.says
    title = titled(finding.constraint, finding.asks)
    if finding.verdict == "not met":
        return f"{title} is not met, {finding.says}"
    remedy = f"; say it in `{finding.path}`" if finding.path else ""
    return f"whether it meets {title} is not known, {finding.says}{remedy}"


def _check(asked: Asked) -> None:
    scenario = asked.scenario
    wishes = scenario.constraints or Constraints()
    if wishes.licence_commercial and scenario.company is not None and not scenario.company.commercial:
        raise _contradiction(
            "constraints.licence_commercial",
            "is true and `company.commercial` is false; a licence is asked for the one or the other, drop one of them",
        )
    if wishes.holds_slo and not held.limits_ms(scenario):
        raise _contradiction(
            "constraints.holds_slo",
            "is true and `workload.slo` promises nothing; give it a limit, such as ttft_p95_ms: 1000",
        )
    _check_measure(asked, wishes)
    for option in scenario.options:
        _check_region(option, asked)
        _check_parts(option)


def _check_measure(asked: Asked, wishes: Constraints) -> None:
    if wishes.min_quality is None:
        return
    own = {terms_of(option).rating_measure for option in asked.scenario.options} - {None}
    known = sorted({score.measure for score in pricing.quality_scores(asked.book)} | {str(name) for name in own})
    if wishes.min_quality.measure not in known:
        raise _contradiction(
            "constraints.min_quality.measure",
            f"is {wishes.min_quality.measure!r}, by which nothing is rated; there is: {', '.join(known)}. "
            "Give the options `terms.rating_points` and `terms.rating_measure` for a measure of your own",
        )


def _check_region(option: Option, asked: Asked) -> None:
    """The price of one region beside data that are said to be elsewhere."""
    regions = terms_of(option).regions
    if regions is None or not isinstance(option, RentOption) or option.price.region is None:
        return
    row = pricing.region_of(option.price.region, option.price.provider, asked.book)
    if row is not None and row.country not in countries_of(regions):
        raise _contradiction(
            f"options.{option.name}.terms.regions",
            f"says {', '.join(regions)}, but the option is priced in {row.region}, which lies in {row.country}; make them agree",
        )


def _check_parts(option: Option) -> None:
    """What is made of others offers what they offer; only how good both answer together is its own."""
    if not isinstance(option, MixedOption) or option.terms is None:
        return
    stated = set(option.terms.model_dump(exclude_none=True)) - _OF_THE_WHOLE
    if stated:
        raise _contradiction(
            f"options.{option.name}.terms.{min(stated)}",
            f"is stated of an option that is made of {' and '.join(option.parts)}; state it of these, it follows for the whole",
        )


def _contradiction(path: str, says: str) -> InputError:
    return InputError(f"`{path}` {says}", code="constraints_contradict", path=path)
