"""Raw answers while a load runs: packed, bounded in memory, parsed when it is over."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO

from probes.trace import RawAnswer

MEMORY_BYTES = 256 * 1024 * 1024
"""What one process keeps in memory; what comes after goes to a temporary file."""


@dataclass(slots=True)
class _Packed:
    """An answer whose body is one piece of bytes, with the lengths and times of the reads that it came in."""

    head: RawAnswer
    times: array[int]
    sizes: array[int]
    body: bytes | None
    place: int = 0


class KeptAnswers:
    """Answers in the order of their ends. A quarter of a kilobyte a token is what a server sends; Python's own objects around it would double that."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        """Starts empty.

        Args:
            memory_bytes: bodies kept in memory; the rest goes to disk.
        """
        self._packed: list[_Packed] = []
        self._room = memory_bytes
        self._file: IO[bytes] | None = None

    def __len__(self) -> int:
        """Answers kept."""
        return len(self._packed)

    @property
    def spilled(self) -> bool:
        """Whether a part is on disk."""
        return self._file is not None

    def add(self, raw: RawAnswer) -> None:
        """Keeps an answer.

        Args:
            raw: the answer, of which only the reads are packed.

        Raises:
            OSError: memory is used up and the disk is full.
        """
        times = array("q", (at_ns for at_ns, _ in raw.reads))
        sizes = array("l", (len(piece) for _, piece in raw.reads))
        body = b"".join([piece for _, piece in raw.reads])
        packed = _Packed(replace(raw, reads=()), times, sizes, body)
        if len(body) > self._room:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="probe-answers-")  # noqa: SIM115 -- closed by `close`
            packed.place = self._file.seek(0, 2)
            self._file.write(body)
            packed.body = None
        else:
            self._room -= len(body)
        self._packed.append(packed)

    def take_all(self) -> Iterator[RawAnswer]:
        """Gives every answer as it came and forgets it."""
        packed, self._packed = self._packed, []
        packed.reverse()
        while packed:
            yield self._unpacked(packed.pop())

    def close(self) -> None:
        """Forgets everything."""
        self._packed = []
        if self._file is not None:
            self._file.close()
            self._file = None

    def _unpacked(self, packed: _Packed) -> RawAnswer:
        body = packed.body
        if body is None:
            assert self._file is not None
            self._file.seek(packed.place)
            body = self._file.read(sum(packed.sizes))
        reads, place = [], 0
        for at_ns, size in zip(packed.times, packed.sizes, strict=True):
            reads.append((at_ns, body[place : place + size]))
            place += size
        return replace(packed.head, reads=tuple(reads))
