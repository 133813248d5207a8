"""What a session held before: the last scenarios, one step back each, and versions that the visitor named. In this session only."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

MOST_STEPS = 20
MOST_VERSIONS = 20
MOST_NAME_CHARS = 80


class Held(NamedTuple):
    """A scenario as a session holds it.

    Attributes:
        text: as YAML.
        origin: name of the shipped scenario that it began as, or that of an upload.
        folder: where relative run files are looked up; None: nowhere.
    """

    text: str
    origin: str
    folder: str | None


def begin() -> None:
    """Nothing was before."""
    st.session_state.update(undo=[], versions={})


def now() -> Held:
    """The scenario of this moment."""
    state = st.session_state
    return Held(state["scenario_text"], state["scenario_origin"], state["scenario_folder"])


def remember() -> None:
    """Keeps the present scenario as the one to go back to; the oldest of more than `MOST_STEPS` is forgotten."""
    if "scenario_text" not in st.session_state:
        return
    steps: list[Held] = st.session_state["undo"]
    if not steps or steps[-1] != now():
        steps.append(now())
        del steps[:-MOST_STEPS]


def can_go_back() -> bool:
    """Whether there is anything to undo."""
    return bool(st.session_state["undo"])


def last() -> Held:
    """The scenario before this one, which is then no longer remembered."""
    found: Held = st.session_state["undo"].pop()
    return Held(*found)


def versions() -> dict[str, Held]:
    """The named versions, oldest first."""
    return {name: Held(*held) for name, held in st.session_state["versions"].items()}


def keep(name: str) -> str | None:
    """Names the present scenario; a version of that name is replaced.

    Args:
        name: as the visitor wrote it.

    Returns:
        Why it cannot be kept; None: it is.
    """
    kept: dict[str, Held] = st.session_state["versions"]
    wanted = " ".join(name.split())[:MOST_NAME_CHARS]
    if not wanted:
        return "Give the version a name."
    if wanted not in kept and len(kept) >= MOST_VERSIONS:
        return f"A session keeps {MOST_VERSIONS} versions. Remove one, or save this one as a file on *Inputs*."
    kept[wanted] = now()
    return None


def drop(name: str) -> None:
    """Forgets a version."""
    st.session_state["versions"].pop(name, None)
