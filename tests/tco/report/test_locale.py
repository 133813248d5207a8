"""A report in another notation: the same answer, other marks, in every text and picture; files for machines stay as they are."""

from __future__ import annotations

import html as entities
import re

import docx as python_docx
import pptx as python_pptx
import pypdf
import pytest
import yaml
from typer.testing import CliRunner

from probes.run_file import save_run
from tco import InputError, load
from tco.cli import app
from tco.number_style import notation_for, numbers_in
from tco.report.brand import load_brand
from tco.report.document import document
from tco.report.focus import focus
from tco.report.forms import written
from tco.report.gather import gather
from tco.report.pictures import svg
from tests.factories import run, scenario_data
from tests.tco.report.test_gather import AGREED

ENGLISH = re.compile(r"\$\d{1,3},\d{3}\b|(?<![\w.-])\$?\d+\.\d{1,2}(?![\d.])%?")
GERMAN = notation_for("de-DE")


@pytest.fixture
def asked(tmp_path):
    save_run(run(), tmp_path / "test-run")
    path = tmp_path / "plan.yaml"
    data = scenario_data(name="plan")
    data["options"][0]["output_usd_per_mtok"] = AGREED | {"evidence": "listed"}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def texts(node):
    """All texts of a document, however deep."""
    if isinstance(node, str):
        return [node]
    if isinstance(node, tuple | list):
        return [text for each in node for text in texts(each)]
    fields = getattr(node, "__dataclass_fields__", {})
    return [text for name in fields for text in texts(getattr(node, name))]


def test_every_text_of_a_report_is_in_the_notation_that_was_asked_for(asked):
    pack = gather(load(asked), draws=500, style=GERMAN)
    with numbers_in(pack.style):
        german = texts(document(pack))
    english = texts(document(gather(load(asked), draws=500)))

    assert [] == [text for text in german if ENGLISH.search(text)]
    assert len(english) == len(german)
    assert 20 < sum(one != other for one, other in zip(english, german, strict=True))
    # Marks aside they are the same words.
    assert [re.sub(r"[.,]", "", text) for text in english] == [re.sub(r"[.,]", "", text) for text in german]


@pytest.mark.slow
def test_the_files_have_it_too_and_those_for_machines_do_not(asked, tmp_path):
    pack = gather(load(asked), draws=500, style=GERMAN, searches=False)
    files = {path.suffix: path for path in written(pack, tmp_path / "out", "plan", ("docx", "pdf", "html", "pptx"))}
    slides = [shape for slide in python_pptx.Presentation(files[".pptx"]).slides for shape in slide.shapes]
    tables = [cell for table in python_docx.Document(files[".docx"]).tables for row in table.rows for cell in row.cells]
    page = re.sub(r"<style.*?</style>|data:[^\"]*", "", files[".html"].read_text(encoding="utf-8"), flags=re.DOTALL)
    told = {
        "pptx": [shape.text_frame.text for shape in slides if shape.has_text_frame],
        "docx": [cell.text for cell in tables],
        "html": entities.unescape(re.sub(r"<[^>]+>", "\n", page)).split("\n"),
        "pdf": [line for sheet in pypdf.PdfReader(files[".pdf"]).pages for line in sheet.extract_text().split("\n")],
    }

    for form, lines in told.items():
        assert [] == [line for line in lines if ENGLISH.search(line) and "tco-llm" not in line], form
        assert any(re.search(r"\d,\d", line) for line in lines), form
    assert focus(pack) == focus(gather(load(asked), draws=0, searches=False))


@pytest.mark.slow
def test_a_picture_has_it_and_the_same_pack_gives_the_same_bytes(asked):
    pack = gather(load(asked), draws=0, style=GERMAN)
    with numbers_in(pack.style):
        first, second = (svg(pack, "cumulative") for _ in range(2))
    english = svg(pack, "cumulative")

    assert first == second
    # The axis is told in words too, for who cannot see it.
    assert re.findall(r"values from 0 to ([\d.,]+)", first)[-1] == "18.000"
    assert re.findall(r"values from 0 to ([\d.,]+)", english)[-1] == "18,000"
    labels = re.findall(r">([^<]*\d[^<]*)<", first)
    assert "$18k" in labels
    assert not any("." in label for label in labels)


def test_the_public_edition_has_one_id_in_every_notation_and_the_agreed_price_in_none(asked):
    question = load(asked, ["options.api.output_usd_per_mtok={value: 8.37, evidence: contract}"])
    english, german = (
        gather(question, draws=0, redaction="public", searches=False, style=style)
        for style in (notation_for("en"), GERMAN)
    )
    with numbers_in(german.style):
        told = " ".join(texts(document(german)))

    assert english.result.answer_id == german.result.answer_id
    assert "8,37" not in told
    assert "8.37" not in told


def made(asked, folder, *more):
    arguments = ["report", str(asked), "--out", str(folder), "--format", "html", "--draws", "0", "--quick", *more]
    done = CliRunner().invoke(app, arguments)
    return done, (folder / "plan.html").read_bytes() if (folder / "plan.html").exists() else b""


@pytest.mark.slow
def test_the_flag_wins_over_the_brand_and_english_is_what_nobody_asks_for(asked, tmp_path):
    (tmp_path / "brand.yaml").write_text("locale: fr-FR\n", encoding="utf-8")
    brand = ("--brand", str(tmp_path / "brand.yaml"))
    files = {
        name: made(asked, tmp_path / name, *more)[1]
        for name, more in {
            "plain": (),
            "english": ("--locale", "en-GB", *brand),
            "brand": brand,
            "flag": ("--locale", "de-DE", *brand),
            "german": ("--locale", "de-DE"),
        }.items()
    }

    assert files["plain"] == files["english"]
    assert files["flag"] == files["german"]
    assert 3 == len({files["plain"], files["brand"], files["german"]})
    assert "\u202f" in files["brand"].decode()
    assert b'lang="en"' in files["german"]


def test_a_locale_that_is_none_is_refused_where_it_was_asked_for(asked, tmp_path):
    done, page = made(asked, tmp_path / "out", "--locale", "no such place")
    (tmp_path / "brand.yaml").write_text("locale: ../de\n", encoding="utf-8")

    assert 2 == done.exit_code
    assert "locale 'no such place' is not known; write a language" in " ".join(done.stderr.split())
    assert b"" == page
    with pytest.raises(InputError, match=r"`locale`: locale '../de' is not known; write a language"):
        load_brand(tmp_path / "brand.yaml")
