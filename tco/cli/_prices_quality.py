"""`tco prices quality`: how good models are by a measure, and which are of like quality."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pricing.quality.file import Score, ScoresError
from pricing.quality.scores import (
    Comparable,
    Comparison,
    ScoreNotFound,
    comparable,
    compare,
    quality_score,
    quality_scores,
)
from tco.cli._prices_book import AsJson, chosen_book
from tco.cli._shared import console, fail, print_json
from tco.cli._tables import cell, print_table, short_source


def quality_command(
    model: Annotated[str | None, typer.Argument(help="One model; with --like, held against that one.")] = None,
    like: Annotated[str | None, typer.Option(metavar="MODEL", help="Hold models against this one.")] = None,
    within: Annotated[
        float | None, typer.Option(metavar="POINTS", help="Only models at most so far from --like, up or down.")
    ] = None,
    own: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Your scores: model, score [low, high, measure, as_of, source]."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show quality scores with measure, day and bounds; compare two models; find models of like quality."""
    if within is not None and like is None:
        fail("--within needs --like MODEL: the model from which the distance is measured.")
    if like is not None and (model is None) == (within is None):
        fail("--like needs either a MODEL to compare or --within POINTS to list models, for example --within 20.")
    try:
        _answer(model, like, within, own, as_json=as_json)
    except (ScoreNotFound, ScoresError, ValueError) as error:
        fail(str(error))


def _answer(model: str | None, like: str | None, within: float | None, own: Path | None, *, as_json: bool) -> None:
    book = chosen_book()
    if like is not None and within is not None:
        found = comparable(like, within, book, own)
        if as_json:
            print_json(found.model_dump(mode="json"))
        else:
            _print_comparable(found)
    elif like is not None and model is not None:
        comparison = compare(model, like, book, own)
        if as_json:
            print_json(comparison.model_dump(mode="json"))
        else:
            _print_comparisons([comparison])
    else:
        scores = quality_scores(book, own) if model is None else (quality_score(model, book, own),)
        if as_json:
            print_json({"scores": [score.model_dump(mode="json") for score in scores]})
        else:
            _print_scores(scores)


def _print_scores(scores: Sequence[Score]) -> None:
    table = Table("model", "score", "measure", "as of", "evidence", "from", "source", "note")
    for score in scores:
        facts = (score.measure, _day(score), score.evidence, score.layer, short_source(score.source), score.note or "")
        table.add_row(*(cell(text) for text in (score.model, _points(score), *facts)))
    print_table(table)


def _print_comparable(found: Comparable) -> None:
    _print_comparisons(found.rows)
    day = found.oldest.isoformat() if found.oldest else "days not stated"
    console().print(
        f"{len(found.rows)} models within {found.within_points:g} points of {found.reference.model} "
        f"({found.reference.rating:g}, {found.measure}, {day}); {found.beyond} further away; models without such a score "
        "are not in the list.",
        markup=False,
        soft_wrap=True,
    )


def _print_comparisons(comparisons: Sequence[Comparison]) -> None:
    table = Table("model", "score", "against", "score", "difference", "finding", "wins", "measure", "as of", "why")
    for row in comparisons:
        texts = (
            row.model.model,
            _points(row.model),
            row.against.model,
            _points(row.against),
            _interval("{:+.1f}", row.difference, row.low, row.high),
            row.finding,
            _interval("{:.1%}", row.expected_win_share, row.win_share_low, row.win_share_high),
            " / ".join(dict.fromkeys((row.model.measure, row.against.measure))),
            " / ".join(dict.fromkeys((_day(row.model), _day(row.against)))),
            row.why,
        )
        table.add_row(*(cell(text) for text in texts))
    print_table(table)


def _points(score: Score) -> str:
    return _interval("{:g}", score.rating, score.low, score.high)


def _interval(form: str, value: float | None, low: float | None, high: float | None) -> str:
    """A number with its bounds, as far as they are known.

    >>> _interval("{:+.1f}", 2.4, -2.3, 7.2), _interval("{:g}", 71.5, None, None)
    ('+2.4 (-2.3 to +7.2)', '71.5')
    """
    if value is None:
        return ""
    bounds = "" if low is None or high is None else f" ({form.format(low)} to {form.format(high)})"
    return form.format(value) + bounds


def _day(score: Score) -> str:
    return score.as_of.isoformat() if score.as_of else "not stated"
