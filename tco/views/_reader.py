"""In whose notation a page writes its numbers: that of the visitor's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tco.number_style import ENGLISH, Notation, notation, notation_of, numbers_in

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_KEPT = "reader.notation"
_WITH_WORDS = ("answer", "quick_risk", "risk", "start_usage", "compared", "report")
"""What of a session is kept with sentences in it, which are worked out anew for another notation."""


def reads() -> Notation:
    """Of the browser's language; English where it has none that is known."""
    return notation_of(st.context.locale) or ENGLISH


def numbers() -> AbstractContextManager[None]:
    """Writes all numbers of a run of the page as the visitor reads them."""
    style = reads()
    if st.session_state.get(_KEPT, ENGLISH) != style:
        for kept in _WITH_WORDS:
            st.session_state.pop(kept, None)
    st.session_state[_KEPT] = style
    return numbers_in(style)


def sentence() -> str:
    """What the notation is, for the page on which conventions are told."""
    return f"Numbers follow the language of your browser ({notation().tag}); files, ids and links are the same for everybody."
