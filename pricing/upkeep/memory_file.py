"""A file of the book that is only in memory: how a table looks before anybody has accepted it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import IO, Any


class MemoryFile(Traversable):
    """Bytes under a name, readable like a file of a package.

    >>> MemoryFile("a.csv", b"x,y").read_text(encoding="utf-8")
    'x,y'
    """

    def __init__(self, name: str, data: bytes) -> None:
        """Keeps the bytes; `name` is the file's path in the book."""
        self._name = name
        self._data = data

    @property
    def name(self) -> str:
        """The path in the book."""
        return self._name

    def read_bytes(self) -> bytes:
        """The bytes."""
        return self._data

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        """The bytes as text, UTF-8 unless another encoding is named."""
        return self._data.decode(encoding or "utf-8", errors or "strict")

    def joinpath(self, *descendants: Any) -> Traversable:
        """Refuses: it is no folder."""
        raise NotADirectoryError(f"{self._name} is no folder: there is no {'/'.join(map(str, descendants))} in it")

    def iterdir(self) -> Iterator[Traversable]:
        """Nothing: it is no folder."""
        return iter(())

    def is_dir(self) -> bool:
        """No."""
        return False

    def is_file(self) -> bool:
        """Yes."""
        return True

    def open(self, mode: str = "r", *_args: Any, **_kwargs: Any) -> IO[Any]:
        """The bytes, or with mode `r` their UTF-8 text."""
        return io.BytesIO(self._data) if "b" in mode else io.StringIO(self.read_text())
