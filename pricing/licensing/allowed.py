"""Whether a company may use an open model: the licence of each model version, its rules, and an answer with the clauses.

Not legal advice. A licence belongs to a model version, never to a vendor or a family: Mixtral 8x7B is Apache-2.0 and Mistral Large
2407 is not for business; Llama 3.1 may be used in the EU and Llama 4 may not. What was not read is not guessed: the answer is then
`ask a lawyer`. The texts and the models: `pricing.licensing.texts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pricing.book import Book
from pricing.licensing.rules import Applies, Company, Rule, applies
from pricing.licensing.texts import (
    UNKNOWN,
    Licence,
    ModelLicence,
    licence_named,
    licences,
    model_licences,
    models_named,
)
from pricing.tables import Record, near_names

NOT_ADVICE = "Not legal advice. The licence text decides; let a lawyer read it before you build on the model."
"""What every answer carries."""

Verdict = Literal["yes", "no", "ask a lawyer"]


class Reason(Record):
    """A rule that decided, with the words that it rests on; `rule` null: the reason is not a rule's."""

    says: str
    licence: str | None = None
    rule: Rule | None = None
    url: str | None = None


class Duty(Record):
    """Something to do. `applies` null: it depends on what was not said; `when`: on what."""

    licence: str
    rule: Rule
    applies: bool | None
    when: str
    url: str


class Answer(Record):
    """Whether a company may use a model, why, and what it has to do then.

    Attributes:
        asked: the model or licence as it was asked for.
        model: the model version, or null where a licence was asked for or nothing was found.
        licences: the licences that were read.
        verdict: `yes`, `no` or `ask a lawyer`.
        reasons: what the verdict rests on, each with clause, section and link.
        duties: what the licence asks of its users, also where the verdict is yes.
        facts_to_supply: facts of the company without which there is no answer.
        assumptions: what was taken for granted.
        cautions: how far the reading can be trusted.
        near: names that may have been meant.
        notice: `NOT_ADVICE`.
    """

    asked: str
    model: ModelLicence | None = None
    licences: tuple[Licence, ...] = ()
    verdict: Verdict
    reasons: tuple[Reason, ...]
    duties: tuple[Duty, ...] = ()
    facts_to_supply: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    notice: str = NOT_ADVICE


def allowed(licence_or_model: str, company: Company | None = None, *, book: Book | None = None) -> Answer:
    """Whether a company may use a model, with the clauses that say so. Not legal advice.

    `no`: a rule forbids it, or asks for a licence that the company does not have. `ask a lawyer`: a fact is missing that decides,
    the model is not in the book, or its licence was not read. A licence that the company holds from the maker
    (`has_paid_licence`) takes the place of what the public one forbids; its terms are not known here. Never raises for a name
    that is not known: that is an answer too.

    Args:
        licence_or_model: a model as in the book, by its name, Hugging Face name or alias, or a licence's id or SPDX name.
        company: who wants to use it; null: nothing is known but that it is for business.
        book: the book to read; null: the shipped one.

    >>> allowed("Mixtral-8x7B-v0.1").verdict
    'yes'
    >>> allowed("Llama-4-Scout", Company(country="DE")).reasons[0].rule.section
    'Acceptable Use Policy, last paragraphs'
    """
    company = company or Company()
    licence = licence_named(licence_or_model, book)
    if licence is not None:
        return _judge(licence_or_model, None, (licence,), company)
    found = models_named(licence_or_model, book)
    if not found:
        return _not_found(licence_or_model, book)
    if len({(row.licences, row.multimodal) for row in found}) > 1:
        return _ambiguous(licence_or_model, found)
    row = found[0]
    if UNKNOWN in row.licences:
        return _unread(licence_or_model, row)
    texts = {text.id: text for text in licences(book)}
    return _judge(licence_or_model, row, tuple(texts[name] for name in row.licences), company)


