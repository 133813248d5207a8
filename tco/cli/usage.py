"""`tco usage`: what was really used, as the workload of a scenario."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tco import InputError, Scenario, dump, load
from tco.cli._shared import EXIT_INCOMPLETE, EXIT_INTERRUPTED, fail, print_json, refuse
from tco.cli._usage_text import RowsRead, show_sources, show_usage, usage_json
from tco.usage import (
    SOURCES,
    Asked,
    Derived,
    ReadOptions,
    UsageFile,
    bills,
    put_in,
    read_usage,
    workload_of,
    workload_text,
    zone_named,
)

_Word = TypeVar("_Word", bound=str)

app = typer.Typer(
    name="usage",
    help="What was really used: exports and logs as the workload of a scenario.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("import")
def import_command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Exports and logs: CSV, JSON, JSON lines, or .gz of these; costs may be a file of their own.",
        ),
    ],
    *,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="NAME",
            help="Whose files they are, of `tco usage sources`. [default: found from their fields]",
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="Only this model; repeat for more. [default: all together]"),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone",
            metavar="NAME",
            help="Clock of days and weeks, and of times that name no zone: Europe/Berlin. [default: UTC]",
        ),
    ] = None,
    first_day: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day that the files cover: 2026-11-01.")
    ] = None,
    last_day: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day that they cover.")] = None,
    cached: Annotated[
        str | None,
        typer.Option(
            "--cached",
            metavar="HOW",
            help="Whether cached tokens are `inside` the input's count or `beside` it, where no source says.",
        ),
    ] = None,
    bucket: Annotated[
        str | None,
        typer.Option("--bucket", metavar="SPAN", help="What a row with several requests counts: minute, hour or day."),
    ] = None,
    requests_per_day: Annotated[
        float | None, typer.Option("--requests-per-day", metavar="N", help="Where the files count tokens only.")
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--scenario", metavar="FILE", help="Put the workload into this scenario; --out is then the scenario."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the workload (YAML) goes.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as one JSON object on stdout.")] = False,
) -> None:
    """Make a workload of files of usage: nothing that anybody wrote is kept. Ends with 5 where the files do not tell enough for one."""
    try:
        options = ReadOptions(
            source=source,
            zone=None if timezone is None else zone_named(timezone),
            asked=Asked(
                cached=_one_of("--cached", cached, "inside", "beside"),
                bucket=_one_of("--bucket", bucket, "minute", "hour", "day"),
            ),
            first_day=_day("--from", first_day),
            last_day=_day("--to", last_day),
        )
        _check_numbers(requests_per_day)
        base = None if scenario is None else load(scenario)
        _check_target(out, base, force=force)
        with RowsRead() as progress:
            read = read_usage([UsageFile.at(file) for file in files], options, progress.rows)
        usage = read.of_models(models or [])
        derived, paid = workload_of(usage, requests_per_day), bills(usage)
        text, notes = ("", ()) if not derived.is_complete else _text(derived, base)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(usage_json(usage, derived, paid, notes))
    else:
        show_usage(usage, derived, paid, notes, base)
    if not derived.is_complete:
        fail("not enough for a workload; what is missing is above, and nothing was written.", EXIT_INCOMPLETE)
    if out is not None:
        _write(out, text, as_json=as_json)


@app.command("sources")
def sources_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print them as one JSON object on stdout.")] = False,
) -> None:
    """List the exports and logs that can be read, and on what each reader rests."""
    if as_json:
        print_json(
            [{"name": source.NAME, "title": source.TITLE, "rests_on": source.VERIFIED} for source in SOURCES.values()]
        )
    else:
        show_sources()


def _text(derived: Derived, base: Scenario | None) -> tuple[str, tuple[str, ...]]:
    if base is None:
        return workload_text(derived), ()
    changed, notes = put_in(base, derived)
    return dump(changed), notes


def _one_of(flag: str, given: str | None, *allowed: _Word) -> _Word | None:
    if given is None:
        return None
    found = next((word for word in allowed if word == given), None)
    if found is None:
        raise InputError(f"{flag} {given[:40]!r}: choose one of: {', '.join(allowed)}")
    return found


def _day(flag: str, given: str | None) -> date | None:
    try:
        return None if given is None else date.fromisoformat(given)
    except ValueError:
        raise InputError(f"{flag} {given!r} is not a day; write it as 2026-11-23") from None


def _check_numbers(requests_per_day: float | None) -> None:
    if requests_per_day is not None and not 0 < requests_per_day <= 1e12:  # noqa: PLR2004 - false for NaN too
        raise InputError(f"--requests-per-day {requests_per_day:g}: more than 0 is needed")


def _check_target(out: Path | None, base: Scenario | None, *, force: bool) -> None:
    if base is not None and out is None:
        raise InputError("--scenario needs a place for the new scenario: --out FILE")
    if out is not None and out.exists() and not force:
        raise InputError(f"{out} exists. Choose another place with --out, or say --force.")


def _write(out: Path, text: str, *, as_json: bool) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{out}: cannot be written ({error.strerror})")
    typer.echo(f"saved {out}", err=as_json)
