"""What constraints did to an answer: which option keeps which, and what each of them costs."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pricing.price import Evidence

ConstraintName = Literal[
    "licence",
    "residency",
    "operator_nationality",
    "retention",
    "baa",
    "certifications",
    "latency",
    "quality",
    "supply",
]

LABELS: dict[ConstraintName, str] = {
    "licence": "the licence",
    "residency": "data residency",
    "operator_nationality": "operator nationality",
    "retention": "data retention",
    "baa": "business associate agreement",
    "certifications": "certificates",
    "latency": "latency",
    "quality": "minimum quality",
    "supply": "lead time",
}
"""What a constraint is called in a sentence."""


def titled(name: ConstraintName, asks: str) -> str:
    """A constraint with what it asks.

    >>> titled("residency", "EU"), titled("licence", "")
    ('data residency (EU)', 'the licence')
    """
    return f"{LABELS[name]} ({asks})" if asks else LABELS[name]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ConstraintFinding(_Record):
    """Whether one option keeps one constraint.

    Attributes:
        constraint: which one.
        asks: what it asks, in a few words.
        option: the option's name.
        verdict: `met`, `not met`, or `unknown` where nobody said.
        rules_out: whether the option is ruled out by it.
        says: why, in a sentence without a full stop.
        path: the field that settles it; null where none does.
        evidence: how good the fact is; null where there is none.
        source: where it is said.
        as_of: when it was read.
    """

    constraint: ConstraintName
    asks: str
    option: str
    verdict: Literal["met", "not met", "unknown"]
    rules_out: bool
    says: str
    path: str | None = None
    evidence: Evidence | None = None
    source: str | None = None
    as_of: date | None = None


class ConstraintPrice(_Record):
    """What one constraint, or all together, cost: the cheapest option that may be taken, less the cheapest without them.

    Attributes:
        constraints: one, or all.
        asks: what they ask, in a few words.
        price_usd: present value of the costs of `chosen` less that of `chosen_without` [USD]; zero where it does not bind; null
            where all constraints together leave no option.
        chosen: the cheapest option under all constraints; null: none is left.
        chosen_without: the cheapest without these; null: none.
        cheaper_but: options that these rule out, that are cheaper than `chosen`, and that another constraint rules out too.
    """

    constraints: list[ConstraintName]
    asks: str
    price_usd: float | None
    chosen: str | None
    chosen_without: str | None
    cheaper_but: list[str] = []


class ConstraintAnswer(_Record):
    """All constraints of a scenario.

    Attributes:
        findings: one for each constraint and option.
        prices: one for each constraint alone.
        together: the price of all of them.
    """

    findings: list[ConstraintFinding]
    prices: list[ConstraintPrice]
    together: ConstraintPrice
