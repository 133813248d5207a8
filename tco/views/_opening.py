"""What a visitor's session opens with: the scenario of the link, of the command line, or the first that has an answer."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from tco import InputError, Scenario, evaluate, load
from tco.hosting import is_hosted
from tco.scenario import SelfHostedOption
from tco.share import of_link
from tco.shipped import shipped_scenarios
from tco.views import SCENARIO_VARIABLE, _history, _state


def begin() -> None:
    """Fills a new session with the scenario of its link, else the file that `tco app` was given, else the demo, else the first scenario with an answer."""
    if "scenario_text" in st.session_state:
        return
    st.session_state.update(
        runs={}, own_prices={}, revision=0, rejected={}, scenario_folder=None, scenario_origin=_state.OWN
    )
    _bring_operators_files()
    _history.begin()
    code = st.query_params.get(_state.LINK)
    if code is None or not _open_link(code):
        _open_first()
        st.session_state["first_text"] = _state.text()


def _open_link(code: str) -> bool:
    """Whether the link could be opened; where not, why is kept for the page to say."""
    state = st.session_state
    try:
        shared = of_link(code)
    except InputError as error:
        state["link_problem"] = str(error)
        return False
    shipped, given = shipped_scenarios(), os.environ.get(SCENARIO_VARIABLE)
    if shared.origin in shipped:
        _state.replace(shared.text, origin=shared.origin, folder=shipped[shared.origin].parent)
    else:
        _state.replace(shared.text, origin=_state.OWN, folder=None if given is None else Path(given).parent)
    state["shared"] = (shared.text, shared.answer_id, shared.book_id)
    return True


def _open_first() -> None:
    given = os.environ.get(SCENARIO_VARIABLE)
    if given is not None:
        _state.open_record(load(given), origin=_state.OWN)
        return
    paths = shipped_scenarios()
    for name, path in paths.items():
        if _has_answer(found := load(path)):
            _state.open_record(found, origin=name)
            return
    _state.open_shipped(next(iter(paths)))


def _bring_operators_files() -> None:
    """On a hosted server no scenario may name the server's files, so what the operator's own one names is brought into the session."""
    given = os.environ.get(SCENARIO_VARIABLE)
    if given is None or not is_hosted():
        return
    scenario, folder = load(given), Path(given).parent
    st.session_state["runs"].update(_named_runs(scenario, folder))
    if (own := scenario.prices.file) is not None:
        _state.keep_prices(own, (folder / own).read_text(encoding="utf-8"))


def _named_runs(scenario: Scenario, folder: Path) -> dict[str, str]:
    named = {option.run: folder / option.run for option in scenario.options if isinstance(option, SelfHostedOption)}
    return {name: path.read_text(encoding="utf-8") for name, path in named.items() if path.is_file()}


def _has_answer(scenario: Scenario) -> bool:
    try:
        evaluate(scenario, searches=False)
    except InputError:
        return False
    return True
