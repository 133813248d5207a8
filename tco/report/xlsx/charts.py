"""Charts of the workbook, drawn by the spreadsheet from its own rows."""

from __future__ import annotations

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from tco.report.xlsx.build import Model
from tco.report.xlsx.cells import TIME_ZERO_COLUMN, Line
from tco.report.xlsx.sheet import LABEL, TIMELINE_ROW

_MOST_STACKED = 6
_WIDTH, _HEIGHT = 1000, 380
ROWS_OF_A_CHART, COLUMNS_OF_A_CHART = 21, 16
CHARTS_OF_A_PAGE = 3
FIRST_ROW = 4


def count_of(model: Model) -> int:
    """How many charts a workbook has."""
    return 1 + min(len(model.rows), _MOST_STACKED) if model.rows else 0


def add_charts(book: xlsxwriter.Workbook, model: Model) -> None:
    """Adds the sheet Charts: cumulative cost of all options, and each option's costs by month.

    Args:
        book: whose other sheets are written.
        model: the sheets.
    """
    if not model.rows:
        return
    page = book.get_worksheet_by_name("Charts")
    assert page is not None  # it is one of the model's sheets
    _cumulative(book, page, model)
    for number, name in enumerate(list(model.rows)[:_MOST_STACKED], 1):
        _stacked(book, page, model, name, FIRST_ROW + number * ROWS_OF_A_CHART)


def _cumulative(book: xlsxwriter.Workbook, page: Worksheet, model: Model) -> None:
    chart = book.add_chart({"type": "line"})
    colours = model.desk.pack.brand.terms.colours.apart
    for number, rows in enumerate(model.rows.values()):
        colour = colours[number % len(colours)]
        named = {"name": [model.desk.cash.name, rows.title_row, LABEL]}
        chart.add_series({**_series(rows.cumulative, 0), **named, "line": {"width": 2, "color": colour}})
    _finish(chart, "Cumulative cost by month (USD)")
    page.insert_chart(FIRST_ROW, 0, chart)


def _stacked(book: xlsxwriter.Workbook, page: Worksheet, model: Model, name: str, row: int) -> None:
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    rows = model.rows[name]
    for line in (*rows.lines.values(), *rows.investments.values()):
        chart.add_series({**_series(line, 1), "gap": 40})
    if not (rows.lines or rows.investments):
        return
    # The title is a cell, so that a name is never taken for anything else.
    cell = model.desk.cash.name, rows.title_row, LABEL
    _finish(chart, None)
    chart.set_title({"name": [*cell], "name_font": {"size": 12}})
    page.insert_chart(row, 0, chart)


def _series(line: Line, first: int) -> dict[str, object]:
    """A row as a series, named by its label's cell."""
    from_, to = TIME_ZERO_COLUMN + first, TIME_ZERO_COLUMN + line.months
    return {
        "name": [line.sheet, line.row, LABEL],
        "categories": [line.sheet, TIMELINE_ROW, from_, TIMELINE_ROW, to],
        "values": [line.sheet, line.row, from_, line.row, to],
    }


def _finish(chart: xlsxwriter.chart.Chart, title: str | None) -> None:
    if title is not None:
        chart.set_title({"name": title, "name_font": {"size": 12}})
    chart.set_x_axis({"name": "Month", "interval_unit": 6})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E5E5E5"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})
