"""What a German reader sees: one notation on a page, in sentences, tables, charts and their axes; nobody who reads English sees it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from scripts.screenshots import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ENGLISH = re.compile(r"\$\d{1,3},\d{3}(?![\d])[^,]*\$|(?<![\w.-])[\$−-]?\d+\.\d{1,2}(?![\d.])")
"""A price such as $3.46, a share such as 12.3%; no version, no date, no group of three digits."""
_OF_CHARTS = """() => [...document.querySelectorAll('svg.marks text, svg.marks [aria-label]')]
    .flatMap(each => [each.tagName === 'text' ? each.textContent : '', each.getAttribute('aria-label') || ''])"""
_LISTEN = """window.painted = [];
const paint = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...more) {
    window.painted.push(text);
    return paint.call(this, text, ...more);
};"""


def seen(page, address, name) -> list[str]:
    """Lines of a page, and what its charts write and say."""
    page.goto(f"{address}/{name}")
    settled(page)
    shown = page.get_by_test_id("stMain").inner_text().split("\n")
    return [line for line in [*shown, *page.evaluate(_OF_CHARTS)] if line.strip()]


@pytest.fixture
def german(browser):
    opened = browser.new_page(viewport={"width": 1440, "height": 900}, locale="de-DE")
    yield opened
    opened.close()


@pytest.mark.parametrize("name", ["", "options", "cost", "prices"])
def test_a_german_reader_sees_one_notation(german, shared_app, name):
    lines = seen(german, shared_app, name)

    assert len(lines) > 20
    assert [] == [line for line in lines if ENGLISH.search(line)]
    if name != "prices":
        assert any(re.search(r"\d,\d", line) for line in lines)


@pytest.mark.parametrize(("name", "number"), [("cost", r"\$\d+,\d{2,5}"), ("prices", r"\$\d+,\d{2}")])
def test_a_table_is_drawn_in_german(german, shared_app, name, number):
    # Cells are painted on a canvas: what is painted is listened to.
    german.add_init_script(_LISTEN)
    seen(german, shared_app, name)
    painted = [text for text in german.evaluate("window.painted") if re.search(r"\$\d", text)]

    assert len(painted) > 5
    assert [] == [text for text in painted if ENGLISH.search(text)]
    assert any(re.fullmatch(number, text) for text in painted)


def test_the_page_of_an_english_reader_is_english_at_the_same_time(page, german, shared_app):
    here = seen(page, shared_app, "")
    there = seen(german, shared_app, "")
    expect(page.get_by_text(re.compile(r"^Answer [0-9a-f]{12}\."))).to_be_visible()
    ids = [re.search(r"Answer ([0-9a-f]{12})\.", " ".join(lines)).group(1) for lines in (here, there)]

    assert any(ENGLISH.search(line) for line in here)
    assert not any(ENGLISH.search(line) for line in there)
    assert ids[0] == ids[1]
