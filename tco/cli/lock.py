"""`tco lock`: what an answer rests on, written down, so that the same id gives the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco import InputError, load
from tco.cli._shared import console, print_json, refuse
from tco.lock import default_path, lock_of, write_lock


def lock(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML).")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Lock file. [default: beside the scenario, *.lock]")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input, as in `tco plan`; repeat for more."),
    ] = None,
    case: Annotated[str | None, typer.Option("--case", metavar="NAME", help="Lock one of the file's cases.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lock as one JSON object on stdout.")] = False,
) -> None:
    """Write down what an answer rests on and what it is; `tco plan --locked` then gives the same answer or says what has changed."""
    path = out if out is not None else default_path(scenario)
    try:
        made = lock_of(load(scenario, settings or [], case), case)
        write_lock(made, path)
    except InputError as error:
        refuse(error, as_json=as_json)
    if as_json:
        print_json(made.model_dump(mode="json", by_alias=True))
        return
    recommended = made.answer.recommended or "nothing can serve"
    console().print(f"{path}: answer {made.answer_id}, recommended: {recommended}.", markup=False)
    console().print(
        f"It rests on tool {made.tool.version}, price book {made.price_book.id}, {len(made.runs)} runs and {len(made.quantities)} inputs.",
        style="dim",
        markup=False,
    )
