"""The sheet Results: every headline number as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tco.idle import MACHINE_INVESTMENTS, MACHINE_ITEMS
from tco.report.xlsx.cells import Cell, Held, Line
from tco.report.xlsx.demand_rows import LENGTHS, Workload
from tco.report.xlsx.desk import Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import MONTHS_PER_YEAR, added, at_index, is_number, largest, product_sum, total, when
from tco.report.xlsx.option_block import OptionRows, rests_of
from tco.report.xlsx.return_rows import Returns
from tco.report.xlsx.sheet import FIRST_ROW, Sheet, Style
from tco.report.xlsx.task_rows import task_cost
from tco.token_split import INPUT_ITEMS, OUTPUT_ITEMS
from tco.units import LEAST_REQUESTS

SECONDS_PER_HOUR = 3600
FIRST_OPTION = 2

_ROWS: tuple[tuple[str, str, str, Style], ...] = (
    ("capex_usd", "Investments", "USD", "usd"),
    ("total_usd", "Total cost over the horizon, less what is left", "USD", "usd"),
    ("total_in_currency", "Total cost in the reporting currency", "", "usd"),
    ("todays_total_usd", "Total cost in money of today", "USD", "usd"),
    ("residual_usd", "Left at the end, before tax", "USD", "usd"),
    ("first_month_usd", "Running costs in month 1", "USD/month", "usd"),
    ("npv_usd", "NPV of choosing it instead of the baseline", "USD", "usd"),
    ("npv_in_currency", "NPV in the reporting currency", "", "usd"),
    ("payback_months", "Payback", "months", "months"),
    ("discounted_payback_months", "Discounted payback", "months", "months"),
    ("irr_per_year", "IRR", "fraction/year", "rate"),
    ("todays_irr_per_year", "IRR in money of today", "fraction/year", "rate"),
    ("mirr_per_year", "MIRR", "fraction/year", "rate"),
    ("roi_fraction", "ROI", "fraction", "rate"),
    ("usd_per_mtok", "Cost of a million tokens, input and output together", "USD/Mtok", "small_usd"),
    ("usd_per_mtok_at_full_load", "The same with every replica busy that is paid for", "USD/Mtok", "small_usd"),
    ("usd_per_request", "Cost of a request", "USD/request", "small_usd"),
    ("input_usd_per_mtok", "Cost of a million input tokens", "USD/Mtok", "small_usd"),
    ("output_usd_per_mtok", "Cost of a million output tokens", "USD/Mtok", "small_usd"),
    ("usd_per_user_month", "Cost of a user's month", "USD", "small_usd"),
    ("usd_per_successful_task", "Cost of a solved task", "USD/task", "small_usd"),
    ("replicas", "Replicas in the busiest hour", "replicas", "count"),
    ("gpus", "GPUs", "GPUs", "count"),
    ("servers", "Servers", "servers", "count"),
    ("goodput_requests_per_s", "Goodput of a replica", "requests/s", "number"),
    ("utilisation_fraction", "Utilisation", "fraction", "fraction"),
)


@dataclass(slots=True)
class Results:
    """The sheet, and where each number stands on it.

    Attributes:
        sheet: Results.
        numbers: cell by option and name of the number in `tco plan --json`.
    """

    sheet: Sheet
    numbers: dict[tuple[str, str], Cell] = field(default_factory=dict)


def results_of(
    desk: Desk, workload: Workload, rows: Mapping[str, OptionRows], returns: Mapping[str, Returns]
) -> Results:
    """All options side by side.

    Args:
        desk: the desk.
        workload: its rows.
        rows: of feasible options, by name.
        returns: of those that can be compared with the baseline.
    """
    sheet = Sheet(
        name="Results",
        title="Results",
        about="Every number is a formula that goes back to the sheet Inputs; what only the engine can work out stands on the sheet Sensitivity.",
        widths={0: 52, 1: 14} | {FIRST_OPTION + number: 20 for number in range(len(desk.filled.options))},
        frozen=(FIRST_ROW, FIRST_OPTION),
    )
    found = Results(sheet)
    names = [option.name for option in desk.filled.options]
    for column, text in enumerate(("Number", "Unit", *names)):
        sheet.text(column, text, "header" if column < FIRST_OPTION else "column", row=FIRST_ROW - 1)
    numbers = {name: _numbers(desk, workload, rows[name], returns.get(name)) for name in names if name in rows}
    for name, own in numbers.items():
        solved = task_cost(desk, total(workload.requests.all), rows, name, own["total_usd"])
        if solved is not None:
            own["usd_per_successful_task"] = solved
    _verdicts(desk, sheet, names)
    for key, label, unit, style in _ROWS:
        if not any(key in each for each in numbers.values()):
            continue
        for column, name in enumerate(names, FIRST_OPTION):
            if key in numbers.get(name, {}):
                found.numbers[name, key] = sheet.cell(column, numbers[name][key], style)
            else:
                sheet.text(column, "–", "absent")
        rate = desk.filled.finance.reporting_currency
        sheet.row(label, unit if unit or rate is None else rate.currency)
    return found


def _verdicts(desk: Desk, sheet: Sheet, names: list[str]) -> None:
    """What each option is, and why one is ruled out."""
    result = desk.pack.result
    for column, name in enumerate(names, FIRST_OPTION):
        option = result.option(name)
        others = (
            "compared" if result.option(result.baseline).feasible else f"not compared: {result.baseline} is ruled out"
        )
        told = "paid today" if name == result.baseline else others
        told = told if option.feasible else f"ruled out: {'; '.join(option.reasons)}"
        sheet.text(column, told, "standing")
    sheet.row("Standing", "")
    for column, name in enumerate(names, FIRST_OPTION):
        sheet.text(column, "recommended at export" if name == result.recommended else "", "absent")
    sheet.row("Recommendation", "")


def _numbers(desk: Desk, workload: Workload, own: OptionRows, returns: Returns | None) -> dict[str, Expr]:
    found: dict[str, Expr] = {
        "capex_usd": total(own.upfront.all),
        "total_usd": total(own.by_time.all) - own.left,
        "residual_usd": own.residual + 0,
        "first_month_usd": _first(own.running),
    }
    if returns is not None:
        found |= {
            "npv_usd": returns.npv, "payback_months": returns.payback, "discounted_payback_months": returns.discounted_payback,
            "irr_per_year": returns.irr, "mirr_per_year": returns.mirr, "roi_fraction": returns.roi,
        }  # fmt: skip
    found |= _restated(desk, own, found)
    return found | _fleets(desk, own) | _units(desk, workload, own, found["total_usd"])


def _restated(desk: Desk, own: OptionRows, found: Mapping[str, Expr]) -> dict[str, Expr]:
    """In another currency, and in money of time zero, where the scenario asks for it."""
    told: dict[str, Expr] = {}
    rate = desk.filled.finance.reporting_currency
    if rate is not None:
        path = "finance.reporting_currency.usd"
        usd = desk.inputs.setting(path, rate.usd, "USD", f"One {rate.currency}, on {rate.as_of}")
        told["total_in_currency"] = found["total_usd"] / usd
        if "npv_usd" in found:
            told["npv_in_currency"] = found["npv_usd"] / usd
    inflation = desk.inputs.cells.get("finance.inflation_per_year_fraction")
    if inflation is not None:
        worth = (1 + inflation) ** (-1 * desk.month.all / MONTHS_PER_YEAR)
        left = own.left * (1 + inflation) ** (-1 * desk.horizon / MONTHS_PER_YEAR)
        told["todays_total_usd"] = product_sum(own.by_time.all, worth) - left
        if "irr_per_year" in found:
            irr = found["irr_per_year"]
            told["todays_irr_per_year"] = when(is_number(irr) > 0, (1 + irr) / (1 + inflation) - 1, "none")
    return told


def _first(running: Line) -> Expr:
    return at_index(running.all, 2)


def _fleets(desk: Desk, own: OptionRows) -> dict[str, Expr]:
    """Of two fleets that follow one another, or stand side by side, what stands adds up."""
    if not own.fleets:
        return _held_fleet(desk, own.option.name)
    last = own.fleets[-1]
    replicas, servers = last.replicas, last.servers
    if len(own.fleets) > 1:
        sheet, name = desk.capacity, own.option.name
        replicas = sheet.line(
            f"{name}: replicas of all its fleets", "replicas", added(*(each.replicas for each in own.fleets))
        )
        servers = sheet.line(
            f"{name}: servers of all its fleets", "servers", added(*(each.servers for each in own.fleets))
        )
    paid = added(*(total((each.paid if isinstance(each.paid, Line) else each.replicas).all) for each in own.fleets))
    serving = added(*(total(each.serving.all) for each in own.fleets))
    return {
        "replicas": largest(replicas.all), "gpus": largest(replicas.all) * last.gpus, "servers": largest(servers.all),
        "goodput_requests_per_s": last.goodput + 0, "utilisation_fraction": when(paid > 0, serving / paid, 0),
    }  # fmt: skip


def _held_fleet(desk: Desk, name: str) -> dict[str, Expr]:
    """Of an option whose fleet the engine works out."""
    capacity = desk.pack.result.option(name).capacity
    if capacity is None:
        return {}
    numbers = {
        "replicas": capacity.replicas, "gpus": capacity.gpus, "servers": capacity.servers, "goodput_requests_per_s": capacity.goodput_requests_per_s,
        "utilisation_fraction": capacity.utilisation_fraction,
    }  # fmt: skip
    rests_on, why = rests_of(desk, name), f"fleet of {name}"
    return {
        key: desk.capacity.value(f"{name}: {key.replace('_', ' ')}", "", Held(number, rests_on, why)) + 0
        for key, number in numbers.items()
    }


def _units(desk: Desk, workload: Workload, own: OptionRows, cost: Expr) -> dict[str, Expr]:
    """Costs of a unit; none of less than a request."""
    requests, mtok = total(workload.requests.all), total(workload.input_mtok.all) + total(workload.output_mtok.all)
    answer = desk.found.option(own.option.name)
    if answer.usd_per_mtok is None:
        return {}
    found = {"usd_per_mtok": cost / mtok, "usd_per_request": cost / requests}
    if answer.usd_per_mtok_at_full_load is not None:
        found["usd_per_mtok_at_full_load"] = cost / _could(desk, own, mtok, requests)
    share = _input_share(desk, workload, own)
    found["input_usd_per_mtok"] = share * cost / total(workload.input_mtok.all)
    found["output_usd_per_mtok"] = (1 - share) * cost / total(workload.output_mtok.all)
    users = desk.inputs.cells.get("workload.users")
    if users is not None:
        found["usd_per_user_month"] = cost / (users * requests / at_index(workload.requests.all, 2))
    return {name: when(requests >= LEAST_REQUESTS, each, "none") for name, each in found.items()}


def _could(desk: Desk, own: OptionRows, mtok: Expr, requests: Expr) -> Expr:
    """Tokens of the horizon with every replica busy that is paid for; those that are asked for where nothing stands [Mtok]."""
    answer, name = desk.pack.result.option(own.option.name), own.option.name
    if answer.capacity is None:
        return mtok
    if not own.fleets:
        assert answer.total_usd is not None
        assert answer.usd_per_mtok_at_full_load is not None
        could = answer.total_usd / answer.usd_per_mtok_at_full_load
        held = Held(could, rests_of(desk, name), f"fleet of {name}")
        return desk.capacity.value(f"{name}: tokens that its replicas could answer", "Mtok", held)
    fleet = own.fleets[0]
    paid = fleet.paid if isinstance(fleet.paid, Line) else fleet.replicas
    could_serve = total(paid.all) * fleet.goodput * desk.hours * SECONDS_PER_HOUR
    return could_serve * mtok / requests


def _input_share(desk: Desk, workload: Workload, own: OptionRows) -> Expr:
    """Share of the cost that the input makes: of what is billed by the bill, of machines as the engine found it (`tco.token_split`)."""
    answer = desk.found.option(own.option.name).unit_costs
    into, out = total(workload.input_mtok.all), total(workload.output_mtok.all)
    if answer is None:
        return into / (into + out)
    billed_in, billed_out = (_sum_of(own.lines, names) for names in (INPUT_ITEMS, OUTPUT_ITEMS))
    if answer.split_rule == "bill":
        return billed_in / (billed_in + billed_out)
    if answer.split_rule == "mixed":
        machines = _sum_of(own.lines, MACHINE_ITEMS) + _sum_of(own.investments, MACHINE_INVESTMENTS) - own.residual
        billed = billed_in + billed_out
        in_usd, billed_usd, machines_usd = (float(each.value(0, desk.known)) for each in (billed_in, billed, machines))
        share = (answer.input_cost_fraction * (billed_usd + machines_usd) - in_usd) / machines_usd
        return (billed_in + _of_machines(desk, own, share) * machines) / (billed + machines)
    if answer.split_rule == "tokens":
        return into / (into + out)
    return _of_machines(desk, own, answer.input_cost_fraction)


def _of_machines(desk: Desk, own: OptionRows, share: float) -> Cell:
    name = own.option.name
    rests_on = (*LENGTHS, "workload.slo", "workload.input_growth_per_month_fraction")
    held = Held(share, rests_on, f"share of the input in the machine time of {name}")
    return desk.cash.value(f"{name}: share of the input in machine time", "fraction", held, "fraction")


def _sum_of(lines: Mapping[str, Line], names: Iterable[str]) -> Expr:
    return added(*(total(lines[name].all) for name in names if name in lines))
