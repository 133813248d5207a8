"""What a block of inputs begins with when somebody adds it on a page: values to be replaced by one's own, assumptions all, but for those with a source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

US_TAX = {
    "value": 0.21,
    "evidence": "literature",
    "source": "26 U.S.C. § 11(b), https://www.law.cornell.edu/uscode/text/26/11",
    "note": "the US federal rate; states and other countries have their own",
}
"""Tax of a company [fraction]."""

STARTS: Mapping[str, Mapping[str, Any]] = {
    "agent": {"steps": 5, "growth_tokens_per_step": 500.0},
    "around": {},
    "cash": {"kind": "cash"},
    "commitments": {"commitment": "reserved-1y", "base_fraction": 1.0},
    "constraints": {},
    "depreciation": {},
    "evaluation": {"runs_per_month": 1.0, "run_usd": 100.0},
    "latency": {},
    "lease": {"kind": "lease", "term_months": 36, "interest_rate_per_year": 0.08},
    "lengths": {},
    "loan": {"kind": "loan", "term_months": 36, "interest_rate_per_year": 0.08},
    "migrations": {"every_months": 12, "migration_usd": 5_000.0},
    "min_quality": {"min_rating_points": 1_200.0},
    "pipeline": {"call_usd": 0.0001},
    "slo": {},
    "success": {"success_fraction": 0.9},
    "terms": {},
    "tuning": {"training_tokens": 10_000_000.0},
}
"""By the name of the field, or of the `kind` where a field is one of several records: what they cannot do without."""


def start_of(name: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a block begins with.

    Args:
        name: of the field, or the kind of the record.
        options: names of the options that may follow, for `then`.

    Raises:
        KeyError: nothing is known to begin it with, as of an exchange rate.

    >>> start_of("then", ("own",))
    {'option': 'own', 'after_months': 12}
    """
    if name == "then":
        return {"option": next(iter(options), ""), "after_months": 12}
    return dict(STARTS[name])
