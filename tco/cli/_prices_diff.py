"""`tco prices diff` and `tco prices snapshots`: what changed between two days or two books, and which books there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

import pricing
from pricing.book import Book, shipped_book
from pricing.upkeep.changes import Change, changes, counts
from pricing.upkeep.snapshot_record import SHIPPED
from pricing.upkeep.snapshots import damaged, open_book, snapshots, snapshots_folder
from tco.cli._prices_book import AsJson, chosen_book, day_of
from tco.cli._shared import console, print_json
from tco.cli._tables import cell, number, print_table, short_source


class _Side(NamedTuple):
    book: Book
    on: date


def diff_command(
    a: Annotated[str, typer.Argument(metavar="A", help="A day (YYYY-MM-DD), a snapshot's id, or `shipped`.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Likewise; what changed from A to B is shown.")],
    item: Annotated[
        str | None, typer.Option(help="Only what begins so: H100, mistral/mistral-large-4, electricity/DE.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed: of one book between two days, announced changes included, or between two books today."""
    old, new = _side(a), _side(b)
    found = changes(old.book, new.book, old_on=old.on, new_on=new.on, item=item)
    if as_json:
        sides = [{"book": side.book.id, "on": side.on.isoformat()} for side in (old, new)]
        print_json({"a": sides[0], "b": sides[1], "item": item, "counts": counts(found), "changes": plain(found)})
        return
    if found:
        print_changes(found)
    seen = counts(found)
    console().print(
        f"{seen['changed']} prices changed, {seen['added']} came, {seen['gone']} went, "
        f"from {_name(old)} to {_name(new)}." + ("" if item is None else f" Only what begins with {item}."),
        markup=False,
        soft_wrap=True,
    )


def snapshots_command(as_json: AsJson = False) -> None:
    """List the dated snapshots of the price book; the one that is used unless another is pinned is marked."""
    folder = snapshots_folder()
    refused = damaged(folder)
    active = _active()
    shipped = shipped_book()
    rows: list[dict[str, Any]] = [
        {"id": shipped.id, "as_of": shipped.as_of.isoformat(), "kind": SHIPPED, "active": shipped.id == active}
    ]
    for info in snapshots(folder):
        state = {"kind": "snapshot", "active": info.id == active, "damage": refused.get(info.id)}
        rows.append(info.model_dump(mode="json") | state)
    known = {row["id"] for row in rows}
    rows += [
        {"id": name, "kind": "snapshot", "active": False, "damage": why}
        for name, why in refused.items()
        if name not in known
    ]
    if as_json:
        print_json({"folder": str(folder), "active": active, "snapshots": rows})
        return
    table = Table("", "id", "as of", "sources", "rows accepted", "rejected", "")
    for row in rows:
        table.add_row(*(cell(text) for text in _cells(row)))
    print_table(table)
    console().print(f"Snapshots are kept in {folder}.", markup=False, soft_wrap=True)


def plain(found: Sequence[Change]) -> list[dict[str, Any]]:
    """Changes as JSON has them."""
    return [change.model_dump(mode="json") for change in found]


def print_changes(found: Sequence[Change]) -> None:
    """A table of changes on stdout.

    Args:
        found: in the order in which they are to be shown.
    """
    table = Table("item", "what", "seller", "region", "tier", "unit", "old", "new", "ratio", "from", "source")
    for change in found:
        price = change.price
        cells = (
            price.item,
            change.kind,
            price.provider,
            price.region or "",
            price.tier + (f" > {price.above_input_tokens:,} tokens" if price.above_input_tokens else ""),
            f"{price.currency}/{price.per}",
            "" if change.old is None else number(change.old.amount),
            "" if change.new is None else number(change.new.amount),
            "" if change.ratio is None else f"{change.ratio:.3g}",
            (price.valid_from or price.as_of).isoformat(),
            short_source(price.source),
        )
        table.add_row(*(cell(text) for text in cells))
    print_table(table)


def _side(name: str) -> _Side:
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return _Side(chosen_book(pin=name), day_of(None))
    return _Side(chosen_book(), day)


def _name(side: _Side) -> str:
    return f"{side.on} in the book {side.book.id}"


def _active() -> str | None:
    """The id of the book that is used unless another is pinned; None where that one is damaged."""
    try:
        return open_book().id
    except pricing.PriceNotFound:
        return None


def _cells(row: dict[str, Any]) -> list[str]:
    sources = row.get("sources", [])
    return [
        "*" if row["active"] else "",
        row["id"],
        row.get("as_of", ""),
        ", ".join(source["name"] for source in sources) or (row["kind"] if row["kind"] == SHIPPED else ""),
        str(sum(source["rows_accepted"] for source in sources)) if sources else "",
        str(sum(source["rows_rejected"] for source in sources)) if sources else "",
        row.get("damage") or "",
    ]
