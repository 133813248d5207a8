"""A client's template: its look is kept, its shapes are filled by name, and a bad one is refused."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pptx as python_pptx
import pytest
from pptx.util import Inches

from tco.answer import headline
from tco.errors import InputError
from tco.report.brand import Brand
from tco.report.pptx import template
from tco.report.pptx.measure import lines_of
from tco.report.pptx.write import pptx
from tco.report.summary import facts
from tests.tco.report.packs import plain

pytestmark = pytest.mark.slow


def client_deck(*, names=("tco:title", "tco:answer", "tco:payback"), layout_name=None):
    """A deck of 4 : 3 with one slide, as a client's designer would make it."""
    deck = python_pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    for number, name in enumerate(names):
        box = slide.shapes.add_textbox(Inches(1), Inches(1 + number), Inches(6), Inches(0.8))
        box.name = name
        run = box.text_frame.paragraphs[0].add_run()
        run.text, run.font.bold = "to be filled", True
    if layout_name:
        next(iter(deck.slide_layouts[1].placeholders)).name = layout_name
    told = io.BytesIO()
    deck.save(told)
    return told.getvalue()


def made(data):
    return python_pptx.Presentation(io.BytesIO(pptx(replace(plain(), brand=Brand(template=data)))))


def test_shapes_of_the_template_are_filled_by_their_names_and_keep_their_look():
    first = made(client_deck()).slides[0]
    texts = {shape.name: shape.text_frame for shape in first.shapes}

    assert plain().result.scenario == texts["tco:title"].text
    assert headline(plain().result) == texts["tco:answer"].text
    assert facts(plain())[3].value == texts["tco:payback"].text
    assert texts["tco:answer"].paragraphs[0].runs[0].font.bold


def test_what_the_template_says_of_its_makers_goes_no_further():
    deck = python_pptx.Presentation(io.BytesIO(client_deck()))
    held = deck.core_properties
    held.author = held.last_modified_by = held.comments = held.keywords = held.subject = held.category = "Mr Walnut"
    told = io.BytesIO()
    deck.save(told)
    files = zipfile.ZipFile(io.BytesIO(pptx(replace(plain(), brand=Brand(template=told.getvalue())))))

    assert b"Walnut" not in files.read("docProps/core.xml")


def test_the_template_has_the_title_so_no_other_one_is_made():
    with_title, without = made(client_deck()), made(client_deck(names=("tco:answer",)))

    assert 13 == len(with_title.slides)
    assert 14 == len(without.slides)


def test_a_layout_with_such_places_makes_a_slide():
    deck = made(client_deck(layout_name="tco:answer"))

    assert headline(plain().result) == deck.slides[1].shapes[0].text_frame.text


def test_slides_take_the_size_and_the_title_places_of_the_template():
    deck = made(client_deck())
    layout = next(each for each in deck.slide_layouts if each.name == "Title Only")
    slide = deck.slides[1]

    assert Inches(10) == deck.slide_width
    assert layout == slide.slide_layout
    assert "The answer" == slide.shapes.title.text_frame.text
    for shape in slide.shapes:
        assert shape.left + shape.width <= deck.slide_width
        assert shape.top + shape.height <= deck.slide_height


def test_a_long_title_stays_in_the_place_of_the_template_and_a_short_one_keeps_its_letters():
    """The deck's own titles are of 44 points: two lines of those are higher than the 1.25 inches of their place."""
    titles = {
        slide.shapes.title.text_frame.text: slide.shapes.title
        for slide in made(client_deck()).slides
        if slide.shapes.title
    }
    sizes = {text: title.text_frame.paragraphs[0].runs[0].font.size for text, title in titles.items()}

    assert sizes["Method"] is sizes["The answer"] is None
    long = sizes["Sensitivity: one input at a time"]
    assert 28 < long.pt < 44
    held = titles["Sensitivity: one input at a time"]
    assert lines_of(held.text_frame.text, held.width / 914_400 - 0.2, 44) == 2
    assert lines_of(held.text_frame.text, held.width / 914_400 - 0.2, long.pt) == 1


def test_what_is_no_template_is_refused(monkeypatch):
    def zipped(**entries):
        told = io.BytesIO()
        with zipfile.ZipFile(told, "w") as archive:
            for name, data in entries.items():
                archive.writestr(name, data)
        return told.getvalue()

    for data, said in (
        (b"PK nothing", "not a .pptx file"),
        (zipped(a=b"x"), "cannot be opened"),
        (zipped(vbaProject=b"x"), "holds macros"),
    ):
        with pytest.raises(InputError, match=said):
            made(data)
    monkeypatch.setattr(template, "MOST_UNPACKED_BYTES", 10)
    with pytest.raises(InputError, match="unpacks to more than"):
        made(client_deck())
