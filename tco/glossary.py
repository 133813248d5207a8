"""The field's words and what they mean: pages show them on hover, reports in their glossary. `docs/glossary.md` is the law; a test holds this page to it."""

from __future__ import annotations

import re
from functools import cache

TERMS = {
    "Attainment": "share of requests that kept every limit of a promise",
    "Baseline": "the option that is paid for today; every other one is compared with it",
    "Basis": "how a number that rests on a run was had: measured, interpolated, modelled",
    "Break-even volume": "smallest volume from which an option is cheaper than the baseline",
    "Capacity": "load that a replica carries while the SLO holds",
    "Capex": "money laid out at the start of a month: servers, one-offs",
    "Commitment": "replicas that are agreed for a term and paid for around the clock until it ends",
    "Concurrency": "requests in flight at once",
    "Constraint": "what an option must keep before its costs count: law, policy, or what is good enough",
    "E2E": "from sending a request to its last token",
    "Evidence": "class of a number's origin, best first: measured, invoice, contract, listed, literature, expert, assumption",
    "Front": "promises that cost less than every tighter one; of options: those that no other beats in both of two respects",
    "Goodput": "throughput that meets the SLO",
    "Idle cost": "what machines cost beyond the replica-hours that serve: allocated less usage",
    "IRR": "yearly rate of return of the savings, the discount rate at which the NPV is zero; there may be none, or several",
    "ITL": "gap between two tokens of one answer",
    "Late": "share of requests that come before the replicas for them are ready, under reactive scaling",
    "MIRR": "likewise, but what is laid out is borrowed and what is saved reinvested at the discount rate; always one number",
    "Mtok": "million tokens, input and output together unless one is named",
    "Nine runs in ten": "from the value that one run in twenty stays below to the one that one in twenty exceeds",
    "NPV": "present value of the savings against the baseline, residual value included",
    "P95": "the value that 95 of 100 requests keep within; likewise P50, P90, P99",
    "Payback": "from when the cumulative saving stays at or above zero; “never” within the horizon is an answer",
    "Probe": "measuring an endpoint with real requests",
    "PUE": "power usage effectiveness: power of the site over power of the servers",
    "Rating": "how good a model answers: points of the book's text arena, or of the measure that a constraint asks for; more is better",
    "Replica": "one copy of the model that answers requests: one or more GPUs, or one machine without",
    "Residency": "places in which data of requests may be stored or processed; who may order them handed over is the operator's nationality",
    "ROI": "what is gained over the horizon, over the capital that was laid out",
    "Run": "one probe's record",
    "SLO": "latency promise, as percentiles of TTFT, TPOT or E2E",
    "Solved task": "a request whose answer was right, at once or where it was escalated to",
    "TPOT": "time per output token after the first: (E2E − TTFT) / (n − 1)",
    "TTFT": "from sending a request to its first token",
    "Utilisation": "mean demand over what the fleet could carry; an output",
}  # fmt: skip
"""Meaning by word, as the end of a sentence."""


def term(word: str) -> str:
    """What a word means, as help beside it.

    Args:
        word: of `TERMS`.

    Raises:
        KeyError: it is none of them; add it here and to docs/glossary.md.

    >>> term("TTFT"), term("Goodput")
    ('TTFT: from sending a request to its first token.', 'Goodput: throughput that meets the SLO.')
    """
    return f"{word}: {TERMS[word]}."


def explained(title: str) -> str | None:
    """What the glossary's words in a title mean, as help beside it; None where there are none.

    Words in capitals are looked for as they are, all others in any case.

    Args:
        title: of a column, a figure or a chart.

    >>> explained("TTFT p95"), explained("Server")
    ('P95: the value that 95 of 100 requests keep within; likewise P50, P90, P99. TTFT: from sending a request to its first token.', None)
    """
    words = [word for word in TERMS if _pattern(word).search(title)]
    return terms(*words) if words else None


@cache
def _pattern(word: str) -> re.Pattern[str]:
    if word == "P95":
        return re.compile(r"\bp(50|90|95|99)\b", re.IGNORECASE)
    return re.compile(rf"\b{re.escape(word)}\b", 0 if word.isupper() else re.IGNORECASE)


def terms(*words: str) -> str:
    """What several words mean, one after the other.

    Args:
        words: of `TERMS`.
    """
    return " ".join(term(word) for word in words)
