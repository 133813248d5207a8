"""The scenario in the address bar: a reload, a bookmark or a link gives the same question again, and says where its answer is another."""

from __future__ import annotations

from time import monotonic
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from tco import Result
from tco.number_style import local
from tco.share import MOST_CODE_CHARS, Shared, link_code
from tco.views import _history, _state
from tco.words import plain

_AGREED = {"contract", "invoice"}
_WRITTEN = "addresses"
_SETTLED_S = 1.0
"""So long after an address was written, a click may still come from a page that did not know it."""


def code_of_session() -> str | None:
    """The scenario of this session as the end of a link; None where it is too long for one."""
    text, origin = _state.text(), st.session_state["scenario_origin"]
    answered = st.session_state.get("answered")
    answer_id, book_id = (answered[1], answered[2]) if answered is not None and answered[0] == text else (None, None)
    return link_code(
        Shared(text=text, origin=None if origin == _state.OWN else origin, answer_id=answer_id, book_id=book_id)
    )


def follow() -> None:
    """Opens the scenario that a browser's Back or Forward has brought into the address: one that this session wrote there before."""
    written: dict[str | None, _history.Held] = st.session_state.get(_WRITTEN, {})
    code = st.query_params.get(_state.LINK)
    now, since = st.session_state.get("address", (None, 0.0))
    # None is what every change of the page begins with, and no way back.
    if code is None or code == now or code not in written or monotonic() - since < _SETTLED_S:
        return
    # What was changed in this very run was changed on the page that the visitor still had.
    if now in written and _history.now() == written[now]:
        _state.open_held(written[code])


def keep_in_address() -> None:
    """Writes the scenario into the address bar, once it is another than the one that the app opens with by itself."""
    code = None if _state.text() == st.session_state.get("first_text") else code_of_session()
    if code is None:
        st.query_params.pop(_state.LINK, None)
    elif st.query_params.get(_state.LINK) != code:
        st.query_params[_state.LINK] = code
    if st.session_state.get("address", (None, 0.0))[0] != code:
        st.session_state["address"] = (code, monotonic())
        written = st.session_state.get(_WRITTEN, {}) | {code: _history.now()}
        st.session_state[_WRITTEN] = dict(list(written.items())[-_history.MOST_STEPS :])


def problem() -> None:
    """Why the link that this session was opened with could not be read, until something is changed."""
    told = st.session_state.get("link_problem")
    if told is None:
        return
    if st.session_state["undo"]:
        del st.session_state["link_problem"]
        return
    st.error(
        plain(f"{told} This is the scenario that the app opens with by itself."),
        icon=":material/link_off:",
        title="The link could not be opened",
    )


def differs(result: Result) -> None:
    """Says so where a link's sender saw another answer than this one.

    Args:
        result: the answer here.
    """
    text, answer_id, book_id = st.session_state.get("shared", (None, None, None))
    if text != _state.text() or answer_id in (None, result.answer_id):
        return
    why = (
        f"Its prices were book {book_id}, here they are {result.price_book.id}."
        if book_id not in (None, result.price_book.id)
        else "The tool has another version here, or a run or a file of prices that it names is another one or missing."
    )
    st.warning(
        plain(f"Whoever sent this link saw answer {answer_id}; this is answer {result.answer_id}. {why}"),
        icon=":material/difference:",
    )


def show_share(result: Result | None) -> None:
    """The link to copy, with what it does not hold and what it gives away.

    Args:
        result: the answer; None: there is none.
    """
    code = code_of_session()
    if code is None:
        st.markdown(
            f"This scenario is longer than a link can hold ({local(MOST_CODE_CHARS):,} characters). Hand over the file instead."
        )
    else:
        st.markdown(
            "Whoever opens this link sees the same scenario and the same answer. Nothing is stored on a server."
        )
        st.code(_address(code), language=None, height=96, wrap_lines=True)
    _notes(result)
    st.download_button(
        "Scenario as a file",
        _state.text(),
        "scenario.yaml",
        "application/yaml",
        on_click="ignore",
        icon=":material/download:",
        key="share.file",
    )


def _notes(result: Result | None) -> None:
    agreed = [row for row in result.assumptions if row.evidence in _AGREED] if result is not None else []
    if agreed:
        count = f"{len(agreed)} agreed price{'s are' if len(agreed) > 1 else ' is'}"
        st.warning(f"{count} in it, for everybody who has the link.", icon=":material/lock_open:")
    uploaded = [name for name in st.session_state["runs"] if name in _state.text()]
    uploaded += [name for name in st.session_state["own_prices"] if name in _state.text()]
    if uploaded:
        st.warning(
            plain(f"It names files that you uploaded and that no link holds; send them too: {', '.join(uploaded)}."),
            icon=":material/attach_file:",
        )


def _address(code: str) -> str:
    """The app's own address with the scenario at its end."""
    parts = urlsplit(st.context.url or "")
    path = parts.path.rsplit("/", 1)[0] + "/"
    return urlunsplit((parts.scheme, parts.netloc, path, f"{_state.LINK}={code}", ""))
