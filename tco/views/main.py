"""The frame around the pages: title, navigation, the page. Also the script that `tco app` runs."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from tco.views import _hosted, _state

_FOLDER = Path(__file__).parent


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
    _state.begin()
    page = st.navigation(
        [
            st.Page(_FOLDER / "decision.py", title="Decision", icon=":material/balance:", default=True),
            st.Page(_FOLDER / "inputs.py", title="Inputs", icon=":material/tune:"),
            st.Page(_FOLDER / "risk.py", title="Risk", icon=":material/casino:"),
            st.Page(_FOLDER / "claims.py", title="Claims", icon=":material/fact_check:"),
            st.Page(_FOLDER / "prices.py", title="Prices", icon=":material/sell:"),
            st.Page(_FOLDER / "probe.py", title="Probe", icon=":material/speed:"),
        ],
        position="top",
    )
    _hosted.sign_out()
    page.run()


if __name__ == "__main__":
    show()
