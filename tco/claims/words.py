"""A claim and its verdict in sentences: for the command, the page and the docs."""

from __future__ import annotations

from tco.claims.records import Answer, Judged
from tco.risk_words import likely
from tco.what_if import Solved, solved_sentence


def verdict_sentence(judged: Judged) -> str:
    """One sentence: the claim's number and title, and what becomes of it.

    Args:
        judged: from `judge`.
    """
    return f"Claim {judged.claim.number}, {judged.claim.title}: {judged.verdict}."


def answer_sentence(answer: Answer) -> str:
    """One sentence: what is said, whether it holds, by which figures and in how many runs.

    Args:
        answer: one of `Judged.answers`.
    """
    said = f"{answer.statement.words}: {answer.verdict}"
    if answer.verdict == "cannot be tested":
        return f"{said}, for {answer.reasons[0]}."
    if answer.reasons:
        return f"{said}, for {answer.statement.option} is ruled out: {answer.reasons[0].rstrip('.')}."
    figures = "; ".join(f"asked {each.words}, found {each.shown}" for each in answer.asked)
    often = "" if answer.probability is None else f"; in {likely(answer.probability)}"
    rests = "" if answer.footing is None else f"; {answer.footing}"
    return f"{said} ({figures}{often}{rests})."


def turning_sentence(solved: Solved) -> str:
    """Where a condition turns along one input (`tco.what_if.solved_sentence`)."""
    return solved_sentence(solved)


def told(judged: Judged) -> str:
    """All of a verdict, a line each; what the claim does not say itself begins with "besides".

    Args:
        judged: from `judge`.
    """
    lines = [verdict_sentence(judged)]
    for answer in judged.answers:
        begin = "- " if answer.statement.is_claimed else "- besides: "
        lines.append(begin + answer_sentence(answer))
    return "\n".join(lines)
