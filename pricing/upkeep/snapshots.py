"""Dated snapshots: newer copies of some tables, kept in the user's data folder, so that a report re-renders as it was.

A snapshot is a folder named after the id of the book that it makes, `YYYY-MM-DD-<hash12>`. It holds the files that differ from
the shipped ones and `snapshot.json`, which says where each came from. It is written once and never changed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from pricing.book import SHIPPED_ON, Book, shipped_book
from pricing.price import PriceNotFound
from pricing.tables import did_you_mean
from pricing.upkeep.snapshot_record import (
    ID,
    PATH,
    RECORD,
    SHIPPED,
    FileRecord,
    SnapshotDamaged,
    SnapshotInfo,
    SourceRecord,
    checked_record,
    read_record,
    sha256_of,
)

if TYPE_CHECKING:
    from pricing.own.overrides import Overrides

__all__ = [
    "SHIPPED",
    "SnapshotDamaged",
    "SnapshotInfo",
    "damaged",
    "open_book",
    "snapshots",
    "snapshots_folder",
    "write_snapshot",
]

FOLDER_VARIABLE = "TCO_PRICES_FOLDER"
"""The environment variable that names another folder for snapshots."""


def snapshots_folder() -> Path:
    """Where snapshots are kept: `$TCO_PRICES_FOLDER`, or `prices` in the user's data folder of this system."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("tco-llm", appauthor=False), "prices")


def snapshots(folder: Path | None = None) -> list[SnapshotInfo]:
    """The snapshots in a folder whose records can be read, oldest first.

    Args:
        folder: null: `snapshots_folder()`. A folder that does not exist has no snapshots.
    """
    infos = []
    for path in _folders(folder or snapshots_folder()):
        try:
            infos.append(read_record(path))
        except SnapshotDamaged:
            continue  # `damaged` tells of it
    return sorted(infos, key=lambda info: (info.as_of, info.created_at))


def damaged(folder: Path | None = None) -> dict[str, str]:
    """The snapshots of a folder that are refused, by id, each with the sentence why; every file is read for this.

    Args:
        folder: null: `snapshots_folder()`.
    """
    problems = {}
    for path in _folders(folder or snapshots_folder()):
        try:
            _open(path)
        except SnapshotDamaged as error:
            problems[path.name] = str(error)
    return problems


def open_book(pin: str | None = None, overrides: Overrides | None = None, folder: Path | None = None) -> Book:
    """The book to price with: the newest snapshot, the shipped book, or the one that is named.

    Args:
        pin: null: the newest snapshot that is as new as the shipped book or newer, else the shipped book. `shipped`. The id of
            a book, or the beginning of one. A date: the newest book on or before it.
        overrides: the user's own prices.
        folder: where the snapshots are; null: `snapshots_folder()`.

    Raises:
        PriceNotFound: no such book, or the pin fits several; the message lists what there is.
        SnapshotDamaged: the book that was asked for is not what its record says. No other book is taken in its place.

    Example:
        >>> open_book("shipped").id == shipped_book().id
        True
    """
    place = folder or snapshots_folder()
    dated = _dated(place)
    wanted = _default(dated) if pin is None else _pinned(pin.strip(), dated)
    book = shipped_book() if wanted == SHIPPED else _open(place / wanted)
    if pin is not None and wanted not in (SHIPPED, book.id):
        info = read_record(place / wanted)
        raise PriceNotFound(
            f"the snapshot {wanted} was made by {info.tool} over the tables of {info.base}, and this version ships other "
            f"tables ({shipped_book().id}), so its prices cannot be had as they were. Install {info.tool} to open it, or "
            "leave the pin away."
        )
    return book if overrides is None else book.with_overrides(overrides)


def write_snapshot(
    files: Mapping[str, bytes],
    *,
    as_of: date,
    created_at: datetime,
    tool: str,
    parent: Book,
    sources: tuple[SourceRecord, ...] = (),
    folder: Path | None = None,
) -> SnapshotInfo:
    """Writes a new snapshot beside the old ones, whole or not at all.

    Everything is written into a hidden folder, which then gets its name in one step. Whatever ends the writing, a Ctrl-C
    included, leaves the other snapshots as they were and this one away.

    Args:
        files: the new tables, by path under `pricing/data/`.
        as_of: the day of the refresh.
        created_at: now, UTC.
        tool: package and version that writes.
        parent: the book that the refresh began with; the tables that it has newer than the shipped ones come along.
        sources: what was read.
        folder: null: `snapshots_folder()`.

    Returns:
        Its record. Where a snapshot of the same day with the same tables is there, that one's.

    Raises:
        ValueError: a name is no path under `pricing/data/`, or nothing differs from the shipped tables.
        OSError: the folder cannot be written.
    """
    content = _content(files, parent)
    place = folder or snapshots_folder()
    place.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=place))
    try:
        for name, data in content.items():
            _write(temporary / name, data)
        book = Book(as_of=as_of, newer={name: temporary / name for name in content})
        target = place / book.id
        if target.exists():
            shutil.rmtree(temporary)
            return checked_record(target)
        info = SnapshotInfo(
            id=book.id,
            as_of=as_of,
            created_at=created_at,
            tool=tool,
            base=shipped_book().id,
            parent=parent.id,
            sources=sources,
            files=tuple(
                FileRecord(name=name, sha256=sha256_of(data), bytes=len(data)) for name, data in sorted(content.items())
            ),
        )
        _write(temporary / RECORD, info.model_dump_json(indent=2).encode())
        try:
            temporary.rename(target)
        except OSError:
            if not target.exists():
                raise
            shutil.rmtree(temporary)  # another refresh has written the same in this moment
            return checked_record(target)
    except BaseException:  # a Ctrl-C too must not leave half a snapshot
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return info


