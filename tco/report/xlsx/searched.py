"""Numbers of each option that take a search or a simulation: as the engine found them, on the sheet Sensitivity."""

from __future__ import annotations

from collections.abc import Callable

from tco.report.xlsx.cells import Held
from tco.report.xlsx.desk import Desk
from tco.report.xlsx.results import Results
from tco.report.xlsx.sheet import Sheet, Style
from tco.result import OptionResult

_FIRST_OPTION, _WIDTH = 2, 18
_NUMBERS: tuple[tuple[str, str, Style, Callable[[OptionResult], float | None]], ...] = (
    ("Break-even volume", "requests/day", "usd", lambda option: option.breakeven_requests_per_day),
    ("Payback at the run's best throughput", "months", "months", lambda option: (option.payback_band_months or (None, None))[0]),
    ("Payback at the run's worst throughput", "months", "months", lambda option: (option.payback_band_months or (None, None))[1]),
    ("Idle cost of its machines", "USD", "usd", lambda option: option.capacity.idle_usd if option.capacity else None),
    ("Cost of a solved task", "USD/task", "small_usd", lambda option: option.task_cost.usd_per_successful_task if option.task_cost else None),
)  # fmt: skip
_LIVE_WHERE_IT_CAN = {"Cost of a solved task": "usd_per_successful_task"}


def searched_rows(desk: Desk, results: Results, sheet: Sheet) -> None:
    """Writes them below what the sheet has; what is a formula on the sheet Results is not said again.

    Args:
        desk: the desk.
        results: the sheet Results.
        sheet: Sensitivity.
    """
    names = [option.name for option in desk.filled.options]
    sheet.heading("Searches and simulations (engine, at export); these do not follow changes")
    for column, text in enumerate(("Number", "Unit", *names)):
        sheet.text(column, text, "header" if column == 0 else "unit_header" if column == 1 else "column")
        sheet.widen(column, _WIDTH)
    sheet.row()
    for label, unit, style, number in _NUMBERS:
        live = {name for name, key in results.numbers if key == _LIVE_WHERE_IT_CAN.get(label)}
        found = [None if name in live else number(desk.pack.result.option(name)) for name in names]
        if all(each is None for each in found):
            continue
        for column, value in enumerate(found, _FIRST_OPTION):
            if value is None:
                sheet.text(column, "–", "absent")
            else:
                sheet.cell(column, Held(value, (), "the engine, at export"), style)
        sheet.text(1, unit, "unit")
        sheet.row(label)
