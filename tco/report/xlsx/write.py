"""Writes the sheets into a file: formulas with their values, texts as texts, charts."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.image import Image
from xlsxwriter.worksheet import Worksheet

from tco.errors import InputError
from tco.number_style import local
from tco.report.fixed_zip import fixed_zip
from tco.report.inert import inert, short
from tco.report.logo import logo_png
from tco.report.pack import ReportPack
from tco.report.xlsx.build import Model, model_of
from tco.report.xlsx.cells import TIME_ZERO_COLUMN, Cell, Held, Line
from tco.report.xlsx.charts import add_charts, count_of
from tco.report.xlsx.expressions import Expr, Place
from tco.report.xlsx.inputs import bounds_of
from tco.report.xlsx.paper import footer_of, print_set_up
from tco.report.xlsx.sheet import TIMELINE_ROW, WRAPPED, Sheet, Style
from tco.report.xlsx.styles import Role, Styles

MOST_SIGNS = 16_000
_PROMPT = 250
"""Signs of what a cell says when it is chosen; Excel has room for 255."""
"""Of a text: a cell holds 32,767 units of UTF-16, of which a sign may take two."""

_NO_GUESSING = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
_ABOUT_ROW, _VERDICT_ROW = 2, 1
_LOGO_ROW, _LOGO_PIXELS, _DOTS_PER_INCH = 3, 44, 96
"""Three empty rows hold it."""
_NARROW, _SIGNS, _LINE, _HIGHEST = 10, 1.2, 13.5, 400
"""Width of a column that nobody set, signs of a text in a unit of width; height of a line and of the highest row [points]."""


def write_xlsx(pack: ReportPack, path: str | Path) -> None:
    """Writes an answer as a workbook whose results are formulas down to its inputs.

    The same answer gives the same bytes.

    Args:
        pack: the answer.
        path: of the file; one that is there is written over.

    Raises:
        InputError: the file cannot be written.
    """
    data = workbook_bytes(model_of(pack))
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}; close it where it is open, or choose another place"
        ) from None


def workbook_bytes(model: Model) -> bytes:
    """The file's bytes.

    Args:
        model: of `tco.report.xlsx.build.model_of`.
    """
    held, pack = io.BytesIO(), model.desk.pack
    book = xlsxwriter.Workbook(held, _NO_GUESSING)
    made = datetime.combine(pack.result.as_of, time(), tzinfo=UTC).replace(tzinfo=None)
    book.set_properties(
        {"title": inert(pack.result.scenario, 200), "subject": f"Answer {pack.result.answer_id}", "author": inert(pack.brand.terms.name or "tco-llm", 200), "created": made}
    )  # fmt: skip
    book.set_calc_mode("auto")
    styles = Styles(book, pack.brand)
    writer = _Writer(model, styles)
    for sheet in model.sheets:
        writer.write(book.add_worksheet(sheet.name), sheet)
    add_charts(book, model)
    book.close()
    return fixed_zip(held.getvalue(), pack.result.as_of)


class _Writer:
    """Writes sheet after sheet."""

    def __init__(self, model: Model, styles: Styles) -> None:
        self._model, self._styles = model, styles
        self._known = model.desk.known
        self._huge = {"type": "cell", "criteria": ">", "value": 10, "format": styles.huge}

    def write(self, page: Worksheet, sheet: Sheet) -> None:
        """One sheet."""
        self._text(page, 0, 0, sheet.title, "title")
        self._text(page, _ABOUT_ROW, 0, sheet.about, "about")
        self._verdict(page, sheet)
        for text in sheet.texts:
            self._text(page, text.row, text.column, text.text, text.style)
        for cell, style in sheet.cells:
            self._cell(page, cell, style)
        for line, style in sheet.lines:
            self._line(page, line, style)
        if sheet.name == "Cover":
            self._logo(page)
        self._set_up(page, sheet)

    def _logo(self, page: Worksheet) -> None:
        brand = self._model.desk.pack.brand
        data = logo_png(brand)
        if data is None:
            return
        picture = Image(io.BytesIO(data))
        scale = _LOGO_PIXELS * picture.y_dpi / _DOTS_PER_INCH / picture.height
        told = inert(brand.terms.name or "Logo", 200)
        page.insert_image(_LOGO_ROW, 0, "logo.png", {"image_data": io.BytesIO(data), "x_scale": scale, "y_scale": scale, "description": told, "object_position": 3})  # fmt: skip

    def _verdict(self, page: Worksheet, sheet: Sheet) -> None:
        """Row 2: the verdict over all checks."""
        verdict = self._model.checks.verdict
        self._text(page, _VERDICT_ROW, 0, "Checks:", "about")
        column = 1 if sheet.name in {"Cover", "Legend"} else 3 if sheet.is_by_month else 1
        formula = f"={verdict.text(Place(sheet.name, 0))}"
        page.write_formula(
            _VERDICT_ROW, column, formula, self._styles.of("check", "link"), verdict.value(0, self._known)
        )
        self._judge(page, _VERDICT_ROW, column, _VERDICT_ROW, column)

    def _judge(self, page: Worksheet, *area: int) -> None:
        bad = self._styles.bad
        for words in ("FAIL", "NEW EXPORT", "new export needed"):
            page.conditional_format(*area, {"type": "text", "criteria": "containing", "value": words, "format": bad})
        page.conditional_format(
            *area, {"type": "text", "criteria": "begins with", "value": "OK", "format": self._styles.good}
        )

    def _text(self, page: Worksheet, row: int, column: int, text: str, style: Style) -> None:
        page.write_string(row, column, inert(text, MOST_SIGNS), self._styles.of(style, "text"))

    def _cell(self, page: Worksheet, cell: Cell, style: Style) -> None:
        content, value = cell.content, cell.value(0, self._known)
        if style == "rate":
            page.conditional_format(cell.row, cell.column, cell.row, cell.column, self._huge)
        if isinstance(content, str):
            page.write_string(cell.row, cell.column, content, self._styles.of(style, "text"))
        elif isinstance(content, Expr):
            look = self._styles.of(style, _role(content, cell.sheet), *_numbers([value]))
            self._formula(page, cell.row, cell.column, (content, Place(cell.sheet, 0)), value, look)
        else:
            role: Role = "held" if isinstance(content, Held) else "input"
            page.write_number(cell.row, cell.column, float(value), self._styles.of(style, role, float(value)))

    def _line(self, page: Worksheet, line: Line, style: Style) -> None:
        values = [line.value(time_, self._known) for time_ in range(line.first, line.months + 1)]
        look = self._styles.of(style, _role(line.content, line.sheet), *_numbers(values))
        for time_, value in enumerate(values, line.first):
            column = TIME_ZERO_COLUMN + time_
            if isinstance(line.content, Expr):
                self._formula(page, line.row, column, (line.content, Place(line.sheet, time_)), value, look)
            else:
                page.write_number(line.row, column, float(value), look)

    def _formula(
        self, page: Worksheet, row: int, column: int, what: tuple[Expr, Place], value: Any, look: Format
    ) -> None:
        content, place = what
        shown = (
            value if isinstance(value, str) else float(value) if not isinstance(value, np.bool_ | bool) else bool(value)
        )
        page.write_formula(row, column, f"={content.text(place)}", look, shown)

    def _set_up(self, page: Worksheet, sheet: Sheet) -> None:
        """Widths, what stays in sight, how it prints."""
        for column, width in sheet.widths.items():
            page.set_column(column, column, width)
        if sheet.is_by_month:
            page.set_column(TIME_ZERO_COLUMN, TIME_ZERO_COLUMN + self._model.desk.cash.months, 12)
            page.repeat_rows(TIMELINE_ROW)
            page.repeat_columns(0)
        if sheet.frozen != (0, 0):
            page.freeze_panes(*sheet.frozen)
        page.hide_gridlines(2)
        print_set_up(page, sheet, count_of(self._model))
        if sheet.name == "Inputs":
            self._bounds(page)
        self._heights(page, sheet)
        page.set_footer(f"&L&8{_plain(footer_of(self._model.desk.pack))}&R&8&A, &P of &N")
        if confidential := self._model.desk.pack.brand.confidentiality:
            page.set_header(f"&R&8{_plain(confidential)}")
        if sheet.name == "Checks":
            self._judge(page, 0, 4, max(sheet.next_row, 1), 4)

    def _bounds(self, page: Worksheet) -> None:
        """What may be typed into an input; and, on the cell itself, why the workbook cannot answer a change of it."""
        inputs = self._model.desk.inputs
        for path, cell in inputs.numbered.items():
            low, high = bounds_of(path)
            why = inputs.why.get(path)
            told = {} if why is None else {"input_title": why[0], "input_message": short(inert(why[1]), _PROMPT)}
            said = f"A number from {local(low):g} to {local(high):g}; fractions are fractions, 0.10 for 10 %."
            page.data_validation(
                cell.row, cell.column, cell.row, cell.column,
                {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high, "error_title": "Out of bounds", "error_message": said} | told,
            )  # fmt: skip

    def _heights(self, page: Worksheet, sheet: Sheet) -> None:
        """Rows of texts that are longer than their column is wide: not every program finds their height itself."""
        lines: dict[int, int] = {}
        for text in sheet.texts:
            if text.style in WRAPPED:
                width = sheet.widths.get(text.column, _NARROW)
                lines[text.row] = max(lines.get(text.row, 1), math.ceil(len(text.text) / (width * _SIGNS)))
        for row, count in lines.items():
            if count > 1:
                page.set_row(row, min(count * _LINE, _HIGHEST))


def _plain(text: str) -> str:
    """A text in a header or footer, where `&` begins a command."""
    return inert(text, 190).replace("&", "&&").replace("\n", " ")


def _role(content: object, sheet: str) -> Role:
    if not isinstance(content, Expr):
        return "held"
    return "link" if isinstance(content, Cell | Line) and content.sheet != sheet else "formula"


def _numbers(values: Iterable[Any]) -> list[float]:
    return [float(value) for value in values if not isinstance(value, str)]
