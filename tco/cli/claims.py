"""`tco claims`: what the field says of costs, held against the model."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table

from tco import InputError
from tco.claims import (
    CLAIMS,
    DRAWS,
    Answer,
    Claim,
    Judged,
    answer_sentence,
    claim_of,
    judge,
    turning_points,
    turning_sentence,
    verdict_sentence,
)
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_INTERRUPTED, console, print_json, refuse
from tco.cli._tables import cell
from tco.risk_words import likely

CLAIMS_SCHEMA = 1
"""Number of the format of `--json`."""


def claims(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="One claim, 1 to 10, with what it needs. [default: all]")
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Runs that the probabilities are of; 0 leaves them out.", min=0)
    ] = DRAWS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as one JSON object on stdout.")] = False,
) -> None:
    """Hold ten claims of the field against the model: which hold, how likely, and what would have to be true."""
    try:
        asked = CLAIMS if number is None else (claim_of(number),)
        with PartsProgress("answering claim by claim", "claims answered") as progress:
            found = []
            for done, claim in enumerate(asked):
                found.append(judge(claim, draws=draws))
                progress.done(done + 1, len(asked))
        needs = [] if number is None else _needs(asked[0])
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json({"schema": CLAIMS_SCHEMA, "claims": [_json(each) for each in found], "turning_points": needs})
    elif number is None:
        _show_all(found)
    else:
        _show_one(found[0], needs)


def _needs(claim: Claim) -> list[dict[str, Any]]:
    return [
        {
            "statement": statement.words,
            "path": solved.path,
            "nearest": solved.nearest,
            "sentence": turning_sentence(solved),
        }
        for statement, solved in turning_points(claim)
    ]


def _show_all(found: list[Judged]) -> None:
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("claim", overflow="fold")
    table.add_column("verdict", overflow="fold")
    table.add_column("in", justify="right", overflow="fold")
    for judged in found:
        table.add_row(cell(f"{judged.claim.number} {judged.claim.title}"), cell(judged.verdict), "", style="bold")
        for answer in judged.answers:
            besides = "" if answer.statement.is_claimed else "besides: "
            said = Padding(cell(besides + answer.statement.words), (0, 0, 0, 2))
            table.add_row(said, cell(answer.verdict), cell(_often(answer)))
    out.print(table)
    out.print(
        "Verdicts are of the shipped scenarios at their best estimates; shares are of runs with all inputs drawn from their ranges. "
        "`tco claims N` says why, and what would have to be true.",
        style="dim",
        markup=False,
    )


def _often(answer: Answer) -> str:
    return "" if answer.probability is None else likely(answer.probability).removesuffix(" of the runs")


def _show_one(judged: Judged, needs: list[dict[str, Any]]) -> None:
    out, claim = console(), judged.claim
    out.print(verdict_sentence(judged), style="bold", markup=False)
    out.print(f"“{claim.quote}”", markup=False)
    for answer in judged.answers:
        besides = "" if answer.statement.is_claimed else "besides: "
        out.print(f"• {besides}{answer_sentence(answer)}", markup=False)
    if needs:
        out.print("\nWhat would have to be true, one input at a time:", markup=False)
        for need in needs:
            out.print(f"• {need['statement']}: {need['sentence']}", markup=False)
    out.print(f"\nLeft open: {claim.left_open}", markup=False)
    for correction in claim.corrections:
        out.print(f"Where the article is off: {correction}", markup=False)
    out.print(f"Scenario: scenarios/{claim.scenario}.yaml; docs/claims.md.", style="dim", markup=False)


def _json(judged: Judged) -> dict[str, Any]:
    claim = judged.claim
    return {
        "number": claim.number,
        "title": claim.title,
        "quote": claim.quote,
        "scenario": claim.scenario,
        "verdict": judged.verdict,
        "draws": judged.draws,
        "statements": [_statement_json(answer) for answer in judged.answers],
        "left_open": claim.left_open,
        "corrections": list(claim.corrections),
    }


def _statement_json(answer: Answer) -> dict[str, Any]:
    statement, often = answer.statement, answer.probability
    return {
        "words": statement.words,
        "is_claimed": statement.is_claimed,
        "option": statement.option or None,
        "case": statement.case,
        "settings": list(statement.settings),
        "verdict": answer.verdict,
        # JSON knows no infinity: a payback that never comes is null, as everywhere.
        "conditions": [
            {"condition": each.condition, "figure": _finite(each.figure), "holds": each.holds} for each in answer.asked
        ],
        "reasons": list(answer.reasons),
        "footing": answer.footing,
        "probability": None if often is None else {"fraction": often.fraction, "standard_error": often.standard_error},
    }


def _finite(figure: float | None) -> float | None:
    return figure if figure is not None and abs(figure) < float("inf") else None
