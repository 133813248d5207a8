"""Prices: what the price book holds on the scenario's day, with source and date in every row."""

from __future__ import annotations

import re
from datetime import date
from statistics import median

import pandas as pd
import streamlit as st

import pricing
from pricing import Price, PriceNotFound, TokenPrices
from tco.views import _state
from tco.words import plain

_URL = re.compile(r"https?://\S+")
_MONEY, _CENTS = "$%.4g", "$%.2f"


def show_rental(on: date, wanted: str) -> None:
    """GPU-hours: the market by GPU and landlord, then every row."""
    rows = [price for price in pricing.rental_prices(on) if _matches(wanted, price.item, price.provider, price.region)]
    if not rows:
        _nothing(wanted)
        return
    market = pd.DataFrame(
        [
            {"GPU": row.item, "Landlord": row.provider_class, "Tier": row.tier, "usd": row.amount, "as_of": row.as_of}
            for row in rows
        ]
    )
    grouped = market.groupby(["GPU", "Landlord", "Tier"]).agg(
        **{
            "Median": ("usd", median),
            "Min": ("usd", "min"),
            "Max": ("usd", "max"),
            "Offers": ("usd", "size"),
            "Oldest reading": ("as_of", "min"),
        }
    )
    st.markdown("**The market, USD per GPU-hour**")
    _table(
        grouped.reset_index(), dict.fromkeys(("Min", "Median", "Max"), _CENTS), "GPU rental by GPU and landlord", 420
    )
    gpus = list(dict.fromkeys(market["GPU"].sort_values()))
    first = gpus.index("H100-SXM") if "H100-SXM" in gpus else 0
    gpu = st.selectbox("Every offer of", gpus, first, key="rental_gpu", help="Each row as its price list shows it.")
    _table(_price_rows([row for row in rows if row.item == gpu]), {"USD": _CENTS}, f"Offers of {gpu}", 420)


def show_tokens(on: date, wanted: str) -> None:
    """API tokens: one seller's models."""
    sellers = pricing.api_sellers()
    seller = st.selectbox("Seller", sellers, sellers.index("openai"), key="seller")
    models = [model for model in pricing.api_models(seller) if _matches(wanted, model)]
    prices = [found for model in models if (found := _token_prices(model, on)) is not None]
    if not prices:
        _nothing(wanted)
        return
    table = pd.DataFrame([_token_row(found) for found in prices])
    columns = ("Input", "Cached input", "Output", "Batch input", "Batch output")
    st.markdown("**USD per million tokens**")
    _table(table, dict.fromkeys(columns, _MONEY), f"Token prices of {seller}", 560)


def _token_prices(model: str, on: date) -> TokenPrices | None:
    try:
        return pricing.token_prices(model, on)
    except PriceNotFound:
        # Sold by token once, but not on this day.
        return None


def _token_row(found: TokenPrices) -> dict[str, object]:
    def amount(price: Price | None) -> float | None:
        return None if price is None else price.amount

    return {
        "Model": found.model,
        "Input": found.input.amount,
        "Cached input": amount(found.cached_read),
        "Output": found.output.amount,
        "Batch input": amount(found.batch_input),
        "Batch output": amount(found.batch_output),
        "As of": found.as_of,
        "Note": found.note,
        **_source(found.input.source),
    }


def show_electricity(on: date, wanted: str) -> None:
    """Electricity: what a business pays, by country and US state."""
    kinds = dict.fromkeys((quote.region, quote.sector) for quote in pricing.electricity_quotes())
    quotes = [pricing.electricity_price(region, on=on, sector=sector) for region, sector in kinds]
    rows = [
        {
            "Region": quote.region,
            "Sector": quote.sector,
            "USD per kWh": quote.price.amount,
            "Low": quote.low_usd_per_kwh,
            "High": quote.high_usd_per_kwh,
            "Evidence": quote.price.evidence,
            "As of": quote.price.as_of,
            **_source(quote.price.source),
        }
        for quote in quotes
        if _matches(wanted, quote.region, quote.sector)
    ]
    if not rows:
        _nothing(wanted)
        return
    _table(pd.DataFrame(rows), dict.fromkeys(("USD per kWh", "Low", "High"), "$%.3f"), "Electricity prices", 560)


def show_purchase(wanted: str) -> None:
    """GPUs to buy: what one is and what it costs in the street."""
    specs = [pricing.gpu_spec(name) for name in pricing.gpu_names() if _matches(wanted, name)]
    if not specs:
        _nothing(wanted)
        return
    rows = [
        {
            "GPU": spec.gpu,
            "USD": spec.purchase_usd,
            "Low": spec.purchase_low_usd,
            "High": spec.purchase_high_usd,
            "Memory (GB)": spec.memory_gb,
            "Bandwidth (GB/s)": spec.memory_bandwidth_gb_per_s,
            "Power (W)": spec.tdp_watts,
            "Evidence": spec.purchase_evidence,
            "As of": spec.purchase_as_of,
            **_source(spec.purchase_price.source if spec.purchase_price else ""),
        }
        for spec in specs
    ]
    _table(pd.DataFrame(rows), dict.fromkeys(("USD", "Low", "High"), "$%,.0f"), "GPUs to buy", 560)


def _price_rows(prices: list[Price]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "USD": price.amount,
                "Provider": price.provider,
                "Landlord": price.provider_class,
                "Tier": price.tier,
                "Region": price.region,
                "As of": price.as_of,
                "Note": price.note,
                **_source(price.source),
            }
            for price in prices
        ]
    )


def _source(source: str) -> dict[str, str | None]:
    """A link that can be followed, and the whole reference."""
    link = _URL.search(source)
    return {"Link": link.group() if link else None, "Source": source}


def _table(frame: pd.DataFrame, money: dict[str, str], alt: str, height: int) -> None:
    columns = {name: st.column_config.NumberColumn(format=form) for name, form in money.items()}
    link = {"Link": st.column_config.LinkColumn(display_text="open", width="small")}
    rows = min(height, 38 + 35 * len(frame))
    st.dataframe(frame, hide_index=True, height=rows, placeholder="–", column_config={**columns, **link}, alt=alt)


def _matches(wanted: str, *fields: str | None) -> bool:
    found = " ".join(field for field in fields if field).casefold()
    return all(word in found for word in wanted.casefold().split())


def _nothing(wanted: str) -> None:
    st.info(f"Nothing in the book matches {plain(wanted)}. Search for fewer letters.", icon=":material/search_off:")


day = _state.scenario().as_of
st.header("Prices", anchor=False)
st.caption(f"As they count on {day:%d %B %Y}, the scenario's date. Every row says where it was read, and when.")
search = st.text_input("Search", placeholder="GPU, provider, model, region", icon=":material/search:", max_chars=60)
rent, tokens, power, buy = st.tabs(
    ["GPU rental", "API tokens", "Electricity", "GPUs to buy"], on_change="rerun", key="price_tabs"
)
if rent.open:
    with rent:
        show_rental(day, search)
if tokens.open:
    with tokens:
        show_tokens(day, search)
if power.open:
    with power:
        show_electricity(day, search)
if buy.open:
    with buy:
        show_purchase(search)
