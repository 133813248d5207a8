"""The claims pack: what the field says of costs, asked of the model. Each claim is a shipped scenario with the conditions under which it would hold."""

from tco.claims.judging import DRAWS, judge, question, turning_points
from tco.claims.records import Answer, Asked, Claim, Judged, Statement, Verdict
from tco.claims.table import CLAIMS, claim_of
from tco.claims.words import answer_sentence, told, turning_sentence, verdict_sentence

__all__ = [
    "CLAIMS",
    "DRAWS",
    "Answer",
    "Asked",
    "Claim",
    "Judged",
    "Statement",
    "Verdict",
    "answer_sentence",
    "claim_of",
    "judge",
    "question",
    "told",
    "turning_points",
    "turning_sentence",
    "verdict_sentence",
]
