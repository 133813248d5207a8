"""`tco prices refresh`: reads public price lists when asked to, shows what would change, writes a dated snapshot."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from pricing.price import PriceNotFound
from pricing.upkeep.fetch import Limits
from pricing.upkeep.refresh import Group, Item, Proposal, Reading, Source, gather, propose, row_names, save, sources
from pricing.upkeep.snapshots import open_book, snapshots_folder
from tco.cli._prices_book import AsJson
from tco.cli._prices_diff import plain, print_changes
from tco.cli._shared import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_INVALID, console, fail, print_json
from tco.cli._tables import cell, number

_SHOWN = 100
"""So many changes are shown where nobody is asked about them."""


class What(StrEnum):
    """What `tco prices refresh --source` reads."""

    TOKENS = "tokens"
    GPUS = "gpus"
    ALL = "all"


class Accept(StrEnum):
    """What `tco prices refresh --accept` takes into the book."""

    ALL = "all"
    NONE = "none"
    ASK = "ask"


_GROUPS: dict[What, Group | None] = {What.TOKENS: "tokens", What.GPUS: "gpus", What.ALL: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked a refresh to do.

    Attributes:
        accept: which rows to take.
        suspicious: take doubtful rows too.
        yes: do not ask before the snapshot is written.
        dry_run: write nothing.
        as_json: print one JSON document.
    """

    accept: Accept
    suspicious: bool = False
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False


