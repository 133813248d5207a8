"""The app in-process, opened with a scenario that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from probes import save_run
from tco import Scenario, dump
from tco.views import SCENARIO_VARIABLE
from tests.factories import run, scenario_data

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A page that is drawn anew takes a tenth of a second or more: too long for tests that are run after every change.
    for item in items:
        if "open_app" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that the app is started in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def open_app(folder, monkeypatch):
    """Opens the app with a scenario beside whose file lies its run."""

    def opened(**changes) -> AppTest:
        save_run(run(), folder / "test-run.json")
        data = scenario_data(**changes)
        data["options"] = [{**one, "run": "test-run.json"} if "run" in one else one for one in data["options"]]
        path = folder / "scenario.yaml"
        path.write_text(dump(Scenario.model_validate(data)), encoding="utf-8")
        monkeypatch.setenv(SCENARIO_VARIABLE, str(path))
        return start()

    return opened


def start() -> AppTest:
    """The first page of the app."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def at_page(app: AppTest, name: str) -> AppTest:
    """Another page of the app."""
    return app.switch_page(f"tco/views/{name}.py").run()


def at_tab(app: AppTest, name: str) -> AppTest:
    """Another tab of Inputs: only the one that is open is drawn."""
    app.session_state["inputs_tab"] = name
    return app.run()


def key(app: AppTest, path: str) -> str:
    """Key of the widget of an input."""
    return f"{app.session_state['revision']}|{path}"


def at_option(app: AppTest, name: str, topic: str | None = None) -> AppTest:
    """An option of Inputs, opened at one of its topics: only the one that is chosen is drawn."""
    app.session_state["inputs_tab"] = "Options"
    app.session_state[f"open.{name}"] = True
    if topic is not None:
        app.session_state[f"topic.{name}"] = topic
    return app.run()
