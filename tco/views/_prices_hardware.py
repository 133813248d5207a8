"""Prices, hardware of one's own: servers, GPUs to buy, what they still fetch, and what stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

import pricing
from tco.price_charts import residual_chart
from tco.views import _chart, _look
from tco.views._prices_table import COUNT, PER_CENT, WHOLE, cut, link, matches, nothing, per_cent, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pricing import Book, Figure, ResidualKind

_AGES = range(0, 73, 12)
_KINDS: dict[str, ResidualKind] = {"GPU alone": "gpu", "whole server": "server"}


def show(on: date, book: Book, wanted: str) -> None:
    """Servers, GPUs, their resale value, the figures of owning.

    Args:
        on: the scenario's day.
        book: the prices.
        wanted: the search.
    """
    servers, gpus, figures = (
        [
            row
            for row in rows
            if matches(wanted, str(row["Name"]), str(row.get("GPU") or ""), str(row.get("Region") or ""))
        ]
        for rows in (_servers(on, book), _gpus(on, book), _figures(on, book))
    )
    if not (servers or gpus or figures):
        nothing(wanted)
        return
    formats = {
        **dict.fromkeys(("USD", "Low", "High"), WHOLE),
        **dict.fromkeys(("Power (W)", "Bandwidth (GB/s)"), COUNT),
    }
    if servers:
        st.markdown(
            "**Servers, USD each**", help="Whole servers with their GPUs; without taxes, freight, installation."
        )
        table(servers, formats, "Servers to buy", height=360)
    if gpus:
        st.markdown("**GPUs, USD each**")
        table(gpus, formats, "GPUs to buy", height=360)
    if not wanted:
        _residuals(book)
    if figures:
        st.markdown("**Figures of owning**", help="What a plan takes where the scenario says nothing.")
        table(figures, dict.fromkeys(("Value", "Low", "High"), ",.4g"), "Figures of owning", height=360)


def _servers(on: date, book: Book) -> list[dict[str, Any]]:
    rows = []
    for server in pricing.servers(on, book):
        price = pricing.server_price(server.server, on, book)
        rows.append(
            {
                "Name": server.server,
                "GPUs": server.gpus,
                "GPU": server.gpu,
                "USD": price.amount,
                "Low": price.low,
                "High": price.high,
                "Power (W)": server.max_watts,
                "As of": price.as_of,
                "Link": link(price.source),
                "Evidence": price.evidence,
                "Layer": price.layer,
                "Power link": link(server.power_source),
                "Note": cut(price.note),
                "Source": price.source,
            }
        )
    return rows


def _gpus(on: date, book: Book) -> list[dict[str, Any]]:
    rows = []
    for name in pricing.gpu_names(book):
        spec, price = pricing.gpu_spec(name, book), pricing.gpu_price(name, on, book)
        rows.append(
            {
                "Name": name,
                "USD": price.amount if price else None,
                "Low": price.low if price else None,
                "High": price.high if price else None,
                "Memory (GB)": spec.memory_gb,
                "Bandwidth (GB/s)": spec.memory_bandwidth_gb_per_s,
                "Power (W)": spec.tdp_watts,
                "As of": price.as_of if price else None,
                "Link": link(price.source) if price else None,
                "Evidence": price.evidence if price else None,
                "Layer": price.layer if price else spec.layer,
                "Source": price.source if price else None,
            }
        )
    # Those with a price first: most parts are only let.
    return sorted(rows, key=lambda row: row["USD"] is None)


def _residuals(book: Book) -> None:
    st.markdown("**What it still fetches**", help="Share of the price, with the range of what is reported.")
    curves = {
        name: {months: pricing.residual_fraction(months, kind, book) for months in _AGES}
        for name, kind in _KINDS.items()
    }
    last = curves["GPU alone"][36]
    _chart.draw(
        residual_chart(curves, _look.palette()),
        alt=f"Resale value by age. A GPU of 36 months fetches {last.value:.0%} of its price",
    )
    st.caption("After six years the curves stay where they are.")
    with st.expander("The points with their sources", type="compact"):
        shares = dict.fromkeys(("Share", "Low", "High"), PER_CENT)
        table(
            [_point(name, months, point) for name, points in curves.items() for months, point in points.items()],
            shares,
            "Resale value by age",
            height=320,
        )


def _point(name: str, months: int, point: Figure) -> dict[str, Any]:
    return {
        "What": name,
        "Months": months,
        "Share": per_cent(point.value),
        "Low": per_cent(point.low),
        "High": per_cent(point.high),
        "As of": point.as_of,
        "Link": link(point.source),
        "Evidence": point.evidence,
        "Note": cut(point.note),
        "Source": point.source,
    }


def _figures(on: date, book: Book) -> list[dict[str, Any]]:
    return [
        {
            "Name": figure.name.replace("_", " "),
            "Region": figure.region,
            "Value": figure.value,
            "Low": figure.low,
            "High": figure.high,
            "Unit": figure.unit.replace("_", " "),
            "As of": figure.as_of,
            "Link": link(figure.source),
            "Evidence": figure.evidence,
            "Note": cut(figure.note),
            "Source": figure.source,
        }
        for figure in _figures_on(on, book)
    ]


def _figures_on(on: date, book: Book) -> Iterator[Figure]:
    kinds = dict.fromkeys((figure.name, figure.region) for figure in pricing.figures(book))
    return (pricing.figure(name, on, region, book) for name, region in kinds)
