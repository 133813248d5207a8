"""What a person sees and does in the real app."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from scripts.screenshots import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def answer(page) -> str:
    return page.get_by_role("heading", level=2).inner_text()


def payback(page) -> str:
    return page.get_by_test_id("stMetric").filter(has_text="Payback").get_by_test_id("stMetricValue").inner_text()


def test_a_probe_through_the_page_changes_the_decision(page, app, endpoint):
    page.goto(app)
    settled(page)
    assert answer(page).startswith("Stay with api-today")
    assert payback(page) == "never"

    page.get_by_text("Data", exact=True).click()
    page.get_by_role("menuitem", name="Probe").click()
    page.get_by_text("A running server").click()
    page.get_by_label("Address", exact=True).fill(endpoint)
    page.get_by_label("Model name that it serves", exact=True).fill("fake-model")
    page.get_by_label("Concurrency", exact=True).fill("1,8")
    page.get_by_label("Output tokens", exact=True).fill("20")
    page.get_by_role("button", name="Start the probe").click()
    expect(page.get_by_text("Measuring", exact=True)).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stAlert").filter(has_text="2 cells, complete")).to_be_visible(timeout=120_000)

    expect(page.get_by_label("Run", exact=True)).to_have_value(re.compile("fake-model.json"))
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    expect(page.get_by_text(re.compile("Most throughput: .* at concurrency 8"))).to_be_visible()
    page.get_by_text("How it was measured").click()
    expect(page.get_by_text("Windows", exact=True)).to_be_visible()
    page.get_by_role("button", name="Use this run").click()
    page.get_by_text("See the decision").click()

    expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=30_000)
    settled(page)
    assert answer(page).startswith("Move to our-server: it pays back in")
    assert payback(page) == "0.3 months"


def test_a_wrong_address_is_said_in_a_sentence(page, app):
    page.goto(f"{app}/probe")
    settled(page)
    page.get_by_text("A running server").click()
    page.get_by_label("Address", exact=True).fill("http://127.0.0.1:9")
    page.get_by_label("Model name that it serves", exact=True).fill("fake-model")
    page.get_by_role("button", name="Start the probe").click()

    alert = page.get_by_test_id("stAlert").filter(has_text="The last probe did not finish")
    expect(alert).to_contain_text("http://127.0.0.1:9", timeout=120_000)


def test_a_cancelled_probe_keeps_what_it_measured(page, app, endpoint):
    page.goto(f"{app}/probe")
    settled(page)
    page.get_by_text("A running server").click()
    page.get_by_label("Address", exact=True).fill(endpoint)
    page.get_by_label("Model name that it serves", exact=True).fill("fake-model")
    page.get_by_label("Concurrency", exact=True).fill("1,2")
    page.get_by_label("Output tokens", exact=True).fill("500")
    page.get_by_role("button", name="Start the probe").click()
    expect(page.get_by_text("1 of 2 load points")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("Cancelled. What was measured until then is kept")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Run", exact=True)).to_have_value(re.compile("fake-model.json"))
    expect(page.get_by_role("button", name="Start the probe")).to_be_enabled()


def test_the_answer_and_the_chart_fit_the_first_screen_of_a_desk(page, shared_app):
    page.goto(shared_app)
    settled(page)

    chart = page.get_by_test_id("stVegaLiteChart").bounding_box()
    assert chart["y"] + chart["height"] <= 900
