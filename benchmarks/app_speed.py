"""How long a person waits for the app in a real browser, beside the least that Streamlit can do: `python -m benchmarks.app_speed`.

- **cold**: the server's process starts, a browser that has seen nothing opens it at once, until headline and chart are there.
- **open**: another visitor of a server that runs.
- **page**: from one page to another and back, until the headline is there; the mean of the two.
- **number**: a number is typed and confirmed, until headline and chart have been drawn anew.

The floor (`benchmarks/app_speed_floor.py`) has two pages, a text, a number, a slider and an Altair chart of 36 points. Ours and the floor take turns, so that a busy machine
slows both alike; the ratio is of the medians, and of the 95th percentiles.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts.screenshots import QUIET, find_chromium, free_port, wait_for
from tco.cli.app import app_arguments

FLOOR = Path(__file__).with_name("app_speed_floor.py")
WAIT_MS = 120_000
CHART = '[data-testid="stVegaLiteChart"] svg.marks'


@dataclass
class Subject:
    """An app: how it is started, and where its parts are."""

    name: str
    headline: str
    pages: tuple[str, str]
    number: str
    told: str
    chart_toggle: str | None = None
    number_page: str = ""
    waits_ms: dict[str, list[float]] = field(default_factory=dict)

    def command(self, port: int) -> list[str]:
        ours = app_arguments(port, browser=False)
        if self.name == "ours":
            return ours
        flags = [part for part in ours if part.startswith("--")]
        return [sys.executable, "-m", "streamlit", "run", str(FLOOR), *flags]

    def note(self, what: str, seconds: float) -> None:
        self.waits_ms.setdefault(what, []).append(seconds * 1e3)


def subjects() -> tuple[Subject, Subject]:
    ours = Subject(
        name="ours",
        headline="h2",
        pages=("Inputs", "Decision"),
        number="Traffic",
        told='[data-testid="stAlert"]',
        chart_toggle="Chart of the answer",
        number_page="inputs",
    )
    return ours, Subject(
        name="floor", headline="h2", pages=("Second", "First"), number="Number", told='[data-testid="stAlert"]'
    )


@contextlib.contextmanager
def server(subject: Subject, folder: Path, *, wait: bool = True) -> Iterator[str]:
    port = free_port()
    # A shell that keeps Python from writing bytecode would have every server compile all its sources, which no user's does.
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(
        subject.command(port), cwd=folder, env=known, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            if wait:
                wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def drawn(page: Page, subject: Subject) -> None:
    page.wait_for_selector(subject.headline, timeout=WAIT_MS)
    page.wait_for_selector(CHART, timeout=WAIT_MS)


def opened(browser: Browser, address: str, subject: Subject) -> tuple[Page, float]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    began = time.perf_counter()
    page.goto(address)
    drawn(page, subject)
    return page, time.perf_counter() - began


def cold(browser: Browser, subject: Subject, folder: Path) -> None:
    began = time.perf_counter()
    with server(subject, folder) as address:
        page, _ = opened(browser, address, subject)
        subject.note("cold", time.perf_counter() - began)
        page.context.close()


def turn_pages(page: Page, subject: Subject) -> None:
    began = time.perf_counter()
    for name in subject.pages:
        before = page.locator(subject.headline).first.inner_text()
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(subject.headline).first).not_to_have_text(before, timeout=WAIT_MS)
    subject.note("page", (time.perf_counter() - began) / len(subject.pages))


def settle(page: Page) -> None:
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=WAIT_MS)
    page.wait_for_timeout(700)


def type_numbers(page: Page, subject: Subject, address: str, times: int) -> None:
    """Values that halve and grow, so that the headline and every point of the chart change."""
    page.goto(f"{address}/{subject.number_page}")
    page.wait_for_selector(subject.told, timeout=WAIT_MS)
    settle(page)
    if subject.chart_toggle:
        page.get_by_text(subject.chart_toggle).click()
    page.wait_for_selector(CHART, timeout=WAIT_MS)
    settle(page)
    box = page.get_by_label(re.compile(f"^{subject.number}")).first
    start = float(box.input_value().replace(",", ""))
    for turn in range(times):
        told = page.locator(subject.told).first
        before = told.inner_text()
        page.evaluate(_MARK, CHART)
        box.fill(f"{start * (1.5 if turn % 2 else 3) + turn:g}")
        began = time.perf_counter()
        box.press("Enter")
        page.wait_for_function(_CHANGED, arg=[CHART, subject.told, before], timeout=WAIT_MS, polling="raf")
        subject.note("number", time.perf_counter() - began)
        settle(page)


_MARK = """selector => {
  const chart = document.querySelector(selector);
  window.drawnAnew = false;
  const picture = () => { try { return chart.isConnected ? chart.outerHTML : null; } catch { return null; } };
  const before = picture();
  const look = () => {
    const now = document.querySelector(selector);
    if (now && (now !== chart || picture() !== before)) { window.drawnAnew = true; return; }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
_CHANGED = """([selector, told, before]) => {
  const text = document.querySelector(told);
  return window.drawnAnew && text && text.innerText !== before;
}"""


def report(ours: Subject, floor: Subject) -> list[str]:
    lines = [
        f"{'':<8}{'rounds':>8}{'ours p50':>12}{'p95':>10}{'floor p50':>12}{'p95':>10}{'p50, times':>13}{'p95, times':>13}"
    ]
    for what, own in ours.waits_ms.items():
        base = floor.waits_ms[what]
        row = [*np.percentile(own, (50, 95)), *np.percentile(base, (50, 95))]
        times = (statistics.median(own) / statistics.median(base), row[1] / row[3])
        lines.append(
            f"{what:<8}{len(own):>8}{row[0]:>9,.0f} ms{row[1]:>7,.0f} ms{row[2]:>9,.0f} ms{row[3]:>7,.0f} ms{times[0]:>13.2f}{times[1]:>13.2f}"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", type=int, default=5, help="servers of each that are started")
    parser.add_argument("--rounds", type=int, default=10, help="visitors of each, who turn pages and type two numbers")
    given = parser.parse_args()
    ours, floor = subjects()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, contextlib.ExitStack() as stack:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        for _ in range(given.cold):
            for subject in (floor, ours):
                cold(browser, subject, folder)
        running = [(subject, stack.enter_context(server(subject, folder))) for subject in (floor, ours)]
        for subject, address in running:
            opened(browser, address, subject)[0].context.close()
        for _ in range(given.rounds):
            for subject, address in running:
                page, seconds = opened(browser, address, subject)
                subject.note("open", seconds)
                settle(page)
                turn_pages(page, subject)
                type_numbers(page, subject, address, times=2)
                page.context.close()
        browser.close()
    cores = os.cpu_count()
    print(
        f"# {datetime.now(UTC):%Y-%m-%d}, python -m benchmarks.app_speed, {cores} cores, load {os.getloadavg()[0]:.1f} at the end\n"
    )
    print("\n".join(report(ours, floor)))


if __name__ == "__main__":
    main()