def _judge(asked: str, row: ModelLicence | None, texts: tuple[Licence, ...], company: Company) -> Answer:
    """The verdict of all the licences together: one "no" is enough, then one "not known"."""
    multimodal = row.multimodal if row else None
    judged = [(text, rule, applies(rule, company, multimodal=multimodal)) for text in texts for rule in text.rules]
    blocks = [entry for entry in judged if entry[1].effect in ("forbids", "needs a licence")]
    met = [(text, rule) for text, rule, result in blocks if result.holds]
    open_ones = [(text, rule, result) for text, rule, result in blocks if result.holds is None]
    duties = tuple(_duty(text, rule, result) for text, rule, result in judged if rule.effect == "duty")
    decisive = [result for _, _, result in blocks if result.holds or not met]
    assumptions = tuple(dict.fromkeys(result.note for result in decisive if result.note))
    grants = [_reason(text, rule) for text, rule, result in judged if rule.effect == "allows" and result.holds]
    verdict: Verdict = "yes"
    missing: tuple[str, ...] = ()
    reasons = grants
    if company.has_paid_licence and (met or open_ones):
        reasons = [_own_licence(text, rule) for text, rule in [*met, *((text, rule) for text, rule, _ in open_ones)]]
    elif met:
        verdict, reasons = "no", [_reason(text, rule) for text, rule in met]
    elif open_ones:
        verdict, reasons = "ask a lawyer", [_reason(text, rule) for text, rule, _ in open_ones]
        missing = tuple(dict.fromkeys(fact for _, _, result in open_ones for fact in result.missing))
    return Answer(
        asked=asked,
        model=row,
        licences=texts,
        verdict=verdict,
        reasons=tuple(reasons),
        duties=duties,
        facts_to_supply=missing,
        assumptions=assumptions,
        cautions=tuple(_cautions(row, texts)),
    )


def _reason(text: Licence, rule: Rule) -> Reason:
    return Reason(says=rule.says, licence=text.id, rule=rule, url=rule.url or text.url)


def _own_licence(text: Licence, rule: Rule) -> Reason:
    who = text.licensor or "the licensor"
    says = f"You hold a licence from {who}; its contract decides and was not read here. Without it: {rule.says}"
    return Reason(says=says, licence=text.id, rule=rule, url=rule.url or text.url)


def _duty(text: Licence, rule: Rule, result: Applies) -> Duty:
    thresholds = [
        f"above {amount:,.0f} {unit}"
        for amount, unit in (
            (rule.above_users, "monthly active users"),
            (rule.above_usd_per_month, "USD of revenue a month"),
            (rule.above_usd_per_year, "USD of revenue a year"),
        )
        if amount is not None
    ]
    parts = [_WHEN[condition] for condition in rule.when] + ([" or ".join(thresholds)] if thresholds else [])
    when = ", ".join(parts) or "always"
    return Duty(licence=text.id, rule=rule, applies=result.holds, when=when, url=rule.url or text.url)


_WHEN = {
    "commercial": "for business",
    "non-commercial": "without business",
    "redistributes": "if you pass the model on",
    "changes the model": "if you change the model",
    "trains other models": "if its outputs train another model",
    "makes it available": "if you offer the model or a product with it",
    "sells model access": "if you sell access to the model",
    "multimodal": "if the model reads images, sound or video",
}


def _cautions(row: ModelLicence | None, texts: tuple[Licence, ...]) -> Iterable[str]:
    if row is not None and row.evidence != "literature":
        yield f"That {row.model} is under this licence was not read at its maker's; look at the file that comes with the weights."
    if row is not None and row.note:
        yield row.note
    for text in texts:
        if text.evidence != "literature":
            yield f"The text of {text.title} was not opened; its rules are from others' reports."
        if text.note:
            yield text.note


def _unread(asked: str, row: ModelLicence) -> Answer:
    says = f"The book knows {row.model} but its licence was not read. Read the file that comes with the weights."
    cautions = (row.note,) if row.note else ()
    return Answer(asked=asked, model=row, verdict="ask a lawyer", reasons=(Reason(says=says),), cautions=cautions)


def _ambiguous(asked: str, rows: tuple[ModelLicence, ...]) -> Answer:
    says = f"{asked!r} is the name of {len(rows)} models whose licences or inputs differ. Name one of them."
    near = tuple(row.model for row in rows)
    return Answer(asked=asked, verdict="ask a lawyer", reasons=(Reason(says=says),), near=near)


def _not_found(asked: str, book: Book | None) -> Answer:
    names = [row.model for row in model_licences(book)] + [text.id for text in licences(book)]
    says = f"No model or licence of the book is called {asked!r}. Nothing is guessed from a name that is alike."
    return Answer(
        asked=asked, verdict="ask a lawyer", reasons=(Reason(says=says),), near=tuple(near_names(asked, names))
    )