def refresh_command(
    source: Annotated[What, typer.Option(help="Which lists to read.")] = What.ALL,
    accept: Annotated[
        Accept | None, typer.Option(help="Which changes to take. [default: ask, where there is somebody to ask]")
    ] = None,
    accept_suspicious: Annotated[
        bool, typer.Option("--accept-suspicious", help="With --accept all: doubtful rows too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write the snapshot without a last question.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read public price lists anew, show each change, and keep what is accepted as a dated snapshot beside the old ones.

    The only command that uses the web. It asks raw.githubusercontent.com (genai-prices, litellm) and
    dstack-gpu-pricing.s3.eu-west-1.amazonaws.com (gpuhunt), through the proxy of HTTPS_PROXY where there is one.
    """
    if accept is None and not dry_run:
        if not sys.stdin.isatty():
            fail("there is nobody to ask: give --accept all, --accept none or --dry-run.")
        accept = Accept.ASK
    if as_json and accept is Accept.ASK:
        fail("--json asks nothing: give --accept all, --accept none or --dry-run.")
    wish = Wish(accept=accept or Accept.NONE, suspicious=accept_suspicious, yes=yes, dry_run=dry_run, as_json=as_json)
    code = run_refresh(wish, sources(_GROUPS[source]), snapshots_folder())
    if code:
        raise typer.Exit(code)


def run_refresh(wish: Wish, wanted: Sequence[Source], folder: Path, limits: Limits | None = None) -> int:
    """Fetches, shows, asks and writes.

    Args:
        wish: what the user asked for.
        wanted: the lists.
        folder: where snapshots are kept.
        limits: hosts, schemes and caps; null: the product's own.

    Returns:
        The exit code: 0; 2 where nothing could be read or written; 5 where a part of the lists could not; 130 after Ctrl-C.
    """
    try:
        return _run(wish, wanted, folder, limits)
    except (KeyboardInterrupt, typer.Abort):
        console().print("Interrupted: the price book is as it was.")
        return EXIT_INTERRUPTED


def _run(wish: Wish, wanted: Sequence[Source], folder: Path, limits: Limits | None) -> int:
    today = datetime.now(tz=UTC).date()
    try:
        book = open_book(folder=folder)
    except PriceNotFound as error:
        return _refused(str(error))
    names = ", ".join(source.name for source in wanted)
    console().print(f"Reading {len(wanted)} lists: {names} ...", markup=False, soft_wrap=True)
    proposal = propose(book, gather(wanted, today, limits), today)
    for problem in proposal.problems:
        console().print(f"not read: {problem}", style="bold red", markup=False, soft_wrap=True)
    failed = len(proposal.problems)
    if failed == len(wanted):
        if wish.as_json:
            print_json(_document(proposal, set(), None))
        return _refused(f"none of the lists could be read; the price book is as it was ({book.id}).")
    accepted = _chosen(wish, proposal)
    written = None
    if not wish.dry_run and wish.accept is not Accept.NONE:
        try:
            info = save(proposal, accepted, folder)
        except OSError as error:
            return _refused(f"{folder} cannot be written ({error.strerror}); name another with TCO_PRICES_FOLDER.")
        written = None if info is None else info.id
    if wish.as_json:
        print_json(_document(proposal, accepted, written))
    _tell(proposal, accepted, written)
    return EXIT_INCOMPLETE if failed else 0


def _chosen(wish: Wish, proposal: Proposal) -> set[str]:
    """The rows to take."""
    doubtful = [item for item in proposal.items if item.doubts]
    plain_items = [item for item in proposal.items if not item.doubts]
    if wish.accept is Accept.ASK and not wish.dry_run:
        return _asked(plain_items, doubtful, wish)
    if not wish.as_json:
        _show(plain_items)
        _show_doubts(doubtful)
    if wish.accept is not Accept.ALL or wish.dry_run:
        return set()
    return {item.row for item in (proposal.items if wish.suspicious else plain_items)}


def _show(items: Sequence[Item]) -> None:
    found = [change for item in items for change in item.changes]
    if found:
        print_changes(found[:_SHOWN])
    if len(found) > _SHOWN:
        console().print(f"... and {len(found) - _SHOWN} more changes; --json has all of them.")


def _show_doubts(items: Sequence[Item]) -> None:
    if items:
        console().print(f"{len(items)} rows are suspicious:", style="bold")
    for item in items[:_SHOWN]:
        console().print(cell(_doubt(item)), soft_wrap=True)
    if len(items) > _SHOWN:
        console().print(f"... and {len(items) - _SHOWN} more; --json has all of them.")


def _doubt(item: Item) -> str:
    return f"  {item.row} ({item.source}): {'; '.join(item.doubts)}"


def _asked(plain_items: Sequence[Item], doubtful: Sequence[Item], wish: Wish) -> set[str]:
    """Asks seller by seller, and row by row where that is wanted; doubtful rows always one by one."""
    accepted: set[str] = set()
    everything = False
    for (source, seller), group in groupby(plain_items, key=lambda item: (item.source, item.seller)):
        items = list(group)
        if not everything:
            print_changes([change for item in items for change in item.changes])
            question = (
                f"{seller} ({source}), {len(items)} rows: [a]ll, [n]one, [r]ow by row, all [s]ellers, [q]uit asking"
            )
            answer = _answer(question, "anrsq")
            if answer == "q":
                return _confirmed(accepted, wish)
            if answer == "n":
                continue
            if answer == "r":
                accepted |= {item.row for item in items if _answer(f"  {_summary(item)}: [y]es, [n]o", "yn") == "y"}
                continue
            everything = answer == "s"
        accepted |= {item.row for item in items}
    for item in doubtful:
        print_changes(item.changes)
        answer = _answer(f"suspicious:{_doubt(item)}. Take it? [y]es, [n]o, [q]uit asking", "ynq")
        if answer == "q":
            break
        accepted |= {item.row} if answer == "y" else set()
    return _confirmed(accepted, wish)


def _confirmed(accepted: set[str], wish: Wish) -> set[str]:
    if not wish.yes and not typer.confirm(
        f"Write a snapshot with {len(accepted)} changed rows?", default=True, err=True
    ):
        raise typer.Abort
    return accepted


def _answer(question: str, letters: str) -> str:
    shown = cell(question).plain
    while True:
        answer = str(typer.prompt(shown, default="", show_default=False, err=True)).strip().casefold()
        if len(answer) == 1 and answer in letters:
            return answer
        console().print(f"Write one of {', '.join(letters)}.")


def _summary(item: Item) -> str:
    parts = [
        f"{change.price.per} {'' if change.old is None else number(change.old.amount)}"
        f" -> {'' if change.new is None else number(change.new.amount)}"
        for change in item.changes
    ]
    return f"{item.row}: {', '.join(parts)}"


def _tell(proposal: Proposal, accepted: set[str], written: str | None) -> None:
    out = console()
    left = [item for item in proposal.items if item.row not in accepted]
    doubtful = sum(bool(item.doubts) for item in left)
    again = " (the others with --accept-suspicious, or one by one with --accept ask)" if doubtful and accepted else ""
    out.print(
        f"{len(proposal.items)} rows differ from {proposal.base.id}: {len(accepted)} taken, {len(left)} left, "
        f"{doubtful} of them suspicious{again}.",
        soft_wrap=True,
    )
    if written is None:
        out.print("Nothing was written: the price book is as it was.")
    else:
        out.print(f"Snapshot {written} is written and in use from now on.")


def _document(proposal: Proposal, accepted: set[str], written: str | None) -> dict[str, Any]:
    return {
        "on": proposal.on.isoformat(),
        "base": proposal.base.id,
        "sources": [_source(reading) for reading in proposal.readings],
        "rows": [
            {
                "row": item.row,
                "source": item.source,
                "seller": item.seller,
                "accepted": item.row in accepted,
                "doubts": list(item.doubts),
                "changes": plain(item.changes),
            }
            for item in proposal.items
        ],
        "snapshot": written,
    }


def _source(reading: Reading) -> dict[str, Any]:
    fetched = reading.fetched
    return {
        "name": reading.source.name,
        "url": reading.source.url,
        "problem": reading.problem,
        "fetched_at": None if fetched is None else fetched.fetched_at.isoformat(),
        "sha256": None if fetched is None else fetched.sha256,
        "bytes": None if fetched is None else len(fetched.data),
        "rows_read": 0 if reading.rows is None else len(row_names(reading.rows)),
        "rows_turned_away": 0 if reading.rows is None else len(reading.rows.rejected),
    }


def _refused(message: str) -> int:
    console().print(f"error: {message}", style="bold red", markup=False, soft_wrap=True)
    return EXIT_INVALID
