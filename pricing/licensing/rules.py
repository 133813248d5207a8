"""When a rule of a model's licence applies to a company: yes, no, or not known for want of a fact.

A licence is read rule by rule (`pricing.licensing.allowed`). A rule forbids, asks for a separate licence, or lays a duty on the user, and it
says when: above a number of users, in a region, for commercial use ... This file answers the "when", and nothing is guessed: what
the company did not say makes the answer "not known" and names the fact.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator

from pricing.tables import Record


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


EU_AS_OF = date(2026, 11, 23)
"""The day for which `EU_MEMBERS` was put together. The last change was on 2020-02-01, when the United Kingdom had left.

Source: https://european-union.europa.eu/principles-countries-history/eu-countries_en (from memory, evidence `expert`).
"""

EU_MEMBERS = _codes("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
"""The 27 members of the European Union. Norway, Iceland and Liechtenstein (EEA), Switzerland and the UK are not in it."""

EU_TERRITORIES = _codes("AX GF GP MF MQ RE YT")
"""Parts of the EU that have a country code of their own: Åland, and the French outermost regions (Article 349 TFEU)."""

COUNTRIES = _codes(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"""
)
"""ISO 3166-1 alpha-2 codes, so that a misspelt country is an error and not "outside the EU"."""

_USUAL_MISTAKES = {"UK": "GB", "EL": "GR"}

_MONTHS_PER_YEAR = 12

Effect = Literal["allows", "forbids", "needs a licence", "duty"]
"""What a rule does when it applies. `needs a licence`: the licensor may grant it for money or at its own discretion."""

When = Literal[
    "commercial",
    "non-commercial",
    "redistributes",
    "changes the model",
    "trains other models",
    "makes it available",
    "sells model access",
    "multimodal",
]
"""Conditions besides thresholds and regions. `makes it available`: gives others the model, or a product with the model in it."""

_Amount = Annotated[float, Field(ge=0)]


class Company(Record):
    """What a licence may ask about its user. What is null is not known, and then no verdict rests on it.

    Attributes:
        country: principal place of business (of a person: domicile), ISO 3166-1 alpha-2; null: not known.
        monthly_active_users: of all products of the company and its affiliates, or of the product in question; null: not known.
        users_on: a day of the month for which those users were counted; null: the month that the licence asks about.
        revenue_usd_per_year: of the company and its affiliates, 12 months in a row [USD/year]; null: not known.
        revenue_usd_per_month: of the month before [USD/month]; null: a twelfth of the year's.
        commercial: the model is for business, paid or not.
        redistributes: passes the weights on, changed or not, or hosts the model so that others use it.
        changes_model: fine-tunes, merges or otherwise changes the weights.
        trains_other_models: the model's outputs train or improve another model.
        sells_model_access: sells others the model itself, by API or fine-tuning ("Model as a Service").
        has_paid_licence: has a separate licence for this model from who made it.
    """

    country: str | None = None
    monthly_active_users: _Amount | None = None
    users_on: date | None = None
    revenue_usd_per_year: _Amount | None = None
    revenue_usd_per_month: _Amount | None = None
    commercial: bool = True
    redistributes: bool = False
    changes_model: bool = False
    trains_other_models: bool = False
    sells_model_access: bool = False
    has_paid_licence: bool = False

    @field_validator("country")
    @classmethod
    def _is_a_code(cls, value: str | None) -> str | None:
        if value is None:
            return None
        code = value.strip().upper()
        if code not in COUNTRIES:
            meant = _USUAL_MISTAKES.get(code)
            hint = f" Did you mean {meant}?" if meant else " For example DE, FR, US."
            raise ValueError(f"{value!r} is not a country. Write the two letters of ISO 3166-1.{hint}")
        return code


class Rule(Record):
    """One rule of a licence.

    Attributes:
        effect: what it does when it applies.
        topic: `commercial use`, `users`, `region`, `attribution`, `naming`, `acceptable use` ...
        says: the rule in one plain sentence.
        quote: the words of the licence, at most 40; null where its text was not opened.
        section: where in the licence; null where it has no numbers or was not opened.
        url: where the words stand, where that is not the licence itself.
        when: all of these must hold; empty: always.
        regions: holds for companies there: `EU` or country codes; empty: everywhere.
        above_users: holds above so many monthly active users [users].
        users_counted_from: first day of the month for which users are counted; null: at any time.
        users_counted_to: last day that stands for that count: the day on which the licence asks about the month before.
        few_reach_it: the number of users is one that hardly any company has, so that who says nothing is taken to be below it;
            the answer says so. A rule without it that misses the number is "not known".
        above_usd_per_month: holds above so much revenue [USD/month].
        above_usd_per_year: holds above so much revenue [USD/year].
    """

    effect: Effect
    topic: str
    says: str
    quote: str | None = None
    section: str | None = None
    url: str | None = None
    when: tuple[When, ...] = ()
    regions: tuple[str, ...] = ()
    above_users: _Amount | None = None
    users_counted_from: date | None = None
    users_counted_to: date | None = None
    few_reach_it: bool = False
    above_usd_per_month: _Amount | None = None
    above_usd_per_year: _Amount | None = None

    @field_validator("quote")
    @classmethod
    def _is_short(cls, value: str | None) -> str | None:
        most = 40
        if value is not None and len(value.split()) > most:
            raise ValueError(f"a quote has at most {most} words, this one has {len(value.split())}")
        return value


