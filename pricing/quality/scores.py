"""How good models are, by a measure, on a day, with bounds; and whether two can be told apart.

A price is of use only beside a quality. The book has one measure: the rating of the text arena, where people vote between two
answers (style control, 95 % bounds). The user's own scores come from a CSV file and win. Scores of two measures are never compared.
A filter on quality never acts silently: its result carries the measure, the day, the bounds, and who was left out.
"""

from __future__ import annotations

from datetime import date
from math import hypot
from pathlib import Path
from typing import Any, Literal

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import BOOK
from pricing.quality.file import Score, read_scores
from pricing.tables import Record, did_you_mean, name_key

ARENA = "arena-text-style-control"
"""The book's measure: Bradley-Terry rating of the text arena, all questions, style control, on the Elo scale."""

ELO_SCALE = 400.0
"""Points of the Elo scale for odds of ten to one."""

Finding = Literal["better", "worse", "not distinguishable", "unknown"]


class ScoreNotFound(LookupError):  # noqa: N818 - like `PriceNotFound`
    """There is no such score. The message lists near names and says how to supply one."""


class Comparison(Record):
    """One model held against another by one measure.

    Attributes:
        model: the score of the first.
        against: the score of the second.
        finding: the first is `better`, `worse`, `not distinguishable` (the bounds overlap) or `unknown` (no common measure, or no
            bounds); in words: `why`.
        why: the reason of the finding.
        measure: the measure of both, or null.
        difference: first minus second [points].
        low: lower bound of the difference, as if the two scores were independent [points].
        high: upper bound of the difference [points].
        expected_win_share: share of votes that the first would win, ties counted half; for arena ratings only [fraction].
        win_share_low: at the lower bound of the difference [fraction].
        win_share_high: at the upper bound of the difference [fraction].
    """

    model: Score
    against: Score
    finding: Finding
    why: str
    measure: str | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    expected_win_share: float | None = None
    win_share_low: float | None = None
    win_share_high: float | None = None


class Comparable(Record):
    """What a filter on quality let through, and what it knows nothing of.

    Attributes:
        reference: the score of the model that the others are held against.
        within_points: at most so far from it, up or down [points].
        measure: the measure of every score here.
        oldest: the day of the oldest score here, or null where one has no day.
        rows: the models within the distance, best first, the reference itself not among them.
        beyond: how many models with a score of this measure are further away.
    """

    reference: Score
    within_points: float
    measure: str
    oldest: date | None
    rows: tuple[Comparison, ...]
    beyond: int


def quality_scores(book: Book | None = None, own: Path | None = None) -> tuple[Score, ...]:
    """Every score: the user's own first, then the book's that they do not replace, each best first by measure.

    An own score takes the place of the book's for the same model and measure.

    Args:
        book: the book to read; null: the shipped one.
        own: a CSV file of the user's scores (`read_scores`), or null.

    Raises:
        ScoresError: the file cannot be read.
    """
    known = _scores(book or shipped_book())
    mine = [_also_called(score, known) for score in (read_scores(own) if own else [])]
    taken = {(_key(score.model), score.measure) for score in mine}
    rest = [score for score in known if not any((key, score.measure) in taken for key in _keys(score))]
    return tuple(sorted([*mine, *rest], key=lambda score: (score.layer == BOOK, score.measure, -score.rating)))


def quality_score(model: str, book: Book | None = None, own: Path | None = None, measure: str | None = None) -> Score:
    """The score of one model; the user's own wins over the book's.

    Args:
        model: our name or another one; a maker's or seller's name in front does not matter.
        book: the book to read; null: the shipped one.
        own: a CSV file of the user's scores, or null.
        measure: only this measure; null: the first that there is, own before book.

    Raises:
        ScoreNotFound: no score of this model, or none of this measure.

    >>> score = quality_score("meta-llama/Llama-3.1-8B-Instruct")
    >>> (score.rating, score.low, score.high, score.as_of.isoformat())
    (1212.4, 1208.4, 1216.4, '2025-12-17')
    """
    everything = quality_scores(book, own)
    found = _of_model(model, everything)
    if not found:
        names = [score.model for score in everything]
        raise ScoreNotFound(
            f"no quality score of {model!r}.{did_you_mean(model, names)} "
            "`tco prices quality` lists them; supply your own with --own FILE.csv (columns model, score)."
        )
    fitting = [score for score in found if measure in (None, score.measure)]
    if not fitting:
        has = ", ".join(score.measure for score in found)
        raise ScoreNotFound(f"no score of {model} by the measure {measure!r}. It has: {has}.")
    return fitting[0]


