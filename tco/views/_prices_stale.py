"""Prices, what is stale: what a check of the book finds for the scenario's day, and every old price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import pricing
from tco.hosting import is_hosted
from tco.number_style import local
from tco.views._prices_table import link, matches, nothing, table
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pricing import Book, Finding

_ICONS = {"problem": ":red[:material/error:]", "caution": ":orange[:material/warning:]"}
_UNITS = {"gpu_hour": "GPU-hour", "kwh": "kWh", "kw_month": "kW and month", "gpu": "GPU", "server": "server"}


def show(on: date, book: Book, wanted: str) -> None:
    """The findings, problems first, then the prices themselves.

    Args:
        on: the scenario's day.
        book: the prices.
        wanted: the search.
    """
    report = pricing.health(book, on=on)
    st.markdown(
        f"**{report.problems} problems, {len(report.findings) - report.problems} cautions** among "
        f"{local(sum(report.prices.values())):,} prices. {_newer()}; this page never uses the network."
    )
    found = [
        finding for finding in report.findings if matches(wanted, finding.topic, finding.sentence, *finding.examples)
    ]
    with st.container(gap="xsmall"):
        for finding in found:
            _finding(finding)
    old = _old(on, book, wanted)
    if old:
        st.markdown(f"**Read more than {pricing.STALE_AFTER_DAYS} days before {on:%d %B %Y}**")
        table(old, {"USD": "$,.4g"}, "Prices that are old, oldest first")
    if not found and not old and wanted:
        nothing(wanted)


def _newer() -> str:
    if is_hosted():
        return "Newer ones are the operator's to read: `tco prices refresh` where this server is built"
    return "To read newer ones, run `tco prices refresh` in a terminal"


def _finding(finding: Finding) -> None:
    label = f"{_ICONS[finding.level]} **{plain(finding.topic)}** ({finding.level}): {plain(finding.sentence)}"
    if not finding.examples:
        st.markdown(label)
        return
    with st.expander(label, type="compact"):
        st.caption(_heading(finding))
        for example in finding.examples:
            st.markdown(f"- {plain(example)}")


def _heading(finding: Finding) -> str:
    shown = len(finding.examples)
    return "Which" if shown == finding.count else f"{shown} of {local(finding.count):,}"


def _old(on: date, book: Book, wanted: str) -> Sequence[dict[str, object]]:
    prices = pricing.stale(pricing.list_prices(on=on, book=book), on)
    return [
        {
            "What": price.item,
            "Region": price.region,
            "Days old": (on - price.as_of).days,
            "USD": price.amount,
            "Per": _UNITS.get(price.per, price.per),
            "As of": price.as_of,
            "Seller": price.provider,
            "Tier": price.tier,
            "Link": link(price.source),
            "Layer": price.layer,
            "Source": price.source,
        }
        for price in sorted(prices, key=lambda price: price.as_of)
        if matches(wanted, price.item, price.provider, price.region, price.tier)
    ]
