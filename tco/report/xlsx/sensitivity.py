"""The sheet Sensitivity: what moves the answer, as rows of their own; no data tables, which only Excel computes."""

from __future__ import annotations

from collections.abc import Mapping

from tco import finance
from tco.number_style import local
from tco.report.pack import ReportPack
from tco.report.summary import moves_anything
from tco.report.xlsx.cells import Held
from tco.report.xlsx.desk import Desk
from tco.report.xlsx.functions import MONTHS_PER_YEAR, product_sum
from tco.report.xlsx.inputs import style_of
from tco.report.xlsx.option_block import OptionRows
from tco.report.xlsx.sheet import Sheet
from tco.risk.records import Risk
from tco.words import label


def sensitivity_of(desk: Desk, rows: Mapping[str, OptionRows]) -> Sheet:
    """NPV at other discount rates as formulas; each input at its ends, and the simulation, as the engine found them.

    Args:
        desk: the desk.
        rows: of feasible options, by name.
    """
    sheet = Sheet(
        name="Sensitivity",
        title="What moves the answer",
        about="The NPV at other discount rates follows every change. Below it stand rows of the engine, which hold at export.",
        widths={0: 56} | dict.fromkeys(range(1, 9), 18),
    )
    _profile(desk, sheet, rows)
    _drivers(desk.pack, sheet)
    if desk.pack.risk is not None:
        _risk(desk.pack.risk, sheet)
        _shares(desk.pack.risk, sheet)
    return sheet


def _profile(desk: Desk, sheet: Sheet, rows: Mapping[str, OptionRows]) -> None:
    compared = {name: own.saving_with_left for name, own in rows.items() if own.saving_with_left is not None}
    if not compared:
        return
    sheet.header("NPV at a discount rate of", *(f"{name} (USD)" for name in compared))
    for rate in finance.PROFILE_RATES_PER_YEAR:
        at = sheet.cell(0, rate, "fraction")
        for column, flows in enumerate(compared.values(), 1):
            gone = (1 + at) ** (-1 * desk.month.all / MONTHS_PER_YEAR)
            sheet.cell(column, product_sum(flows.all, gone), "usd")
        sheet.row()


def _drivers(pack: ReportPack, sheet: Sheet) -> None:
    """One input at a time, each at both ends of its own range, the largest swing first."""
    if not moves_anything(pack.result):
        return
    sheet.heading(
        f"NPV of {pack.result.contender} with one input at a time at the ends of its range (engine, at export)"
    )
    sheet.header("Input", "Low", "High", "NPV at low (USD)", "NPV at high (USD)", "Swing (USD)", "Flips the answer")
    for driver in pack.result.drivers:
        style = style_of(driver.path)
        ends = (
            (1, driver.low, style),
            (2, driver.high, style),
            (3, driver.npv_at_low_usd, "usd"),
            (4, driver.npv_at_high_usd, "usd"),
        )
        for column, value, how in ends:
            if value is None:
                sheet.text(column, "cannot serve", "absent")
            else:
                sheet.cell(column, Held(value, (), "the engine, at export"), how)  # type: ignore[arg-type]
        if driver.npv_at_low_usd is not None and driver.npv_at_high_usd is not None:
            sheet.cell(5, Held(driver.swing_usd, (), "the engine, at export"), "usd")
        sheet.text(6, "yes" if driver.flips else "no", "absent")
        sheet.row(label(driver.path))


def _risk(risk: Risk, sheet: Sheet) -> None:
    """All ranges at once; nothing where no option is compared in any run."""
    compared = [option for option in risk.options if option.saves is not None and option.npv_usd is not None]
    if not compared:
        return
    sheet.heading(f"All ranges at once: {local(risk.draws):,} runs, seed {risk.seed} (engine, at export)")
    sheet.header(
        "Option",
        "Saves money in",
        "± standard error",
        "NPV, mean (USD)",
        "1 in 20 below (USD)",
        "19 in 20 below (USD)",
    )
    for option in compared:
        assert option.saves is not None  # of what is compared
        assert option.npv_usd is not None
        ends = option.npv_usd.percentiles
        values = (
            (option.saves.fraction, "fraction"), (option.saves.standard_error, "fraction"), (option.npv_usd.mean, "usd"),
            (ends.get("5"), "usd"), (ends.get("95"), "usd"),
        )  # fmt: skip
        for column, (value, how) in enumerate(values, 1):
            if value is not None:
                sheet.cell(column, Held(value, (), "the engine, at export"), how)  # type: ignore[arg-type]
        sheet.row(option.name)


def _shares(risk: Risk, sheet: Sheet) -> None:
    """What each input explains of the NPV's spread; nothing where there is no NPV."""
    if not risk.shares:
        return
    sheet.heading(f"Share of the variance of the NPV of {risk.option} (engine, at export)")
    for each in risk.shares:
        sheet.cell(1, Held(each.share_fraction, (), "the engine, at export"), "fraction")
        sheet.text(2, each.subject, "unit")
        sheet.row(label(each.path))
    if risk.unexplained_fraction is not None:
        sheet.cell(1, Held(risk.unexplained_fraction, (), "the engine, at export"), "fraction")
        sheet.row("By no input alone")
