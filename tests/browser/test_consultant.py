"""A consultant's way through the app: a client's scenario file, a brand, a level of redaction; six files that are opened and checked."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx as python_docx
import openpyxl
import pptx as python_pptx
import pypdf
import pytest
from playwright.sync_api import Page, expect

from scripts.screenshots import settled
from tco.format import usd

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SOFFICE = shutil.which("soffice")
SLOW_MS = 200_000
NOTE = "counted on box7.corp.internal by jane.doe@client.example, see /home/jane/usage.csv"
SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "support-chat-eu.yaml"
SHOWN = "Confidential, for the steering committee only"
PRIMARY = "1D3F72"
BRAND = f"""
name: Harbour Advisors
logo: logo.svg
colours: {{primary: "#{PRIMARY.lower()}", accent: "#b5462f"}}
fonts: {{heading: Georgia, body: Arial}}
header: Inference sourcing study
footer: Harbour Advisors, Hamburg
confidentiality: {SHOWN}
"""
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60" width="240" height="60"><rect width="240" height="60" fill="#1d3f72"/>
<text x="64" y="38" font-family="Arial" font-size="22" fill="#ffffff">Harbour</text></svg>"""


@dataclass(frozen=True)
class Made:
    """What the page said, and the files that it gave."""

    headline: str
    answer_id: str
    files: dict[str, Path]


def open_file(page: Page, app: str, folder: Path) -> None:
    """Opens the client's scenario file on Start."""
    text = SCENARIO.read_text(encoding="utf-8")
    client = folder / "client.yaml"
    # Whoever counted the client's traffic is nobody's business but the client's.
    client.write_text(text.replace("output_tokens_per_request: 250", f"output_tokens_per_request: {{value: 250, note: '{NOTE}'}}"))  # fmt: skip
    assert NOTE in client.read_text(encoding="utf-8")
    page.goto(f"{app}/start")
    settled(page)
    page.get_by_role("tab", name="A scenario file").click()
    page.get_by_test_id("stFileUploader").locator("input").last.set_input_files(client)
    page.get_by_role("button", name="Open it").last.click()
    expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=SLOW_MS)
    settled(page)


def to_report(page: Page) -> str:
    """Goes to Report; its headline."""
    page.get_by_test_id("stHeader").get_by_text("Share", exact=True).click()
    page.get_by_role("menuitem", name="Report").click()
    button = page.get_by_role("button", name="Make the report")
    expect(button.first).to_be_visible(timeout=SLOW_MS)
    settled(page)
    return page.get_by_text(re.compile(r"^Move to ")).first.inner_text()


def add_brand(page: Page, folder: Path) -> None:
    for name, text in (("brand.yaml", BRAND), ("logo.svg", LOGO)):
        (folder / name).write_text(text, encoding="utf-8")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files([folder / "brand.yaml", folder / "logo.svg"])
    expect(page.get_by_text("logo.svg").first).to_be_visible(timeout=60_000)
    settled(page)


def download(page: Page, folder: Path) -> dict[str, Path]:
    files = {}
    buttons = page.get_by_role("button", name=re.compile(r"^\S* ?\w+ \([\d,]+ kB\)"))
    expect(buttons).to_have_count(6, timeout=60_000)
    for button in buttons.all():
        with page.expect_download(timeout=60_000) as got:
            button.click()
        name = got.value.suggested_filename
        got.value.save_as(folder / name)
        files[name.rpartition(".")[2]] = folder / name
    return files


def test_a_report_that_is_under_way_says_how_long_it_takes_and_can_be_stopped(page, app, tmp_path):
    open_file(page, app, tmp_path)
    to_report(page)
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ inputs, about \d+ s left")).first).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Stop the report").click()

    expect(page.get_by_text("Stopped. Nothing was made.")).to_be_visible(timeout=SLOW_MS)
    settled(page)
    expect(page.get_by_test_id("stDownloadButton")).to_have_count(0)
    expect(page.get_by_role("button", name="Make the report")).to_be_enabled()


