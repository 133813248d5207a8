"""A quality score, and reading the user's own scores from a CSV file."""

from __future__ import annotations

import csv
from datetime import date
from math import isfinite
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from pricing.price import BOOK, Evidence
from pricing.tables import Record, did_you_mean, name_key

if TYPE_CHECKING:
    from pathlib import Path

OWN = "own"
"""The layer of a score that the user supplied, and the measure of one that names none."""

NEEDED = ("model", "score")
OPTIONAL = ("low", "high", "measure", "as_of", "source")

MAX_BYTES = 1_000_000
"""A file of scores is a few kilobytes."""


class Score(Record):
    """How good one model is by one measure.

    Attributes:
        model: our name of the model, as in the licences where it is open.
        aliases: other names, among them the source's.
        measure: what was measured; scores of two measures are never compared.
        rating: the score [points of the measure].
        low: lower bound, for the arena of its 95 % interval [points]; null: not known.
        high: upper bound [points]; null: not known.
        as_of: the day of the score; null: the user did not say.
        source: URL or document.
        evidence: how good it is.
        layer: `book` or `own`.
        note: what a reader must know, for example with or without thinking.
    """

    model: str
    aliases: tuple[str, ...] = ()
    measure: str
    rating: float
    low: float | None = None
    high: float | None = None
    as_of: date | None = None
    source: str
    evidence: Evidence
    layer: str = BOOK
    note: str | None = None

    @model_validator(mode="after")
    def _bounds_hold_rating(self) -> Score:
        problem = _bounds_problem(self.rating, self.low, self.high)
        if problem:
            raise ValueError(problem)
        return self


class ScoresError(ValueError):
    """A file of scores cannot be read. The message names the row, what it has, and what is allowed."""


def read_scores(path: Path) -> list[Score]:
    """Reads the user's own scores.

    Columns: `model` and `score`; if you like, `low` and `high` (both or neither), `measure` (null: `own`), `as_of` (YYYY-MM-DD)
    and `source` (null: the file's name). More is better in every measure. Evidence is `expert`: how they were had is not known.

    Args:
        path: a CSV file with a header, UTF-8.

    Raises:
        ScoresError: the file is missing, too large, or a row is not as it has to be.
    """
    lines = _lines(path)
    header = next(iter(csv.reader(lines[:1])), [])
    columns = [name.strip().casefold() for name in header]
    _check_columns(columns, path)
    reader = csv.reader(lines[1:], strict=True)
    scores: list[Score] = []
    first_row: dict[tuple[str, str], int] = {}
    try:
        for cells in reader:
            row = reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            score = _score(columns, cells, row, path)
            key = (name_key(score.model), name_key(score.measure))
            if key in first_row:
                raise ScoresError(
                    f"{path.name}, row {row}: {score.model!r} has a score for {score.measure!r} in row {first_row[key]} "
                    "already. Keep one."
                )
            first_row[key] = row
            scores.append(score)
    except csv.Error as error:
        raise ScoresError(f"{path.name}, row {reader.line_num + 1}: this is no CSV: {error}.") from error
    if not scores:
        raise ScoresError(f"{path.name} has no scores. Write a header `model,score` and one row for each model.")
    return scores


def _lines(path: Path) -> list[str]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ScoresError(f"{path} has {size:,} bytes; a file of scores has at most {MAX_BYTES:,}.")
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ScoresError(f"{path} cannot be read: {error.strerror or error}. Give a CSV file of scores.") from error
    except UnicodeDecodeError as error:
        raise ScoresError(f"{path} is not UTF-8 text. Save the table as CSV in UTF-8.") from error


def _check_columns(columns: list[str], path: Path) -> None:
    allowed = [*NEEDED, *OPTIONAL]
    for name in NEEDED:
        if name not in columns:
            raise ScoresError(f"{path.name}, row 1: no column {name!r}. Columns: {', '.join(allowed)}.")
    for name in columns:
        if name not in allowed:
            near = did_you_mean(name, allowed)
            raise ScoresError(f"{path.name}, row 1: no column is called {name!r}.{near} Columns: {', '.join(allowed)}.")
        if columns.count(name) > 1:
            raise ScoresError(f"{path.name}, row 1: the column {name!r} is there twice.")


def _score(columns: list[str], cells: list[str], row: int, path: Path) -> Score:
    where = f"{path.name}, row {row}"
    if len(cells) > len(columns):
        raise ScoresError(f"{where}: {len(cells)} cells for {len(columns)} columns. Put text with commas in quotes.")
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    if "model" not in given:
        raise ScoresError(f"{where}: no model. Write its name in the column `model`.")
    numbers = {name: _number(given.get(name), name, where) for name in ("score", "low", "high")}
    if numbers["score"] is None:
        raise ScoresError(f"{where}: {given['model']!r} has no score. Write a number, for example 71.5.")
    problem = _bounds_problem(numbers["score"], numbers["low"], numbers["high"])
    if problem:
        raise ScoresError(f"{where}: {problem}.")
    facts: dict[str, Any] = {"low": numbers["low"], "high": numbers["high"], "as_of": _day(given.get("as_of"), where)}
    return Score(
        model=given["model"],
        measure=given.get("measure", OWN),
        rating=numbers["score"],
        source=given.get("source", path.name),
        evidence="expert",
        layer=OWN,
        **facts,
    )


def _number(text: str | None, column: str, where: str) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ScoresError(f"{where}: {column} {text!r} is no number. Write for example 71.5, with a point.")
    return number


def _day(text: str | None, where: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ScoresError(f"{where}: as_of {text!r} is no day. Write YYYY-MM-DD, for example 2026-11-23.") from None


def _bounds_problem(rating: float, low: float | None, high: float | None) -> str | None:
    if low is None and high is None:
        return None
    if low is None or high is None:
        return "one bound only. Give both low and high, or neither"
    if not low <= rating <= high:
        return f"the score {rating:g} is outside its own bounds {low:g} to {high:g}"
    return None
