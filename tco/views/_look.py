"""What hangs on whether the page is light or dark."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from tco.charts import DARK, LIGHT, Palette


def emphasis() -> Literal["primary", "secondary"]:
    """How the button is drawn that a page is there for.

    White on the light green of a dark page has a contrast of 2.15 to 1, and 4.5 is what can be read; there it is a button like others.
    """
    return "secondary" if st.context.theme.type == "dark" else "primary"


def palette() -> Palette:
    """The colours of charts on this page."""
    return DARK if st.context.theme.type == "dark" else LIGHT