def test_a_brand_and_a_scenario_become_six_files(page, app, tmp_path):
    open_file(page, app, tmp_path)
    headline = to_report(page)
    add_brand(page, tmp_path)
    page.get_by_role("button", name="FOCUS cost rows (CSV)").click()
    page.get_by_label("Who may read it").click()
    page.get_by_role("option", name=re.compile("^client")).click()
    page.get_by_text("Quick", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Make the report").click()
    done = page.get_by_text(re.compile(r"^6 files, all of answer [0-9a-f]{12}\."))
    expect(done.first).to_be_visible(timeout=SLOW_MS)
    answer_id = re.search(r"[0-9a-f]{12}", done.first.inner_text()).group()
    made = Made(headline, answer_id, download(page, tmp_path))

    assert sorted(made.files) == ["csv", "docx", "html", "pdf", "pptx", "xlsx"]
    check_slides(made)
    check_word(made)
    check_pdf(made)
    check_html(made)
    check_focus(made)
    check_workbook(made)
    check_recalculated(made, tmp_path)


def check_text(made: Made, text: str) -> None:
    """What every form has: the answer, whose it is, what it rests on, sources with days; and nothing that the client hides."""
    flat = re.sub(r"\s+", " ", text)
    for words in (made.headline, SHOWN, f"answer {made.answer_id} · prices 2026-", "tco-llm ", "vllm-cost-meter-C2", "developers.openai.com", "2026-11-10"):  # fmt: skip
        assert words in flat, words
    for words in ("corp.internal", "jane", "/home/"):
        assert words not in flat.lower(), words


def check_slides(made: Made) -> None:
    deck = python_pptx.Presentation(str(made.files["pptx"]))
    shapes: list[Any] = [shape for slide in deck.slides for shape in slide.shapes]
    text = "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)
    cells = "\n".join(cell.text for shape in shapes if shape.has_table for row in shape.table.rows for cell in row.cells)  # fmt: skip
    check_text(made, f"{text}\n{cells}")
    assert 10 <= len(deck.slides) <= 14
    assert sum(shape.has_chart for shape in shapes) >= 4
    assert all(any(shape.shape_type == 13 for shape in slide.shapes) for slide in deck.slides)  # the logo on each
    assert all(made.answer_id in "".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame) for slide in deck.slides)  # fmt: skip
    titles = [shape for shape in shapes if shape.has_text_frame and shape.text_frame.text == "The answer"]
    assert str(titles[0].text_frame.paragraphs[0].runs[0].font.color.rgb) == PRIMARY


def check_word(made: Made) -> None:
    word = python_docx.Document(str(made.files["docx"]))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    foot, head = word.sections[0].footer, word.sections[0].header
    check_text(made, "\n".join([*(each.text for each in (*word.paragraphs, *foot.paragraphs)), *cells]))
    assert any("counted on [host]" in cell for cell in cells)
    assert any(part.content_type == "image/png" for part in head.part.related_parts.values())
    assert "Inference sourcing study" in head.paragraphs[0].text
    assert str(word.styles["Heading 1"].font.color.rgb) == PRIMARY


def check_pdf(made: Made) -> None:
    pages = pypdf.PdfReader(made.files["pdf"]).pages
    texts = [page.extract_text() for page in pages]
    # A line's end may part a word that has none of its own, such as an address.
    check_text(made, "\n".join(texts).replace("\u200b", ""))
    assert all(f"answer {made.answer_id}" in text and SHOWN in text for text in texts)
    assert re.sub(r"\s+", " ", texts[0]).find(made.headline) > 0
    assert "of the variance of the NPV rests on assumptions" in re.sub(r"\s+", " ", texts[0])


def check_html(made: Made) -> None:
    text = made.files["html"].read_text(encoding="utf-8")
    check_text(made, re.sub(r"<(style|svg)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL).replace("&#x27;", "'"))
    assert f"#{PRIMARY.lower()}" in text
    assert "data:image/svg+xml;base64," in text
    assert "<script" not in text


def check_focus(made: Made) -> None:
    with made.files["csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["x_AnswerId"] for row in rows} == {made.answer_id}
    assert len({row["x_Option"] for row in rows}) == 4
    assert all(row["BilledCost"] and float(row["BilledCost"]) == float(row["EffectiveCost"]) for row in rows)


def check_workbook(made: Made) -> None:
    formulas, values = (openpyxl.load_workbook(made.files["xlsx"], data_only=only) for only in (False, True))
    told = [str(cell.value) for page in values for row in page.iter_rows() for cell in row if cell.value is not None]
    told += [f"{page.oddFooter.left.text} {page.oddHeader.right.text}" for page in values]
    check_text(made, "\n".join(told))
    assert any("counted on [host]" in text for text in told)
    results = [cell for row in formulas["Results"].iter_rows(min_row=9) for cell in row if cell.data_type == "f"]
    assert len(results) > 60
    assert all(made.answer_id in page.oddFooter.left.text and SHOWN in page.oddHeader.right.text for page in values)
    assert len(formulas["Cover"]._images) == 1
    assert formulas["Results"]["A6"].fill.fgColor.rgb == f"FF{PRIMARY}"
    assert any(cell.value == "OK" for cell in values["Results"][2])


def check_recalculated(made: Made, folder: Path) -> None:
    """LibreOffice works the workbook out anew, and its numbers are those of the headline."""
    if SOFFICE is None:
        return
    bare = folder / "bare.xlsx"
    # What openpyxl saves has no values any more, so that each of them is worked out anew.
    openpyxl.load_workbook(made.files["xlsx"]).save(bare)
    command = [SOFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"), str(bare)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=200)
    page = openpyxl.load_workbook(folder / "out" / "bare.xlsx", data_only=True)["Results"]
    names = [cell.value for cell in page[6]]
    rows = {row[0].value: [cell.value for cell in row] for row in page.iter_rows()}
    chosen = names.index(re.match(r"Move to (\S+):", made.headline).group(1))

    assert f"pays back in {rows['Payback'][chosen]:.1f} months" in made.headline
    assert f"worth {usd(rows['NPV of choosing it instead of the baseline'][chosen])} over" in made.headline
    assert any(cell.value == "OK" for cell in page[2])