class Applies(NamedTuple):
    """Whether a rule applies. `holds` null: not known until `missing` is supplied. `note`: what the answer rests on."""

    holds: bool | None
    missing: tuple[str, ...] = ()
    note: str | None = None


def in_region(country: str, regions: tuple[str, ...]) -> bool:
    """Whether a country is in one of the regions; `EU` is its members with their outermost regions.

    >>> [in_region(country, ("EU",)) for country in ("DE", "RE", "CH", "GB", "NO")]
    [True, True, False, False, False]
    """
    return country in regions or ("EU" in regions and country in EU_MEMBERS | EU_TERRITORIES)


def applies(rule: Rule, company: Company, *, multimodal: bool | None = None) -> Applies:
    """Whether a rule applies to a company that uses a model.

    All of `when` and the region must hold; of several thresholds one is enough. "No" beats "not known".

    Args:
        rule: the rule.
        company: who uses the model.
        multimodal: whether the model reads images, sound or video; null: not known.

    >>> rule = Rule(effect="needs a licence", topic="users", says="-", above_users=100e6)
    >>> applies(rule, Company(monthly_active_users=150e6)).holds
    True
    >>> applies(rule, Company()).missing
    ('monthly active users',)
    """
    parts = [_condition(condition, company, multimodal) for condition in rule.when]
    if rule.regions:
        parts.append(_region(rule, company))
    thresholds = _thresholds(rule, company)
    if thresholds:
        parts.append(_any(thresholds))
    return _all(parts)


def _condition(condition: When, company: Company, multimodal: bool | None) -> Applies:
    if condition == "multimodal":
        missing = () if multimodal is not None else ("whether the model reads images, sound or video",)
        return Applies(multimodal, missing)
    if condition == "makes it available":
        if company.redistributes or company.sells_model_access:
            return Applies(holds=True)
        return Applies(None, ("whether others get a product with the model in it",))
    facts = {
        "commercial": company.commercial,
        "non-commercial": not company.commercial,
        "redistributes": company.redistributes,
        "changes the model": company.changes_model,
        "trains other models": company.trains_other_models,
        "sells model access": company.sells_model_access,
    }
    return Applies(facts[condition])


def _region(rule: Rule, company: Company) -> Applies:
    if company.country is None:
        return Applies(None, ("country of the principal place of business",))
    return Applies(in_region(company.country, rule.regions))


def _thresholds(rule: Rule, company: Company) -> list[Applies]:
    found = []
    if rule.above_users is not None:
        found.append(_users(rule, rule.above_users, company))
    if rule.above_usd_per_month is not None:
        found.append(_monthly_revenue(rule.above_usd_per_month, company))
    if rule.above_usd_per_year is not None:
        found.append(_yearly_revenue(rule.above_usd_per_year, company))
    return found


def _users(rule: Rule, cap: float, company: Company) -> Applies:
    users = company.monthly_active_users
    first, last = rule.users_counted_from, rule.users_counted_to
    if first is None or last is None:
        return Applies(None, ("monthly active users",)) if users is None else Applies(users > cap)
    fact = f"monthly active users in {first:%B %Y}, of the company and its affiliates"
    other_month = company.users_on is not None and not first <= company.users_on <= last
    if rule.few_reach_it and (users is None or (other_month and users <= cap)):
        return Applies(holds=False, note=f"Takes it that there were at most {cap:,.0f} {fact}.")
    if users is None or other_month:
        return Applies(None, (fact,))
    note = None if company.users_on else f"Takes your number for the {fact}: that month counts, no later one."
    return Applies(users > cap, note=note)


def _monthly_revenue(cap: float, company: Company) -> Applies:
    if company.revenue_usd_per_month is not None:
        return Applies(company.revenue_usd_per_month > cap)
    if company.revenue_usd_per_year is None:
        return Applies(None, ("revenue of the company in the month before",))
    note = "Takes a twelfth of the year's revenue for the month before; the licence asks about that month itself."
    return Applies(company.revenue_usd_per_year / _MONTHS_PER_YEAR > cap, note=note)


def _yearly_revenue(cap: float, company: Company) -> Applies:
    if company.revenue_usd_per_year is None:
        return Applies(None, ("revenue of the company and its affiliates over 12 months",))
    return Applies(company.revenue_usd_per_year > cap)


def _all(parts: list[Applies]) -> Applies:
    """Every part holds; one that does not settles it."""
    denied = [part for part in parts if part.holds is False]
    if denied:
        return Applies(holds=False, note=denied[0].note)
    return _joined(parts, holds=True)


def _any(parts: list[Applies]) -> Applies:
    """One part is enough."""
    met = [part for part in parts if part.holds]
    if met:
        return Applies(holds=True, note=met[0].note)
    return _joined(parts, holds=False)


def _joined(parts: list[Applies], *, holds: bool) -> Applies:
    missing = tuple(dict.fromkeys(fact for part in parts for fact in part.missing))
    notes = " ".join(dict.fromkeys(part.note for part in parts if part.note))
    return Applies(None if missing else holds, missing, notes or None)
