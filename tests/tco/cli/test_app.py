from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from probes.engines.ports import find_port
from tco.cli import app
from tco.cli._shared import EXIT_INTERRUPTED
from tco.cli.app import ENTRY, app_arguments
from tco.shipped import streamlit_config
from tests.stand_in import wait_until


def flags(arguments):
    return dict(part.removeprefix("--").split("=", 1) for part in arguments if part.startswith("--"))


def test_the_theme_of_the_config_file_is_passed_on_whole():
    config = tomllib.loads(streamlit_config().read_text(encoding="utf-8"))
    given = flags(app_arguments())

    assert given["theme.primaryColor"] == config["theme"]["primaryColor"]
    assert given["theme.dark.backgroundColor"] == config["theme"]["dark"]["backgroundColor"]
    assert json.loads(given["theme.light.chartCategoricalColors"]) == config["theme"]["light"]["chartCategoricalColors"]


def test_the_app_stays_on_this_machine_and_reports_to_nobody():
    given = flags(app_arguments(8600, browser=False))

    assert given["server.address"] == "127.0.0.1"
    assert given["browser.gatherUsageStats"] == "false"
    assert (given["server.port"], given["server.headless"]) == ("8600", "true")


def test_the_entry_is_a_file_of_the_package():
    assert Path(app_arguments()[4]) == ENTRY
    assert ENTRY.is_file()


def test_a_scenario_that_cannot_be_read_is_refused_before_a_server_starts(tmp_path):
    missing = tmp_path / "missing.yaml"
    found = CliRunner().invoke(app, ["app", str(missing)])

    assert found.exit_code == 2
    assert "cannot be read" in found.output


_STAND_INS = """
import gc, sys, threading, types
import tco.views
def main(prog_name):
    [thread.join() for thread in threading.enumerate() if thread is not threading.main_thread()]
    print(loading, gc.isenabled(), gc.get_freeze_count() > 0)
def begin():
    global loading
    loading = gc.isenabled()
    raise ImportError("a library is broken")
sys.modules |= {name: types.ModuleType(name) for name in ("streamlit", "streamlit.web")}
sys.modules["streamlit.web"].cli = types.SimpleNamespace(main=main)
tco.views._warm = types.SimpleNamespace(begin=begin)
"""


@pytest.mark.slow
def test_the_collector_rests_while_libraries_load_and_then_passes_them_over():
    start = app_arguments()[2]
    done = subprocess.run([sys.executable, "-c", _STAND_INS + start], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True", "True"]
    assert "a library is broken" in done.stderr


@pytest.mark.slow
def test_the_server_ends_with_the_command(tmp_path):
    start = "from tco.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", start, "app", "--no-browser", "--port", str(find_port(None))], cwd=tmp_path
    ) as command:
        wait_until(lambda: psutil.Process(command.pid).children(), within_s=30)
        (server,) = psutil.Process(command.pid).children()
        command.terminate()
        assert command.wait(20) == EXIT_INTERRUPTED
    wait_until(lambda: not server.is_running(), within_s=10)
