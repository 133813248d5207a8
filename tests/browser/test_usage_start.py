"""From a usage file to an answer, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as TimedOut
from playwright.sync_api import expect

from scripts.screenshots import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EXAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "usage" / "example-hours.csv"


def choose(page, label: str, option: str) -> None:
    box, wanted = page.get_by_label(label).first, page.get_by_role("option", name=option, exact=True).first
    expect(box).to_be_visible(timeout=30_000)
    for _ in range(6):
        # A list that is opened while the page is drawn closes again.
        box.click()
        try:
            wanted.wait_for(timeout=5_000)
        except TimedOut:
            continue
        break
    wanted.click()
    settled(page)


def test_a_usage_file_leads_to_an_answer(page, shared_app):
    page.goto(f"{shared_app}/start")
    settled(page)
    page.get_by_role("tab", name="A usage file").first.click()
    page.locator('input[type="file"]').first.set_input_files(EXAMPLE)
    # The file counts hours and does not say so: the page asks.
    expect(page.get_by_text("of which span?").first).to_be_visible(timeout=60_000)
    settled(page)
    page.get_by_text("What a file may not say of itself").first.click()
    choose(page, "A row with several requests is of", "An hour")
    choose(page, "Cached tokens are counted", "Among the input")

    expect(
        page.get_by_text(re.compile("^39,990 requests a day with 1,152 tokens in and 260.6 out")).first
    ).to_be_visible(timeout=60_000)
    expect(page.get_by_text("-10.0% is not explained").first).to_be_visible()
    page.get_by_role("button", name="Show the answer").last.click()

    expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=120_000)
    settled(page)
    expect(page.get_by_text("Support chat").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
