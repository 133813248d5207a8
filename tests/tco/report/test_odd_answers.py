"""Answers that are no simple "move" or "stay" make reports too, in every form."""

from __future__ import annotations

import pytest

from tco.report.docx.write import docx
from tco.report.focus import focus
from tco.report.html.write import html
from tco.report.pdf.write import pdf
from tco.report.pptx.write import pptx
from tco.report.summary import summary
from tests.factories import API, RENT
from tests.tco.report.packs import made, question

pytestmark = pytest.mark.slow

FREE = API | {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0}
TIGHT = {"ttft_p95_ms": 1.0}
ODD = {
    "the baseline cannot serve": ({"options": [RENT, API], "baseline": "rent", "workload__slo": TIGHT}, "is ruled out"),
    "nothing can serve": ({"options": [RENT], "baseline": "rent", "workload__slo": TIGHT}, "No option can serve"),
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


def test_page_one_says_why_nothing_can_serve():
    pack = made(question(**ODD["nothing can serve"][0]))

    assert any("rent is ruled out: " in str(block) for block in summary(pack).blocks)
