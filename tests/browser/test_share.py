"""A link from one person to another: the same scenario, the same answer, in a session of its own."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from scripts.screenshots import settled
from tco import dump, load, parse
from tco.share import Shared, link_code
from tco.shipped import shipped_scenarios
from tco.views._edit import set_field

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def answer_id(page) -> str:
    text = page.get_by_text(re.compile(r"^Answer [0-9a-f]{12}\.")).inner_text()
    return re.match(r"Answer ([0-9a-f]{12})", text).group(1)


def change_volume(page, shared_app) -> None:
    page.goto(f"{shared_app}/inputs")
    settled(page)
    box = page.get_by_label("Traffic (requests/day)", exact=True)
    box.fill("100000")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]s="), timeout=30_000)


def test_a_link_gives_the_same_answer_in_a_session_of_its_own(browser, page, shared_app):
    change_volume(page, shared_app)
    page.get_by_role("link", name="Decision").click()
    settled(page)
    expect(page.get_by_text(re.compile("^Answer "))).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile(r"[?&]s="), timeout=30_000)
    page.get_by_role("button", name="Share").last.click()
    link = page.get_by_test_id("stCode").locator("code").inner_text().strip()

    assert 1 == len(parse_qs(urlsplit(link).query)["s"])
    other = browser.new_context().new_page()
    other.goto(link)
    settled(other)
    expect(other.get_by_text(re.compile("^Answer "))).to_be_visible(timeout=30_000)

    assert answer_id(page) == answer_id(other)
    assert page.get_by_role("heading", level=2).inner_text() == other.get_by_role("heading", level=2).inner_text()
    expect(other.get_by_text("Whoever sent this link")).to_have_count(0)
    other.close()


def test_the_browsers_back_goes_to_the_scenario_before(page, shared_app):
    change_volume(page, shared_app)
    settled(page)
    box = page.get_by_label("Traffic (requests/day)", exact=True)
    box.fill("50000")
    box.press("Enter")
    settled(page)
    page.go_back()
    settled(page)

    expect(box).to_have_value("100000", timeout=30_000)
    page.go_forward()
    settled(page)
    expect(box).to_have_value("50000", timeout=30_000)


def test_an_address_in_a_scenario_is_a_link_only_where_it_is_a_source(page, shared_app):
    """Whoever sends a link writes its texts: a certificate may be called anything, and what is told of it may not lead anywhere."""
    text = dump(load(shipped_scenarios()["demo"]))
    text += "constraints: {certifications: ['https://evil.example/a, www.evil.example, me@evil.example, a.b@evil.example']}\n"
    terms = {"certifications": [], "source": "https://source.example/b"}
    asked = set_field(parse(text), "options.api-today.terms", terms)
    code = link_code(Shared(text=dump(asked), origin="demo"))
    for name, sources in (("", 0), ("options", 1)):
        page.goto(f"{shared_app}/{name}?s={code}")
        settled(page)
        expect(page.get_by_text("evil.example").first).to_be_attached()
        expect(page.locator("a[href*=evil]")).to_have_count(0)
        expect(page.locator("a[href='https://source.example/b']")).to_have_count(sources)


def test_a_reload_keeps_what_was_changed_and_undo_takes_it_back(page, shared_app):
    change_volume(page, shared_app)
    page.reload()
    settled(page)

    box = page.get_by_label("Traffic (requests/day)", exact=True)
    expect(box).to_have_value("100000")
    box.fill("50000")
    box.press("Enter")
    page.get_by_role("button", name="Undo").click()
    # For a moment the old box and its successor are both on the page, and a locator of two elements fails at once.
    expect(box.first).to_have_value("100000", timeout=30_000)
    expect(box).to_have_count(1, timeout=30_000)


@pytest.mark.parametrize("code", ["nonsense", "eJwrSS0uAQAEXQHB", "<img src=x onerror=alert(1)>"])
def test_a_hostile_link_is_a_sentence(page, shared_app, code):
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(f"{shared_app}/?s={code}")
    settled(page)

    expect(page.get_by_test_id("stAlert").filter(has_text="The link could not be opened")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(4)
    assert said == []


def test_six_numbers_lead_to_an_answer(page, shared_app):
    page.goto(f"{shared_app}/start")
    settled(page)
    box = page.get_by_label("Requests a day", exact=True)
    box.fill("200000")
    box.press("Tab")
    page.get_by_role("button", name="Show the answer").click()

    expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=120_000)
    settled(page)
    expect(page.get_by_text("Support chat").first).to_be_visible()


def test_the_decision_fits_one_screen_of_a_desk(page, shared_app):
    page.goto(shared_app)
    settled(page)

    for words in ("Cumulative cost", "What moves it most", "What flips it"):
        box = page.get_by_text(words, exact=True).bounding_box()
        assert box["y"] + box["height"] <= 900
