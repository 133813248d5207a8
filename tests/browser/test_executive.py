"""The executive's way: open, an answer is there; six inputs, another; a link that gives a colleague the same; a sheet of paper."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from scripts.screenshots import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SIX = {
    "Requests a day": "120000",
    "Prompt length (tokens)": "1500",
    "Answer length (tokens)": "300",
    "Staff to keep it running (FTE)": "0.25",
}
CHOSEN = {"Model that you pay for today": "anthropic/", "GPU that it would run on": "H200-SXM"}


def told(page) -> tuple[str, list[str], str]:
    """The sentence, the four numbers with what stands below them, and the answer's id."""
    expect(page.get_by_text(re.compile(r"^Answer [0-9a-f]{12}\."))).to_be_visible(timeout=120_000)
    settled(page)
    footing = page.get_by_text(re.compile(r"^Answer [0-9a-f]{12}\.")).inner_text()
    numbers = page.get_by_test_id("stMetric").all_inner_texts()
    return page.get_by_role("heading", level=2).inner_text(), numbers, footing[7:19]


def choose(page, label, beginning) -> str:
    """Chooses the first entry that begins so, by keyboard as one would, and gives its whole name."""
    box = page.get_by_label(label, exact=True)
    box.click()
    box.fill(beginning)
    entry = page.get_by_role("option").filter(has_text=beginning).first
    name = entry.inner_text().strip()
    entry.click()
    return name


def test_from_the_first_look_to_a_link_and_a_sheet_of_paper(browser, page, shared_app, tmp_path):
    page.goto(shared_app)
    first, numbers, _ = told(page)
    assert len(numbers) == 4
    assert re.match("Stay with|Move to", first)

    page.get_by_role("button", name="Start from").click()
    page.get_by_label("Requests a day", exact=True).wait_for()
    settled(page)
    for label, value in SIX.items():
        page.get_by_label(label, exact=True).fill(value)
        page.get_by_label(label, exact=True).press("Tab")
    names = [choose(page, label, beginning) for label, beginning in CHOSEN.items()]
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_text("Support chat").first).to_be_visible(timeout=120_000)
    mine = told(page)
    assert mine[0] != first
    assert names[1] == CHOSEN["GPU that it would run on"]

    page.get_by_role("button", name="Share").last.click()
    link = page.get_by_test_id("stCode").locator("code").inner_text().strip()
    page.keyboard.press("Escape")
    colleague = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    colleague.goto(link)
    assert told(colleague) == mine
    expect(colleague.get_by_text("Whoever sent this link")).to_have_count(0)
    colleague.context.close()

    # On paper is what lies below the first screen too.
    paper = tmp_path / "decision.pdf"
    page.pdf(path=paper, format="A4")
    written = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(paper).pages).split())
    assert mine[0] in written
    assert f"Answer {mine[2]}" in written
