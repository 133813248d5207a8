"""Words of the field are explained beside themselves, on every page."""

from __future__ import annotations

import json

import pytest

from tco.glossary import TERMS, explained
from tests.factories import API, RENT
from tests.views.conftest import at_page, at_tab

PAGES = ("decision", "options", "workload", "capacity", "cost", "risk", "compare")
# Titles that say all of it themselves.
PLAIN_INPUTS = {"Scenario", "Name"}


@pytest.mark.parametrize("page", PAGES)
def test_every_number_of_a_page_says_what_it_is(open_app, page):
    ranged = RENT | {"price_usd_per_hour": {"value": 2.0, "low": 0.3, "high": 2.5}}
    app = open_app(options=[dict(API), ranged])
    app = app if page == "decision" else at_page(app, page)

    assert not app.exception
    assert [metric.label for metric in app.metric if not metric.help] == []


def test_unit_costs_are_explained_by_the_glossary(open_app):
    app = at_page(open_app(), "cost")
    columns = json.loads(app.dataframe[0].proto.columns)

    assert TERMS["Mtok"] in columns["A million tokens"]["help"]
    assert columns["of input"]["help"]


@pytest.mark.parametrize("tab", ["Workload", "Constraints", "Finance", "Conventions"])
def test_every_input_says_what_it_is(open_app, tab):
    app = at_tab(at_page(open_app(constraints={}), "inputs"), tab)
    widgets = [*app.number_input, *app.selectbox, *app.text_input, *app.checkbox]
    # Those of forms in pop-ups have their own sentence.
    named = [
        widget
        for widget in widgets
        if "|" in (widget.key or "") and not widget.key.endswith((".low", ".high", "details", ".source", "form"))
    ]

    assert named
    assert [
        widget.label
        for widget in named
        if not widget.help and widget.label not in PLAIN_INPUTS and not _in_a_popup(widget)
    ] == []


def _in_a_popup(widget) -> bool:
    return bool(widget.form_id) if hasattr(widget, "form_id") else False


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("TTFT p95", ("P95", "TTFT")),
        ("Goodput (requests/s)", ("Goodput",)),
        ("IRR", ("IRR",)),
        ("MIRR", ("MIRR",)),
        ("Server", ()),
    ],
)
def test_a_title_is_explained_by_the_words_in_it(title, words):
    found = explained(title)

    assert [word for word in TERMS if found is not None and f"{word}: {TERMS[word]}" in found] == sorted(words)
