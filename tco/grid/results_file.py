"""The results of a grid: a file of JSON lines that an interruption, a crash or a full disk cannot spoil.

The first line is the header: what the results rest on. Each further line is a point, appended as soon as it is known. Once all
points are there, they are put in order, so that the file's bytes do not depend on how many workers made it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from tco.errors import InputError
from tco.grid.job import Job, identity
from tco.grid.point import GridPoint

if sys.platform != "win32":
    import fcntl

SCHEMA = 1
"""Number of the results file's format."""

_KIND = "tco-grid-results"
_MAX_HEADER_BYTES = 50_000_000
_WORDS = {
    "axes": "the grid's axes have changed",
    "scenario": "the base scenario has changed",
    "runs": "a run has changed",
    "prices": "the prices are others",
}


def header_of(job: Job) -> dict[str, Any]:
    """The header of a job's results. Files with equal headers hold equal results."""
    return {
        "kind": _KIND,
        "schema": SCHEMA,
        "grid": job.name,
        "tool_version": job.tool_version,
        "points": job.points,
        "axes": {axis.name: [choice.value for choice in axis.choices] for axis in job.axes},
        "price_books": sorted(job.books.texts.values()),
        "identity": identity(job),
    }


class ResultsFile:
    """An open results file. A context manager; while it is open no other command writes to it.

    Attributes:
        path: of the file.
        header: its first line.
        taken_up: how many points it held when it was opened.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        """Opens the file to go on with it, or makes it; see `open_results`."""
        self.path = path
        self.header = header
        self._line = json.dumps(header, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        self._positions: NDArray[np.int64] = np.full(header["points"], -1, dtype=np.int64)
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self.taken_up = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def done(self) -> int:
        """How many points are there."""
        return int(np.count_nonzero(self._positions >= 0))

    def missing(self) -> list[int]:
        """The points that are not there, in order."""
        return [int(index) for index in np.flatnonzero(self._positions < 0)]

    def begin(self, *, force: bool) -> None:
        """Reads what is there, or writes the header.

        Raises:
            InputError: it holds something else, or another command has it open.
        """
        if not _locked(self._file):
            raise InputError(f"{self.path}: another command writes to it; wait for it, or name another file with --out")
        first = self._file.readline(_MAX_HEADER_BYTES)
        if force or not first:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self._line)
            self._file.flush()
            return
        self._refuse_another(first)
        self._take_up()

    def append(self, index: int, line: str) -> None:
        """Adds a point.

        Args:
            index: of the point.
            line: the point as JSON, without a newline.

        Raises:
            OSError: the disk is full, or gone.
        """
        position = self._file.seek(0, os.SEEK_END)
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        self._positions[index] = position

    def finish(self) -> None:
        """Puts the points in order, where they are not, and makes sure that the disk has them.

        Raises:
            OSError: the disk is full; the file is as it was.
        """
        if not self._in_order():
            self._rewrite()
        self._file.flush()
        os.fsync(self._file.fileno())

    def points(self) -> Iterator[GridPoint]:
        """The points that are there, in the order of the grid."""
        for index in np.flatnonzero(self._positions >= 0):
            yield self.point(int(index))

    def point(self, index: int) -> GridPoint:
        """One point that is there."""
        self._file.seek(int(self._positions[index]))
        return GridPoint.model_validate_json(self._file.readline())

    def _refuse_another(self, first: bytes) -> None:
        try:
            found = json.loads(first)
            kind = found["kind"]
        except (ValueError, KeyError, TypeError):
            kind = None
        if kind != _KIND:
            raise InputError(
                f"{self.path}: is there and holds no results of a grid; name another file, or --force writes over it"
            )
        if found == self.header:
            return
        before, now = found.get("identity", {}), self.header["identity"]
        reasons = [words for name, words in _WORDS.items() if before.get(name) != now[name]]
        if found.get("tool_version") != self.header["tool_version"]:
            reasons.append(f"it was made by version {found.get('tool_version')}, this is {self.header['tool_version']}")
        raise InputError(
            f"{self.path}: holds the results of another question ({'; '.join(reasons) or 'its header differs'}); "
            "name another file with --out, or start anew with --force"
        )

    def _take_up(self) -> None:
        """Finds the points. A line that a crash tore is dropped, so that its point is answered again."""
        position = end = self._file.tell()
        for line in iter(self._file.readline, b""):
            if not line.endswith(b"\n"):
                break
            index = _index_of(line)
            if index is not None and index < len(self._positions):
                self._positions[index] = position
            position += len(line)
            end = position
        self._file.truncate(end)
        self.taken_up = self.done

    def _in_order(self) -> bool:
        """Whether the file is the header and each point once, in order."""
        there = self._positions[self._positions >= 0]
        if len(there) == 0 or there[0] != len(self._line) or np.any(np.diff(there) <= 0):
            return False
        self._file.seek(len(self._line))
        # A line that is no point would lie between two of them.
        return all(self._file.tell() == at and self._file.readline() for at in there) and not self._file.read(1)

    def _rewrite(self) -> None:
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        positions = np.full_like(self._positions, -1)
        try:
            file = temporary.open("w+b")
            file.write(self._line)
            for index in np.flatnonzero(self._positions >= 0):
                self._file.seek(int(self._positions[index]))
                positions[index] = file.tell()
                file.write(self._file.readline())
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        self._file.close()
        self._file, self._positions = file, positions


def open_results(path: str | Path, job: Job, *, force: bool = False) -> ResultsFile:
    """Opens the file of a grid's results: a new one, or one that is gone on with.

    Args:
        path: the file.
        job: whose results it holds.
        force: start anew, whatever is there.

    Raises:
        InputError: it cannot be written, it holds something else or results of another question, or it is in use.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        results = ResultsFile(path, header_of(job))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); name another file with --out") from None
    try:
        results.begin(force=force)
    except BaseException:
        results.__exit__(None, None, None)
        raise
    return results


def _index_of(line: bytes) -> int | None:
    try:
        return GridPoint.model_validate_json(line).index
    except ValidationError:
        return None


def _locked(file: BinaryIO) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
