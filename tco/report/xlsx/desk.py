"""The desk: the sheets by month on which an option is worked out, with the inputs beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from tco.compare import Comparison
from tco.report.pack import ReportPack
from tco.report.xlsx.cells import Block, Cell, Held, Line
from tco.report.xlsx.expressions import Constant, Expr, Known
from tco.report.xlsx.functions import OwnTime, equals, when
from tco.report.xlsx.inputs import Inputs
from tco.report.xlsx.sheet import FIRST_ROW, MonthSheet, Sheet
from tco.scenario import AnyOption, Scenario


@dataclass(slots=True, kw_only=True, repr=False)
class Desk:
    """What a workbook is worked out on.

    Attributes:
        pack: the answer.
        found: the same with its ledgers.
        inputs: the register.
        workload: demand by month; it has the timeline that all other sheets take over.
        prices: prices and factors by month.
        capacity: replicas and servers by month.
        cash: line items and flows by month.
        tables: that formulas look numbers up in, beside each other.
        horizon: number of the last month.
        known: values at the export, as far as they were asked for.
    """

    pack: ReportPack
    found: Comparison
    inputs: Inputs
    workload: MonthSheet
    prices: MonthSheet
    capacity: MonthSheet
    cash: MonthSheet
    tables: Sheet
    horizon: Cell
    known: Known = field(default_factory=Known)

    @property
    def filled(self) -> Scenario:
        """The scenario with nothing open."""
        return self.pack.prepared.scenario

    @property
    def month(self) -> Line:
        """Numbers of the months, on the sheet that the others take them from."""
        return self.workload.timeline

    def given(self, option: AnyOption, path: str) -> Cell | None:
        """An option's input; None where the scenario leaves it out."""
        return self.inputs.cells.get(f"options.{option.name}.{path}")

    def needed(self, option: AnyOption, path: str) -> Cell:
        """An option's input that is always there once it is filled."""
        return self.inputs[f"options.{option.name}.{path}"]

    def of_all(self, path: str) -> Cell:
        """An input of the scenario."""
        return self.inputs[path]

    @property
    def hours(self) -> Cell:
        """Hours of a month."""
        return self.inputs.setting(
            "hours_per_month", self.filled.hours_per_month, "h", "Hours that are paid for in a month"
        )

    def table(
        self,
        title: str,
        columns: Mapping[str, Iterable[float | Expr]],
        rests_on: tuple[str, ...] = (),
        why: str = "counts",
        more: int = 0,
    ) -> list[Block]:
        """A table of the engine's numbers, or of formulas, to the right of those before it; returns its columns.

        Args:
            title: above it.
            columns: numbers or formulas by header.
            rests_on: inputs that they were worked out from.
            why: where they come from, in words.
            more: columns that are put beside it afterwards.
        """
        sheet, found = self.tables, []
        first = 2 + max((cell.column for cell, _ in sheet.cells), default=-2)
        sheet.text(first, title, "heading", row=FIRST_ROW - 2)
        for column, (header, numbers) in enumerate(columns.items(), first):
            sheet.text(column, header, "column", row=FIRST_ROW - 1)
            # A title has the width of its table, for another one begins beside it.
            sheet.widen(column, max(TABLE_WIDTH, len(title) / (len(columns) + more)))
            held = [number if isinstance(number, Expr) else Held(float(number), rests_on, why) for number in numbers]
            cells = [sheet.cell(column, each, "number", row=FIRST_ROW + row) for row, each in enumerate(held)]
            found.append(Block(tuple(cells)))
        return found

    def once(self, amount: Expr, month: Expr | int) -> Expr:
        """An amount in one month, else nothing."""
        return when(equals(self.month, month), amount, 0)


def desk_of(pack: ReportPack, found: Comparison, inputs: Inputs) -> Desk:
    """Empty sheets by month, with their timelines.

    Args:
        pack: the answer.
        found: its ledgers.
        inputs: the register.
    """
    months = pack.prepared.scenario.horizon_months
    workload, prices, capacity, cash = (
        MonthSheet(name=name, title=title, about=about, months=months)
        for name, title, about in (
            ("Workload", "Demand by month", "What comes, and what reaches each option. The same column is the same month on every sheet."),
            ("Prices", "Prices and factors by month", "What is paid in each month, from the prices and changes on the sheet Inputs."),
            ("Capacity", "Replicas and servers by month", "Whole replicas for the peak, spares for the promise, whole servers. Grey numbers are the engine's, held at export."),
            ("Cash flow monthly", "Costs and savings by month", "Running costs at the end of their month, investments at its start; costs are positive. One block for each option."),
        )
    )  # fmt: skip
    workload.begin(lambda _: OwnTime())
    for sheet in (prices, capacity, cash):
        sheet.begin(lambda _: workload.timeline)
    tables = Sheet(
        name="Tables",
        title="Tables that formulas look up",
        about="Numbers of the engine, held at export; the sheet Inputs says which inputs they rest on.",
    )
    horizon = workload.value("Months of the horizon", "months", Held(months, ("horizon_months",), "the horizon"))
    return Desk(pack=pack, found=found, inputs=inputs, workload=workload, prices=prices, capacity=capacity, cash=cash, tables=tables, horizon=horizon)  # fmt: skip


def held_line(numbers: Iterable[float], rests_on: tuple[str, ...], why: str) -> tuple[Held, ...]:
    """A row of the engine's numbers."""
    return tuple(Held(float(number), rests_on, why) for number in np.asarray(list(numbers), dtype=float))


TABLE_WIDTH = 16
"""Of a column of a table: so wide is a worth of nine digits, in brackets."""

NOTHING = Constant(0)
"""What a line costs that nobody set."""
