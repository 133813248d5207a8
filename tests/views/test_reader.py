"""The app in the notation of a German browser: one notation on a page, and nothing that is handed over changes with it."""

from __future__ import annotations

import json
import re

import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.runtime.context import ContextProxy

from tco import evaluate, load
from tco.answer import headline
from tco.number_style import ENGLISH, notation, notation_for, numbers_in
from tco.words import plain
from tests.views.conftest import at_page, at_tab, key

ENGLISH_GROUPS = re.compile(r"\d,\d{3}(?!\d)\D*\b.*\d,\d{3}|\$\d{1,3},\d{3}\b")
ENGLISH_POINT = re.compile(r"(?<![\w.-])\$?\d+\.\d{1,2}(?![\d.])")
"""A price such as $3.46, a share such as 12.3%, but no version, no date and no group of three digits."""


@pytest.fixture
def reader(monkeypatch):
    """Sets the language of the browser."""

    def reads(tag):
        monkeypatch.setattr(ContextProxy, "locale", property(lambda _context: tag))

    return reads


def words(app) -> list[str]:
    shown = [each.value for kind in (app.markdown, app.caption, app.header, app.metric, app.info) for each in kind]
    return [str(text).replace("\\", "") for text in shown]


@pytest.mark.parametrize("name", ["decision", "options", "cost", "capacity", "workload", "risk", "prices"])
def test_a_page_has_no_number_in_another_notation(open_app, reader, name):
    reader("de-DE")
    app = at_page(open_app(), name)
    shown = words(app)

    assert not app.exception
    assert [] == [text for text in shown if ENGLISH_POINT.search(text) or ENGLISH_GROUPS.search(text)]
    assert name == "prices" or any(re.search(r"\d,\d|\d\.\d{3}\b", text) for text in shown)


def test_the_answer_is_the_models_in_german_numbers(open_app, reader, folder):
    reader("de-DE")
    app = open_app()
    with numbers_in(notation_for("de-DE")):
        told = headline(evaluate(load(folder / "scenario.yaml")))

    assert app.header[0].value == plain(told)
    assert told != headline(evaluate(load(folder / "scenario.yaml")))
    assert notation() is ENGLISH


@pytest.mark.parametrize(("name", "price"), [("cost", r"\$\d,\d{3}"), ("prices", r"\$\d+,\d{2}")])
def test_a_table_shows_german_numbers_and_holds_plain_ones(open_app, reader, name, price):
    english = at_page(open_app(), name).dataframe[0]
    reader("de-DE")
    german = at_page(open_app(), name).dataframe[0]
    shown = convert_arrow_bytes_to_pandas_df(german.proto.arrow_data.styler.display_values)
    column = next(title for title in ("A million tokens", "Median") if title in shown)

    assert german.value.equals(english.value)
    assert list(german.value) == list(english.value)
    assert all(re.fullmatch(price, text) for text in shown[column])
    assert not shown.map(lambda text: bool(ENGLISH_POINT.fullmatch(str(text)))).any(axis=None)


def test_a_chart_is_told_how_numbers_are_written(open_app, reader):
    reader("de-DE")
    spec = json.loads(open_app().get("vega_lite_chart")[0].proto.spec)

    assert (",", ".") == tuple(spec["config"]["locale"]["number"][name] for name in ("decimal", "thousands"))


def test_what_is_handed_over_is_the_same_bytes_for_everybody(open_app, reader):
    held = {}
    for tag in ("en-US", "de-DE"):
        reader(tag)
        app = at_page(open_app(), "inputs")
        app.number_input(key(app, "workload.requests_per_day")).set_value(12_345.5).run()
        decision = at_page(app, "decision")
        told = next(text for text in words(decision) if text.startswith("Answer "))
        held[tag] = (
            app.session_state["scenario_text"],
            app.query_params["s"],
            re.search(r"[0-9a-f]{12}", told).group(),
        )

    assert held["en-US"] == held["de-DE"]
    assert "12345.5" in held["de-DE"][0]


def test_an_answer_that_a_session_keeps_is_told_anew_in_another_notation(open_app, reader):
    app = open_app()
    first = app.header[0].value
    reader("fr-FR")
    app.run()
    second = app.header[0].value
    reader("en-US")

    assert first != second
    assert first == app.run().header[0].value


@pytest.mark.parametrize("tag", [None, "", "xx", "../../etc/passwd", "en-US"])
def test_a_language_that_is_none_is_english(open_app, reader, folder, tag):
    reader(tag)
    app = open_app()

    assert not app.exception
    assert app.header[0].value == plain(headline(evaluate(load(folder / "scenario.yaml"))))


def test_the_conventions_say_whose_numbers_they_are(open_app, reader):
    reader("de-DE")
    app = at_tab(at_page(open_app(), "inputs"), "Conventions")

    assert any("language of your browser (de-DE)" in caption.value for caption in app.caption)


def made(app) -> dict[str, bytes]:
    app.pills(key="report.forms").set_value(["html", "focus"]).run()
    app.toggle(key="report.quick").set_value(True).run()
    next(each for each in app.button if each.label == "Make the report").click().run(timeout=120)
    assert not app.exception
    return dict(app.session_state["report"][1])


def test_a_report_follows_the_page_or_the_choice_and_its_rows_for_machines_follow_nobody(open_app, reader):
    reader("de-DE")
    app = at_page(open_app(), "report")
    followed = made(app)
    app.selectbox(key="report.locale").set_value("fr-FR").run()
    assert any("Something was changed" in caption.value for caption in app.caption)
    chosen = made(app)
    english = made(app.selectbox(key="report.locale").set_value("en").run())

    assert ["en: 1,234,567.89", "de-DE: 1.234.567,89"] == app.selectbox(key="report.locale").options[1:3]
    assert 3 == len({files["tco-report.html"] for files in (followed, chosen, english)})
    assert "\u202f" in chosen["tco-report.html"].decode()
    assert 1 == len({files["tco-report-focus.csv"] for files in (followed, chosen, english)})
