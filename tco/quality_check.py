"""Whether the options answer equally well: said beside the costs, never mixed into them."""

from __future__ import annotations

from collections.abc import Iterator

import pricing
from pricing import Book, Comparison, ScoreNotFound
from tco.number_style import local
from tco.result import Caution
from tco.scenario import MixedOption, Scenario


def quality_cautions(scenario: Scenario, book: Book) -> Iterator[Caution]:
    """One caution for every model that is known to answer better or worse than today's, and one for all that are not known."""
    today = scenario.option(scenario.baseline).model
    # What is made of other options answers as these do.
    others = sorted({option.model for option in scenario.options if not isinstance(option, MixedOption)} - {today})
    unknown = []
    for model in others:
        found = _compare(model, today, book)
        if found is None or found.finding == "unknown":
            unknown.append(model)
        elif found.finding != "not distinguishable":
            yield Caution(code="quality_differs", message=_sentence(model, today, found))
    if unknown:
        yield Caution(
            code="quality_not_compared",
            message=f"cost is compared, answer quality is not: no common score of {today} and {', '.join(unknown)}",
        )


def _compare(model: str, today: str, book: Book) -> Comparison | None:
    try:
        return pricing.compare(model, today, book)
    except ScoreNotFound:
        return None


def _sentence(model: str, today: str, found: Comparison) -> str:
    read = f" ({found.measure}, {found.model.as_of})" if found.model.as_of else f" ({found.measure})"
    votes = ""
    if found.expected_win_share is not None:
        votes = f"; people would prefer it in {found.expected_win_share:.0%} of comparisons"
    return f"{model} answers {found.finding} than {today}: {local(found.model.rating):,.0f} against {local(found.against.rating):,.0f}{read}{votes}"
