"""The app where it serves other people: the door, the turns of long calculations, the limits of one visitor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from tco.errors import InputError
from tco.hosting import Hosting, admits, allowed, hosting
from tco.views import _look
from tco.views._turns import LineIsFullError, Turns
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

_ELSEWHERE = "Install the tool on your own machine for more: `pip install tco-llm`, then `tco app`."


def is_admitted() -> bool:
    """Whether this visitor may see the app; where not, draws the door instead. Nothing of the app may be drawn before it is asked."""
    settings = hosting()
    if not settings.hosted or not settings.login:
        return True
    if not st.user.get("is_logged_in"):
        _door(settings)
        return False
    return _is_on_the_list(settings)


def _door(settings: Hosting) -> None:
    st.header("Please sign in", anchor=False)
    st.write("This calculator is for the people whom its operator has named.")
    for name in settings.providers or (None,):
        st.button(
            "Sign in" if name is None else f"Sign in with {name}",
            icon=":material/login:",
            type=_look.emphasis(),
            on_click=st.login,
            args=() if name is None else (name,),
        )


def _is_on_the_list(settings: Hosting) -> bool:
    try:
        entries = allowed()
    except InputError:
        # The sentence names a file of the server, which is the operator's to see and not a visitor's.
        st.error(
            "The list of who may come in cannot be read. Ask the operator of this server.", icon=":material/error:"
        )
        return False
    claimed = st.user.get("email")
    email = claimed if isinstance(claimed, str) else ""
    # An address that nobody verified is whatever the visitor typed at the identity provider.
    verified = settings.unverified or str(st.user.get("email_verified")).lower() == "true"
    if verified and admits(entries, email):
        return True
    st.header("You are signed in, but not on the list", anchor=False)
    who = _address(email) if email else "An account without an e-mail address"
    why = "is not among those whom its operator has named"
    if email and not verified:
        why = "was not verified by the identity provider"
    st.write(f"{who} {why}. Ask the operator of this server.")
    st.button("Sign out", icon=":material/logout:", on_click=st.logout)
    return False


def _address(email: str) -> str:
    """As code, so that it is copied as it is and leads nowhere."""
    return plain(f"`{email.replace('`', '')}`")


def sign_out() -> None:
    """A way out, where visitors sign in."""
    settings = hosting()
    if settings.hosted and settings.login:
        with st.sidebar:
            st.caption(_address(str(st.user.get("email"))))
            st.button("Sign out", icon=":material/logout:", on_click=st.logout, key="sign_out")


def draws_allowed(counts: Iterable[int]) -> tuple[int, ...]:
    """Of these numbers of Monte Carlo runs, those that a visitor may ask for; at least the smallest, cut to the limit.

    Args:
        counts: on offer, rising.
    """
    settings, offered = hosting(), tuple(counts)
    if not settings.hosted:
        return offered
    return tuple(count for count in offered if count <= settings.max_draws) or (min(offered[0], settings.max_draws),)


def require_room(held: int) -> None:
    """Refuses a further upload of a session that holds as many files as it may.

    Args:
        held: files that it holds.

    Raises:
        InputError: it holds as many as it may.
    """
    settings = hosting()
    if settings.hosted and held >= settings.max_uploads:
        raise InputError(
            f"This session holds {held} files, as many as a visitor of this server may. Reload the page to begin anew. {_ELSEWHERE}",
            code="too_many_uploads",
        )


@contextmanager
def turn() -> Iterator[None]:
    """A turn for a long calculation: on a hosted server only so many run at a time; who waits is told so, and who finds the line full is sent away."""
    settings = hosting()
    if not settings.hosted:
        yield
        return
    told = st.empty()

    def wait(before: int) -> None:
        told.info(
            f"This server calculates for {settings.max_jobs} visitors at a time; {before} {'is' if before == 1 else 'are'} before you. Your turn comes by itself.",
            icon=":material/hourglass_top:",
        )

    try:
        with _turns(settings.max_jobs, settings.max_waiting).turn(wait):
            told.empty()
            yield
    except LineIsFullError:
        told.warning(
            f"This server is busy: {settings.max_waiting} visitors wait already. Try again in a minute. {_ELSEWHERE}",
            icon=":material/hourglass_disabled:",
        )
        st.stop()


@st.cache_resource
def _turns(at_once: int, waiting: int) -> Turns:
    # One for the process: all sessions stand in the same line. It holds nothing of any of them.
    return Turns(at_once, waiting)
