"""The visitor's own prices: a `prices.yaml` that stays in the session, laid over the book here and in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pricing import FileError
from tco.books import own_price_cautions
from tco.views import _edit, _state
from tco.words import plain

if TYPE_CHECKING:
    from datetime import date

    from pricing import Book

MAX_UPLOAD_MB = 1
PATH = "prices.file"
_SHOWN = 3
EXAMPLE = """\
# Your own prices over the price book. Everything is optional; all keys are in docs/prices-file.md.
# The contracts below are made up: replace them with yours, and delete what you do not have.
schema: 1
fx: # US dollars for one unit of the currency
  - {currency: EUR, usd: 1.16, as_of: 2026-11-20, source: "ECB reference rate"}
discounts: # off what the book lists
  - {provider: aws, per: gpu_hour, discount_fraction: 0.28, source: "enterprise discount programme"}
prices: # what you pay
  - {item: openai/gpt-6.1-sol, per: mtok_input, amount: 1.60, currency: EUR, as_of: 2026-09-01, source: "contract 4711"}
  - {item: electricity, region: DE, per: kwh, amount: 0.145, currency: EUR, as_of: 2026-10-31, source: "invoice of October 2026", evidence: invoice}
"""


def show(day: date, book: Book | None) -> None:
    """Upload, what is in use, what is odd about it, remove.

    Args:
        day: the scenario's day.
        book: the book under the prices in use; None where the scenario's prices cannot be had.
    """
    st.file_uploader(
        "Your prices (prices.yaml)",
        type=["yaml", "yml"],
        max_upload_size=MAX_UPLOAD_MB,
        key=_upload_key(),
        on_change=_take,
        help="Contract prices and discounts. They stay in this session and go nowhere else.",
    )
    problem = st.session_state.get("prices_problem")
    if problem:
        st.error(plain(problem), icon=":material/error:")
    used = _state.scenario().prices.file
    for name in _state.own_prices():
        if name != used:
            st.button("Use " + plain(name), on_click=_use, args=(name,), key=f"use {name}", wrap=True)
    if used is not None:
        _in_use(used, day, book)
    st.download_button(
        "An example to start from", EXAMPLE, "prices.yaml", "text/yaml", icon=":material/download:", on_click="ignore"
    )


def _in_use(name: str, day: date, book: Book | None) -> None:
    if book is not None and book.overrides is not None:
        st.markdown(f":green[:material/check_circle:] {plain(name)} is in use, here and in the decision.")
        found = list(own_price_cautions(book, day))
        for caution in found[:_SHOWN]:
            # The page names the file already.
            sentence = caution.message.removeprefix(f"{book.overrides.name}: ")
            st.warning(plain(sentence), icon=":material/warning:")
        if len(found) > _SHOWN:
            st.caption(f"And {len(found) - _SHOWN} more: `tco prices check --own FILE` lists them all.")
    st.button("Remove", icon=":material/delete:", on_click=_remove, args=(name,), key="prices_remove")


def _upload_key() -> str:
    """Another one after a removal, so that the uploader does not go on showing the file."""
    return f"prices_upload {st.session_state.get('prices_removed', 0)}"


def _take() -> None:
    file = st.session_state[_upload_key()]
    st.session_state["prices_problem"] = None
    if file is None:
        return
    uploaded = frozenset(_state.own_prices())
    try:
        _state.keep_prices(file.name, file.getvalue().decode("utf-8"))
    except UnicodeDecodeError:
        st.session_state["prices_problem"] = f"{file.name} is not a text file in UTF-8. Nothing was changed."
    except FileError as error:
        st.session_state["prices_problem"] = f"{file.name}: {error}. Nothing was changed."
    else:
        _use(file.name, uploaded)


def _use(name: str, uploaded: frozenset[str] = frozenset()) -> None:
    now = _state.scenario().prices.file
    if now not in uploaded:
        st.session_state["prices_before"] = now
    _state.attempt(PATH, lambda scenario: _edit.set_field(scenario, PATH, name), name)


def _remove(name: str) -> None:
    """The scenario gets back what it named before; the file is forgotten."""
    before = st.session_state.pop("prices_before", None)
    _state.drop_prices(name)
    st.session_state["prices_removed"] = st.session_state.get("prices_removed", 0) + 1
    _state.attempt(PATH, lambda scenario: _edit.set_field(scenario, PATH, before), before)
