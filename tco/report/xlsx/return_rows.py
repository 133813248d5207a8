"""Savings against the baseline and what they are worth, as formulas (`tco.finance`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.finance.profile import HIGHEST_MONTHLY, LOWEST_PER_YEAR
from tco.report.xlsx.cells import Block, Line
from tco.report.xlsx.desk import NOTHING, TABLE_WIDTH, Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import (
    MONTHS_PER_YEAR,
    at_index,
    both,
    either,
    equals,
    largest,
    product_sum,
    smallest,
    total,
    when,
    yearly_irr,
)
from tco.report.xlsx.option_block import OptionRows
from tco.report.xlsx.sheet import Style

_ROUNDING = 1e-9
_LOG_RATES = np.concatenate([
    np.linspace(np.log1p(LOWEST_PER_YEAR) / 12, 0.0, 120), np.linspace(0.0, 0.5, 160)[1:], np.linspace(0.5, np.log1p(HIGHEST_MONTHLY), 30)[1:]
])  # fmt: skip
"""Logarithms of monthly factors at which the NPV is tried: those of `tco.finance.irr_roots_per_year`, in wider steps, and zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """What an option is worth against the baseline; texts where a number does not exist."""

    npv: Expr
    payback: Expr
    discounted_payback: Expr
    irr: Expr
    mirr: Expr
    roi: Expr
    cumulative: Line


def discount_factor(desk: Desk) -> Line:
    """What money of each time is worth at time zero."""
    rate = desk.of_all("discount_rate_per_year")
    return desk.cash.line(
        "Discount factor", "factor", (1 + rate) ** (-1 * desk.month / MONTHS_PER_YEAR), "factor", first=0
    )


def return_rows(desk: Desk, own: OptionRows, baseline: OptionRows, factor: Line) -> Returns:
    """Writes savings below an option's block.

    Args:
        desk: the desk.
        own: of the option.
        baseline: of what is paid for today.
        factor: of discounting.
    """
    sheet, name = desk.cash, own.option.name
    saving = sheet.line(
        f"Saving of {name}, nothing left counted", "USD", baseline.by_time - own.by_time, "usd", first=0, summed=True
    )
    left = when(equals(desk.month, desk.horizon), own.left - baseline.left, 0)
    whole = sheet.line("Saving with what both leave", "USD", saving + left, "usd", first=0, summed=True)
    cumulative = sheet.line("Cumulative saving", "USD", lambda line: line.before + saving, "usd", first=0)
    discounted = sheet.line("Discounted saving", "USD", saving * factor, "usd", first=0, summed=True)
    cumulative_discounted = sheet.line(
        "Cumulative discounted saving", "USD", lambda line: line.before + discounted, "usd", first=0
    )
    own.saving, own.saving_with_left = saving, whole
    capex = total(own.upfront.all)
    return Returns(
        npv=product_sum(whole.all, factor.all),
        payback=_payback(desk, cumulative, "Month, while the cumulative saving is below zero"),
        discounted_payback=_payback(desk, cumulative_discounted, "Month, while the discounted one is below zero"),
        irr=_irr(desk, own, whole),
        mirr=_mirr(desk, whole, factor),
        roi=when(capex > 0, total(whole.all) / capex, "none"),
        cumulative=cumulative,
    )


def _payback(desk: Desk, cumulative: Line, label: str) -> Expr:
    """The last crossing counts, interpolated; "never" where it is below zero at the end."""
    sheet = desk.cash
    most = largest(largest(cumulative.all), -1 * smallest(cumulative.all), 1)
    scale = sheet.value("Largest of its amounts", "USD", most, "usd")
    below = sheet.line(label, "month", when(cumulative < -1 * _ROUNDING * scale, desk.month, -1), first=0)
    last = sheet.value("Last such month", "month", largest(below.all))
    owed = sheet.value(
        "Still owed then",
        "USD",
        when(both(last >= 0, last < desk.horizon), -1 * at_index(cumulative.all, last + 1), 0),
        "usd",
    )
    after = sheet.value(
        "Cumulative a month later",
        "USD",
        when(both(last >= 0, last < desk.horizon), at_index(cumulative.all, last + 2), 1),
        "usd",
    )
    found = when(last >= desk.horizon, "never", last + smallest(owed / (after + owed), 1))
    return when(last < 0, 0, found)


def _irr(desk: Desk, own: OptionRows, flows: Line) -> Expr:
    """The rate where there is one to name (`tco.finance.irr`): the only one, or the only one above zero of flows that gain.

    Excel's `IRR` gives some rate from a guess. How many there are is told by the NPV at many rates, and the guess is where it crosses zero.
    """
    rates = [float(rate) for rate in np.expm1(_LOG_RATES)]
    title, columns = f"{own.option.name}: NPV by monthly rate", {"rate a month": rates}
    (tried,) = desk.table(title, columns, why="rates that are tried", more=3)
    worth = [product_sum(flows.all, (1 + rate) ** (-1 * desk.month.all)) for rate in tried.cells]
    value = _beside(desk, tried, "NPV (USD)", worth, "usd")
    pairs = list(zip(tried.cells, value.cells, tried.cells[1:], value.cells[1:], strict=False))
    crossings = [NOTHING, *((low * high < 0) * 1 for _, low, _, high in pairs)]
    crossed = _beside(desk, value, "crosses zero before it", crossings)
    zeros = [
        NOTHING,
        *(
            when(flag > 0, rate + (after - rate) * low / (low - high), 0)
            for (rate, low, after, high), flag in zip(pairs, crossed.cells[1:], strict=True)
        ),
    ]
    at = _beside(desk, crossed, "about at", zeros)
    above = (at > 0) * 1
    count, gains = total(crossed), total(flows.all) > 0
    only = yearly_irr(flows.all, total(at))
    positive = yearly_irr(flows.all, product_sum(at, above))
    several = when(both(equals(product_sum(above), 1), gains), positive, "several")
    return when(equals(count, 0), "none", when(equals(count, 1), only, several))


def _beside(desk: Desk, block: Block, header: str, contents: list[Expr], style: Style = "number") -> Block:
    """One more column of a table, beside another one."""
    first = block.cells[0]
    desk.tables.text(first.column + 1, header, "column", row=first.row - 1)
    # At rates far below zero the worth of a saving has many digits.
    desk.tables.widen(first.column + 1, TABLE_WIDTH if style == "number" else 1.5 * TABLE_WIDTH)
    return Block(
        tuple(
            desk.tables.cell(first.column + 1, content, style, row=first.row + number)
            for number, content in enumerate(contents)
        )
    )


def _mirr(desk: Desk, flows: Line, factor: Line) -> Expr:
    """`(FV(gains) / −PV(costs))^(12 / months) − 1`, both at the discount rate."""
    sheet = desk.cash
    costs = sheet.value(
        "Present value of what it costs more", "USD", product_sum((flows.all < 0) * flows.all, factor.all), "usd"
    )
    gains = sheet.value(
        "Present value of what it saves", "USD", product_sum((flows.all > 0) * flows.all, factor.all), "usd"
    )
    years = desk.horizon / MONTHS_PER_YEAR
    at_end = gains * (1 + desk.of_all("discount_rate_per_year")) ** years
    rate = (at_end / (-1 * costs)) ** (1 / years) - 1
    return when(either(equals(costs, 0), equals(gains, 0)), "none", rate)
