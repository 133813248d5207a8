"""Every page at a desk, in the dark and on a phone: no error of the browser, nothing from another machine, nothing wider than the screen, nothing that axe-core finds.

`scripts/ensure-axe.sh` fetches axe-core; without it that part is skipped, and the test says so.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts.screenshots import PAGES, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FOLDER = Path(__file__).resolve().parents[2] / ".axe"
# Streamlit's own list of pages, as it is on a phone, has groups between list and items; nothing here can change that.
RUN = """axe.run({exclude: ['[data-testid=stSidebarNavItems]']}, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"""
WIDTHS = "[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
LOOKS = {"desk": (1440, 900, "light"), "desk, dark": (1440, 900, "dark"), "phone": (390, 844, "light")}


@pytest.fixture(scope="module")
def axe() -> str | None:
    found = sorted(FOLDER.glob("axe-*.js"))
    return found[-1].read_text(encoding="utf-8") if found else None


def violations(page) -> list[str]:
    found = page.evaluate(RUN)["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found
        for node in each["nodes"]
    ]


def is_outside(url: str, app: str) -> bool:
    """Whether it leads to another machine than the app's own."""
    parts = urlsplit(url)
    return parts.scheme not in {"data", "blob"} and parts.netloc != urlsplit(app).netloc


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_everybody_can_use_the_page(browser, shared_app, axe, path, look):
    width, height, scheme = look
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    errors: list[str] = []
    outside: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: outside.append(request.url) if is_outside(request.url, shared_app) else None)
    page.goto(f"{shared_app}/{path}")
    settled(page)
    widths = page.evaluate(WIDTHS)
    if axe is not None:
        page.evaluate(axe)
    found = [] if axe is None else violations(page)
    title = page.title()
    page.close()

    assert errors == []
    assert outside == []
    assert title.startswith(f"{path.capitalize() or 'Decision'} · ")
    assert widths == [width, width]
    assert found == [], json.dumps(found, indent=1)
    if axe is None:
        pytest.skip("no axe-core here, so only errors and widths were looked at; scripts/ensure-axe.sh fetches it")
