"""axe-core on every page, in light and dark. `scripts/ensure-axe.sh` fetches it; without it these tests are skipped."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scripts.screenshots import PAGES, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FOLDER = Path(__file__).resolve().parents[2] / ".axe"
RUN = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"


@pytest.fixture(scope="module")
def axe() -> str:
    found = sorted(FOLDER.glob("axe-*.js"))
    if not found:
        if os.environ.get("CI") and os.environ.get("AXE_REQUIRED"):
            raise FileNotFoundError("scripts/ensure-axe.sh did not fetch axe-core")
        pytest.skip("no axe-core here; scripts/ensure-axe.sh fetches it")
    return found[-1].read_text(encoding="utf-8")


def violations(page) -> list[str]:
    found = page.evaluate(RUN)["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_everybody_can_use_the_page(browser, app, axe, path, scheme):
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    page.goto(f"{app}/{path}")
    settled(page)
    page.evaluate(axe)
    found = violations(page)
    page.close()

    assert found == [], json.dumps(found, indent=1)
