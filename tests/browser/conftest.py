"""A real browser, the real app, and a server of known speed to probe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

from probes import WorkloadShape, save_run
from scripts.screenshots import QUIET, find_chromium, running_app
from tests.factories import run

ROOT = Path(__file__).resolve().parents[2]

SCENARIO = """
name: Browser test
as_of: 2026-11-23
horizon_months: 24
baseline: api-today
workload:
  requests_per_day: 864_000
  input_tokens_per_request: 100
  output_tokens_per_request: 20
  profile: flat
  slo: {ttft_p95_ms: 5000}
options:
  - {name: api-today, kind: api, model: m, input_usd_per_mtok: 1.0, output_usd_per_mtok: 4.0}
  - name: our-server
    kind: rent
    model: fake-model
    run: slow.json
    price_usd_per_hour: 2.0
    people: {run_fte: 0.0}
    one_off_usd: {set_up: 1_000}
"""


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium here: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def app(tmp_path):
    """Address of the app, started in an empty folder with a scenario of its own."""
    with _app_in(tmp_path) as address:
        yield address


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory):
    """Address of an app like it that many tests visit: for those that leave nothing in its folder. A visit is a session of its own."""
    with _app_in(tmp_path_factory.mktemp("shared")) as address:
        yield address


def _app_in(folder):
    scenario = folder / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    # Two requests a second at most: ten a second and headroom need seven replicas, dearer than the API.
    save_run(run(workload=WorkloadShape(input_tokens=100, output_tokens=20)), folder / "slow.json")
    return running_app(folder, scenario)


@pytest.fixture
def endpoint():
    """Address of a server that answers in 0.2 s and more, whatever the load.

    So slowly that a late measuring client on a busy machine does not spoil the load point.
    """
    command = [
        sys.executable,
        str(ROOT / "tests" / "fake_server.py"),
        "--port",
        "0",
        "--prefill-ms",
        "200",
        "--tpot-ms",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()
