"""Slides and documents as LibreOffice shows them: how many pages, and nothing runs over the edge of one."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace

import pptx as python_pptx
import pypdf
import pytest
from PIL import Image

from tco.report.brand import Brand, BrandFile, Logo
from tco.report.docx.write import docx
from tco.report.pdf.write import pdf
from tco.report.pptx.write import pptx
from tco.report.xlsx.build import model_of
from tco.report.xlsx.write import workbook_bytes
from tests.tco.report.packs import hostile, plain, png
from tests.tco.report.test_hostile import CORPUS, NAMES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        shutil.which("soffice") is None or shutil.which("pdftoppm") is None,
        reason="needs LibreOffice and poppler: scripts/ensure-libreoffice.sh",
    ),
]

KIT = Brand(
    terms=BrandFile(name="Acme", header="Acme header", footer="Acme footer", confidentiality="Not for others"),
    logo=Logo(kind="png", data=png()),
)
LONG = "long-name-of-an-option-" * 5


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Turns an Office file into PDF; each call with a profile of its own, so that two may run at once."""

    def convert(data, ending):
        folder = tmp_path_factory.mktemp("office")
        (folder / f"report.{ending}").write_bytes(data)
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = [
            "soffice",
            profile,
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(folder),
            str(folder / f"report.{ending}"),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        return folder / "report.pdf"

    return convert


def pages_of(path, dots_per_inch=40):
    subprocess.run(["pdftoppm", "-r", str(dots_per_inch), "-png", str(path), str(path.with_suffix(""))], check=True)
    return [Image.open(each).convert("L") for each in sorted(path.parent.glob(f"{path.stem}-*.png"))]


def ink(page, left, top, right, bottom):
    """Share of dark dots in a part of a page, given as shares of its sides."""
    width, height = page.size
    part = page.crop((int(left * width), int(top * height), int(right * width), int(bottom * height)))
    dots = part.tobytes()
    return sum(dot < 128 for dot in dots) / max(1, len(dots))


@pytest.mark.parametrize("pack", ["plain", "long"])
def test_slides_show_whole_texts_and_nothing_at_the_edge(shown, pack):
    held = plain() if pack == "plain" else hostile(LONG[:110], "a sentence of some length " * 8)
    data = pptx(replace(held, brand=KIT))
    path = shown(data, "pptx")
    pages = pages_of(path)

    assert len(python_pptx.Presentation(io.BytesIO(data)).slides) == len(pages) <= 14
    for page in pages[1:]:
        assert ink(page, 0.985, 0, 1, 1) == 0
        assert ink(page, 0, 0.985, 1, 1) == 0
        assert ink(page, 0.1, 0.1, 0.9, 0.9) > 0.001
    said = "".join(each.extract_text() for each in pypdf.PdfReader(path).pages)
    assert held.result.answer_id in said


def test_tables_on_slides_end_above_the_footer(shown):
    """LibreOffice lays rows out by their text; a table that was reckoned too low would run into the line of ids."""
    pages = pages_of(shown(pptx(replace(plain(), brand=KIT)), "pptx"), 60)

    for page in pages[1:]:
        assert ink(page, 0.05, 0.925, 0.95, 0.942) == 0


def test_no_chart_of_the_workbook_is_cut_by_the_end_of_a_page(shown):
    """Two options are three charts, which stand on one page; a strip of them on a second one would be a page of its own."""
    pages = pypdf.PdfReader(shown(workbook_bytes(model_of(plain())), "xlsx")).pages
    feet = [each.extract_text() for each in pages]

    assert sum("Charts, " in foot for foot in feet) == 1
    assert sum("Results, " in foot for foot in feet) == 1


def test_bars_of_years_begin_at_zero_and_one_line_has_no_title():
    deck = python_pptx.Presentation(io.BytesIO(pptx(plain())))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    by_year = next(chart for chart in charts if next(iter(chart.plots[0].categories)) == "Year 1")

    assert by_year.value_axis.minimum_scale == 0
    assert not any(chart.has_title for chart in charts)


@pytest.mark.parametrize("pack", ["plain", "long"])
def test_word_has_its_pages_and_nothing_over_the_margins(shown, pack):
    held = plain() if pack == "plain" else hostile(LONG[:110], "a sentence of some length " * 8)
    pages = pages_of(shown(docx(replace(held, brand=KIT)), "docx"))

    assert 7 <= len(pages) <= 30
    for page in pages:
        assert ink(page, 0.95, 0, 1, 1) == 0
        assert ink(page, 0, 0, 0.05, 1) == 0
    assert any(page.size[0] > page.size[1] for page in pages)


@pytest.mark.parametrize("name", [None, 16, 13])
def test_the_pdf_stays_within_its_margins(tmp_path, name):
    held = plain() if name is None else hostile(NAMES[name], CORPUS[16])
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(replace(held, brand=KIT)))
    pages = pages_of(path)

    assert 6 <= len(pages) <= 40
    for page in pages:
        assert ink(page, 0.955, 0, 1, 1) == 0
        assert ink(page, 0, 0, 0.045, 1) == 0
        assert ink(page, 0, 0.985, 1, 1) == 0
