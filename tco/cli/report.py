"""`tco report`: the answer as files that a client keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco import InputError, load
from tco.answer import headline
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_INTERRUPTED, console, fail, refuse
from tco.lock import read_lock
from tco.number_style import ENGLISH, notation_for
from tco.report.brand import load_brand
from tco.report.forms import DEFAULT_FORMS, FORMS, chosen, written
from tco.report.gather import gather, version_before
from tco.report.pack import Redaction
from tco.risk.simulate import DEFAULT_DRAWS

_LEVELS: dict[str, Redaction] = {"internal": "internal", "client": "client", "public": "public"}


def report(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), for example scenarios/support-chat-eu.yaml.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files.")],
    formats: Annotated[str, typer.Option("--format", metavar="LIST", help=f"Which of {','.join(FORMS)}.")] = ",".join(
        DEFAULT_FORMS
    ),
    brand: Annotated[
        Path | None,
        typer.Option("--brand", metavar="FILE", help="Logo, colours, fonts, lines, slides' template (YAML)."),
    ] = None,
    redact: Annotated[
        str, typer.Option("--redact", metavar="LEVEL", help="Who may read it: internal, client or public.")
    ] = "internal",
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Runs of the simulation; 0: none.", min=0)
    ] = DEFAULT_DRAWS,
    previous: Annotated[
        Path | None,
        typer.Option("--previous", metavar="FILE", help="Lock or scenario of the version before, for the change log."),
    ] = None,
    lock: Annotated[
        Path | None,
        typer.Option(
            "--lock", metavar="FILE", help="Only the answer of this lock file; refused with what has changed."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input first; repeat for more."),
    ] = None,
    case: Annotated[str | None, typer.Option("--case", metavar="NAME", help="Report one of the file's cases.")] = None,
    locale: Annotated[
        str | None,
        typer.Option("--locale", metavar="TAG", help="Write numbers as there: de-DE, fr-FR, en-IN; else the brand's."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Without break-even volumes, drivers, and what flips the answer.")
    ] = False,
) -> None:
    """Write the answer as xlsx, pptx, docx, pdf and html, all with the same numbers, sources and dates."""
    if redact not in _LEVELS:
        fail(f"--redact {redact!r}: choose one of: {', '.join(_LEVELS)}")
    try:
        forms = chosen(formats)
        kit = None if brand is None else load_brand(brand)
        tag = locale or (None if kit is None else kit.terms.locale)
        style = ENGLISH if tag is None else notation_for(tag, "--locale")
        question = load(scenario, settings or [], case)
        with PartsProgress("answering with every input changed", "inputs asked") as progress:
            pack = gather(
                question,
                case=case,
                draws=draws,
                brand=kit,
                redaction=_LEVELS[redact],
                previous=None if previous is None else version_before(previous),
                lock=None if lock is None else read_lock(lock),
                searches=not quick,
                style=style,
                on_part=progress.done,
            )
        console().print(headline(pack.result), style="bold", markup=False)
        for path in written(pack, out, scenario.stem, forms):
            typer.echo(path)
        console().print(pack.ids, style="dim", markup=False)
    except InputError as error:
        refuse(error, as_json=False)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
