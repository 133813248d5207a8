"""Each form is opened again with its own library: the headline numbers are in it, every page has its ids, the same pack gives the same bytes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from functools import lru_cache
from html.parser import HTMLParser

import docx as python_docx
import pptx as python_pptx
import pypdf
import pytest
from docx.oxml.ns import qn
from PIL import Image
from pptx.enum.chart import XL_CHART_TYPE

from tco.answer import headline
from tco.errors import InputError
from tco.report import forms
from tco.report.brand import Brand, BrandFile, Logo
from tco.report.docx.write import docx
from tco.report.focus import focus
from tco.report.forms import chosen, written
from tco.report.html.write import html
from tco.report.pdf.write import pdf
from tco.report.pictures import palette, svg
from tco.report.pictures import png as picture
from tco.report.pptx.write import pptx
from tco.report.summary import facts
from tests.tco.report.packs import NAME, hostile, plain, png

pytestmark = pytest.mark.slow

KIT = Brand(
    terms=BrandFile(name="Acme Advisors", header="Acme header", footer="Acme footer", confidentiality="Not for others"),
    logo=Logo(kind="png", data=png()),
)
WRITERS = {"html": html, "pdf": pdf, "docx": docx, "pptx": pptx, "focus": focus}


@lru_cache(maxsize=8)
def file(form):
    made = WRITERS[form](replace(plain(), brand=KIT))
    return made if isinstance(made, bytes) else made.encode()


class Words(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.words, self.tags, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_data(self, data):
        self.words.append(data)


def text_of(form):
    data = file(form)
    if form == "html":
        return " ".join(Words(data.decode()).words)
    if form == "pdf":
        return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    if form == "docx":
        return word_text(python_docx.Document(io.BytesIO(data)))
    return " ".join(slide_text(slide) for slide in python_pptx.Presentation(io.BytesIO(data)).slides)


def word_text(word):
    cells = (cell.text for table in word.tables for row in table.rows for cell in row.cells)
    return " ".join([*(paragraph.text for paragraph in word.paragraphs), *cells])


def slide_text(slide):
    texts = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            texts.append(shape.text_frame.text)
        if shape.has_table:
            texts += [cell.text_frame.text for row in shape.table.rows for cell in row.cells]
    return " ".join(texts)


def squeezed(text):
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("form", ["html", "pdf", "docx", "pptx"])
def test_headline_numbers_are_in_every_form(form):
    found = squeezed(text_of(form))

    assert squeezed(headline(plain().result)) in found
    for fact in facts(plain()):
        assert squeezed(fact.value) in found
    assert squeezed("Not for others") in found or form == "docx"
    assert "test-run" in found
    assert squeezed("Assumptions") in found


def test_every_page_of_the_pdf_has_the_ids_and_the_brand():
    reader = pypdf.PdfReader(io.BytesIO(file("pdf")))

    assert 7 <= len(reader.pages) <= 20
    for page in reader.pages:
        text = squeezed(page.extract_text())
        assert squeezed(plain().ids) in text
        assert squeezed("Not for others") in text
    assert f"{NAME} plan" == reader.metadata.title


def test_the_pdf_runs_nothing_and_opens_nothing():
    reader = pypdf.PdfReader(io.BytesIO(file("pdf")))

    assert not {"/OpenAction", "/AA", "/Names", "/AcroForm"} & set(reader.trailer["/Root"])
    assert not any("/Annots" in page for page in reader.pages)


def test_what_is_copied_out_of_the_pdf_has_no_invisible_letters():
    """Long words have to break somewhere; a sign of no width between their letters would make an address that opens nothing."""
    address = "https://example.com/prices/of-a-long-path/2026?region=eu-central-1"
    data = pdf(hostile("plain", address))
    said = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)

    assert address in said.replace("\n", "")
    assert not any(sign in said for sign in "\u200b\u200c\u200d\u2060\ufeff")


def test_a_minus_is_never_parted_from_its_number_in_the_pdf():
    data = pdf(hostile("plain", "between -$286k and -14.5%/month " * 12))
    lines = [line for page in pypdf.PdfReader(io.BytesIO(data)).pages for line in page.extract_text().splitlines()]

    assert sum("-$286k" in line for line in lines) > 5
    assert not [line for line in lines if line.rstrip().endswith(" -")]


def test_a_minus_is_never_parted_from_its_number_in_word_and_reads_as_it_did():
    told = "between -$286k and -14.5%/month, a-1, 2026-11-23 -"
    word = python_docx.Document(io.BytesIO(docx(hostile("plain", told))))
    parts = [each.text for each in word.element.body.iter(qn("w:t")) if each.text]

    assert any(told in paragraph.text for paragraph in word.paragraphs)
    assert any(told in cell.text for table in word.tables for row in table.rows for cell in row.cells)
    assert not [part for part in parts if re.search(r"(^|\s)-[$\d]", part)]


def test_the_footer_of_word_has_the_ids_and_the_brand_on_all_parts():
    word = python_docx.Document(io.BytesIO(file("docx")))
    footer = word.sections[0].footer.paragraphs[0].text

    assert plain().ids in footer
    assert "Not for others" in footer
    assert all(part.footer.is_linked_to_previous for part in list(word.sections)[1:])
    assert 3 == len(word.sections)
    assert word.sections[1].page_width > word.sections[1].page_height


def test_slides_are_ten_to_fourteen_with_ids_and_native_charts():
    deck = python_pptx.Presentation(io.BytesIO(file("pptx")))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]

    assert 10 <= len(deck.slides) <= 14
    assert 5 == len(charts)
    frames = [shape for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert all(frame._element.nvGraphicFramePr.cNvPr.get("descr") for frame in frames)
    assert all(plain().result.answer_id in slide_text(slide) for slide in deck.slides)


def test_native_charts_hold_the_numbers_of_the_answer():
    deck = python_pptx.Presentation(io.BytesIO(file("pptx")))
    chart = next(shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart)
    ends = {series.name: list(series.values)[-1] for series in chart.plots[0].series}

    for option in plain().result.options:
        laid_out = sum(sum(amounts) for amounts in option.investments.values())
        assert ends[option.name] == pytest.approx(laid_out + sum(option.monthly_usd), rel=1e-9)


def test_an_option_has_the_same_colour_in_every_chart():
    charts = [
        shape.chart
        for slide in python_pptx.Presentation(io.BytesIO(file("pptx"))).slides
        for shape in slide.shapes
        if shape.has_chart
    ]
    lines = [chart for chart in charts if chart.chart_type == XL_CHART_TYPE.LINE]
    colours = [{each.name: each.format.line.color.rgb for each in chart.plots[0].series} for chart in lines]
    bars = next(c for c in charts if next(iter(c.plots[0].categories)) == "Year 1").plots[0].series

    assert [{"api", NAME}, {NAME}] == [set(each) for each in colours]
    assert colours[0]["api"] != colours[0][NAME] == colours[1][NAME]
    assert colours[0] == {each.name: each.format.fill.fore_color.rgb for each in bars}
    second = KIT.terms.colours.lines[1]
    assert f'stroke="{second}"' in svg(plain(), "paid_back")
    assert f'stroke="{KIT.terms.colours.lines[0]}"' not in svg(plain(), "paid_back")


def test_a_brand_of_two_colours_tells_four_options_apart():
    two = KIT.terms.model_copy(
        update={"colours": KIT.terms.colours.model_copy(update={"lines": ["#112233", "#445566"]})}
    )

    assert ["#112233", "#445566"] == palette(Brand(terms=two)).lines[:2]
    assert 4 == len(set(palette(Brand(terms=two)).lines[:4]))


def test_workbooks_behind_charts_hold_the_same_numbers_and_no_formula():
    with zipfile.ZipFile(io.BytesIO(file("pptx"))) as deck:
        books = [name for name in deck.namelist() if name.endswith(".xlsx")]
        assert 5 == len(books)
        for name in books:
            with zipfile.ZipFile(io.BytesIO(deck.read(name))) as book:
                assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_html_is_one_file_with_a_policy_and_no_script():
    found = Words(file("html").decode())

    assert not {"script", "iframe", "object", "embed", "link", "form", "base"} & set(found.tags)
    policy = next(
        value for tag, name, value in found.attributes if tag == "meta" and name == "content" and "default-src" in value
    )
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    sources = [value for _, name, value in found.attributes if name in {"src", "href"}]
    assert all(source.startswith(("data:image/", "#part-")) for source in sources)
    assert not [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert all(value for tag, name, value in found.attributes if tag == "img" and name == "alt")


@pytest.mark.parametrize("form", list(WRITERS))
def test_the_same_pack_gives_the_same_bytes(form):
    again = WRITERS[form](replace(plain(), brand=KIT))

    assert file(form) == (again if isinstance(again, bytes) else again.encode())


def test_office_files_have_no_time_of_making():
    for form in ("docx", "pptx"):
        with zipfile.ZipFile(io.BytesIO(file(form))) as archive:
            assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in archive.infolist()}
            assert b"2026-11-23T00:00:00Z" in archive.read("docProps/core.xml")


def test_forms_are_chosen_by_name():
    assert ("pdf", "html") == chosen("pdf, html,pdf")
    with pytest.raises(InputError, match="'odt' is no form; there are: xlsx, pptx, docx, pdf, html, focus"):
        chosen("pdf,odt")
    with pytest.raises(InputError, match="'nothing' is no form"):
        chosen(" , ")


def test_a_missing_library_is_told_with_the_command_that_adds_it(monkeypatch):
    monkeypatch.setitem(forms.FORMS, "pdf", forms.FORMS["pdf"]._replace(needs=("no_such_library",)))

    with pytest.raises(
        InputError, match=r"needs no_such_library, which is not installed; run `pip install 'tco-llm\[report\]'`"
    ):
        chosen("pdf")
    assert ("html",) == chosen("html")


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(InputError, match=r"report-focus\.csv cannot be written"):
        list(written(plain(), tmp_path / "file" / "folder", "report", ["focus"]))


def test_files_are_named_after_the_scenario(tmp_path):
    paths = list(written(plain(), tmp_path / "out", "plan", ["focus", "html"]))

    assert ["plan-focus.csv", "plan.html"] == [path.name for path in paths]
    assert all(path.stat().st_size > 1000 for path in paths)
    assert list(csv.DictReader(io.StringIO(paths[0].read_text(encoding="utf-8"))))


def test_charts_have_their_labels_whatever_fonts_the_machine_has():
    """Text in a font that is not there would be left out of a picture without a word."""
    strange = replace(plain(), brand=Brand(terms=BrandFile(fonts={"body": "No Such Font"})))
    for name in ("cumulative", "line_items"):
        page = Image.open(io.BytesIO(picture(strange, name))).convert("L")
        below = page.crop((page.width // 4, int(page.height * 0.93), page.width, page.height))
        assert sum(dot < 128 for dot in below.tobytes()) > 50
