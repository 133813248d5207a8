"""The page's figures are those of the model: every claim's scenario is answered again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tco.claims import CLAIMS
from tco.claims.page import begin, end, piece

PAGE = Path(__file__).parents[3] / "docs" / "claims.md"


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.scenario)
def test_the_page_says_what_the_model_says(claim):
    text = PAGE.read_text(encoding="utf-8")
    there = begin(claim) + text.partition(begin(claim))[2].partition(end(claim))[0] + end(claim)

    assert piece(claim) == there, "run scripts/write_claims.py"


def test_each_claim_has_one_section():
    text = PAGE.read_text(encoding="utf-8")

    assert all(1 == text.count(begin(claim)) == text.count(end(claim)) for claim in CLAIMS)
    assert all(f"## {claim.number}. {claim.title}\n" in text for claim in CLAIMS)
