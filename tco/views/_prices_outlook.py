"""Prices, outlook: what prices of the past became after one, two and three years, and what was announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import pricing
from pricing import PriceNotFound
from tco.number_style import local
from tco.price_charts import path_chart
from tco.views import _chart, _look
from tco.views._prices_table import CHANGE, PER_CENT, PER_MTOK, matches, nothing, per_cent, table
from tco.words import plain

if TYPE_CHECKING:
    from datetime import date
    from typing import Literal

    from pricing import Book, PricePath

    Kind = Literal["same-model", "same-quality", "gpu-rent"]

MONTHS = (12, 24, 36)
_SERIES: dict[Kind, tuple[str, str]] = {
    "same-model": ("The same model", "Its list price at the same seller."),
    "same-quality": ("The same quality", "The cheapest list price at an Arena rating, so the model changes."),
    "gpu-rent": ("The same GPU", "Its on-demand rent at the same landlord."),
}


def show(on: date, book: Book, wanted: str) -> None:
    """Three series side by side, a table of them, and announced changes.

    Args:
        on: the scenario's day.
        book: where the history is.
        wanted: the search, for announced changes.
    """
    st.markdown(
        "What such prices became in the past, as a factor on today's: eight of ten cases lie in the band, half below the line."
    )
    rows = []
    with st.grid(3, min_column_width=280):
        for kind, (title, what) in _SERIES.items():
            with st.container():
                st.markdown(f"**{title}**", help=what)
                paths = _paths(kind, on, book)
                if paths:
                    _chart.draw(path_chart(paths, _look.palette()), alt=_sentence(paths[0], title))
                    st.caption(plain(_sentence(paths[0], title)))
                    rows += [_row(path, title) for path in paths]
    if rows:
        st.markdown("**As numbers**")
        yearly = dict.fromkeys(("Per year", "Low per year", "High per year"), CHANGE)
        factors = dict.fromkeys(("1 in 10 below", "Half below", "9 in 10 below"), "× .2g")
        table(
            rows,
            {**yearly, **factors, **dict.fromkeys(("Falls", "Rises"), PER_CENT)},
            "Price paths over 12, 24 and 36 months",
        )
        st.caption(
            "Per year is what an option's `price_change_per_year_fraction` gets where the scenario leaves it open: the same "
            "model for API prices, the same GPU for rents, over the scenario's horizon. Low and high are its range."
        )
    _announced(on, book, wanted)


def _paths(kind: Kind, on: date, book: Book) -> list[PricePath]:
    paths, why = [], ""
    for months in MONTHS:
        try:
            paths.append(pricing.price_path(kind, months, as_of=on, book=book))
        except PriceNotFound as error:
            why = str(error)
    if not paths:
        st.info(plain(why), icon=":material/history:")
    return paths


def _sentence(path: PricePath, title: str) -> str:
    stays = 1 - path.fall_fraction - path.rise_fraction
    gone = f" {path.gone_fraction:.0%} of models are off sale a year later." if path.gone_fraction is not None else ""
    return (
        f"{title}, in {local(path.months):g} months: unchanged in {stays:.0%} of cases, lower in {path.fall_fraction:.0%}, "
        f"higher in {path.rise_fraction:.0%}.{gone}"
    )


def _row(path: PricePath, title: str) -> dict[str, object]:
    yearly = path.yearly_change()
    return {
        "Series": title,
        "Months": round(path.months),
        "Per year": per_cent(yearly.value),
        "Low per year": per_cent(yearly.low),
        "High per year": per_cent(yearly.high),
        "1 in 10 below": path.p10_factor,
        "Half below": path.p50_factor,
        "9 in 10 below": path.p90_factor,
        "Falls": per_cent(path.fall_fraction),
        "Rises": per_cent(path.rise_fraction),
        "Spans": path.windows,
        "First": path.first,
        "Last": path.last,
        "Source": path.source,
    }


def _announced(on: date, book: Book, wanted: str) -> None:
    changes = pricing.announced_changes(on, book=book)
    rows = [
        {
            "Model": f"{change.seller}/{change.model}",
            "From": change.seen_on,
            "Input": change.input_usd_per_mtok,
            "Output": change.output_usd_per_mtok,
            "As of": change.as_of,
            "Source": change.source,
        }
        for change in changes
        if matches(wanted, change.seller, change.model)
    ]
    st.markdown("**Announced, so no forecast**", help="Changes after the scenario's date that sellers have announced.")
    if rows:
        table(rows, dict.fromkeys(("Input", "Output"), PER_MTOK), "Announced changes of token prices", height=320)
    elif changes:
        nothing(wanted)
    else:
        st.caption(f"The book knows of no change that was announced for after {on:%d %B %Y}.")
