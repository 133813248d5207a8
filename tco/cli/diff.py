"""`tco diff`: what sets two scenarios apart, and what each difference does to the NPV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tco import InputError, load
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_FLIPPED, EXIT_INTERRUPTED, console, print_json, refuse
from tco.cli._tables import cell
from tco.format import usd
from tco.what_if import Difference, Step, difference
from tco.words import number

_LONG = 28


def diff(
    first: Annotated[Path, typer.Argument(help="Scenario file (YAML) to start from.")],
    second: Annotated[Path, typer.Argument(help="Scenario file to come to.")],
    option: Annotated[
        str | None,
        typer.Option("--option", metavar="NAME", help="Whose NPV. [default: the second one's best alternative]"),
    ] = None,
    fail_on_flip: Annotated[
        bool, typer.Option("--fail-on-flip", help="Exit with 4 where the recommendation differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """What changed between two scenarios, and how much did each change move the NPV?"""
    try:
        with PartsProgress("answering step by step", "changes answered") as progress:
            found = difference(load(first), load(second), option, on_step=progress.done)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(_json(first, second, found))
    else:
        _show(first, second, found)
    if fail_on_flip and found.flips:
        raise typer.Exit(EXIT_FLIPPED)


def _show(first: Path, second: Path, found: Difference) -> None:
    out = console()
    out.print(_headline(found), style="bold", markup=False)
    if not found.steps:
        out.print(f"{first} and {second} ask the same question.", markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("change", overflow="fold")
    for title in ("from", "to", "NPV moves by", "NPV"):
        table.add_column(title, justify="right", overflow="fold")
    table.add_row(cell(str(first)), "", "", "", _npv(found.npv_first_usd))
    for step in found.steps:
        table.add_row(*_row(step))
    out.print(table)
    out.print(
        f"NPV of {found.option} against the baseline. Changes are made one after the other in the order of the file; where inputs act together, the share of each hangs on that order.",
        style="dim",
        markup=False,
    )


def _headline(found: Difference) -> str:
    if found.flips:
        return (
            f"The recommendation changes from {_named(found.recommended_first)} to {_named(found.recommended_second)}."
        )
    return f"The recommendation stays: {_named(found.recommended_second)}."


def _named(option: str | None) -> str:
    return "nothing, for no option can serve" if option is None else option


def _row(step: Step) -> tuple[Any, ...]:
    several = len(step.paths) > 1
    paths = f"{step.paths[0]} and {len(step.paths) - 1} more, valid only together" if several else step.paths[0]
    moved = "–" if step.change_usd is None else f"{'+' if step.change_usd > 0 else ''}{usd(step.change_usd)}"
    return (
        cell(paths),
        cell("" if several else _text(step.before[0])),
        cell("" if several else _text(step.after[0])),
        moved,
        _npv(step.npv_usd),
    )


def _npv(amount: float | None) -> str:
    return "cannot serve" if amount is None else usd(amount)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."


def _json(first: Path, second: Path, found: Difference) -> dict[str, Any]:
    return {
        "schema": 1,
        "first": str(first),
        "second": str(second),
        "option": found.option,
        "npv_first_usd": found.npv_first_usd,
        "npv_second_usd": found.npv_second_usd,
        "recommended_first": found.recommended_first,
        "recommended_second": found.recommended_second,
        "flips": found.flips,
        "steps": [
            {
                "changes": [
                    {"path": path, "before": before, "after": after}
                    for path, before, after in zip(step.paths, step.before, step.after, strict=True)
                ],
                "npv_usd": step.npv_usd,
                "change_usd": step.change_usd,
            }
            for step in found.steps
        ],
    }