def _content(files: Mapping[str, bytes], parent: Book) -> dict[str, bytes]:
    """The tables of a new snapshot: what is new, over what its parent had newer, without what equals the shipped table."""
    content = {**{name: file.read_bytes() for name, file in parent.newer.items()}, **files}
    bad = sorted(name for name in content if not _is_safe(name))
    if bad:
        raise ValueError(f"not paths under pricing/data/: {', '.join(bad)}")
    content = {name: data for name, data in content.items() if data != _shipped_bytes(name)}
    if not content:
        raise ValueError("nothing differs from the shipped tables: there is nothing to keep")
    return content


def _default(dated: list[tuple[date, str]]) -> str:
    # Not only newer: a refresh on the day of the release began with the shipped tables, so it is newer than they are.
    usable = [name for day, name in dated if day >= SHIPPED_ON]
    return usable[-1] if usable else SHIPPED


def _pinned(pin: str, dated: list[tuple[date, str]]) -> str:
    day = _day(pin)
    if day is not None:
        return _newest_by(day, dated)
    if pin.casefold() == SHIPPED:
        return SHIPPED
    shipped_id = shipped_book().id
    names = [*(name for _, name in dated), shipped_id]
    fitting = [pin] if pin in names else [name for name in names if pin and name.startswith(pin)]
    if len(fitting) > 1:
        raise PriceNotFound(f"{pin!r} fits several price books: {', '.join(fitting)}. Write more of the id.")
    if not fitting:
        raise PriceNotFound(f"no price book {pin!r}.{did_you_mean(pin, names)} {_what_there_is(dated)}")
    return SHIPPED if fitting[0] == shipped_id else fitting[0]


def _newest_by(day: date, dated: list[tuple[date, str]]) -> str:
    # The shipped book is older than a snapshot of its own day; `sorted` keeps the order of equals.
    everything = sorted([(SHIPPED_ON, SHIPPED), *dated], key=lambda pair: pair[0])
    found = [name for as_of, name in everything if as_of <= day]
    if not found:
        raise PriceNotFound(f"no price book of {day.isoformat()} or before. {_what_there_is(dated)}")
    return found[-1]


def _what_there_is(dated: list[tuple[date, str]]) -> str:
    ids = ", ".join(name for _, name in dated) or "none"
    return (
        f"There is: `{SHIPPED}` ({shipped_book().id}); snapshots: {ids}. A pin is `{SHIPPED}`, an id, its beginning, or a "
        "date. An id from another version of the package needs that version."
    )


def _day(pin: str) -> date | None:
    try:
        return date.fromisoformat(pin) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", pin) else None
    except ValueError:
        return None


def _folders(folder: Path) -> Iterator[Path]:
    """Folders that are named like a snapshot; what a killed writing left is hidden and not."""
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if ID.fullmatch(path.name) and path.is_dir())


def _dated(folder: Path) -> list[tuple[date, str]]:
    """Day and id of every snapshot, oldest first. One without a readable record too: what is newest must not hide damage."""
    ages = []
    for path in _folders(folder):
        try:
            info = read_record(path)
            ages.append((info.as_of, info.created_at, info.id))
        except SnapshotDamaged:
            written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
            ages.append((date.fromisoformat(path.name[:10]), written, path.name))
    return [(day, name) for day, _, name in sorted(ages)]


def _open(path: Path) -> Book:
    """The book of a snapshot, read and checked once for as long as none of its files changes."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return _opened(path, tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


@lru_cache(maxsize=4)
def _opened(path: Path, state: tuple[tuple[Path, int, int], ...]) -> Book:  # noqa: ARG001 - the state is the key
    info = checked_record(path)
    return Book(as_of=info.as_of, newer={file.name: path / file.name for file in info.files})


def _is_safe(name: str) -> bool:
    return bool(PATH.fullmatch(name)) and name != RECORD


def _shipped_bytes(name: str) -> bytes | None:
    file = shipped_book().file(name)
    return file.read_bytes() if file.is_file() else None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
