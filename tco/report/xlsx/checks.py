"""The sheet Checks: what must hold, and one verdict over all of it that stands on every sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tco.report.xlsx.cells import Block, Cell, Held
from tco.report.xlsx.desk import Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import (
    MONTHS_PER_YEAR,
    count_of_numbers,
    count_where,
    equals,
    is_number,
    largest,
    product_sum,
    size,
    sum_where,
    total,
    when,
)
from tco.report.xlsx.inputs import MIX_HELD, NEW_EXPORT, Inputs
from tco.report.xlsx.option_block import OptionRows
from tco.report.xlsx.results import Results
from tco.report.xlsx.return_rows import Returns
from tco.report.xlsx.sheet import FIRST_ROW, Sheet, Style

OK, FAIL, CHANGED, STALE, MIXED = "OK", "FAIL", "inputs changed", "new export needed", "mix as at export"
VERDICT_ROW, STATUS = FIRST_ROW, 4
WITHIN = 1e-6
"""Relative difference to the engine that is allowed while no input was changed."""

_COMPARED: tuple[tuple[str, str, Style], ...] = (
    ("total_usd", "total cost", "usd"),
    ("npv_usd", "NPV", "usd"),
    ("payback_months", "payback", "months"),
    ("discounted_payback_months", "discounted payback", "months"),
    ("irr_per_year", "IRR", "rate"),
    ("mirr_per_year", "MIRR", "rate"),
    ("roi_fraction", "ROI", "rate"),
    ("usd_per_mtok", "cost of a million tokens", "small_usd"),
)
_MISSING = {"payback_months": "never", "discounted_payback_months": "never"}


@dataclass(slots=True)
class Checks:
    """The sheet and its verdict."""

    sheet: Sheet
    verdict: Cell


def checks_of(
    desk: Desk,
    results: Results,
    rows: Mapping[str, OptionRows],
    returns: Mapping[str, Returns],
    by_year: Mapping[str, Cell],
) -> Checks:
    """Everything that must hold.

    Args:
        desk: the desk.
        results: the sheet Results.
        rows: of feasible options.
        returns: of those that are compared with the baseline.
        by_year: costs of each option on the sheet Cash flow yearly.
    """
    sheet = Sheet(
        name="Checks",
        title="Checks",
        about="OK, FAIL, or that inputs were changed since the export, so that the engine's numbers of then cannot be compared.",
        widths={0: 64, 1: 20, 2: 20, 3: 14, STATUS: 20},
        frozen=(FIRST_ROW + 1, 1),
    )
    for column, text in enumerate(("Check", "Here", "Expected", "Difference", "Status")):
        sheet.text(column, text, ("header", "column", "column", "column", "unit_header")[column], row=FIRST_ROW - 1)
    sheet.next_row = FIRST_ROW + 1
    writer = _Writer(sheet, desk.inputs.changed_count, [])
    for name in rows:
        _as_the_engine(writer, desk, results, name)
    for name, own in rows.items():
        writer.same(f"{name}: costs by year add up to those by month", by_year[name] + 0, total(own.by_time.all))
        for label, holds in dict(check for fleet in own.fleets for check in fleet.checks).items():
            writer.holds(label, holds)
    for name, worth in returns.items():
        _of_the_saving(writer, desk, name, rows[name], worth, results.numbers.get((name, "irr_per_year")))
    _of_the_inputs(writer, desk.inputs)
    return Checks(sheet, _verdict(sheet, writer.statuses, desk.inputs.changed_count))


def _as_the_engine(writer: _Writer, desk: Desk, results: Results, name: str) -> None:
    """Headline numbers of an option are those of the export."""
    engine = desk.pack.result.option(name)
    for key, label, style in _COMPARED:
        if (name, key) in results.numbers:
            writer.against_engine(f"{name}: {label} is the engine's", results.numbers[name, key], getattr(engine, key), style, _MISSING.get(key, "none"))  # fmt: skip


def _of_the_saving(writer: _Writer, desk: Desk, name: str, own: OptionRows, worth: Returns, rate: Cell | None) -> None:
    """What is saved adds up, and is worth nothing at the option's own rate of return."""
    assert own.saving is not None  # of options that are compared
    assert own.saving_with_left is not None
    at_end = (desk.cash.timeline.all >= desk.horizon) * 1
    writer.same(f"{name}: the cumulative saving ends with the sum of all savings", product_sum(worth.cumulative.all, at_end), total(own.saving.all))  # fmt: skip
    if rate is None:
        return
    gone = (1 + rate) ** (-1 * desk.cash.timeline.all / MONTHS_PER_YEAR)
    saving = own.saving_with_left.all
    # Against what was added up, not what was invested: far below zero a rate makes late months weigh a million times more.
    left = when(is_number(rate), product_sum(saving, gone) / largest(1, product_sum(size(saving), gone)), 0)
    writer.holds(f"{name}: at its IRR nothing is left of the saving", (size(left) < WITHIN) * 1)


