"""`tco prices history`: how an API price went. `tco prices crosscheck`: two public lists held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from pricing.price import Price, PriceNotFound
from pricing.tokens.crosscheck import SECOND_SELLERS, Difference, book_rates, crosscheck, second_rates
from pricing.tokens.history import price_history
from pricing.tokens.prices import TokenPrices
from tco.cli._prices_book import AsJson, On, Own, Pin, chosen_book, day_of
from tco.cli._shared import console, fail, print_json
from tco.cli._tables import cell, number, print_table


def history_command(
    model: Annotated[str, typer.Argument(help="An API model: openai/gpt-5, or a bare name (mistral-large-4).")],
    own: Own = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """Show how the standard price of one API model went, and the changes that are announced [USD per million tokens]."""
    try:
        entries = price_history(model, chosen_book(own, pin))
    except PriceNotFound as error:
        fail(str(error))
    if as_json:
        rows = [
            {"valid_from": entry.input.valid_from, "valid_to": entry.input.valid_to, **entry.model_dump(mode="json")}
            for entry in entries
        ]
        print_json({"model": entries[0].model, "history": rows})
        return
    _print_history(entries)


def crosscheck_command(
    provider: Annotated[
        str | None, typer.Option(help=f"One seller of: {', '.join(SECOND_SELLERS)}. [default: all]")
    ] = None,
    on: On = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """Compare the book's API prices with a second public list, and say why they differ where that is known."""
    day = day_of(on)
    book = chosen_book(pin=pin)
    try:
        second = second_rates(provider, book)
        first = book_rates(second, day, book)
    except PriceNotFound as error:
        fail(str(error))
    found = crosscheck(first, second)
    both = first.keys() & second.keys()
    if as_json:
        differences = [difference.model_dump(mode="json") for difference in found]
        print_json({"on": day.isoformat(), "models_compared": len(both), "differences": differences})
        return
    if found:
        _print_differences(found)
    differ = len({difference.model for difference in found})
    console().print(f"{len(both)} models in both lists: {len(both) - differ} agree, {differ} differ.")


def _print_history(entries: Sequence[TokenPrices]) -> None:
    table = Table("from", "to", "input", "cached", "output", "long from", "input", "output", "read", "note")
    for entry in entries:
        steps = entry.long_context_from_tokens
        texts = (
            str(entry.input.valid_from or "not known"),
            str(entry.input.valid_to or ""),
            _usd(entry.input),
            _usd(entry.cached_read),
            _usd(entry.output),
            "" if steps is None else f"{steps:,}",
            _usd(entry.long_context_input),
            _usd(entry.long_context_output),
            str(entry.as_of),
            entry.note or "",
        )
        table.add_row(*(cell(text) for text in texts))
    table.title = f"{entries[0].model}, USD per million tokens"
    print_table(table)


def _usd(price: Price | None) -> str:
    return "" if price is None else number(price.amount)


def _print_differences(found: Sequence[Difference]) -> None:
    table = Table("model", "rate", "book", "second list", "ratio", "read", "second read", "likely reason")
    for row in found:
        texts = (
            row.model,
            row.rate,
            number(row.first_usd_per_mtok),
            number(row.second_usd_per_mtok),
            "" if row.ratio is None else f"{row.ratio:.3g}",
            str(row.first_as_of),
            str(row.second_as_of),
            row.reason or "",
        )
        table.add_row(*(cell(text) for text in texts))
    print_table(table)
