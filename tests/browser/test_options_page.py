"""Options side by side in a real browser: choose a point, go on from there, read it on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from scripts.screenshots import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SLOW = 60_000
# What scrolls, with the table in it; the first column stays where it is.
SCROLLED = """() => {
  const table = document.querySelector('[data-testid=stTable]');
  const box = [...table.querySelectorAll('*')].find(e => e.scrollWidth > e.clientWidth + 20 && getComputedStyle(e).overflowX !== 'visible');
  if (!box) return null;
  const title = table.querySelector('tbody th'), cell = table.querySelector('tbody td');
  const before = [title.getBoundingClientRect().x, cell.getBoundingClientRect().x];
  box.scrollLeft = 60;
  return [title.getBoundingClientRect().x - before[0], cell.getBoundingClientRect().x - before[1]];
}"""


def test_a_click_on_a_point_leads_to_the_options_costs_and_inputs(page, shared_app):
    page.goto(f"{shared_app}/options")
    settled(page)
    expect(page.get_by_test_id("stTable")).to_be_visible(timeout=SLOW)
    point = page.locator("[data-testid=stVegaLiteChart] path[aria-label*='option: our-server']").first
    expect(point).to_be_attached(timeout=SLOW)
    point.click(force=True)
    expect(page.get_by_label("Option in detail").first).to_have_value("our-server", timeout=SLOW)
    settled(page)

    page.get_by_role("button", name="Its capacity").click()
    expect(page).to_have_url(re.compile("/capacity"), timeout=SLOW)
    settled(page)
    expect(page.get_by_label("Option", exact=True).first).to_have_value("our-server", timeout=SLOW)

    page.goto(f"{shared_app}/options")
    settled(page)
    page.get_by_role("button", name="Change it").click()
    expect(page).to_have_url(re.compile("/inputs"), timeout=SLOW)
    settled(page)
    expect(page.get_by_label("Rent (USD/hour)", exact=True).first).to_be_visible(timeout=SLOW)


def test_the_table_scrolls_in_its_own_box_on_a_phone(browser, shared_app):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{shared_app}/options")
    settled(page)
    expect(page.get_by_test_id("stTable")).to_be_visible(timeout=SLOW)
    moved = page.evaluate(SCROLLED)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()

    assert width == 390
    if moved is not None:
        assert abs(moved[0]) < 1
        assert moved[1] < -20
