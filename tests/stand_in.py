"""What tests share that run a probe with the stand-in engine."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests/stand_in_engine"


def install(monkeypatch, cache, mode="ok"):
    """Makes the stand-in the installed engine, for this process and for those that it starts."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER), str(ROOT)]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("STAND_IN", mode)


def carrying(name, value):
    """Living processes that have an environment variable of this value."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def wait_until(condition, within_s=60.0):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
