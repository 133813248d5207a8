"""Prices, API tokens: what a seller asks for its models, and how the price of one of them went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

import pricing
from pricing import PriceNotFound
from tco.number_style import local
from tco.price_charts import price_history_chart
from tco.scenario import TokenOption
from tco.views import _chart, _look, _state
from tco.views._prices_table import COUNT, PER_MTOK, cut, is_own, link, matches, nothing, table
from tco.words import number, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from pricing import Book, Price, TokenPrices

EVERY = "every seller"
_FIRST = "openai"
_MOST_ROWS = 400
_UNITS = {
    "mtok_input": "input",
    "mtok_output": "output",
    "mtok_cached_read": "cached input",
    "mtok_cache_write": "write to the cache",
    "mtok_cache_write_1h": "write to the cache for an hour",
}


def show(on: date, book: Book, wanted: str) -> None:
    """A seller's models, then one model.

    Args:
        on: the scenario's day.
        book: the prices.
        wanted: the search.
    """
    sellers = pricing.api_sellers(book)
    own = _scenario_model(on, book)
    first = own.provider if own else _FIRST
    seller = st.selectbox(
        "Seller", [EVERY, *sellers], sellers.index(first) + 1 if first in sellers else 0, key="seller"
    )
    models = [model for model in _models(seller, on, book) if matches(wanted, model)]
    # What is withdrawn comes last.
    found = sorted(_priced(models[:_MOST_ROWS], on, book), key=lambda prices: prices.deprecated)
    if found:
        st.markdown("**USD per million tokens**")
        columns = ("Input", "Cached input", "Output", "Batch input", "Batch output")
        formats = {**dict.fromkeys(columns, PER_MTOK), "Dearer above (tokens)": COUNT}
        table([_row(prices) for prices in found], formats, f"Token prices of {seller}")
        if len(models) > _MOST_ROWS:
            st.caption(f"The first {_MOST_ROWS} of {local(len(models)):,} models. Choose a seller, or search.")
    else:
        _no_model(wanted, seller)
    names = [prices.model for prices in found]
    if own is not None and seller in (EVERY, own.provider):
        names = list(dict.fromkeys([own.model, *names]))
    _one_model(names, seller, on, book)


def _models(seller: str, on: date, book: Book) -> list[str]:
    """The seller's models, and those that only the user's own file has."""
    listed = pricing.api_models(None if seller == EVERY else seller, book)
    overrides = book.overrides
    own = [] if overrides is None else [price for price in overrides.own_prices(on) if price.per == "mtok_input"]
    new = [price.item for price in own if seller in (EVERY, price.provider)]
    return list(dict.fromkeys([*new, *listed]))


def _scenario_model(on: date, book: Book) -> TokenPrices | None:
    """What the scenario pays for by the token, the baseline first."""
    scenario = _state.scenario()
    options = sorted(scenario.options, key=lambda option: option.name != scenario.baseline)
    named = [option.model for option in options if isinstance(option, TokenOption)]
    return next(_priced(named, on, book), None)


def _priced(models: Iterable[str], on: date, book: Book) -> Iterator[TokenPrices]:
    for model in models:
        try:
            yield pricing.token_prices(model, on, book)
        except PriceNotFound:
            # Sold by token once, but not on this day; or a model that nobody sells.
            continue


def _no_model(wanted: str, seller: str) -> None:
    if seller != EVERY and wanted:
        st.info(
            plain(f"{seller} sells nothing that matches {wanted}. Choose {EVERY}, or search for fewer letters."),
            icon=":material/search_off:",
        )
    else:
        nothing(wanted)


def _row(found: TokenPrices) -> dict[str, Any]:
    def amount(price: Price | None) -> float | None:
        return None if price is None else price.amount

    return {
        "Model": found.model,
        "Input": found.input.amount,
        "Cached input": amount(found.cached_read),
        "Output": found.output.amount,
        "Batch input": amount(found.batch_input),
        "Batch output": amount(found.batch_output),
        "Dearer above (tokens)": found.long_context_from_tokens,
        "As of": found.as_of,
        "Link": link(found.input.source),
        "Layer": _layer(found),
        "Note": cut(found.note),
        "Source": found.input.source,
    }


def _layer(found: TokenPrices) -> str:
    """`book`, or the entries of the user's own file that changed any of its prices."""
    own = dict.fromkeys(price.layer for price in found.prices if is_own(price))
    return "; ".join(own) or pricing.BOOK


def _one_model(names: list[str], seller: str, on: date, book: Book) -> None:
    model = st.selectbox(
        "One model",
        names,
        key=f"token_model|{seller}",
        accept_new_options=True,
        placeholder="Pick a model, or write its name",
        help="From the table, or any name: mistral-large-4, openai/gpt-5.",
    )
    if not model:
        return
    try:
        prices = pricing.token_prices(model, on, book)
    except PriceNotFound as error:
        st.info(plain(str(error)), icon=":material/search_off:")
        return
    try:
        history = pricing.price_history(model, book)
    except PriceNotFound:
        # Only the user's own file has it, and that says one price.
        history = (prices,)
    _history(history, on)
    _tiers(prices)


def _history(history: tuple[TokenPrices, ...], on: date) -> None:
    newest = history[-1]
    st.markdown(f"**Price of {plain(newest.model)}**")
    if len(history) == 1:
        st.caption(plain(f"No change of this price is on record. It was read last on {newest.as_of:%d %B %Y}."))
        return
    words = "; ".join(_span(entry) for entry in history)
    _chart.draw(price_history_chart(history, on, _look.palette()), alt=f"Price of {newest.model} over time. {words}")
    said = f"Input and output: {words}. Dashed: after the last reading, {newest.as_of:%d %b %Y}, as it was announced."
    st.caption(plain(said))


def _span(entry: TokenPrices) -> str:
    since, until = entry.input.valid_from, entry.input.valid_to
    days = f"from {since:%d %b %Y}" if since else f"until {until:%d %b %Y}" if until else "always"
    return f"${number(entry.input.amount)} and ${number(entry.output.amount)} {days}"


def _tiers(prices: TokenPrices) -> None:
    rows = [
        {
            "What": _UNITS.get(price.per, price.per),
            "Tier": price.tier,
            "USD per Mtok": price.amount,
            "Above (input tokens)": price.above_input_tokens,
            "Hours (UTC)": price.hours_utc,
            "From": price.valid_from,
            "Until": price.valid_to,
            "As of": price.as_of,
            "Link": link(price.source),
            "Layer": price.layer,
            "Note": cut(price.note),
        }
        for price in prices.prices
    ]
    table(rows, {"USD per Mtok": PER_MTOK, "Above (input tokens)": COUNT}, f"Every price of {prices.model}", height=320)
