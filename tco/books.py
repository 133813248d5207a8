"""Finding the prices that a scenario names: a state of the price book, under the user's own prices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pricing import Book, FileError, Overrides, PriceNotFound, open_book, read_overrides
from tco.errors import InputError
from tco.result import PriceBook
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


def _own(scenario: Scenario, given: Mapping[str, Overrides]) -> Overrides | None:
    name = scenario.prices.file
    if name is None:
        return None
    if name in given:
        return given[name]
    beside = None if scenario.folder is None else scenario.folder / name
    return read_overrides(beside if beside is not None and beside.is_file() else Path(name))
