"""`tco check`: what has come true beside what was assumed, and whether the decision still stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tco import InputError, load
from tco.actuals import Actuals, Checked, Row, check_actuals, read_actuals
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_FLIPPED, EXIT_INTERRUPTED, console, print_json, refuse
from tco.cli._tables import cell
from tco.format import usd
from tco.words import number

CHECK_SCHEMA = 1
"""Number of the format of `--json`."""

_SHOWN_MONTHS = 12


def check(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML).")],
    actuals: Annotated[
        Path, typer.Option("--actuals", metavar="FILE", help="What has come true: YAML, CSV, or FOCUS cost rows (CSV).")
    ],
    first_month: Annotated[
        str | None,
        typer.Option(
            "--first-month",
            metavar="2026-12",
            help="Calendar month that is the scenario's first. [default: the first whole one]",
        ),
    ] = None,
    services: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="SERVICE=PATH", help="FOCUS: which path a service's costs are; repeat for more."),
    ] = None,
    option: Annotated[
        str | None,
        typer.Option(
            "--option", metavar="NAME", help="Whose NPV. [default: the recommended one, or the best alternative]"
        ),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--last", min=1, metavar="MONTHS", help="Put in only so many of the last months. [default: all]"),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change one input first; repeat for more.")
    ] = None,
    case: Annotated[str | None, typer.Option("--case", metavar="NAME", help="Check one of the file's cases.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """What came otherwise than assumed, and does the decision still stand? Ends with 4 where it does not."""
    try:
        asked = load(scenario, settings or [], case)
        read = read_actuals(actuals, asked, first_month=first_month, services=_services(services or []))
        with PartsProgress("answering step by step", "changes answered") as progress:
            found = check_actuals(asked, read, option, last=last, on_step=progress.done)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(_json(read, found))
    else:
        _show(read, found)
    if found.flips:
        raise typer.Exit(EXIT_FLIPPED)


def _services(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        service, equals, path = pair.rpartition("=")
        if not (equals and service.strip() and path.strip()):
            raise InputError(
                f'--map {pair!r}: write SERVICE=PATH, for example "Amazon Bedrock=options.api-today.monthly_usd"'
            )
        found[service.strip()] = path.strip()
    return found


def _show(read: Actuals, found: Checked) -> None:
    out = console()
    out.print(_headline(found), style="bold", markup=False)
    out.print(f"Month 1 is {found.first_month}; {len(found.months)} months have actuals.", style="dim", markup=False)
    out.print(_compared(found.rows))
    if found.levels:
        out.print(f"\nPut in, and what it does to the NPV of {found.moved.option}:", markup=False)
        out.print(_waterfall(found))
    for path, reason in found.not_put_in.items():
        out.print(f"• {path} is compared only: {reason}", markup=False)
    for note in read.notes:
        out.print(f"• {note}", style="yellow", markup=False)


def _headline(found: Checked) -> str:
    moved = found.moved
    was, now = _npv(moved.npv_first_usd), _npv(moved.npv_second_usd)
    npv = f"The NPV of {moved.option} was {was} and is {now} with what has come true."
    if moved.flips:
        return f"The decision does not stand: {_named(moved.recommended_first)} was recommended, now it is {_named(moved.recommended_second)}. {npv}"
    if found.changes_sign:
        return f"The decision does not stand: the sign of the NPV has changed. {npv}"
    return f"The decision stands: {_named(moved.recommended_second)}. {npv}"


def _compared(rows: tuple[Row, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("actual", overflow="fold")
    for title in ("month", "assumed", "actual", "off by", "explained"):
        table.add_column(title, justify="right", overflow="fold")
    for path in dict.fromkeys(row.path for row in rows):
        mine = sorted((row for row in rows if row.path == path), key=lambda row: row.month)
        for index, row in enumerate(mine[-_SHOWN_MONTHS:]):
            off = row.deviation_fraction
            table.add_row(
                cell(path) if index == 0 else "",
                str(row.month),
                number(row.assumed),
                number(row.actual),
                "–" if off is None else f"{off:+.1%}",
                "" if row.explained is None else number(row.explained),
            )
    return table


def _waterfall(found: Checked) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("input", overflow="fold")
    for title in ("was", "is", "NPV moves by", "NPV"):
        table.add_column(title, justify="right", overflow="fold")
    table.add_row("as planned", "", "", "", _npv(found.moved.npv_first_usd))
    levels = {level.path: level for level in found.levels}
    for step in found.moved.steps:
        level = levels.get(step.paths[0])
        moved = "–" if step.change_usd is None else f"{'+' if step.change_usd > 0 else ''}{usd(step.change_usd)}"
        before, after = ("", "") if level is None else (number(level.before), number(level.after))
        table.add_row(cell(" and ".join(step.paths)), before, after, moved, _npv(step.npv_usd))
    return table


def _npv(amount: float | None) -> str:
    return "none, for it cannot serve" if amount is None else usd(amount)


def _named(option: str | None) -> str:
    return "nothing, for no option can serve" if option is None else option


def _json(read: Actuals, found: Checked) -> dict[str, Any]:
    moved = found.moved
    return {
        "schema": CHECK_SCHEMA,
        "first_month": found.first_month,
        "months": list(found.months),
        "option": moved.option,
        "recommended_before": moved.recommended_first,
        "recommended_now": moved.recommended_second,
        "npv_before_usd": moved.npv_first_usd,
        "npv_now_usd": moved.npv_second_usd,
        "flips": found.flips,
        "rows": [
            {
                "month": row.month,
                "path": row.path,
                "assumed": row.assumed,
                "actual": row.actual,
                "deviation_fraction": row.deviation_fraction,
                "explained": row.explained,
            }
            for row in found.rows
        ],
        "put_in": [
            {
                "path": level.path,
                "because": level.because,
                "before": level.before,
                "after": level.after,
                "months": level.months,
            }
            for level in found.levels
        ],
        "compared_only": found.not_put_in,
        "steps": [
            {"paths": list(step.paths), "npv_usd": step.npv_usd, "change_usd": step.change_usd} for step in moved.steps
        ],
        "notes": list(read.notes),
    }
