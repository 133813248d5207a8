"""One option's block on the sheet Cash flow monthly: line items, investments, lenders, taxes, what it costs when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tco.cashflow import Ledger
from tco.quantity import Numbers
from tco.report.xlsx.capital_rows import tax_line
from tco.report.xlsx.cells import Cell, Held, Line
from tco.report.xlsx.desk import NOTHING, Desk, held_line
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.fleet_rows import FleetRows
from tco.report.xlsx.functions import added, equals, when
from tco.report.xlsx.segments import Costs, Shared, costs_of
from tco.report.xlsx.sheet import LABEL
from tco.scenario import AnyOption
from tco.splice import involved
from tco.words import item_words

_SAME = 1e-9
"""Relative difference to the engine beyond which a row takes the engine's numbers, and says so."""


@dataclass(slots=True, kw_only=True)
class OptionRows:
    """An option as rows.

    Attributes:
        option: which one.
        lines: line items by name; those that nobody set are left out.
        investments: by name.
        running: sum of the line items.
        upfront: sum of the investments.
        by_time: all costs at time zero and the end of each month.
        left: what is left at the end, after tax.
        residual: the same before tax.
        cumulative: costs so far, by time.
        title_row: of its heading.
        fleets: that stand behind it.
        held: names of rows whose numbers are the engine's.
        saving: against the baseline by time, nothing left counted; None for the baseline.
        saving_with_left: with what both leave.
    """

    option: AnyOption
    lines: dict[str, Line] = field(default_factory=dict)
    investments: dict[str, Line] = field(default_factory=dict)
    running: Line
    upfront: Line
    by_time: Line
    left: Cell
    residual: Cell
    cumulative: Line
    title_row: int
    fleets: list[FleetRows]
    held: list[str]
    saving: Line | None = None
    saving_with_left: Line | None = None


