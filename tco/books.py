"""Finding the prices that a scenario names: a state of the price book, under the user's own prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from pricing import (
    Book,
    FileError,
    Overrides,
    PriceNotFound,
    every_price,
    open_book,
    override_warnings,
    read_overrides,
)
from tco.errors import InputError
from tco.hosting import refuse_server_file
from tco.result import Caution, PriceBook
from tco.scenario import Scenario


def find_book(scenario: Scenario, own_prices: Mapping[str, Overrides] | None = None) -> Book:
    """The book that a scenario is to be answered from.

    Args:
        scenario: the question; `prices.book` pins a state, `prices.file` names the user's own prices.
        own_prices: files that the caller holds already, by the name that the scenario uses; others are read.

    Raises:
        InputError: no such state of the book is here, or the file of prices cannot be read or is not valid.
    """
    try:
        return open_book(scenario.prices.book, _own(scenario, own_prices or {}))
    except (PriceNotFound, FileError) as error:
        raise InputError(f"prices: {error.args[0]}") from None


def named(book: Book) -> PriceBook:
    """What names a book in a result."""
    own = book.overrides
    return PriceBook(id=book.id, as_of=book.as_of, own_prices=f"{own.name} ({own.id})" if own else None)


def own_price_cautions(book: Book, on: date) -> Iterator[Caution]:
    """What is odd about the user's own prices: entries that match nothing, ties, old rates.

    Args:
        book: with the user's own prices, or without.
        on: the scenario's day.
    """
    if book.overrides is not None:
        for sentence in _warnings(book, on):
            yield Caution(code="own_prices", path="prices.file", message=sentence)


@lru_cache(maxsize=8)
def _warnings(book: Book, on: date) -> tuple[str, ...]:
    assert book.overrides is not None
    # A third of a second over the whole book: once for a file, not once for every change of a slider.
    return tuple(override_warnings(book.overrides, every_price(on, book.with_overrides(None)), on))


def find_own_prices(name: str, folder: Path | None = None) -> Overrides:
    """Reads the file of own prices that a scenario names.

    Args:
        name: as in `prices.file`.
        folder: the scenario file's folder, which is looked in first; None where the scenario came from no file.

    Raises:
        FileError: it cannot be read or is not valid.
    """
    refuse_server_file(name, "file of prices")
    beside = None if folder is None else folder / name
    return read_overrides(beside if beside is not None and beside.is_file() else Path(name))


def _own(scenario: Scenario, given: Mapping[str, Overrides]) -> Overrides | None:
    name = scenario.prices.file
    if name is None:
        return None
    return given[name] if name in given else find_own_prices(name, scenario.folder)
