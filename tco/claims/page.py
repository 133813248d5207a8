"""A claim as a piece of the docs: its words, the verdict, what it needs, where the article is off. Written by scripts/write_claims.py, checked by a test."""

from __future__ import annotations

from itertools import groupby

from tco.claims.judging import judge, turning_points
from tco.claims.records import Claim, Judged
from tco.claims.words import answer_sentence, turning_sentence


def begin(claim: Claim) -> str:
    """The line before a claim's generated piece of the page."""
    return f"<!-- claim {claim.number}: written by scripts/write_claims.py -->"


def end(claim: Claim) -> str:
    """The line after it."""
    return f"<!-- end of claim {claim.number} -->"


def piece(claim: Claim) -> str:
    """The generated piece of the page, markdown, its first and last line included.

    Args:
        claim: one of `tco.claims.CLAIMS`.

    Raises:
        InputError: see `tco.claims.judging`.
    """
    judged = judge(claim)
    return "\n".join(
        [
            begin(claim),
            f"> {claim.quote}",
            "",
            f"**{judged.verdict.capitalize()}.** `tco claims {claim.number}`, `tco plan scenarios/{claim.scenario}.yaml`",
            "",
            *(f"- {line}" for line in _answers(judged)),
            "",
            *_needs(claim),
            f"Left open: {claim.left_open}",
            *_corrections(claim),
            end(claim),
        ]
    )


def _answers(judged: Judged) -> list[str]:
    return [("" if answer.statement.is_claimed else "Besides: ") + answer_sentence(answer) for answer in judged.answers]


def _needs(claim: Claim) -> list[str]:
    lines: list[str] = []
    for statement, found in groupby(turning_points(claim), lambda pair: pair[0]):
        lines.append(f"- {statement.words}:")
        lines += [f"  - {turning_sentence(solved)}" for _, solved in found]
    return ["What would have to be true, one input at a time:", "", *lines, ""] if lines else []


def _corrections(claim: Claim) -> list[str]:
    return [line for correction in claim.corrections for line in ("", f"Where the article is off: {correction}")]