def _of_the_inputs(writer: _Writer, inputs: Inputs) -> None:
    """Each is a number; none was changed that only the engine can answer."""
    count = Held(len(inputs.numbers.cells), (), "inputs")
    writer.same("Every input is a number", count_of_numbers(inputs.numbers), count)
    stale, mixed = (sum_where(inputs.changes, inputs.effects, effect) for effect in (NEW_EXPORT, MIX_HELD))
    writer.unchanged("Inputs that need a new export are as they were exported", stale, STALE)
    writer.unchanged("Inputs at which another mix of a hybrid may be best are as they were exported", mixed, MIXED)


def _verdict(sheet: Sheet, statuses: list[Cell], changed: Expr) -> Cell:
    block = Block(tuple(statuses))
    found = when(count_where(block, FAIL) > 0, "CHECK FAILED", when(count_where(block, STALE) > 0, STALE.upper(), when(count_where(block, MIXED) > 0, "OK, inputs changed, mix held", when(changed > 0, "OK, inputs changed", OK))))  # fmt: skip
    sheet.text(0, "All checks", "heading", row=VERDICT_ROW)
    return sheet.cell(STATUS, found, "check", row=VERDICT_ROW)


@dataclass(slots=True)
class _Writer:
    sheet: Sheet
    changed: Expr
    statuses: list[Cell]

    def against_engine(self, label: str, number: Cell, engine: float | None, style: Style, missing: str) -> None:
        """A number beside the engine's at export; one that does not exist there is a word here."""
        here = self.sheet.cell(1, when(is_number(number) > 0, number, missing), style)
        if engine is None:
            self.sheet.text(2, missing, "absent")
            same = equals(here, missing) if missing == "never" else (is_number(here) < 1)
        else:
            expected = self.sheet.cell(2, Held(engine, (), "the engine, at export"), style)
            gap = when(is_number(here), size(here - expected) / largest(1, size(expected)), 1)
            same = self.sheet.cell(3, gap, "number") <= WITHIN
        self._status(when(self.changed > 0, CHANGED, when(same, OK, FAIL)), label)

    def same(self, label: str, here: Expr, expected: Expr | Held) -> None:
        """Two numbers that are one, whatever the inputs."""
        left, right = self.sheet.cell(1, here, "number"), self.sheet.cell(2, expected, "number")
        gap = self.sheet.cell(3, size(left - right) / largest(1, size(right)), "number")
        self._status(when(gap <= WITHIN, OK, FAIL), label)

    def holds(self, label: str, is_so: Expr) -> None:
        """Something that is 1 where it holds."""
        here = self.sheet.cell(1, is_so, "count")
        self._status(when(equals(here, 1), OK, FAIL), label)

    def unchanged(self, label: str, count: Expr, otherwise: str) -> None:
        """Inputs of a kind of which none was changed."""
        here = self.sheet.cell(1, count, "count")
        self._status(when(here > 0, otherwise, OK), label)

    def _status(self, content: Expr, label: str) -> None:
        self.statuses.append(self.sheet.cell(STATUS, content, "check"))
        self.sheet.row(label)
