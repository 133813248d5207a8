"""Records of the claims pack: what a claim says, what of it can be asked of the model, and what the model answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tco.risk.records import Probability

Verdict = Literal["holds", "holds in part", "does not hold", "cannot be tested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that a claim says, as conditions on an option's answer.

    Attributes:
        words: what is said.
        option: whose answer it is about; empty where it cannot be tested.
        conditions: all must hold: those of `tco solve --until`, or on a measure of `tco.claims.measures`.
        case: of the scenario file; null: the file as it stands.
        settings: further `path=value` changes, as for `--set`.
        levers: inputs whose turning points are told.
        is_claimed: whether the claim says it; else it is asked besides, and does not touch the verdict.
        untestable: why no model of costs can answer it; null: it can be tested.
    """

    words: str
    option: str = ""
    conditions: tuple[str, ...] = ()
    case: str | None = None
    settings: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()
    is_claimed: bool = True
    untestable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of the field.

    Attributes:
        number: of the claim, 1 to 10.
        title: in a few words.
        quote: as the article has it, shortened.
        scenario: name of the shipped scenario that asks it.
        statements: what can be asked, and what cannot.
        left_open: what the claim does not say.
        corrections: where the article is off, with sources.
    """

    number: int
    title: str
    quote: str
    scenario: str
    statements: tuple[Statement, ...]
    left_open: str
    corrections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One condition and the figure that it is about.

    Attributes:
        condition: as it is written.
        words: as people say it.
        figure: of the answer; infinite for a payback that never comes, None where there is none.
        shown: the figure as people read it.
        holds: whether the condition does.
    """

    condition: str
    words: str
    figure: float | None
    shown: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A statement and what the model says of it.

    Attributes:
        statement: what was asked.
        verdict: `holds`, `does not hold` or `cannot be tested`.
        asked: each condition.
        reasons: why the option is ruled out, where it is.
        probability: share of the runs in which all conditions hold; None where that is not simulated.
        footing: how its throughput was had and from which run; None of what is paid per token.
    """

    statement: Statement
    verdict: Verdict
    asked: tuple[Asked, ...] = ()
    reasons: tuple[str, ...] = ()
    probability: Probability | None = None
    footing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A claim and what the model says of it.

    Attributes:
        claim: what was asked.
        answers: of its statements, in their order.
        draws: how many runs the probabilities are of.
    """

    claim: Claim
    answers: tuple[Answer, ...]
    draws: int

    @property
    def verdict(self) -> Verdict:
        """Of all that is claimed: `holds in part` where some holds and some does not, or cannot be tested."""
        found = {answer.verdict for answer in self.answers if answer.statement.is_claimed}
        if len(found) == 1:
            return found.pop()
        return "holds in part" if "holds" in found else "does not hold"
