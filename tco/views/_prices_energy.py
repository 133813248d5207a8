"""Prices, energy: electricity by place and sector with the grid's carbon intensity beside it, and its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

import pricing
from pricing import PriceNotFound
from tco.number_style import local
from tco.price_charts import electricity_chart
from tco.views import _chart, _look, _state
from tco.views._prices_table import PER_KWH, cut, link, matches, nothing, table
from tco.words import plain

if TYPE_CHECKING:
    from datetime import date

    from pricing import Book, ElectricityQuote, Figure

_FIRST = "US"


def show(on: date, book: Book, wanted: str) -> None:
    """What a business pays for a kilowatt-hour, place by place, and how one place's price went.

    Args:
        on: the scenario's day.
        book: the prices.
        wanted: the search.
    """
    kinds = dict.fromkeys((quote.region, quote.sector) for quote in pricing.electricity_quotes(book))
    quotes = [
        pricing.electricity_price(region, on=on, sector=sector, book=book)
        for region, sector in kinds
        if matches(wanted, region, sector)
    ]
    if not quotes:
        nothing(wanted)
        return
    st.markdown(
        "**Electricity, USD per kWh**",
        help="Industrial is the usual rate of a data centre, commercial that of an office's server room.",
    )
    formats = {**dict.fromkeys(("USD per kWh", "Low", "High"), PER_KWH), "CO₂ (g/kWh)": ",.0f"}
    table([_row(quote, book) for quote in quotes], formats, "Electricity prices and carbon intensity")
    _history(list(dict.fromkeys(quote.region for quote in quotes)), book)


def _row(quote: ElectricityQuote, book: Book) -> dict[str, Any]:
    carbon = _carbon(quote.region, book)
    return {
        "Region": quote.region,
        "Sector": quote.sector,
        "USD per kWh": quote.price.amount,
        "Low": quote.low_usd_per_kwh,
        "High": quote.high_usd_per_kwh,
        "As of": quote.price.as_of,
        "Link": link(quote.price.source),
        "CO₂ (g/kWh)": carbon.value if carbon else None,
        "CO₂ as of": carbon.as_of if carbon else None,
        "Evidence": quote.price.evidence,
        "Layer": quote.price.layer,
        "CO₂ link": link(carbon.source) if carbon else None,
        "Note": cut(quote.price.note),
        "Source": quote.price.source,
    }


def _carbon(region: str, book: Book) -> Figure | None:
    try:
        return pricing.carbon_intensity(region, book)
    except PriceNotFound:
        return None


def _history(regions: list[str], book: Book) -> None:
    company = _state.scenario().company
    first = company.country if company and company.country in regions else _FIRST
    place, sector = st.columns(2, gap="medium")
    region = place.selectbox(
        "Readings of", regions, regions.index(first) if first in regions else 0, key="energy_region"
    )
    quotes = [quote for quote in pricing.electricity_quotes(book) if quote.region == region]
    chosen = sector.selectbox("Sector", sorted({quote.sector for quote in quotes}, reverse=True), key="energy_sector")
    readings = [quote for quote in quotes if quote.sector == chosen]
    if len(readings) == 1:
        day = f"{readings[0].price.as_of:%d %B %Y}"
        st.caption(plain(f"The book has one reading of {region}, of {day}, so there is no history to draw."))
        return
    ends = [min(quote.price.amount for quote in readings), max(quote.price.amount for quote in readings)]
    _chart.draw(
        electricity_chart(readings, _look.palette()),
        alt=f"Electricity in {region}, {chosen}: {len(readings)} readings, ${local(ends[0]):.3f} to ${local(ends[1]):.3f} per kWh",
    )
    st.caption("As listed, without your own prices. Bars: the range that each source gives.")
