from __future__ import annotations

import tomllib

import pytest

from tco import load
from tco.shipped import shipped_scenarios, streamlit_config


def test_the_demo_comes_first():
    names = list(shipped_scenarios())

    assert names[0] == "demo"
    assert names[1:] == sorted(names[1:])


@pytest.mark.parametrize("path", shipped_scenarios().values(), ids=shipped_scenarios().keys())
def test_every_shipped_scenario_can_be_read(path):
    assert load(path).folder == path.parent


def test_the_apps_configuration_is_there():
    assert tomllib.loads(streamlit_config().read_text(encoding="utf-8"))["server"]["address"] == "127.0.0.1"
