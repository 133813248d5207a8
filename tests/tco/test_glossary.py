"""The words of the pages are those of docs/glossary.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tco.glossary import TERMS, term, terms

PAGE = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


@pytest.fixture(scope="module")
def page():
    rows = re.findall(r"^\| ([^|]+) \| [^|]* \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {word.strip().lower(): meaning.strip() for word, meaning in rows}


@pytest.mark.parametrize("word", TERMS)
def test_every_word_means_what_the_law_says(page, word):
    assert page[word.lower()].replace("`", "") == TERMS[word].replace("“", '"').replace("”", '"')


def test_several_words_are_told_one_after_the_other():
    assert f"{term('TTFT')} {term('P95')}" == terms("TTFT", "P95")
