"""How sheets are printed: paper, pages, and the line below each of them."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from tco.report.pack import ReportPack, version
from tco.report.xlsx.charts import CHARTS_OF_A_PAGE, COLUMNS_OF_A_CHART, FIRST_ROW, ROWS_OF_A_CHART
from tco.report.xlsx.inputs import EFFECT
from tco.report.xlsx.sheet import FIRST_ROW as FIRST_ROW_OF_TABLES
from tco.report.xlsx.sheet import Sheet

_A3, _A4 = 8, 9
_PERCENT_OF_CHARTS = 50
"""At which a page of A4 holds its charts, with columns a quarter wider too, as a machine without the workbook's font makes them: a sheet that is fitted to a
page's width has no page breaks of its own."""
_ROWS_OF_A_PAGE = 70
_NAME_SIGNS, _RUN_SIGNS = 50, 40


def print_set_up(page: Worksheet, sheet: Sheet, count: int) -> None:
    """Paper, how many pages across, what is repeated, where a page ends.

    Args:
        page: the written sheet.
        sheet: what is on it.
        count: charts of the workbook.
    """
    page.set_paper(_A3 if sheet.is_by_month or sheet.name == "Inputs" else _A4)
    if sheet.name == "Charts":
        page.set_portrait()
        page.set_print_scale(_PERCENT_OF_CHARTS)
        rows = CHARTS_OF_A_PAGE * ROWS_OF_A_CHART
        # In the gap above the next chart, whose upper edge would else be drawn below this page.
        page.set_h_pagebreaks([FIRST_ROW + rows * number - 1 for number in (1, 2, 3)])
        page.print_area(0, 0, max(FIRST_ROW, FIRST_ROW + count * ROWS_OF_A_CHART - 1), COLUMNS_OF_A_CHART - 1)
        return
    if sheet.name in {"Cover", "Legend"}:
        page.set_portrait()
        # A page that is read at one look, where it holds all.
        page.fit_to_pages(1, 1 if sheet.next_row <= _ROWS_OF_A_PAGE else 0)
        return
    page.set_landscape()
    page.fit_to_pages(2 if sheet.is_by_month else 1, 0)
    if sheet.name == "Inputs":
        page.print_area(0, 0, sheet.next_row, EFFECT)
    if sheet.name in {"Inputs", "Tables", "Cash flow yearly", "Results", "Checks", "Sources"}:
        page.repeat_rows(FIRST_ROW_OF_TABLES - (2 if sheet.name in {"Inputs", "Tables"} else 1), FIRST_ROW_OF_TABLES - (2 if sheet.name == "Inputs" else 1))  # fmt: skip


def footer_of(pack: ReportPack) -> str:
    """The scenario, and what its numbers rest on: as `ReportPack.ids`, but as short as the line below a sheet has to be.

    Args:
        pack: the answer.
    """
    result, runs = pack.result, ", ".join(pack.run_ids)
    named = "no runs" if not runs else f"runs {runs}" if len(runs) <= _RUN_SIGNS else f"{len(pack.run_ids)} runs"
    return f"{result.scenario[:_NAME_SIGNS]} · answer {result.answer_id} · prices {result.price_book.id} · {named} · tco-llm {version()}"
