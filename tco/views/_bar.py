"""What stands above the pages on which one works: begin anew, versions, share, undo."""

from __future__ import annotations

import streamlit as st

from tco import Result
from tco.views import _history, _link, _state
from tco.words import plain


def show(result: Result | None, words: str) -> None:
    """The row, with a line of text at its left.

    Args:
        result: the answer; None: there is none.
        words: the line, as Markdown.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(words, width="stretch")
        if st.button(
            "Start from", type="tertiary", icon=":material/flag:", help="Six numbers, an example, a claim or a file."
        ):
            st.switch_page(_state.page("start"))
        with st.popover("Versions", type="tertiary", icon=":material/bookmarks:", key="bar.versions"):
            _versions()
        with st.popover("Share", type="tertiary", icon=":material/share:", key="bar.share"):
            _link.show_share(result)
        st.button(
            "Undo",
            type="tertiary",
            icon=":material/undo:",
            disabled=not _history.can_go_back(),
            on_click=_state.undo,
            help=f"Back to the inputs before the last change, up to {_history.MOST_STEPS} times.",
        )


def _versions() -> None:
    with st.form("bar.keep", border=False, clear_on_submit=True):
        name = st.text_input(
            "Keep this version as", placeholder="base, with our contract ...", max_chars=_history.MOST_NAME_CHARS
        )
        kept = st.form_submit_button("Keep the version", icon=":material/bookmark_add:")
    if kept and (problem := _history.keep(name)) is not None:
        st.error(problem, icon=":material/error:")
    held = _history.versions()
    if not held:
        st.caption("Versions stay in this session. *Compare* says what sets two of them apart.")
        return
    chosen = st.selectbox("Versions of this session", list(held), key="bar.version")
    with st.container(horizontal=True):
        st.button("Open", icon=":material/folder_open:", on_click=_state.open_held, args=(held[chosen],))
        st.button("Remove", icon=":material/delete:", on_click=_history.drop, args=(chosen,))
    st.caption(plain(f"{len(held)} of at most {_history.MOST_VERSIONS} versions."))
