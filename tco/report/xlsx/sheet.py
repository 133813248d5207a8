"""Sheets before they are written: what stands where, in which style."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tco.report.xlsx.cells import TIME_ZERO_COLUMN, Cell, Held, Line
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import total

Style = Literal[
    "text",
    "wrapped",
    "title",
    "heading",
    "header",
    "unit",
    "usd",
    "small_usd",
    "number",
    "count",
    "fraction",
    "rate",
    "factor",
    "absent",
    "column",
    "months",
    "check",
    "standing",
    "about",
    "unit_header",
]
"""How a cell looks, apart from where its content comes from."""

LABEL, UNIT, BASIS, VALUE = 0, 1, 2, 3
"""Columns of a sheet by month before time zero."""

WRAPPED: frozenset[Style] = frozenset({"wrapped", "standing", "header", "unit_header", "column"})
"""Styles whose texts go on in a second line where they are longer than their column is wide."""

COUNTED = frozenset({"replicas", "servers", "GPUs", "month", "months", "year"})
"""Units of whole numbers."""

TIMELINE_ROW = 4
FIRST_ROW = 6
SUM_LABEL_COLUMN = VALUE


@dataclass(frozen=True, slots=True)
class Text:
    """A text at a place."""

    row: int
    column: int
    text: str
    style: Style = "text"


@dataclass(slots=True, repr=False)
class Sheet:
    """One sheet.

    Attributes:
        name: on its tab.
        title: in its first row.
        about: one sentence below it.
        texts: that stand in it.
        cells: single cells, with their style.
        lines: rows by month, with their style.
        widths: of columns, by number [characters].
        frozen: first row and column that move.
        next_row: the first row that is free.
        charts: what draws pictures once the sheet is written.
    """

    name: str
    title: str
    about: str
    texts: list[Text] = field(default_factory=list)
    cells: list[tuple[Cell, Style]] = field(default_factory=list)
    lines: list[tuple[Line, Style]] = field(default_factory=list)
    widths: Mapping[int, float] = field(default_factory=dict)
    frozen: tuple[int, int] = (FIRST_ROW, 1)
    next_row: int = FIRST_ROW
    is_by_month: bool = False

    def text(self, column: int, text: str, style: Style = "text", row: int | None = None) -> None:
        """Puts a text into the current row, or another one."""
        self.texts.append(Text(self.next_row if row is None else row, column, text, style))

    def row(self, *texts: str, style: Style = "text") -> int:
        """A row of texts from the first column on; returns its number."""
        for column, text in enumerate(texts):
            if text:
                self.text(column, text, style)
        self.next_row += 1
        return self.next_row - 1

    def heading(self, text: str) -> None:
        """A heading, with an empty row before it."""
        self.next_row += 1
        self.row(text, style="heading")

    def header(self, first: str, *numbers: str) -> None:
        """A row of headers: of the column of names, and right above columns of numbers."""
        self.text(0, first, "header")
        for column, text in enumerate(numbers, 1):
            self.text(column, text, "column")
        self.row()

    def widen(self, column: int, width: float) -> None:
        """Makes a column at least so wide [characters]."""
        self.widths = {**self.widths, column: max(width, self.widths.get(column, 0))}

    def cell(
        self, column: int, content: Expr | Held | float | str, style: Style = "number", row: int | None = None
    ) -> Cell:
        """A cell that formulas may refer to, in the current row or another one."""
        found = Cell(self.name, self.next_row if row is None else row, column, content)
        self.cells.append((found, style))
        return found


@dataclass(slots=True, repr=False)
class MonthSheet(Sheet):
    """A sheet by month: label, unit, where from, value or sum, then time zero and the months, the same column on every such sheet.

    Attributes:
        months: of the horizon.
        timeline: number of each column's month.
    """

    months: int = 0
    timeline: Line = field(init=False)
    is_by_month: bool = True

    def __post_init__(self) -> None:
        self.frozen = (FIRST_ROW - 1, TIME_ZERO_COLUMN)
        self.widths = {LABEL: 44, UNIT: 14, BASIS: 18, VALUE: 16, VALUE + 1: 2}
        for column, text in ((LABEL, "Month"), (UNIT, "Unit"), (BASIS, "Where from"), (VALUE, "Value or sum")):
            self.text(column, text, "header", row=TIMELINE_ROW)

    def begin(self, timeline: Callable[[Line], Expr]) -> None:
        """Puts the numbers of the months into their row."""
        self.timeline = Line(self.name, TIMELINE_ROW, self.months, 0.0, first=0)  # type: ignore[arg-type]
        self.timeline.content = timeline(self.timeline)
        self.lines.append((self.timeline, "header"))

    def line(
        self,
        label: str,
        unit: str,
        content: Expr | Sequence[Held] | Callable[[Line], Expr],
        style: Style = "number",
        *,
        first: int = 1,
        summed: bool = False,
    ) -> Line:
        """A row by month.

        Args:
            label: what it is.
            unit: of its numbers.
            content: the formula, or what makes it of the row itself where it refers to its own earlier columns; or numbers of the engine.
            style: of its numbers.
            first: time of its first column.
            summed: whether its sum stands before the months.
        """
        found = Line(self.name, self.next_row, self.months, (), first=first)
        found.content = (
            content if isinstance(content, Expr) else content(found) if callable(content) else tuple(content)
        )
        style = _counted(style, unit)
        self.lines.append((found, style))
        self._describe(label, unit, found.content)
        if summed:
            self.cell(VALUE, total(found.all), style)
        self.next_row += 1
        return found

    def value(self, label: str, unit: str, content: Expr | Held, style: Style = "number") -> Cell:
        """A single value."""
        found = self.cell(VALUE, content, _counted(style, unit))
        self._describe(label, unit, content)
        self.next_row += 1
        return found

    def _describe(self, label: str, unit: str, content: object) -> None:
        self.text(LABEL, label)
        self.text(UNIT, unit, "unit")
        self.text(BASIS, "formula" if isinstance(content, Expr) else "engine, at export", "unit")


def _counted(style: Style, unit: str) -> Style:
    """Numbers of things are shown without decimals."""
    return "count" if style == "number" and unit in COUNTED else style
