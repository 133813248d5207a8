"""Whether the company may run the model that an option hosts: licences are constraints, not prices.

Only options that run a model themselves are asked: who buys tokens has the seller's terms instead. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterator

import pricing
from pricing import Answer, Book, Company
from tco.result import Caution
from tco.scenario import OwnOption, RentOption, Scenario

_TOLD = {"attribution", "naming", "acceptable use", "research only"}
"""Topics of duties that change what is built or shown; that a patent licence ends for who sues does not."""


def licence_answers(scenario: Scenario, book: Book) -> dict[str, Answer]:
    """What each self-hosted option's licence says about the company of the scenario, by option name."""
    return {
        option.name: pricing.allowed(option.model, who_asks(scenario, paid=option.paid_licence), book=book)
        for option in scenario.options
        if isinstance(option, RentOption | OwnOption)
    }


def forbids(answer: Answer) -> tuple[str, ...]:
    """Why a licence forbids it, with clause and section; empty where it does not."""
    return tuple(_reasons(answer)) if answer.verdict == "no" else ()


def licence_cautions(scenario: Scenario, answers: dict[str, Answer]) -> Iterator[Caution]:
    """What the reader must know of the licences: a bar that nobody checked, a fact that is missing, what has to be done."""
    for name, answer in answers.items():
        about = {"path": f"options.{name}.model"}
        if answer.verdict == "no":
            remedy = (
                "" if scenario.company else "; say who you are in `company`, or hold a licence and set `paid_licence`"
            )
            yield Caution(code="licence_forbids", message=f"{name}: {'; '.join(forbids(answer))}{remedy}", **about)
        elif answer.verdict == "ask a lawyer":
            yield Caution(code="licence_open", message=f"{name}: {_open(answer)}", **about)
        elif duties := _duties(answer):
            message = f"{name}: its licence has duties ({duties}); all of them: `tco prices licence {answer.asked}`"
            yield Caution(code="licence_duties", message=message, **about)


def who_asks(scenario: Scenario, *, paid: bool) -> Company:
    """The company of a scenario, as one model's licence sees it.

    Args:
        scenario: the question; one that does not say who asks gives a company of which nothing is known.
        paid: a licence for that model was had from its maker.
    """
    given = scenario.company or Company()
    return given.model_copy(update={"has_paid_licence": True}) if paid else given


def _reasons(answer: Answer) -> Iterator[str]:
    for reason in answer.reasons:
        where = f" ({_title(answer, reason.licence)}, {reason.rule.section})" if reason.rule else ""
        yield f"the licence forbids it: {reason.says.rstrip('.')}{where}"


def _open(answer: Answer) -> str:
    if answer.facts_to_supply:
        facts = " and on ".join(answer.facts_to_supply)
        return f"whether the licence of {answer.asked} allows it depends on {facts}; say it in `company`"
    says = " ".join(reason.says for reason in answer.reasons)
    return f"the licence is not clear: {says}"


def _title(answer: Answer, licence: str | None) -> str:
    return next((text.title for text in answer.licences if text.id == licence), licence or "its licence")


def _duties(answer: Answer) -> str:
    """What has to be shown or left undone in any case, in a few words; the whole list is `tco prices licence`."""
    says = [duty.rule.says.rstrip(".") for duty in answer.duties if duty.applies and duty.rule.topic in _TOLD]
    return "; ".join(dict.fromkeys(says))
