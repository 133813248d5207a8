"""What one visitor's session holds, as text: the scenario, the runs that were uploaded, edits that do not fit yet.

A record that is kept beside its text, because reading YAML takes long, is rebuilt from the text where it is of an older class, from before
a reload of the code. Nothing that a visitor brings is kept in a cache that others share. `tco.views._opening` fills a new session.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pricing import Book, Overrides, parse_overrides
from probes import load_run, run_from_json
from tco import InputError, Result, Scenario, dump, load, parse
from tco.books import find_book
from tco.compare import Prepared, prepare
from tco.evaluate import evaluate_prepared
from tco.hosting import is_hosted, refuse_server_file
from tco.identity import parts_of
from tco.runs import shipped_runs
from tco.shipped import shipped_scenarios
from tco.views import _history, _hosted

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes import Run

SAVED_HERE = "saved here"
"""Where a run is from that a probe on this machine wrote into `runs_folder()`."""

OWN = "own"
"""Name of the scenario that came from an upload."""

LINK = "s"
"""Of the query string: the scenario itself (`tco.share`)."""


def open_shipped(name: str) -> None:
    """Replaces the session's scenario by one that ships with the product."""
    open_record(load(shipped_scenarios()[name]), origin=name)


def open_record(record: Scenario, *, origin: str) -> None:
    """Replaces the session's scenario by one that was read already.

    Args:
        record: in its folder.
        origin: see `replace`.
    """
    replace(dump(record), origin=origin, folder=record.folder)
    _keep(text(), record)


def replace(text: str, *, origin: str | None = None, folder: Path | None = None) -> None:
    """Replaces the whole scenario; widgets start afresh from it.

    Args:
        text: the scenario as YAML, already accepted by `tco.parse`.
        origin: name of the shipped scenario, `OWN` for an upload; None keeps what it was.
        folder: where relative run files are looked up; only with `origin`.
    """
    state = st.session_state
    _history.remember()
    if origin is not None:
        state["scenario_origin"] = origin
        state["scenario_folder"] = None if folder is None else str(folder)
    state["scenario_text"] = text
    state["rejected"] = {}
    state["revision"] += 1


def undo() -> None:
    """Goes back to the scenario before the last change."""
    if _history.can_go_back():
        open_held(_history.last(), is_change=False)


def open_held(held: _history.Held, *, is_change: bool = True) -> None:
    """Goes to a scenario that the session held before.

    Args:
        held: that scenario.
        is_change: one that can be undone.
    """
    if is_change:
        _history.remember()
    st.session_state.update(
        scenario_text=held.text, scenario_origin=held.origin, scenario_folder=held.folder, rejected={}
    )
    st.session_state["revision"] += 1


def text() -> str:
    """The scenario as YAML, every value in it."""
    return str(st.session_state["scenario_text"])


def scenario() -> Scenario:
    """The scenario. The last one is kept in the session: a page asks many times, and reading YAML takes most of its time."""
    asked = (text(), st.session_state["scenario_folder"])
    kept = st.session_state.get("scenario_record")
    # One of an older class, from before a reload of the code, is read anew.
    if kept is None or kept[0] != asked or not isinstance(kept[1], Scenario):
        return _keep(asked[0], parse(asked[0]).in_folder(Path(asked[1]) if asked[1] else None))
    found: Scenario = kept[1]
    return found


def _keep(told: str, record: Scenario) -> Scenario:
    """Keeps a scenario as text, and as the record that `tco.parse` makes of that text."""
    st.session_state["scenario_text"] = told
    st.session_state["scenario_record"] = ((told, st.session_state["scenario_folder"]), record)
    return record


def prepared() -> Prepared:
    """The scenario with all that its answer rests on.

    Raises:
        InputError: a run or a price is missing.
    """
    return prepare(scenario(), own_runs(), book())


def result(*, searches: bool = True) -> Result:
    """The answer, for pages that need nothing else of what it rests on; see `answer`.

    Raises:
        InputError: a run or a price is missing.
    """
    return answer(prepared(), searches=searches)


def answer(held: Prepared, *, searches: bool = True) -> Result:
    """The answer. The last one is kept, as text and in the session alone: the same id gives the same numbers.

    Args:
        held: what it rests on, of the session's scenario.
        searches: with break-even volumes and drivers, which take most of the time (`tco.evaluate`).
    """
    asked = scenario()
    name = parts_of(asked, held.runs, held.book).answer_id
    kept = st.session_state.get("answer")
    if kept is None or kept[0] != name or kept[1] < searches:
        found = evaluate_prepared(asked, held, searches=searches)
        kept = (found.answer_id, searches, found.model_dump_json(by_alias=True))
        st.session_state["answer"] = kept
    st.session_state["answered"] = (text(), kept[0], held.book.id)
    return Result.model_validate_json(kept[2])


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


def attempt(path: str, change: Callable[[Scenario], Scenario], shown: Any, *, reshapes: bool = False) -> None:
    """Changes the scenario; where that gives no valid scenario, keeps the edit and the reason beside the widget.

    Args:
        path: the input.
        change: takes the scenario and gives the changed one.
        shown: what the widget holds, so that it is still there after a visit to another page.
        reshapes: the change adds, takes away or renames inputs; all widgets start afresh.
    """
    try:
        changed = change(scenario())
        told = dump(changed)
        if told != text():
            _history.remember()
        _keep(told, changed)
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
        InputError: the session holds as many files as a hosted server lets it.
    """
    run_from_json(content, name)
    if name not in st.session_state["runs"]:
        _hosted.require_room(len(st.session_state["runs"]))
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


def page(name: str) -> Path:
    """File of a page, for links to it."""
    return Path(__file__).parent / f"{name}.py"


def runs_folder() -> Path:
    """Where probes put their runs: `runs/` in the folder that the app was started in."""
    return Path("runs")


def known_runs() -> dict[str, str]:
    """Every run that can be chosen: where it is from, by the reference that a scenario uses."""
    has_saved = not is_hosted() and runs_folder().is_dir()
    saved = sorted(runs_folder().glob("*.json"), reverse=True) if has_saved else []
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
    if reference not in shipped_runs():
        refuse_server_file(reference, "run")
    return load_run(shipped_runs().get(reference, reference))