def option_rows(desk: Desk, name: str, shared: Shared) -> OptionRows:
    """Writes an option's block.

    Args:
        desk: the desk.
        name: of a feasible option.
        shared: what all options have in common.
    """
    sheet, own = desk.cash, desk.found.ledgers[name]
    sheet.heading(name)
    title_row = sheet.next_row - 1
    costs = costs_of(desk, name, shared)
    writer = _Writer(desk, name, own)
    lines = writer.lines(own.line_items, Costs().running if costs is None else costs.running, "USD/month")
    running = sheet.line(
        "Running costs, at the end of the month",
        "USD/month",
        added(*lines.values()) if lines else NOTHING,
        "usd",
        summed=True,
    )
    invested = writer.lines(own.investments, Costs().running if costs is None else costs.investments, "USD")
    upfront = sheet.line(
        "Investments, at the start of the month",
        "USD",
        added(*invested.values()) if invested else NOTHING,
        "usd",
        summed=True,
    )
    money = _held_money(writer, own) if costs is None else _money(desk, costs, invested, running)
    flows = sheet.line(
        f"Costs of {name} by time", "USD", added(running, upfront.after, *money.by_time), "usd", first=0, summed=True
    )
    cumulative = sheet.line(f"{name}: costs so far", "USD", lambda own: own.before + flows, "usd", first=0)
    return OptionRows(
        option=desk.filled.option(name), lines=lines, investments=invested, running=running, upfront=upfront, by_time=flows,
        left=money.left, cumulative=cumulative, title_row=title_row, residual=money.residual, fleets=[] if costs is None else costs.fleets, held=writer.held,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Money:
    by_time: tuple[Line, ...]
    left: Cell
    residual: Cell


def _money(desk: Desk, costs: Costs, invested: Mapping[str, Line], running: Line) -> _Money:
    """Lenders, deductions, taxes, what is left."""
    sheet, bought = desk.cash, costs.bought
    # A row that also holds what is bought around servers under the same name is not deducted whole.
    expensed = [
        invested[name] if name in invested and costs.investments[name] is cost else cost
        for name, cost in costs.expensed.items()
        if cost is not NOTHING
    ]
    deductions = [
        running,
        *expensed,
        *(each.depreciation for each in bought),
        *(each.interest for each in bought if each.interest is not NOTHING),
    ]
    dues = [each.due_at_end for each in bought if each.due_at_end is not NOTHING]
    if dues:
        deductions.append(when(equals(desk.month, desk.horizon), added(*dues), 0))
    deductible = sheet.line("Deductible", "USD", added(*deductions), "usd", summed=True)
    taxes = tax_line(desk, deductible)
    residual = added(*(each.residual for each in bought)) if bought else NOTHING
    before = sheet.value("Left at the end, before tax", "USD", residual, "usd")
    book = added(*(each.book_value for each in bought)) if bought else NOTHING
    after = before - desk.of_all("finance.tax_fraction") * (before - book) if bought else before + 0
    left = sheet.value("Left at the end, after the tax on its sale", "USD", after, "usd")
    return _Money(by_time=(*(flow for each in bought for flow in each.financing), taxes), left=left, residual=before)


def _held_money(writer: _Writer, own: Ledger) -> _Money:
    """The same as the engine has it."""
    sheet = writer.desk.cash
    flows = (
        ()
        if own.capital is None
        else (sheet.line("Lenders and taxes", "USD", writer.numbers(own.capital.by_time_usd), "usd", first=0),)
    )
    residual = sheet.value("Left at the end, before tax", "USD", writer.number(own.residual_usd), "usd")
    left = sheet.value("Left at the end, after the tax on its sale", "USD", writer.number(own.left_usd), "usd")
    return _Money(by_time=flows, left=left, residual=residual)


@dataclass(slots=True)
class _Writer:
    """Writes rows by name: the formula where it gives what the engine has, else the engine's numbers."""

    desk: Desk
    name: str
    own: Ledger
    held: list[str] = field(default_factory=list)

    def lines(self, amounts: Mapping[str, Numbers], formulas: Mapping[str, Expr], unit: str) -> dict[str, Line]:
        found, unset = {}, []
        for name in dict.fromkeys((*amounts, *formulas)):
            wanted = amounts.get(name, np.zeros(self.desk.cash.months))
            formula = formulas.get(name)
            if not np.any(wanted) and (formula is None or formula is NOTHING):
                unset.append(name.replace("_", " "))
                continue
            found[name] = self._line(name, formula, wanted, unit)
        if unset:
            self.desk.cash.text(LABEL, f"Not set, so nothing: {', '.join(unset)}", "unit")
            self.desk.cash.next_row += 1
        return found

    def _line(self, name: str, formula: Expr | None, wanted: Numbers, unit: str) -> Line:
        label = item_words(name)
        if formula is None or not self._agrees(formula, wanted):
            self.held.append(name)
            return self.desk.cash.line(f"{label} (engine)", unit, self.numbers(wanted), "usd", summed=True)
        return self.desk.cash.line(label, unit, formula, "usd", summed=True)

    def _agrees(self, formula: Expr, wanted: Numbers) -> bool:
        found = np.array(
            [formula.value(time, self.desk.known) for time in range(1, self.desk.cash.months + 1)], dtype=float
        )
        return bool(np.allclose(found, wanted, rtol=_SAME, atol=_SAME))

    def numbers(self, amounts: Numbers) -> tuple[Held, ...]:
        return held_line(amounts, self._rests_on, self._why)

    def number(self, amount: Numbers) -> Held:
        return Held(float(amount), self._rests_on, self._why)

    @property
    def _rests_on(self) -> tuple[str, ...]:
        return rests_of(self.desk, self.name)

    @property
    def _why(self) -> str:
        return f"rows of {self.name} that the engine works out"


def rests_of(desk: Desk, name: str) -> tuple[str, ...]:
    """Inputs that the engine's rows of an option rest on.

    Args:
        desk: the desk.
        name: of the option.
    """
    names = involved(name, desk.filled)
    return ("workload.", "finance.", "hours_per_month", *(f"options.{each}." for each in names))
