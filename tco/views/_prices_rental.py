"""Prices, GPU rental: the market by GPU, kind of landlord and tier; every offer of a GPU; managed services."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import streamlit as st

import pricing
from tco.views._prices_table import CHANGE, PER_HOUR, cut, is_own, link, matches, nothing, per_cent, table
from tco.words import plain

if TYPE_CHECKING:
    from datetime import date

    from pricing import Book, Price

_TIERS = ("on-demand", "spot", "reserved-1y", "reserved-3y")
_EVERY = "all tiers"
_FIRST = "H100-SXM"


def show(on: date, book: Book, wanted: str) -> None:
    """The market, then the rows behind it.

    Args:
        on: the scenario's day.
        book: the prices.
        wanted: the search.
    """
    tier = st.segmented_control(
        "How it is bought", [*_TIERS, _EVERY], default=_TIERS[0], required=True, key="rental_tier"
    )
    everything = [price for price in pricing.rental_prices(on, book) if tier in (_EVERY, price.tier)]
    rows = [price for price in everything if _is_wanted(price, wanted)]
    if rows:
        st.markdown("**The market, USD per GPU-hour**")
        formats = dict.fromkeys(("Median", "Min", "Max"), PER_HOUR)
        table(_market(rows, book), formats, "GPU rental by GPU, landlord and tier")
        st.caption(_caption(on, book))
        _offers(rows)
    elif tier == _EVERY:
        nothing(wanted)
    else:
        said = f"No GPU-hour {tier} matches {wanted}. Choose {_EVERY}, or search for fewer letters."
        st.info(plain(said), icon=":material/search_off:")
    _managed(on, book, wanted)


def _is_wanted(price: Price, wanted: str) -> bool:
    return matches(wanted, price.item, price.provider, price.provider_class, price.tier, price.region, price.layer)


def _market(rows: list[Price], book: Book) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str, str], list[Price]] = defaultdict(list)
    for row in rows:
        groups[row.item, row.provider_class or "", row.tier].append(row)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], group[0][1], _place(group[0][2])))
    yours = book.overrides is not None
    return [
        {
            "GPU": gpu,
            "Landlord": kind or None,
            "Median": pricing.market_median(group),
            "Min": min(row.amount for row in group),
            "Max": max(row.amount for row in group),
            "Offers": len(group),
            "Listed": sum(row.derived is None for row in group),
            "Derived": sum(row.derived is not None for row in group),
            **({"Yours": sum(is_own(row) for row in group)} if yours else {}),
            "Tier": tier,
            "Oldest reading": min(row.as_of for row in group),
        }
        for (gpu, kind, tier), group in ordered
    ]


def _place(tier: str) -> int:
    return _TIERS.index(tier) if tier in _TIERS else len(_TIERS)


def _caption(on: date, book: Book) -> str:
    said = "The median is over sellers, one voice each. Derived: no list has the price; each offer below says how it was computed."
    own = [] if book.overrides is None else book.overrides.own_prices(on)
    if any(price.per == "gpu_hour" for price in own):
        said += " Where you have a contract for a GPU, a scenario pays that, not the median."
    return said


def _offers(rows: list[Price]) -> None:
    gpus = sorted({row.item for row in rows})
    first = gpus.index(_FIRST) if _FIRST in gpus else 0
    gpu = st.selectbox("Every offer of", gpus, first, key="rental_gpu", help="Each row as its price list shows it.")
    offers = [_offer(row) for row in rows if row.item == gpu]
    table(offers, dict.fromkeys(("USD", "Low", "High"), PER_HOUR), f"Offers of {gpu}")


def _offer(price: Price) -> dict[str, Any]:
    return {
        "USD": price.amount,
        "Provider": price.provider,
        "Landlord": price.provider_class,
        "Tier": price.tier,
        "Region": price.region,
        "As of": price.as_of,
        "Link": link(price.source),
        "Evidence": price.evidence,
        "Low": price.low,
        "High": price.high,
        "Derived": price.derived,
        "Layer": price.layer,
        "Note": cut(price.note),
        "Source": price.source,
    }


def _managed(on: date, book: Book, wanted: str) -> None:
    rows = [
        {
            "Service": row.service,
            "GPU": row.gpu,
            "USD per GPU-hour": row.usd_per_gpu_hour,
            "Over the bare machine": per_cent(row.premium_fraction),
            "Machine": row.instance,
            "GPUs": row.gpu_count,
            "Region": row.price.region,
            "As of": row.price.as_of,
            "Link": link(row.price.source),
            "Evidence": row.price.evidence,
            "Derived": row.price.derived or "as listed",
            "Layer": row.price.layer,
            "Note": cut(row.price.note),
            "Source": row.price.source,
        }
        for row in pricing.managed_prices(on, book)
        if matches(wanted, row.service, row.gpu, row.instance, row.price.region, "managed")
    ]
    if not rows:
        return
    st.markdown(
        "**Managed services**", help="The same machines with a service around them, and what that adds to the bare one."
    )
    formats = {"USD per GPU-hour": PER_HOUR, "Over the bare machine": CHANGE}
    table(rows, formats, "Managed services and their premium over the bare machine")
