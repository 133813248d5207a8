"""What formulas refer to: cells, rows by month, and ranges of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from tco.report.xlsx.expressions import Expr, Known, Place

TIME_ZERO_COLUMN = 5
"""Column of time zero on every sheet by month; the end of month m is m columns further."""

_WHOLE_ROW = -1


@dataclass(frozen=True, slots=True)
class Held:
    """A number of the engine that no formula of the workbook works out.

    Attributes:
        number: at the export.
        rests_on: inputs that it was worked out from, by path or the beginning of a path; where one of them changes it no longer holds.
        why: where it comes from, in words.
        leans_on: inputs at whose other values the engine might choose another number, while this one stays possible: the best mix of a hybrid.
    """

    number: float
    rests_on: tuple[str, ...]
    why: str
    leans_on: tuple[str, ...] = ()


@dataclass(slots=True, eq=False, repr=False)
class Cell(Expr):
    """One cell that formulas may refer to.

    Attributes:
        sheet: its name.
        row: 0 is the first.
        column: 0 is the first.
        content: a formula, a number of the engine, an input's number, or a text.
    """

    sheet: str
    row: int
    column: int
    content: Expr | Held | float | str

    def text(self, at: Place) -> str:
        """Its address, which does not move when the formula is copied."""
        return f"{_on(self.sheet, at)}${xl_col_to_name(self.column)}${self.row + 1}"

    def value(self, time: int, known: Known) -> Any:  # noqa: ARG002 - of no column by month
        """What it holds, a changed input its new number."""
        key = (id(self), 0)
        if key not in known.found:
            if isinstance(self.content, Expr):
                found = self.content.value(0, known)
            else:
                held = self.content.number if isinstance(self.content, Held) else self.content
                found = known.changed.get(self, held)
            known.found[key] = found
        return known.found[key]

    def parts(self) -> Iterator[Expr]:
        """Its formula."""
        if isinstance(self.content, Expr):
            yield self.content


@dataclass(slots=True, eq=False, repr=False)
class Line(Expr):
    """A row by month: one formula, copied to the right.

    Attributes:
        sheet: its name.
        row: 0 is the first.
        months: of the horizon.
        content: the formula; or numbers of the engine, by month.
        first: time of its first column, 0 or 1; before it the row is empty.
    """

    sheet: str
    row: int
    months: int
    content: Expr | tuple[Held, ...]
    first: int = 1

    def text(self, at: Place) -> str:
        """The row's cell in the formula's own column."""
        return f"{_on(self.sheet, at)}{column_name(at.time)}{self.row + 1}"

    def value(self, time: int, known: Known) -> Any:
        """What stands in the column; nothing outside the horizon."""
        if not self.first <= time <= self.months:
            return 0.0
        # From the left on: a row that goes on from its column before is then never worked out backwards.
        for each in range(self.first, time + 1):
            key = (id(self), each)
            if key not in known.found:
                content = self.content
                known.found[key] = (
                    content.value(each, known) if isinstance(content, Expr) else content[each - self.first].number
                )
        return known.found[id(self), time]

    def parts(self) -> Iterator[Expr]:
        """Its formula."""
        if isinstance(self.content, Expr):
            yield self.content

    @property
    def before(self) -> Expr:
        """The cell of the column before."""
        return Beside(self, -1)

    @property
    def after(self) -> Expr:
        """The cell of the column after; past the horizon it is empty."""
        return Beside(self, 1)

    @property
    def all(self) -> Expr:
        """The whole row, time zero included."""
        return Span(self, last=self.months)

    @property
    def so_far(self) -> Expr:
        """The row up to the formula's own column."""
        return Span(self, last=None, shift=0)

    @property
    def earlier(self) -> Expr:
        """The row before the formula's own column."""
        return Span(self, last=None, shift=-1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Beside(Expr):
    """A row's cell some columns beside the formula's own."""

    line: Line
    shift: int

    def text(self, at: Place) -> str:
        """The neighbour's address."""
        return self.line.text(Place(at.sheet, at.time + self.shift))

    def value(self, time: int, known: Known) -> Any:
        """What stands there."""
        return self.line.value(time + self.shift, known)

    def parts(self) -> Iterator[Expr]:
        """The row."""
        yield self.line


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Span(Expr):
    """A row from time zero to a fixed column, or to the formula's own (`last` None, moved by `shift`)."""

    line: Line
    last: int | None
    shift: int = 0

    def text(self, at: Place) -> str:
        """The range; both ends are fixed where it is the whole row."""
        row = self.line.row + 1
        to = f"{column_name(at.time + self.shift)}{row}" if self.last is None else f"${column_name(self.last)}{row}"
        return f"{_on(self.line.sheet, at)}${column_name(0)}{row}:{to}"

    def value(self, time: int, known: Known) -> Any:
        """The numbers in it."""
        if self.last is None:
            return self._numbers(time + self.shift, known)
        # Whole rows are asked for again and again.
        key = (id(self.line), _WHOLE_ROW)
        if key not in known.found:
            known.found[key] = self._numbers(self.last, known)
        return known.found[key]

    def _numbers(self, last: int, known: Known) -> Any:
        return np.array([self.line.value(each, known) for each in range(last + 1)], dtype=float)

    def parts(self) -> Iterator[Expr]:
        """The row."""
        yield self.line


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Block(Expr):
    """Cells below or beside each other, as a range."""

    cells: tuple[Cell, ...]

    def text(self, at: Place) -> str:
        """The range, fixed."""
        first, last = self.cells[0], self.cells[-1]
        begin, end = (f"${xl_col_to_name(cell.column)}${cell.row + 1}" for cell in (first, last))
        return f"{_on(first.sheet, at)}{begin}:{end}"

    def value(self, time: int, known: Known) -> Any:
        """The numbers in it; an array of objects where some are texts."""
        return np.array([cell.value(time, known) for cell in self.cells])

    def parts(self) -> Iterator[Expr]:
        """The cells."""
        yield from self.cells


def column_name(time: int) -> str:
    """Letters of the column of a time."""
    return str(xl_col_to_name(TIME_ZERO_COLUMN + time))


def _on(sheet: str, at: Place) -> str:
    if sheet == at.sheet:
        return ""
    return f"'{sheet}'!" if " " in sheet else f"{sheet}!"
