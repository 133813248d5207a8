"""Prices: what the price book holds on the scenario's day, with source and date in every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import pricing
from tco import InputError
from tco.number_style import local
from tco.views import (
    _prices_energy,
    _prices_hardware,
    _prices_models,
    _prices_outlook,
    _prices_own,
    _prices_rental,
    _prices_stale,
    _prices_tokens,
    _state,
)
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from pricing import Book


def show_header(on: date, book: Book) -> None:
    """Which prices these are, for which day, how many are old, and whose."""
    prices = pricing.list_prices(on=on, book=book)
    old = len(pricing.stale(prices, on))
    own = f" · under your own prices, {plain(book.overrides.name)}" if book.overrides else ""
    st.caption(
        f"Price book `{book.id}`, for {on:%d %B %Y}, the scenario's date · {local(old):,} of {local(len(prices)):,} prices, API tokens "
        f"aside, were read more than {pricing.STALE_AFTER_DAYS} days before{own}"
    )


def show_tabs(on: date, book: Book, wanted: str) -> None:
    """The tabs; only the open one is computed."""
    pages: dict[str, Callable[[], None]] = {
        "GPU rental": lambda: _prices_rental.show(on, book, wanted),
        "API tokens": lambda: _prices_tokens.show(on, book, wanted),
        "Models": lambda: _prices_models.show(book, wanted),
        "Own hardware": lambda: _prices_hardware.show(on, book, wanted),
        "Energy": lambda: _prices_energy.show(on, book, wanted),
        "Outlook": lambda: _prices_outlook.show(on, book, wanted),
        "What is stale": lambda: _prices_stale.show(on, book, wanted),
    }
    for tab, show in zip(st.tabs(list(pages), on_change="rerun", key="price_tabs"), pages.values(), strict=True):
        if tab.open:
            with tab:
                show()


def show_page() -> None:
    """Header, own prices, search, tabs; a sentence where the scenario's prices cannot be had."""
    on = _state.scenario().as_of
    st.header("Prices", anchor=False)
    book, problem = None, ""
    try:
        book = _state.book()
    except InputError as error:
        problem = str(error)
    if book is not None:
        show_header(on, book)
    search, own = st.columns([4, 1], vertical_alignment="bottom")
    with own, st.popover("Your own prices", icon=":material/contract:", width="stretch", key="own_prices_popover"):
        _prices_own.show(on, book)
    wanted = search.text_input(
        "Search", placeholder="GPU, provider, model, region", icon=":material/search:", max_chars=60
    )
    if book is None:
        st.error(plain(problem), icon=":material/error:")
        return
    show_tabs(on, book, wanted)


show_page()
