"""`tco cases`: every case of a scenario side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tco import InputError, OptionResult
from tco.cases import CaseAnswer, CaseAnswers, answer_cases
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_INTERRUPTED, console, print_json, refuse
from tco.cli._tables import cell
from tco.format import month_count, months, share, usd

CASES_SCHEMA = 1
"""Number of the format of `--json`."""


def cases(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML) with `cases`.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input in every case; repeat for more."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as one JSON object on stdout.")] = False,
) -> None:
    """Answer a scenario in all of its cases: what is recommended in each, and what each option is worth over them."""
    try:
        with PartsProgress("answering case by case", "cases answered") as progress:
            found = answer_cases(scenario, settings or [], on_case=progress.done)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(_json(found))
    else:
        _show(found)


def _show(found: CaseAnswers) -> None:
    out = console()
    out.print(found.scenario, style="bold", markup=False)
    chosen = {answer.result.recommended for answer in found.answers}
    out.print(
        f"The same in every case: {_named(next(iter(chosen)))}."
        if len(chosen) == 1
        else "The answer hangs on the case.",
        style="bold",
        markup=False,
    )
    out.print(_table(found))
    for answer in found.answers[1:]:
        told = ", ".join(f"{path} {_value(value)}" for path, value in answer.sets.items())
        out.print(f"• {answer.name}: {told}", markup=False)
    baseline = found.answers[0].result.baseline
    out.print(
        f"NPV against {baseline} over {month_count(found.answers[0].result.conventions.horizon_months)}; base is the file as it stands.",
        style="dim",
        markup=False,
    )
    if found.expected:
        _show_expected(found)


def _show_expected(found: CaseAnswers) -> None:
    out = console()
    best = found.recommended
    if best is None:
        out.print("No option serves in all cases, so none has an expected NPV.", markup=False)
        return
    worth = next(each.npv_usd for each in found.expected if each.option == best)
    out.print(f"Over all cases: {best}, with an expected NPV of {usd(worth)}.", style="bold", markup=False)
    for each in found.expected:
        if each.cannot_serve:
            out.print(f"• {each.option} cannot serve in: {', '.join(each.cannot_serve)}", markup=False)
    if found.foresight_usd is not None:
        out.print(f"To know the case before the choice would be worth {usd(found.foresight_usd)}.", markup=False)


def _table(found: CaseAnswers) -> Table:
    """Cases as columns."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for answer in found.answers:
        table.add_column(cell(answer.name), justify="right", overflow="fold")
    if found.expected:
        table.add_column("expected", justify="right", overflow="fold")
    rows = [
        ("probability", [share(answer.probability_fraction) for answer in found.answers]),
        ("recommended", [_named(answer.result.recommended) for answer in found.answers]),
    ]
    for row, texts in rows:
        if row != "probability" or found.expected:
            table.add_row(row, *map(cell, texts), *([""] if found.expected else []))
    expected = {each.option: each.npv_usd for each in found.expected}
    for option in found.answers[0].result.options:
        for label, text in _ROWS:
            if label in _COMPARED and option.name == found.answers[0].result.baseline:
                continue
            texts = [text(answer.result.option(option.name)) for answer in found.answers]
            mean = [usd(expected[option.name]) if label == "NPV" else ""] if found.expected else []
            table.add_row(cell(f"{option.name}: {label}"), *texts, *mean)
    return table


def _payback(option: OptionResult) -> str:
    return months(option.payback_months) if option.feasible else "ruled out"


_COMPARED = ("payback", "NPV")
_ROWS = (
    ("total", lambda option: usd(option.total_usd)),
    ("payback", _payback),
    ("NPV", lambda option: usd(option.npv_usd)),
)


def _named(option: str | None) -> str:
    return "nothing can serve" if option is None else option


def _value(value: Any) -> str:
    middle = value.get("value", value) if isinstance(value, dict) else value
    return f"{middle:,g}" if isinstance(middle, int | float) and not isinstance(middle, bool) else str(middle)


def _json(found: CaseAnswers) -> dict[str, Any]:
    return {
        "schema": CASES_SCHEMA,
        "scenario": found.scenario,
        "baseline": found.answers[0].result.baseline,
        "cases": [_case_json(answer) for answer in found.answers],
        "expected": [
            {"option": each.option, "npv_usd": each.npv_usd, "cannot_serve": list(each.cannot_serve)}
            for each in found.expected
        ],
        "recommended_over_all": found.recommended,
        "foresight_usd": found.foresight_usd,
    }


def _case_json(answer: CaseAnswer) -> dict[str, Any]:
    return {
        "name": answer.name,
        "probability_fraction": answer.probability_fraction,
        "sets": dict(answer.sets),
        "recommended": answer.result.recommended,
        "options": [
            {
                "name": option.name,
                "feasible": option.feasible,
                "reasons": option.reasons,
                "total_usd": option.total_usd,
                "payback_months": option.payback_months,
                "npv_usd": option.npv_usd,
                "replicas": option.capacity.replicas if option.capacity else None,
            }
            for option in answer.result.options
        ],
    }
