"""Text from outside is inert in every form: no formula, no markup, no script, no control character, nothing that turns the line around."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile

import docx as python_docx
import pptx as python_pptx
import pypdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tco.report.docx.write import docx
from tco.report.focus import focus
from tco.report.html.write import html
from tco.report.inert import inert, no_formula, short
from tco.report.pdf.write import pdf
from tco.report.pptx.write import pptx
from tests.tco.report.packs import hostile
from tests.tco.report.test_forms import Words

CORPUS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://evil.example","x")',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]> <!-- --> <![CDATA[ &lt; &#0; &amp;",
    '#panic("typst") #read("/etc/passwd") $ x $ *b* _i_ `c` @ref <label> \\u{202e} #{1+1}',
    "{{ jinja }} {% raw %} ${el} %s %n",
    "\x00\x01\x1b[31mred\x7f\x9b",
    "\u202eright to left override\u202c \u2066isolate\u2069 \ufeff",
    "العربية עברית ",
    "🙂👩‍👩‍👧‍👦🏳️‍🌈",
    "Z̸̢̛̟͕͎̩̃̈́̐̓͊͛͜a̴̢̧̛̛͓̤̫̗̠̞̦̥̲l̵̨g̸o",
    "A" * 10_000,
    "word " * 2_000,
    "\ud800 lone surrogate \udfff",
    "￾ ￿ noncharacters \U0001ffff",
    "_x0041_ javascript:alert(1) data:text/html,x file:///etc/passwd",
    "line\r\nbreak\x0bvertical\x0cform\x85next\u2028line\u2029paragraph",
    "]]}}'\"--><svg onload=alert(1)>",
    "../../../etc/passwd",
]
NAMES = [re.sub(r"[\x00-\x1f.]", " ", text)[:120] or "x" for text in CORPUS]

texts = st.one_of(st.sampled_from(CORPUS), st.text(max_size=200), st.text("=<>&\"'#$@\u202e\x00A ", max_size=60))
names = st.one_of(
    st.sampled_from(NAMES), st.text(st.characters(blacklist_characters=".", min_codepoint=32), min_size=1, max_size=120)
)
some = settings(max_examples=6, suppress_health_check=list(HealthCheck))


def shown(text):
    """The question of page one, on one line."""
    return inert(short(f"{text}: which?", 700))


def test_inert_text_has_no_sign_that_acts():
    for text in CORPUS:
        for sign in inert(text):
            assert sign == "\n" or unicodedata.category(sign) not in {"Cc", "Cs", "Co"}
            assert sign not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
        assert len(inert(text)) <= 2_000


def test_numbers_behind_words_from_the_right_stay_behind_them():
    assert "عربي\u200e, 97% to 99%" == inert("عربي, 97% to 99%")
    assert "شكرا عربي\u200e x" == inert("شكرا عربي x")


@given(st.text(max_size=300))
def test_inert_text_is_the_same_again(text):
    assert inert(text) == inert(inert(text))


@given(st.text(max_size=100))
def test_a_cell_never_starts_a_formula(text):
    assert not no_formula(text).lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.slow
@some
@given(names, texts)
@example(NAMES[6], CORPUS[7])
@example(NAMES[16], CORPUS[8])
def test_html_holds_it_as_text(name, text):
    page = html(hostile(name, text))
    found = Words(page)

    assert set(found.tags) <= {
        "html", "head", "meta", "title", "style", "body", "header", "main", "nav", "ol", "li", "a", "section", "h1", "h2", "h3", "p", "dl", "div", "dt", "dd",
        "figure", "img", "figcaption", "ul", "table", "thead", "tbody", "tr", "th", "td", "small", "footer",
    }  # fmt: skip
    assert not [a for _, a, _ in found.attributes if a.startswith("on") or a == "style"]
    assert all(value.startswith(("data:image/", "#part-")) for _, a, value in found.attributes if a in {"src", "href"})
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
    assert " ".join(shown(text).split()) in " ".join("".join(found.words).split())


@pytest.mark.slow
@some
@given(names, texts)
@example(NAMES[9], CORPUS[9])
@example(NAMES[16], CORPUS[17])
@example(NAMES[13], CORPUS[15])
def test_pdf_holds_it_as_text(name, text):
    reader = pypdf.PdfReader(io.BytesIO(pdf(hostile(name, text))))

    assert 5 <= len(reader.pages) <= 60
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(reader.trailer["/Root"])
    assert not any("/Annots" in page for page in reader.pages)
    assert "root:" not in "".join(page.extract_text() for page in reader.pages[:3])


@pytest.mark.slow
@some
@given(names, texts)
@example(NAMES[6], CORPUS[8])
@example(NAMES[18], CORPUS[11])
def test_word_holds_it_as_text(name, text):
    data = docx(hostile(name, text))
    word = python_docx.Document(io.BytesIO(data))

    assert shown(text).split() == word.paragraphs[2].text.split() or not inert(text).strip()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = archive.read("word/document.xml").decode()
        footer = next(archive.read(each) for each in archive.namelist() if "footer" in each and each.endswith("xml"))
        rels = archive.read("word/_rels/document.xml.rels").decode()
    assert "instrText" not in body
    assert re.findall(rb"<w:instrText[^>]*>([^<]*)<", footer) in ([b"PAGE"], [])
    assert "w:hyperlink" not in body
    assert 'TargetMode="External"' not in rels


@pytest.mark.slow
@some
@given(names, texts)
@example(NAMES[0], CORPUS[0])
@example(NAMES[5], CORPUS[5])
@example(NAMES[8], CORPUS[8])
@example(NAMES[16], CORPUS[16])
def test_slides_hold_it_as_text(name, text):
    data = pptx(hostile(name, text))
    deck = python_pptx.Presentation(io.BytesIO(data))

    assert 10 <= len(deck.slides) <= 14
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for part in archive.namelist():
            if part.endswith(".rels"):
                assert b'TargetMode="External"' not in archive.read(part)
            if part.endswith(".xlsx"):
                with zipfile.ZipFile(io.BytesIO(archive.read(part))) as book:
                    sheet = book.read("xl/worksheets/sheet1.xml")
                    assert b"<f>" not in sheet
                    assert b"hyperlink" not in sheet
            if part.startswith("ppt/slides/slide"):
                assert b"hlinkClick" not in archive.read(part)


@some
@given(names, texts)
@example(NAMES[0], CORPUS[0])
@example(NAMES[1], CORPUS[1])
def test_focus_rows_hold_it_as_text(name, text):
    rows = list(csv.reader(io.StringIO(focus(hostile(name, text)))))

    assert all(len(row) == len(rows[0]) for row in rows)
    for row in rows[1:]:
        for cell in row:
            starts = cell.lstrip().startswith(("=", "+", "-", "@"))
            assert not starts or re.fullmatch(r"-?\d+\.\d+", cell)
