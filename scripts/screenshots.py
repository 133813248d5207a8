"""Pictures of every page at a desk, in the dark and on a phone: `python scripts/screenshots.py [SCENARIO]`.

All of them, the first screen and the whole page, go into build/pages, to be looked at; those that README and docs show go into docs/images too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tco.cli.app import app_arguments
from tco.views import SCENARIO_VARIABLE

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "pages"
IMAGES = ROOT / "docs" / "images"
LOOKS = {"1440": (1440, 900, "light"), "1440-dark": (1440, 900, "dark"), "390": (390, 844, "light")}
NAMES = (
    "start",
    "inputs",
    "options",
    "workload",
    "capacity",
    "cost",
    "risk",
    "claims",
    "compare",
    "report",
    "prices",
    "probe",
)
PAGES = {"decision": "", **{name: name for name in NAMES}}
SHOWN = (
    "decision-1440",
    "decision-1440-dark",
    "decision-390",
    "options-1440",
    "capacity-1440",
    "cost-1440",
    "risk-1440",
    "compare-1440",
    "prices-1440",
    "probe-1440",
    "report-1440",
)
"""Those that README and docs show."""
MAX_BYTES = 300_000
MAX_HEIGHT = 6_000
PHONE_PX = 600
START_S = 60
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def find_chromium() -> str | None:
    """An installed Chromium or Chrome; None leaves it to Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def free_port() -> int:
    """A port on this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_app(folder: Path, scenario: Path | None = None) -> Iterator[str]:
    """The real app on a free port.

    Args:
        folder: where it is started; probes save their runs below it.
        scenario: what it opens; None for the demo.

    Yields:
        Its address.
    """
    port = free_port()
    given = {} if scenario is None else {SCENARIO_VARIABLE: str(scenario.resolve())}
    command = app_arguments(port, browser=False)
    with subprocess.Popen(
        command, cwd=folder, env=os.environ | given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    """Returns once a page answers.

    Raises:
        TimeoutError: it does not.
    """
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.2)
    raise TimeoutError(f"{url} does not answer")


def settled(page: Page) -> None:
    """Waits until a page has been drawn: no script runs, charts are there."""
    page.wait_for_selector("h2", timeout=60_000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=60_000)
    page.wait_for_timeout(1500)


def take(browser: Browser, address: str) -> None:
    """Takes all pages in all looks."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for look, (width, height, scheme) in LOOKS.items():
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        for name, path in PAGES.items():
            page.goto(f"{address}/{path}")
            settled(page)
            if name == "compare" and width > PHONE_PX:
                change_something(page, address)
            file = FOLDER / f"{name}-{look}.png"
            page.screenshot(path=file)
            whole(page, file.with_stem(f"{file.stem}-whole"), width)
            page.set_viewport_size({"width": width, "height": height})
        page.close()


def change_something(page: Page, address: str) -> None:
    """Doubles the traffic and goes to Compare, which has nothing to show before."""
    page.goto(f"{address}/inputs")
    settled(page)
    box = page.get_by_label("Traffic (requests/day)", exact=True)
    box.fill("120000")
    box.press("Enter")
    page.wait_for_url("**?s=*")
    page.get_by_test_id("stTopNavSection").filter(has_text="Share").click()
    page.get_by_role("menuitem", name="Compare").click()
    page.wait_for_selector("svg.marks", timeout=60_000)
    settled(page)


def whole(page: Page, file: Path, width: int) -> None:
    """The whole page: Streamlit scrolls a part of it, so the window is made as high as that."""
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(height) + 80, MAX_HEIGHT)})
    page.wait_for_timeout(700)
    page.screenshot(path=file)


def show() -> None:
    """Puts the chosen pictures where README and docs look for them."""
    for name in SHOWN:
        file = IMAGES / f"{name}.png"
        shutil.copyfile(FOLDER / file.name, file)
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}: {size / 1000:.0f} kB{' TOO LARGE' if size > MAX_BYTES else ''}")


def main() -> None:
    """Starts the app, takes the pictures, stops the app."""
    scenario = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with running_app(ROOT, scenario) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        take(browser, address)
        browser.close()
    print(f"{len(LOOKS) * len(PAGES)} pages, first screen and whole: {FOLDER.relative_to(ROOT)}")
    show()


if __name__ == "__main__":
    main()
