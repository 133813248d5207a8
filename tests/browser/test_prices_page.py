"""The page of prices in a real browser: it fits, it draws the history of a price, it takes the visitor's own prices."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from scripts.screenshots import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TABS = ("GPU rental", "API tokens", "Models", "Own hardware", "Energy", "Outlook", "What is stale")
CONTRACT = (
    b"prices: [{item: mistral/mistral-large-4, per: mtok_input, amount: 0.5, as_of: 2026-09-01, source: contract}]"
)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_every_tab_opens_and_none_is_wider_than_the_screen(browser, shared_app, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{shared_app}/prices")
    settled(page)
    for name in TABS:
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        settled(page)
        widths = page.evaluate(
            "[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
        )
        assert [width, width] == widths, name
        expect(page.get_by_test_id("stException")).to_have_count(0)
    page.close()
    assert [] == errors


def test_a_typed_model_gets_the_history_of_its_price(page, shared_app):
    page.goto(f"{shared_app}/prices")
    settled(page)
    page.get_by_role("tab", name="API tokens").click()
    model = page.get_by_role("combobox", name="One model")
    model.fill("mistral-large-4")
    model.press("Enter")

    expect(page.get_by_text("Price of mistral/mistral-large-4")).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1)
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_own_prices_are_taken_refused_and_removed_in_the_popover(page, shared_app):
    page.goto(f"{shared_app}/prices")
    settled(page)
    page.get_by_role("button", name="Your own prices").click()
    file = page.locator("input[type=file]")
    file.set_input_files({"name": "prices.yaml", "mimeType": "text/yaml", "buffer": CONTRACT})
    expect(page.get_by_text("prices.yaml is in use, here and in the decision.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("under your own prices, prices.yaml")).to_be_visible()

    file.set_input_files({"name": "bad.yaml", "mimeType": "text/yaml", "buffer": b"prices: 7"})
    expect(page.get_by_test_id("stAlert").filter(has_text="bad.yaml")).to_contain_text("Nothing was changed.")
    expect(page.get_by_text("under your own prices, prices.yaml")).to_be_visible()

    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("under your own prices")).to_have_count(0)
