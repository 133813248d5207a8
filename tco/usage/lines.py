"""Files of usage as lines of text: plain or gzip, with limits that hold while they are unpacked."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pricing.yaml_file import shown
from tco.errors import InputError

MAX_BYTES = 2**31
"""A file, unpacked, has at most 2 GiB."""

MAX_LINE_BYTES = 2**25
"""A line has at most 32 MiB: a whole export of an API may be one line."""

_MAX_RATIO = 250
_RATIO_FROM_BYTES = 2**26
_MOST_EMPTY_LINES = 1_000_000
_NO_TEXT = {
    b"PK\x03\x04": "a zip archive; unpack it, or pack it with gzip",
    b"PAR1": "a Parquet file; export CSV or JSON lines in its place",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
}
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class UsageFile:
    """A file, on disk or in memory.

    Attributes:
        name: without its folder, as messages and sources tell it.
        path: where it lies; None: it is in `data`.
        data: its bytes.
    """

    name: str
    path: Path | None = None
    data: bytes = b""

    @staticmethod
    def at(path: str | Path) -> UsageFile:
        """A file on disk."""
        return UsageFile(shown(Path(path).name), Path(path))

    @staticmethod
    def of_bytes(name: str, data: bytes) -> UsageFile:
        """An upload."""
        return UsageFile(shown(Path(name).name), None, data)


def lines_of(file: UsageFile, *, max_bytes: int = MAX_BYTES) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, from 1, with their ends.

    Args:
        file: plain or gzip, which its first bytes tell.
        max_bytes: of what is unpacked [bytes]; more is refused while it is read, so a small file that unpacks to a large one does no harm.

    Raises:
        InputError: cannot be read, no text in UTF-8, too large, unpacks to far more than it is, or has a line of more than 32 MiB.
    """
    with _opened(file) as (raw, size):
        head = raw.read(4)
        raw.seek(0)
        for magic, what in _NO_TEXT.items():
            if head.startswith(magic):
                raise InputError(f"{file.name}: {what}")
        packed = head.startswith(_GZIP)
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
        try:
            yield from _lines(stream, file.name, size, max_bytes)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(f"{file.name}: the gzip archive is damaged or cut off ({error})") from None


@contextlib.contextmanager
def _opened(file: UsageFile) -> Iterator[tuple[IO[bytes], int]]:
    if file.path is None:
        yield io.BytesIO(file.data), len(file.data)
        return
    try:
        if not file.path.is_file():
            raise InputError(
                f"{file.path}: no such file; name an export of usage (CSV, JSON or JSON lines, or .gz of it)"
            )
        with file.path.open("rb") as raw:
            yield raw, file.path.stat().st_size
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise
        raise InputError(f"{file.path}: cannot be read ({error.strerror})") from None


def _lines(stream: IO[bytes], name: str, packed_bytes: int, max_bytes: int) -> Iterator[tuple[int, str]]:
    total = number = empty = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        total += len(raw)
        empty += raw.isspace()
        if len(raw) > MAX_LINE_BYTES:
            raise InputError(f"{name}, line {number}: longer than {MAX_LINE_BYTES >> 20} MiB; export a shorter span")
        if empty > _MOST_EMPTY_LINES:
            raise InputError(f"{name}: more than {_MOST_EMPTY_LINES:,} empty lines; this is no log")
        if total > max_bytes:
            raise InputError(
                f"{name}: more than {max_bytes >> 20} MiB of text; export a shorter span, or fewer columns"
            )
        if total > _RATIO_FROM_BYTES and total > _MAX_RATIO * packed_bytes:
            raise InputError(f"{name}: unpacks to more than {_MAX_RATIO} times its size; no log does")
        yield number, _decoded(raw, name, number)


def _decoded(raw: bytes, name: str, number: int) -> str:
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{name}, line {number}: no text in UTF-8; export CSV, JSON or JSON lines") from None
    if "\0" in text:
        raise InputError(f"{name}, line {number}: has a zero byte, which no text has")
    return text
