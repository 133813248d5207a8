"""Answers that are no simple "move" or "stay" make reports too, in every form."""

from __future__ import annotations

import io

import openpyxl
import pptx as python_pptx
import pytest

from tco.report.docx.write import docx
from tco.report.focus import focus
from tco.report.html.write import html
from tco.report.pdf.write import pdf
from tco.report.pptx.write import pptx
from tco.report.summary import summary
from tco.report.xlsx.build import model_of
from tco.report.xlsx.write import workbook_bytes
from tests.factories import API, RENT
from tests.tco.report.packs import made, question

pytestmark = pytest.mark.slow

FREE = API | {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0}
TIGHT = {"ttft_p95_ms": 1.0}
STRICT = {"options": [API, RENT], "constraints": {"residency": ["DE"], "unknown": "refuse"}}
ODD = {
    "the baseline cannot serve": ({"options": [RENT, API], "baseline": "rent", "workload__slo": TIGHT}, "is ruled out"),
    "nothing can serve": ({"options": [RENT], "baseline": "rent", "workload__slo": TIGHT}, "No option can serve"),
    "nothing is allowed": (STRICT, "meets all constraints"),
    "one option": ({"options": [API]}, "api is the only option"),
    "all is free": ({"options": [FREE, FREE | {"name": "other"}]}, "Stay with api"),
    "one month": ({"options": [API, RENT], "horizon_months": 1}, "Stay with api"),
    "ten years": ({"options": [API, RENT], "horizon_months": 120}, "Stay with api"),
    "no requests": ({"options": [API, RENT], "workload__requests_per_day": 0}, "Stay with api"),
}


@pytest.mark.parametrize("name", ODD)
def test_it_is_written_in_every_form(name):
    changes, said = ODD[name]
    pack = made(question(**changes))
    page = html(pack)

    assert said in page
    assert not any(f">{wrong}" in page for wrong in ("nan", "NaN", "None", "inf"))
    for write in (pdf, docx, pptx):
        assert write(pack).startswith((b"%PDF", b"PK"))
    assert focus(pack).startswith("BillingAccountId")


@pytest.mark.parametrize("name", ["one option", "ten years"])
def test_it_is_written_without_a_simulation(name):
    pack = made(question(**ODD[name][0]), risk=None, flips=())

    assert "No simulation was made" in html(pack)
    assert pptx(pack).startswith(b"PK")


@pytest.mark.parametrize("name", ["nothing can serve", "nothing is allowed", "the baseline cannot serve"])
def test_no_slide_is_empty_names_none_or_takes_a_law_for_a_lack_of_machines(name):
    deck = python_pptx.Presentation(io.BytesIO(pptx(made(question(**ODD[name][0])))))
    told = [[part for shape in slide.shapes for part in _texts(shape)] for slide in deck.slides]

    # Below title, ids and page number there is always something.
    assert all(len([part for part in texts if part]) > 3 for texts in told[1:])
    said = " ".join(part for texts in told for part in texts)
    assert "None" not in said.replace("None was asked for", "")
    assert "cannot serve" not in said
    assert "is ruled out" in said


@pytest.mark.parametrize("name", ["nothing can serve", "nothing is allowed", "the baseline cannot serve"])
def test_the_workbook_tells_of_no_npv_where_there_is_none(name):
    made_of = made(question(**ODD[name][0]))
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(model_of(made_of))), data_only=True)
    told = [str(cell.value) for page in book for row in page.iter_rows() for cell in row if cell.value is not None]

    assert not any("None" in text for text in told)
    assert not any(text.startswith(("Share of the variance", "All ranges at once", "NPV of")) for text in told)
    assert "compared" not in told
    assert any(text.startswith("ruled out: ") for text in told)


def _texts(shape):
    if shape.has_text_frame:
        yield shape.text_frame.text
    elif shape.has_table:
        yield from (cell.text for row in shape.table.rows for cell in row.cells)
    elif shape.has_chart:
        yield "a chart"


def test_what_cannot_be_compared_has_no_shares_of_its_variance():
    page = html(made(question(**ODD["the baseline cannot serve"][0])))

    assert "of the variance of the NPV rests" not in page
    assert "Where the spread of" not in page
    assert "so there is no NPV against it that inputs could move" in page


def test_page_one_says_why_nothing_can_serve():
    pack = made(question(**ODD["nothing can serve"][0]))

    assert any("rent is ruled out: " in str(block) for block in summary(pack).blocks)
