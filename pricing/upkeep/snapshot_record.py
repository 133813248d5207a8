"""What a snapshot of the price book says of itself, and whether it is what it says.

`snapshot.json` lists the tables of the snapshot with their hashes, and where each source of the refresh was read.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pricing.price import PriceNotFound
from pricing.tables import Record

SHIPPED = "shipped"
"""The pin of the book that came with the package."""

RECORD = "snapshot.json"
"""The record's name in the snapshot's folder."""

SCHEMA = 1
"""Version of `snapshot.json`; a newer one is refused."""

ID = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{12}")
"""Names of snapshots: the id of their book."""

PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
"""Paths of tables under `pricing/data/`; none leads out of its folder."""


class SnapshotDamaged(PriceNotFound):
    """A snapshot is not what its record says. It is never used, not even in part."""


class TurnedAway(Record):
    """A row that a refresh did not take, and why."""

    row: str
    reason: str


class SourceRecord(Record):
    """What one source of a refresh came to.

    Attributes:
        name: the source's short name.
        url: where it was read.
        fetched_at: when, UTC.
        sha256: hash of the bytes as they came.
        bytes: how many they were.
        rows_accepted: rows taken into the tables.
        rows_rejected: rows turned away, by the screen or by the user.
        rejected: the first of those, with reasons.
    """

    name: str
    url: str
    fetched_at: datetime
    sha256: str
    bytes: Annotated[int, Field(ge=0)]
    rows_accepted: Annotated[int, Field(ge=0)] = 0
    rows_rejected: Annotated[int, Field(ge=0)] = 0
    rejected: tuple[TurnedAway, ...] = ()


class FileRecord(Record):
    """One table of a snapshot: its path under `pricing/data/`, and what its bytes must be."""

    name: Annotated[str, Field(pattern=f"^{PATH.pattern}$")]
    sha256: str
    bytes: Annotated[int, Field(ge=0)]


class SnapshotInfo(Record):
    """What `snapshot.json` says.

    Attributes:
        schema_number: version of this record.
        id: the id of the book that the snapshot makes.
        as_of: the day of the refresh.
        created_at: when it was written, UTC.
        tool: package and version that wrote it.
        base: the id of the shipped book under it.
        parent: the id of the book that the refresh began with.
        sources: what was read.
        files: the tables in it.
    """

    schema_number: int = SCHEMA
    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    as_of: date
    created_at: datetime
    tool: str
    base: str
    parent: str
    sources: tuple[SourceRecord, ...] = ()
    files: tuple[FileRecord, ...]


def read_record(path: Path) -> SnapshotInfo:
    """What a snapshot's `snapshot.json` says.

    Args:
        path: the snapshot's folder.

    Raises:
        SnapshotDamaged: none, not a record, of a newer version, or of another snapshot.
    """
    try:
        raw = json.loads((path / RECORD).read_bytes())
        newer = isinstance(raw, dict) and isinstance(raw.get("schema_number"), int) and raw["schema_number"] > SCHEMA
        info = None if newer else SnapshotInfo.model_validate(raw)
    except OSError as error:
        raise _refusal(path, f"has no readable {RECORD}") from error
    except (ValueError, RecursionError) as error:
        raise _refusal(path, f"has a {RECORD} that is not a record") from error
    if info is None:
        raise _refusal(path, f"was written by a newer version ({raw.get('tool')}); upgrade tco-llm", damage=False)
    if info.id != path.name:
        raise _refusal(path, f"says in {RECORD} that it is {info.id}")
    return info


def checked_record(path: Path) -> SnapshotInfo:
    """The record of a snapshot whose files are all there, byte for byte.

    Args:
        path: the snapshot's folder.

    Raises:
        SnapshotDamaged: as for `read_record`, or a file is missing or is another one.
    """
    info = read_record(path)
    if not info.files:
        raise _refusal(path, "lists no file")
    for file in info.files:
        try:
            data = (path / file.name).read_bytes()
        except OSError as error:
            raise _refusal(path, f"lacks its file {file.name}") from error
        if len(data) != file.bytes or sha256_of(data) != file.sha256:
            raise _refusal(path, f"has another {file.name} than its record says")
    return info


def _refusal(path: Path, reason: str, *, damage: bool = True) -> SnapshotDamaged:
    remedy = f"Delete {path} and run `tco prices refresh`, or pin another book (`{SHIPPED}`)." if damage else ""
    return SnapshotDamaged(f"the snapshot {path.name} of the price book is not used: it {reason}. {remedy}".strip())


def sha256_of(data: bytes) -> str:
    """The hash of a file's bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
