"""What constraints cost, in sentences."""

from __future__ import annotations

from tco.constraint_result import ConstraintAnswer, ConstraintPrice, titled
from tco.format import month_count, usd


def constraint_sentences(answer: ConstraintAnswer, horizon_months: int) -> list[str]:
    """What each constraint costs, and all of them where there are several.

    Args:
        answer: of a result.
        horizon_months: over which costs are counted [months].
    """
    several = [answer.together] if len(answer.prices) > 1 else []
    return [_sentence(price, horizon_months, answer) for price in (*answer.prices, *several)]


def nothing_is_left(answer: ConstraintAnswer | None) -> bool:
    """Whether options can serve and constraints rule all of them out."""
    return answer is not None and answer.together.chosen is None and answer.together.chosen_without is not None


def _sentence(price: ConstraintPrice, horizon_months: int, answer: ConstraintAnswer) -> str:
    title, without = _title(price), "it" if len(price.constraints) == 1 else "them"
    costs = "costs" if len(price.constraints) == 1 else "cost"
    if price.chosen is None:
        return _nothing_left(price, title, without)
    if price.chosen_without == price.chosen:
        return f"{title} {costs} nothing{_why_nothing(price, answer)}."
    return (
        f"{title} {costs} {usd(price.price_usd)} over {month_count(horizon_months)} (present value): without {without} "
        f"{price.chosen_without} would be the best option, with {without} it is {price.chosen}."
    )


def _nothing_left(price: ConstraintPrice, title: str, without: str) -> str:
    if price.chosen_without is None:
        return f"{title} alone {'is' if len(price.constraints) == 1 else 'are'} not why no option is left: without {without} there is none either."
    leaves = "leaves" if len(price.constraints) == 1 else "leave"
    return f"{title} {leaves} no option: without {without} {price.chosen_without} could be taken."


def _why_nothing(price: ConstraintPrice, answer: ConstraintAnswer) -> str:
    """The best option meets it; or what is better is ruled out by something else too."""
    if not price.cheaper_but:
        broken = any(each.rules_out and each.constraint in price.constraints for each in answer.findings)
        them = "it" if len(price.constraints) == 1 else "them"
        return f": {price.chosen}, the best option, meets {them}" if broken else f": no option is ruled out by {them}"
    names = ", ".join(price.cheaper_but)
    return f" by itself: {names}, which would be better, {'is' if len(price.cheaper_but) == 1 else 'are'} ruled out by something else too"


def _title(price: ConstraintPrice) -> str:
    if len(price.constraints) > 1:
        return "All constraints together"
    words = titled(price.constraints[0], price.asks)
    return words[0].upper() + words[1:]
