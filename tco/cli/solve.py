"""`tco solve`: what would have to be true, and what the answer stands on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tco import InputError, load
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_INTERRUPTED, console, fail, print_json, refuse
from tco.cli._tables import cell
from tco.compare import Prepared, compare, prepare
from tco.what_if import Condition, Solved, flips, parse_condition, solve_for, solved_sentence
from tco.what_if.words import figure_text
from tco.words import amount, label

_SHOWN = 10


def solve(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), for example scenarios/support-chat-eu.yaml.")],
    path: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="PATH",
            help="The input that may change, such as workload.requests_per_day. [default: each]",
        ),
    ] = None,
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="CONDITION", help="payback_months<=12, npv_usd>0, usd_per_mtok<1.5, recommended=OPTION"
        ),
    ] = "npv_usd>0",
    option: Annotated[
        str | None,
        typer.Option("--option", metavar="NAME", help="Whose answer it is on. [default: the best alternative]"),
    ] = None,
    low: Annotated[float | None, typer.Option("--low", metavar="X", help="With --for: lowest value to try.")] = None,
    high: Annotated[float | None, typer.Option("--high", metavar="X", help="With --for: highest value to try.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input first; repeat for more."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """What would have to be true? The value of an input at which a condition begins or ceases to hold; without --for, of every input, the nearest first."""
    if path is None and (low is not None or high is not None):
        fail("--low and --high go with --for PATH; give the input")
    try:
        prepared = prepare(load(scenario, settings or []))
        condition, name = _asked(prepared, until, option)
        with PartsProgress("asking again and again", "inputs tried") as progress:
            if path is None:
                found = flips(prepared, condition, name, on_input=progress.done)
            else:
                found = (solve_for(prepared, path, condition, name, least=low, most=high),)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(_json(prepared, condition, name, found))
    elif path is None:
        _show_all(condition, name, found)
    else:
        _show_one(found[0])


def _asked(prepared: Prepared, until: str, option: str | None) -> tuple[Condition, str]:
    """The condition, and whose answer it is on."""
    filled = prepared.scenario
    names = [each.name for each in filled.options]
    condition, named = parse_condition(until, names)
    if option is not None and option not in names:
        raise InputError(f"--option {option!r}: no such option; the scenario has: {', '.join(names)}")
    if named is not None and option not in (None, named):
        raise InputError(f"--until {until!r} names the option; leave --option out")
    chosen = named or option or compare(prepared, filled).contender
    if chosen is None:
        raise InputError("no alternative to the baseline can serve; name the option that you ask about with --option")
    if chosen == filled.baseline and named is None:
        raise InputError(f"--option {chosen!r} is the baseline, which is compared with itself; name another one")
    return condition, chosen


def _show_one(solved: Solved) -> None:
    out = console()
    out.print(solved_sentence(solved), style="bold", markup=False)
    figure = figure_text(solved.condition, solved.figure_now)
    if solved.figure_now is not None:
        out.print(f"Now: {solved.condition.metric} {figure} for {solved.option}.", markup=False)
    out.print(
        f"All other inputs are kept; {solved.tried} values were tried. Answers climb in whole replicas, so a condition may hold in several stretches.",
        style="dim",
        markup=False,
    )


def _show_all(condition: Condition, option: str, found: tuple[Solved, ...]) -> None:
    out = console()
    turning = [solved for solved in found if solved.nearest is not None]
    holds = any(solved.holds_now for solved in found)
    now = "holds now" if holds else "does not hold now"
    out.print(f"{condition.text(option)} for {option} {now}.", style="bold", markup=False)
    if not turning:
        out.print("No input alone changes that between a tenth and ten times its value.", markup=False)
        return
    out.print(f"It {'ceases' if holds else 'begins'} to hold when one input alone comes to:", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("input", overflow="fold")
    for title in ("now", "turns at", "change"):
        table.add_column(title, justify="right", overflow="fold")
    for solved in turning[:_SHOWN]:
        table.add_row(*(cell(text) for text in _row(solved)))
    out.print(table)
    rest = len(found) - len(turning)
    out.print(f"{rest} inputs do not change it between a tenth and ten times their value.", style="dim", markup=False)


def _row(solved: Solved) -> tuple[str, str, str, str]:
    assert solved.nearest is not None
    # A change of a share in per cent would be read as points.
    change = "–" if solved.now <= 0 or solved.unit.startswith("fraction") else f"{solved.nearest / solved.now - 1:+.0%}"
    name = label(solved.path).rpartition(" (")[0]
    return name, amount(solved.now, solved.unit), amount(solved.nearest, solved.unit), change


def _json(prepared: Prepared, condition: Condition, option: str, found: tuple[Solved, ...]) -> dict[str, Any]:
    return {
        "schema": 1,
        "scenario": prepared.scenario.name,
        "as_of": prepared.scenario.as_of,
        "option": option,
        "until": condition.text(option),
        "inputs": [_input(solved) for solved in found],
    }


def _input(solved: Solved) -> dict[str, Any]:
    """One input. A figure of null is a payback that never comes, or none; `reached` says whether the condition holds anywhere."""
    return {
        "path": solved.path,
        "unit": solved.unit,
        "now": solved.now,
        "holds_now": solved.holds_now,
        "figure_now": _finite(solved.figure_now),
        "reached": bool(solved.stretches),
        "nearest": solved.nearest,
        "stretches": [
            {
                "low": each.low,
                "high": each.high,
                "open_below": each.is_open_low,
                "open_above": each.is_open_high,
            }
            for each in solved.stretches
        ],
        "searched": list(solved.searched),
        "tried": solved.tried,
        "closest": None if solved.closest is None else dict(zip(("value", "figure"), solved.closest, strict=True)),
        "sentence": solved_sentence(solved),
    }


def _finite(figure: float | None) -> float | None:
    return None if figure is None or math.isinf(figure) else figure
