"""The sheet Cash flow yearly: the months of each year of the plan added up."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tco.report.xlsx.cells import Block, Cell, Held, Line
from tco.report.xlsx.desk import Desk
from tco.report.xlsx.functions import MONTHS_PER_YEAR, sum_where, total, whole_up
from tco.report.xlsx.option_block import OptionRows
from tco.report.xlsx.sheet import FIRST_ROW, Sheet
from tco.words import item_words

_SUM, _FIRST_YEAR = 2, 3


def yearly_of(desk: Desk, rows: Mapping[str, OptionRows]) -> tuple[Sheet, dict[str, Cell]]:
    """The sheet, and each option's costs over all years.

    Args:
        desk: the desk.
        rows: of feasible options, by name.
    """
    years = math.ceil(desk.filled.horizon_months / MONTHS_PER_YEAR)
    sheet = Sheet(
        name="Cash flow yearly",
        title="Costs and savings by year of the plan",
        about="Year 0 is time zero: what is paid before the first month. The last year may be shorter than the others.",
        widths={0: 52, 1: 12, _SUM: 16} | {_FIRST_YEAR + year: 15 for year in range(years + 1)},
        frozen=(FIRST_ROW, _FIRST_YEAR),
    )
    for column, text in ((0, "Year of the plan"), (1, "Unit"), (_SUM, "Sum")):
        sheet.text(column, text, "column" if column == _SUM else "header", row=FIRST_ROW - 1)
    numbers = [
        sheet.cell(_FIRST_YEAR + year, Held(year, (), "years"), "header", row=FIRST_ROW - 1)
        for year in range(years + 1)
    ]
    year_of = desk.cash.line("Year of the plan, all rows", "year", whole_up(desk.month / MONTHS_PER_YEAR), first=0)
    return sheet, {name: _block(sheet, own, year_of, numbers) for name, own in rows.items()}


def _block(sheet: Sheet, own: OptionRows, year_of: Line, numbers: list[Cell]) -> Cell:
    sheet.heading(own.option.name)
    for name, line in own.lines.items():
        _row(sheet, item_words(name), line, year_of, numbers)
    _row(sheet, "Running costs", own.running, year_of, numbers)
    for name, line in own.investments.items():
        _row(sheet, item_words(name), line, year_of, numbers)
    _row(sheet, "Investments, in the year of their month", own.upfront, year_of, numbers)
    if own.saving is not None:
        _row(sheet, "Saving against the baseline, by time", own.saving, year_of, numbers)
    return _row(sheet, "Costs by time, lenders and taxes included", own.by_time, year_of, numbers)


def _row(sheet: Sheet, label: str, line: Line, year_of: Line, numbers: list[Cell]) -> Cell:
    cells = [sheet.cell(number.column, sum_where(line.all, year_of.all, number), "usd") for number in numbers]
    found = sheet.cell(_SUM, total(Block(tuple(cells))), "usd")
    sheet.row(label, "USD")
    return found
