"""The frame around the pages: title, navigation, the page. Also the script that `tco app` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tco.views import _hosted, _link, _opening, _reader, _state, _warm

if TYPE_CHECKING:
    from streamlit.navigation.page import Page


TITLE = "Self-host or API? TCO calculator"
# A drawing of our own: a browser would fetch an icon that has only a name from a server of Google's.
_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#1f9e87" stroke-width="2"
stroke-linecap="round" stroke-linejoin="round"><path d="M12 3v17M7 20h10M4 6h16M6 6l-4 8h8zM18 6l-4 8h8z"/></svg>"""


def show() -> None:
    """Draws the whole app: the navigation and the chosen page."""
    st.set_page_config(
        page_title=TITLE,
        page_icon=_ICON,
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
        _link.follow()
        page = st.navigation(_pages(), position="top")
        # Tabs of a browser, its history and bookmarks are told apart by it.
        st.set_page_config(page_title=f"{page.title} · {TITLE}")
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
