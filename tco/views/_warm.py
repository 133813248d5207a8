"""Loads what every page needs while the server starts and the browser fetches its scripts, so that the first visitor does not wait for it.

`tco app` starts `begin` in the server's process, before Streamlit serves; a page asks `wait` before its first own work, so that two threads never do the
same. Nothing here imports Streamlit: its own modules are loaded by then.
"""

from __future__ import annotations

import os
import threading

from tco import InputError, evaluate, load
from tco.shipped import shipped_scenarios
from tco.views import SCENARIO_VARIABLE

_LONGEST_S = 60.0
_done = threading.Event()
_done.set()


def begin() -> None:
    """Loads libraries, the price book and step times of the first scenario."""
    _done.clear()
    try:
        _load()
    finally:
        _done.set()


def wait() -> None:
    """Returns when that is done; at once where it was not begun."""
    _done.wait(_LONGEST_S)


def _load() -> None:
    # What draws is loaded here, in the thread, and not when a page is first imported.
    from tco.charts import LIGHT, cumulative_cost  # noqa: PLC0415
    from tco.risk.simulate import simulate  # noqa: F401, PLC0415

    given = os.environ.get(SCENARIO_VARIABLE)
    try:
        cumulative_cost(evaluate(load(given or next(iter(shipped_scenarios().values())))), LIGHT).to_dict()
    except InputError:
        # The page says it, in its own words.
        return
