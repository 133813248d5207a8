"""From an answer to the sheets of its workbook."""

from __future__ import annotations

from dataclasses import dataclass

from tco.compare import compare
from tco.report.pack import ReportPack
from tco.report.xlsx.cash_yearly import yearly_of
from tco.report.xlsx.cells import Cell, Line
from tco.report.xlsx.checks import Checks, checks_of
from tco.report.xlsx.demand_rows import peak_weight, workload_rows
from tco.report.xlsx.desk import Desk, desk_of
from tco.report.xlsx.front_sheets import changes_of, cover_of, legend_of, probe_of, sources_of
from tco.report.xlsx.inputs import inputs_of
from tco.report.xlsx.option_block import OptionRows, option_rows
from tco.report.xlsx.results import Results, results_of
from tco.report.xlsx.return_rows import discount_factor, return_rows
from tco.report.xlsx.searched import searched_rows
from tco.report.xlsx.segments import Shared, rises_of
from tco.report.xlsx.sensitivity import sensitivity_of
from tco.report.xlsx.sheet import Sheet
from tco.scenario import SelfHostedOption

_OF_MACHINES = ("workload.peak_headroom_fraction", "workload.batch_deadline_hours")
"""Inputs of the workload that concern nobody who pays per token."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Model:
    """A workbook before it is written.

    Attributes:
        sheets: in order.
        desk: with inputs and rows.
        results: where headline numbers stand.
        checks: with the verdict.
        rows: of feasible options, by name.
    """

    sheets: list[Sheet]
    desk: Desk
    results: Results
    checks: Checks
    rows: dict[str, OptionRows]


def model_of(pack: ReportPack) -> Model:
    """Lays all sheets out.

    Args:
        pack: the answer.
    """
    filled = pack.prepared.scenario
    desk = desk_of(pack, compare(pack.prepared, filled), inputs_of(pack))
    workload = workload_rows(desk)
    is_hosted = any(isinstance(option, SelfHostedOption) for option in filled.options)
    shared = Shared(asked=workload.asked, weight=peak_weight(desk) if is_hosted else None, rises=rises_of(desk))
    factor = discount_factor(desk)
    able = [option.name for option in pack.result.options if option.feasible]
    ordered = sorted(able, key=lambda name: name != filled.baseline)
    rows, returns = {}, {}
    for name in ordered:
        rows[name] = option_rows(desk, name, shared)
        if name != filled.baseline and filled.baseline in rows:
            returns[name] = return_rows(desk, rows[name], rows[filled.baseline], factor)
    yearly, by_year = yearly_of(desk, rows)
    results = results_of(desk, workload, rows, returns)
    checks = checks_of(desk, results, rows, returns, by_year)
    sensitivity = sensitivity_of(desk, rows)
    searched_rows(desk, results, sensitivity)
    charts = Sheet(
        name="Charts",
        title="Charts",
        about="Drawn from the rows of the sheet Cash flow monthly; they follow every change.",
    )
    body = [
        desk.inputs.sheet, desk.prices, desk.workload, probe_of(pack), desk.capacity, *([desk.tables] if desk.tables.cells else []), desk.cash, yearly,
        results.sheet, charts, sensitivity, checks.sheet, sources_of(pack, desk.inputs), changes_of(pack),
    ]  # fmt: skip
    legend = legend_of()
    cover = cover_of(pack, checks.verdict, [(sheet.name, sheet.about) for sheet in (legend, *body)])
    sheets = [cover, legend, *body]
    desk.inputs.tell_effects(_all(sheets), () if is_hosted else _OF_MACHINES)
    return Model(sheets=sheets, desk=desk, results=results, checks=checks, rows=rows)


def _all(sheets: list[Sheet]) -> list[Line | Cell]:
    lines: list[Line | Cell] = [line for sheet in sheets for line, _ in sheet.lines]
    return [*lines, *(cell for sheet in sheets for cell, _ in sheet.cells)]
