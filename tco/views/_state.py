"""What one visitor's session holds, as text: the scenario, the runs that were uploaded, edits that do not fit yet.

Records are rebuilt from the text on every rerun, so that a reload of the code never meets objects of an older class. Nothing
that a visitor brings is kept in a cache that others share.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pricing import Book, Overrides, parse_overrides
from probes import load_run, run_from_json
from tco import InputError, Result, Scenario, dump, evaluate, load, parse
from tco.books import find_book
from tco.runs import shipped_runs
from tco.shipped import shipped_scenarios
from tco.views import SCENARIO_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes import Run

SAVED_HERE = "saved here"
"""Where a run is from that a probe on this machine wrote into `runs_folder()`."""

OWN = "own"
"""Name of the scenario that came from an upload."""


def begin() -> None:
    """Fills a new session with the file that `tco app` was given, else the demo, else the first scenario with an answer."""
    if "scenario_text" in st.session_state:
        return
    st.session_state.update(runs={}, own_prices={}, revision=0, rejected={}, scenario_folder=None, scenario_origin=OWN)
    given = os.environ.get(SCENARIO_VARIABLE)
    if given is not None:
        replace(dump(load(given)), origin=OWN, folder=Path(given).parent)
        return
    paths = shipped_scenarios()
    first = next((name for name, path in paths.items() if _has_answer(path)), next(iter(paths)))
    open_shipped(first)


def _has_answer(path: Path) -> bool:
    try:
        evaluate(load(path))
    except InputError:
        return False
    return True


def open_shipped(name: str) -> None:
    """Replaces the session's scenario by one that ships with the product."""
    path = shipped_scenarios()[name]
    replace(dump(load(path)), origin=name, folder=path.parent)


def replace(text: str, *, origin: str | None = None, folder: Path | None = None) -> None:
    """Replaces the whole scenario; widgets start afresh from it.

    Args:
        text: the scenario as YAML, already accepted by `tco.parse`.
        origin: name of the shipped scenario, `OWN` for an upload; None keeps what it was.
        folder: where relative run files are looked up; only with `origin`.
    """
    state = st.session_state
    if origin is not None:
        state["scenario_origin"] = origin
        state["scenario_folder"] = None if folder is None else str(folder)
    state["scenario_text"] = text
    state["rejected"] = {}
    state["revision"] += 1


def text() -> str:
    """The scenario as YAML, every value in it."""
    return str(st.session_state["scenario_text"])


def scenario() -> Scenario:
    """The scenario."""
    folder = st.session_state["scenario_folder"]
    return parse(text()).in_folder(Path(folder) if folder else None)


def result() -> Result:
    """The answer.

    Raises:
        InputError: a run or a price is missing.
    """
    return evaluate(scenario(), own_runs(), book())


def book() -> Book:
    """The prices that the scenario names, under the visitor's own.

    The one record that is kept, and only in the session: what a book has read hangs on the object, and it is large.

    Raises:
        InputError: no such state of the book is here, or the file of prices cannot be read or is not valid.
    """
    found, kept = find_book(scenario(), own_prices()), st.session_state.get("book")
    if isinstance(kept, Book) and kept.id == found.id and kept.overrides == found.overrides:
        return kept
    st.session_state["book"] = found
    return found


def key(path: str) -> str:
    """Key of the widget of an input: new for every scenario, so that no value of an older one stays in it."""
    return f"{st.session_state['revision']}|{path}"


def attempt(path: str, change: Callable[[str], str], shown: Any, *, reshapes: bool = False) -> None:
    """Changes the scenario's text; where that gives no valid scenario, keeps the edit and the reason beside the widget.

    Args:
        path: the input.
        change: takes the scenario's YAML and gives the changed one.
        shown: what the widget holds, so that it is still there after a visit to another page.
        reshapes: the change adds, takes away or renames inputs; all widgets start afresh.
    """
    try:
        st.session_state["scenario_text"] = change(text())
    except InputError as error:
        st.session_state["rejected"][path] = (shown, str(error))
    else:
        st.session_state["rejected"].pop(path, None)
        st.session_state["revision"] += reshapes


def rejected(path: str) -> tuple[Any, str] | None:
    """The last edit of an input that was not accepted, and why."""
    found: tuple[Any, str] | None = st.session_state["rejected"].get(path)
    return found


def own_runs() -> dict[str, Run]:
    """Runs that this session uploaded, by the name that a scenario uses."""
    return {name: run_from_json(content, name) for name, content in st.session_state["runs"].items()}


def keep_run(name: str, content: str) -> None:
    """Keeps an uploaded run for this session.

    Raises:
        RunError: it is not a run.
    """
    run_from_json(content, name)
    st.session_state["runs"][name] = content


def own_prices() -> dict[str, Overrides]:
    """Files of prices that this session uploaded, by the name that a scenario uses."""
    return {name: parse_overrides(content, name=name) for name, content in st.session_state["own_prices"].items()}


def keep_prices(name: str, content: str) -> None:
    """Keeps an uploaded file of prices for this session, in the place of an older one.

    Raises:
        FileError: it is not such a file.
    """
    parse_overrides(content, name=name)
    st.session_state["own_prices"] = {name: content}


def drop_prices(name: str) -> None:
    """Forgets an uploaded file of prices."""
    st.session_state["own_prices"].pop(name, None)


def runs_folder() -> Path:
    """Where probes put their runs: `runs/` in the folder that the app was started in."""
    return Path("runs")


def known_runs() -> dict[str, str]:
    """Every run that can be chosen: where it is from, by the reference that a scenario uses."""
    saved = sorted(runs_folder().glob("*.json"), reverse=True) if runs_folder().is_dir() else []
    return {
        **dict.fromkeys(st.session_state["runs"], "uploaded"),
        **{path.as_posix(): "saved here" for path in saved},
        **dict.fromkeys(shipped_runs(), "comes with the product"),
    }


def open_run(reference: str) -> Run:
    """A run by its reference.

    Raises:
        RunError: it cannot be read.
    """
    own = st.session_state["runs"].get(reference)
    if own is not None:
        return run_from_json(own, reference)
    return load_run(shipped_runs().get(reference, reference))
