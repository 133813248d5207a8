"""The frame around the pages: title, navigation, the page. Also the script that `tco app` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tco.views import _hosted, _link, _opening, _reader, _state, _warm

if TYPE_CHECKING:
    from streamlit.navigation.page import Page


def show() -> None:
    """Draws the whole app: the navigation and the chosen page."""
    st.set_page_config(
        page_title="Self-host or API? TCO calculator",
        page_icon=":material/balance:",
        layout="wide",
        menu_items={
            "About": "What it costs to pay an AI vendor per token, and what to run open models yourself: measured, "
            "not assumed."
        },
    )
    if not _hosted.is_admitted():
        return
    _warm.wait()
    with _reader.numbers():
        _opening.begin()
        page = st.navigation(_pages(), position="top")
        _hosted.sign_out()
        _link.problem()
        page.run()
        _link.keep_in_address()


def _pages() -> dict[str, list[Page]]:
    """The pages: what is decided, why, and what goes in."""

    def page(name: str, icon: str, *, default: bool = False) -> Page:
        return st.Page(_state.page(name), title=name.capitalize(), icon=f":material/{icon}:", default=default)

    return {
        "": [page("decision", "balance", default=True), page("start", "flag"), page("inputs", "tune")],
        "Why": [
            page("options", "view_column"),
            page("workload", "calendar_view_week"),
            page("capacity", "speed"),
            page("cost", "payments"),
            page("risk", "casino"),
            page("claims", "fact_check"),
        ],
        "Share": [page("compare", "difference"), page("report", "description")],
        "Data": [page("prices", "sell"), page("probe", "network_check")],
    }


if __name__ == "__main__":
    show()
