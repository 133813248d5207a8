"""Which book a `tco prices` command reads: the newest state that is here or a pinned one, under the user's own prices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pricing import Book, FileError, PriceNotFound, open_book, read_overrides
from tco.cli._shared import fail

On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="The day, YYYY-MM-DD. [default: today]")]
Own = Annotated[
    Path | None, typer.Option("--own", metavar="FILE", help="Your own prices over the book: a prices.yaml.")
]
Pin = Annotated[
    str | None,
    typer.Option("--book", metavar="ID", help="A state of the book: an id, a day, `shipped`. [default: the newest]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def day_of(on: str | None, option: str = "--on") -> date:
    """The day that an option names; today where it names none. Ends the command where it is no day.

    Args:
        on: as written on the command line.
        option: its name, for the message.
    """
    try:
        return datetime.now(tz=UTC).date() if on is None else date.fromisoformat(on)
    except ValueError:
        fail(f"{option} {on!r} is not a day. Write YYYY-MM-DD, for example 2026-11-23.")


def chosen_book(own: Path | None = None, pin: str | None = None) -> Book:
    """The book that the options name. Ends the command where there is no such book or file, or it is damaged.

    Args:
        own: the user's own prices.
        pin: a state of the book; null: the newest that is here.
    """
    try:
        return open_book(pin, None if own is None else read_overrides(own))
    except (FileError, PriceNotFound) as error:
        fail(str(error))
