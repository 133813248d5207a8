"""What the tabs of the page of prices share: tables with links, the search, how numbers are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from pricing import BOOK
from tco.glossary import explained
from tco.views import _dataframe
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pricing import Price

PER_HOUR, PER_MTOK, PER_KWH, WHOLE = "$,.2f", "$,.4g", "$,.3f", "$,.0f"
"""Formats of money: cents of an hour, four digits of a token price, tenths of a cent of a kWh, whole dollars."""

COUNT, PER_CENT, CHANGE = ",.0f", ",.0f%", "+,.1f%"
"""Formats of other numbers; `per_cent` makes those of the last two."""

_URL = re.compile(r"https?://[^\s;,()<>\"\\]+")
_HEADING, _ROW = 38, 35
_LONG_CELL = 300


def table(rows: Sequence[dict[str, Any]], formats: dict[str, str], alt: str, *, height: int = 420) -> None:
    """A table as high as its rows, at most `height`; columns that end with `link` can be followed, a dash is not known.

    Args:
        rows: at least one, all with the same columns.
        formats: how the numbers of a column are written.
        alt: what it is, for who cannot see it.
        height: pixels after which it scrolls.
    """
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(help=explained(name)) for name in formats}
    links = [name for name in rows[0] if name.casefold().endswith("link")]
    columns |= {name: st.column_config.LinkColumn(display_text="open", width="small") for name in links}
    if any(row.get("Layer") not in (None, BOOK) for row in rows):
        columns["Layer"] = st.column_config.TextColumn(width="medium")
    _dataframe.draw(
        pd.DataFrame(rows),
        formats,
        alt=alt,
        height=min(height, _HEADING + _ROW * len(rows)),
        column_config=columns,
    )


def link(text: str | None) -> str | None:
    """The first address in a reference, so that it can be followed."""
    found = _URL.search(text or "")
    return found.group().rstrip(".") if found else None


def linked(text: str | None, words: str = "source") -> str:
    """A reference as Markdown: a few words that lead to its address, or the reference itself where it has none."""
    address = link(text)
    return f"[{words}]({address})" if address else plain(text or "")


def per_cent(fraction: float | None) -> float | None:
    """A fraction as the number before the per cent sign."""
    return None if fraction is None else 100 * fraction


def is_own(price: Price) -> bool:
    """Whether the user's own file made or changed the price."""
    return price.layer != BOOK


def matches(wanted: str, *fields: str | None) -> bool:
    """Whether every word of a search is in one of the fields."""
    found = " ".join(field for field in fields if field).casefold()
    return all(word in found for word in wanted.casefold().split())


def nothing(wanted: str) -> None:
    """Says that a search has no hit, and what to do."""
    st.info(f"Nothing in the book matches {plain(wanted)}. Search for fewer letters.", icon=":material/search_off:")


def cut(text: str | None) -> str | None:
    """A note that fits a cell."""
    return text if text is None or len(text) <= _LONG_CELL else f"{text[: _LONG_CELL - 1]}…"
