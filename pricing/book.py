"""A `Book`: the tables that prices are looked up in, and the user's own prices over them.

The shipped tables lie in `pricing/data/`. A snapshot (`pricing.upkeep.snapshots`) is a folder with newer copies of some of them. The
user's own prices (`pricing.own.overrides`) come last and win. Every look-up takes the book that it is to read.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache, cached_property, wraps
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pricing.own.overrides import Overrides
    from pricing.price import Price

SHIPPED_ON = date(2026, 11, 23)
"""The day on which the shipped tables were put together."""

_HASH_DIGITS = 12

T = TypeVar("T")


class Book:
    """One state of the price book. Two objects are two books, so that look-ups can be cached by the book itself.

    Attributes:
        as_of: the day on which its tables were put together.
        overrides: the user's own prices, or None.
    """

    def __init__(
        self,
        *,
        as_of: date = SHIPPED_ON,
        newer: Mapping[str, Traversable] | None = None,
        overrides: Overrides | None = None,
    ) -> None:
        """Makes a book of the shipped tables.

        Args:
            as_of: the day on which its tables were put together.
            newer: files that take the place of shipped ones, by their path under `pricing/data/`.
            overrides: the user's own prices.
        """
        self.as_of = as_of
        self.overrides = overrides
        self._newer = dict(newer or {})
        self._read: dict[Callable[[Book], Any], Any] = {}
        self._shipped = resources.files("pricing").joinpath("data")

    @cached_property
    def id(self) -> str:
        """What names this state of the tables: their day and a hash of their bytes; a Result carries it."""
        digest = hashlib.sha256()
        for name, file in sorted(self._files()):
            digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
        return f"{self.as_of.isoformat()}-{digest.hexdigest()[:_HASH_DIGITS]}"

    @property
    def newer(self) -> Mapping[str, Traversable]:
        """The files that take the place of shipped ones, by path under `pricing/data/`."""
        return dict(self._newer)

    def paid(self, price: Price, on: date) -> Price:
        """A price of the tables as the user pays it: as it is, where the user has no prices of their own.

        Args:
            price: as listed.
            on: the day.
        """
        return price if self.overrides is None else self.overrides.apply(price, on)

    def with_overrides(self, overrides: Overrides | None) -> Book:
        """The same tables under the user's own prices."""
        book = Book(as_of=self.as_of, newer=self._newer, overrides=overrides)
        book._read = self._read  # the tables are the same, so what was read of them is shared
        return book

    def file(self, name: str) -> Traversable:
        """A file of the book.

        Args:
            name: its path under `pricing/data/`, for example `electricity.csv`.
        """
        return self._newer.get(name) or self._shipped.joinpath(*name.split("/"))

    def text(self, name: str) -> str:
        """A file's text."""
        return self.file(name).read_text(encoding="utf-8")

    def table(self, name: str) -> list[dict[str, str | None]]:
        """The rows of a CSV file.

        Returns:
            One dict a row; an empty cell is `None`.
        """
        lines = self.text(name).splitlines()
        return [{key: value or None for key, value in row.items()} for row in csv.DictReader(lines)]

    def _files(self) -> Iterator[tuple[str, Traversable]]:
        """Every file of the book, its newest copy, with its path."""
        shipped = dict(_walk(self._shipped, ""))
        yield from {**shipped, **self._newer}.items()


def once_per_book(read: Callable[[Book], T]) -> Callable[[Book], T]:
    """Keeps what a function makes of a book's tables, in the book: it is made once, and goes when the book goes.

    Args:
        read: must not look at the user's own prices, since books that differ only in them share what was read.
    """

    @wraps(read)
    def kept(book: Book) -> T:
        memory: dict[Callable[[Book], Any], Any] = book._read  # noqa: SLF001 - its other half
        if read not in memory:
            memory[read] = read(book)
        found: T = memory[read]
        return found

    return kept


@cache
def shipped_book() -> Book:
    """The book as it came with the package, without anything of the user's: the default of every look-up."""
    return Book()


def _walk(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        name = f"{path}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{name}/")
        elif not name.endswith(".md"):
            yield name, entry
