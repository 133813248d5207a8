"""What a page shows where there is no answer: why, and what to do."""

from __future__ import annotations

import streamlit as st

from tco import InputError
from tco.views import _state
from tco.words import plain


def show(error: InputError) -> None:
    """The reason in a sentence, and the pages on which it is mended.

    Args:
        error: why there is no answer.
    """
    st.header("There is no answer yet", anchor=False)
    st.error(plain(str(error)), icon=":material/error:")
    st.write("Change it on *Inputs*, or measure this machine on *Probe* and use the run in an option.")
    links()


def links() -> None:
    """To the pages on which inputs are changed, and to the last scenario that had an answer."""
    with st.container(horizontal=True):
        st.page_link(_state.page("inputs"), label="Inputs", icon=":material/tune:")
        st.page_link(_state.page("probe"), label="Probe", icon=":material/speed:")
        if st.session_state["undo"]:
            st.button("Undo the last change", icon=":material/undo:", on_click=_state.undo, key="empty.undo")