def compare(model_a: str, model_b: str, book: Book | None = None, own: Path | None = None) -> Comparison:
    """Whether one model is better than another, by the first measure that both have (own scores before the book's).

    Difference d = a - b; its bounds are d -/+ the root of the sum of the squared distances to the bounds, as if the two scores
    were independent. Arena ratings are estimated together, so the true bounds differ somewhat. `not distinguishable` is when the
    two intervals overlap or touch, which is stricter than d's own interval. Expected share of wins, by the definition of
    Elo and Bradley-Terry ratings: 1 / (1 + 10^(-d / 400)).

    Args:
        model_a: the first.
        model_b: the second.
        book: the book to read; null: the shipped one.
        own: a CSV file of the user's scores, or null.

    Raises:
        ScoreNotFound: one of them has no score at all.

    >>> compare("Llama-3.3-70B-Instruct", "gpt-4o-mini").finding
    'not distinguishable'
    """
    everything = quality_scores(book, own)
    first, second = quality_score(model_a, book, own), quality_score(model_b, book, own)
    for one in _of_model(model_a, everything):
        for other in _of_model(model_b, everything):
            if one.measure == other.measure:
                return compare_scores(one, other)
    why = f"no common measure: {first.model} has {first.measure}, {second.model} has {second.measure}"
    return Comparison(model=first, against=second, finding="unknown", why=why)


def compare_scores(one: Score, other: Score) -> Comparison:
    """Holds two scores of one measure against each other; see `compare`."""
    difference = one.rating - other.rating
    facts: dict[str, Any] = {"model": one, "against": other, "measure": one.measure, "difference": difference}
    if one.measure == ARENA:
        facts["expected_win_share"] = win_share(difference)
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Comparison(**facts, finding="unknown", why="a score without bounds cannot be told from chance")
    low = difference - hypot(one.rating - one.low, other.high - other.rating)
    high = difference + hypot(one.high - one.rating, other.rating - other.low)
    if one.measure == ARENA:
        facts |= {"win_share_low": win_share(low), "win_share_high": win_share(high)}
    finding: Finding = "not distinguishable"
    why = "the bounds overlap"
    if one.low > other.high:
        finding, why = "better", "its lower bound is above the other's upper bound"
    elif one.high < other.low:
        finding, why = "worse", "its upper bound is below the other's lower bound"
    return Comparison(**facts, finding=finding, why=why, low=low, high=high)


def comparable(reference: str, within_points: float, book: Book | None = None, own: Path | None = None) -> Comparable:
    """The models whose score is at most so far from a reference's, up or down. The result says by what measure and of when.

    Args:
        reference: the model that the others are held against.
        within_points: the distance [points of the measure].
        book: the book to read; null: the shipped one.
        own: a CSV file of the user's scores, or null.

    Raises:
        ScoreNotFound: the reference has no score.
        ValueError: the distance is negative or no number.
    """
    if not 0 <= within_points < float("inf"):
        raise ValueError(f"the distance {within_points:g} is not possible. Give points of the measure, for example 20.")
    score = quality_score(reference, book, own)
    others = [
        other for other in quality_scores(book, own) if other.measure == score.measure and other.model != score.model
    ]
    near = [other for other in others if abs(other.rating - score.rating) <= within_points]
    days = [entry.as_of for entry in (score, *near)]
    known = [day for day in days if day is not None]
    return Comparable(
        reference=score,
        within_points=within_points,
        measure=score.measure,
        oldest=min(known) if len(known) == len(days) else None,
        rows=tuple(compare_scores(other, score) for other in sorted(near, key=lambda other: -other.rating)),
        beyond=len(others) - len(near),
    )


def win_share(difference: float) -> float:
    """Share of votes that a model wins against one that is `difference` Elo points below it, ties counted half [fraction].

    1 / (1 + 10^(-d / 400)), the definition of the scale (Bradley-Terry, Elo).

    >>> win_share(0.0), round(win_share(400.0), 4)
    (0.5, 0.9091)
    """
    exponent = max(-300.0, min(300.0, -difference / ELO_SCALE))
    return float(1.0 / (1.0 + 10.0**exponent))


def _of_model(model: str, scores: tuple[Score, ...]) -> list[Score]:
    wanted = _key(model)
    return [score for score in scores if wanted in _keys(score)]


def _keys(score: Score) -> set[str]:
    return {_key(name) for name in (score.model, *score.aliases)}


def _key(name: str) -> str:
    return name_key(name.rsplit("/", 1)[-1])


def _also_called(score: Score, known: tuple[Score, ...]) -> Score:
    """The user's score with the names that the book has for its model, so that each of them finds it."""
    same = [entry for entry in known if _key(score.model) in _keys(entry)]
    names = dict.fromkeys(name for entry in same for name in (entry.model, *entry.aliases))
    return score.model_copy(update={"aliases": tuple(names)})


@once_per_book
def _scores(book: Book) -> tuple[Score, ...]:
    rows = book.table("quality.csv")
    return tuple(
        Score.model_validate({**row, "aliases": tuple(part for part in (row["aliases"] or "").split(";") if part)})
        for row in rows
    )
