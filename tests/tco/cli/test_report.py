"""`tco report`: files, the words around them, and refusals."""

from __future__ import annotations

import csv
import json

import pytest
import yaml
from typer.testing import CliRunner

from tco.cli import app
from tests.tco.report.packs import png

PRICE = "options.api.output_usd_per_mtok"
RANGE = f"{PRICE}={{value: 9, low: 3, high: 15}}"


def report(*arguments: object) -> object:
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


@pytest.mark.slow
def test_files_are_written_and_named_and_the_ids_told(question, tmp_path):
    done = report(question, "--out", tmp_path / "out", "--format", "html,focus", "--draws", 200, "--set", RANGE)
    said = " ".join(done.stderr.split())

    assert 0 == done.exit_code, done.stderr
    assert [str(tmp_path / "out/question.html"), str(tmp_path / "out/question-focus.csv")] == done.stdout.split("\n")[
        :2
    ]
    assert "Stay with api" in said
    assert "· runs test-run · tco-llm" in said
    answer = said.split("answer ")[1].split()[0]
    plan = json.loads(CliRunner().invoke(app, ["plan", str(question), "--set", RANGE, "--json"]).stdout)
    assert plan["answer_id"] == answer
    with (tmp_path / "out/question-focus.csv").open(encoding="utf-8") as file:
        assert {answer} == {row["x_AnswerId"] for row in csv.DictReader(file)}


def test_the_same_lock_twice_gives_the_same_bytes(question, tmp_path):
    lock = tmp_path / "question.lock"
    assert 0 == CliRunner().invoke(app, ["lock", str(question)]).exit_code
    for folder in ("one", "two"):
        asked = ("--out", tmp_path / folder, "--lock", lock, "--format", "html,focus", "--draws", 200, "--quick")
        assert 0 == report(question, *asked).exit_code
    for name in ("question.html", "question-focus.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_answer_than_the_locked_one_is_refused(question, tmp_path):
    CliRunner().invoke(app, ["lock", str(question)])
    done = report(
        question, "--out", tmp_path, "--lock", tmp_path / "question.lock", "--set", f"{PRICE}=8", "--format", "focus"
    )

    assert 2 == done.exit_code
    assert "not the answer that was locked" in " ".join(done.stderr.split())
    assert not (tmp_path / "question-focus.csv").exists()


def test_the_version_before_makes_a_change_log(question, tmp_path):
    CliRunner().invoke(app, ["lock", str(question)])
    changed = ("--set", f"{PRICE}=4", "--previous", tmp_path / "question.lock")
    done = report(question, "--out", tmp_path, "--format", "html", "--draws", 0, "--quick", *changed)
    page = (tmp_path / "question.html").read_text(encoding="utf-8")

    assert 0 == done.exit_code
    assert "Changes since the version before" in page
    assert "No simulation was made." in page


def test_a_brand_and_a_level_reach_the_file(question, tmp_path):
    (tmp_path / "logo.png").write_bytes(png())
    (tmp_path / "brand.yaml").write_text(
        "name: Acme Advisors\nlogo: logo.png\ncolours: {primary: '#123456'}\nredact_words: [test-model]\n"
    )
    data = yaml.safe_load(question.read_text(encoding="utf-8"))
    data["question"] = "Asked by bob@acme.com on gpu7.acme.internal about test-model"
    question.write_text(yaml.safe_dump(data), encoding="utf-8")
    done = report(question, "--out", tmp_path, "--format", "html", "--draws", 0, "--quick", "--redact", "client", "--brand", tmp_path / "brand.yaml")  # fmt: skip
    page = (tmp_path / "question.html").read_text(encoding="utf-8")

    assert 0 == done.exit_code, done.stderr
    assert "Asked by [id] on [host] about [name]" in page
    assert "Client edition" in page
    assert "#123456" in page
    assert "Acme Advisors" in page
    assert "acme.com" not in page
    assert "test-model" not in page


def test_an_agreed_price_is_not_in_the_public_edition(question, tmp_path):
    agreed = f"{PRICE}={{value: 8.37, evidence: contract, source: framework.pdf}}"
    for level, is_told in (("internal", True), ("public", False)):
        asked = ("--out", tmp_path / level, "--format", "html,focus", "--draws", 200, "--quick", "--redact", level)
        done = report(question, *asked, "--set", agreed)
        page = (tmp_path / level / "question.html").read_text(encoding="utf-8")
        assert 0 == done.exit_code, done.stderr
        assert is_told == ("8.37" in page)
        assert is_told == ("framework.pdf" in page)
        assert is_told != ("1 negotiated price was replaced by the middle of a band" in page)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--redact", "secret"), "--redact 'secret': choose one of: internal, client, public"),
        (("--format", "odt"), "'odt' is no form; there are: xlsx, pptx, docx, pdf, html, focus"),
        (("--brand", "none.yaml"), "none.yaml: cannot be read"),
        (("--draws", "5"), "--draws 5: 100 to"),
        (("--previous", "none.lock"), "none.lock: cannot be read"),
        (("--case", "high"), "high"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(question, tmp_path, arguments, said):
    done = report(question, "--out", tmp_path / "out", "--format", "focus", "--quick", *arguments)

    assert 2 == done.exit_code
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
