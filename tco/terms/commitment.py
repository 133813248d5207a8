"""Commitments of a rented fleet: how many replicas are agreed for how long, and how they are paid."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tco.quantity import Fraction, NonNegative, Quantity
from tco.terms.record import Record

TERM_MONTHS = {"reserved-1y": 12, "reserved-3y": 36}


class Commitment(Record):
    """Replicas that are agreed for a term and paid for around the clock until it ends, whether they are needed or not.

    Either `replicas` of them, or `base_fraction` of those that stand in every hour of the month in which the term begins, in whole replicas. `upfront_fraction` of the
    whole term's price is paid when it begins, the rest month by month. When a term ends and it `renews`, as many are agreed again as still stand. `at_horizon` says what
    becomes of a term that outlasts the horizon: what is still owed is `due` there, or it is `passed-on` to somebody who pays the rest.
    """

    commitment: Literal["reserved-1y", "reserved-3y"]
    replicas: Annotated[int, Field(ge=1, le=100_000)] | None = None
    base_fraction: Fraction | None = None
    price_usd_per_hour: NonNegative | None = None
    upfront_fraction: Fraction = Quantity(value=0.0)
    renews: bool = True
    at_horizon: Literal["due", "passed-on"] = "due"

    @property
    def term_months(self) -> int:
        """How long it runs."""
        return TERM_MONTHS[self.commitment]

    @model_validator(mode="after")
    def _counts_one_way(self) -> Self:
        if (self.replicas is None) == (self.base_fraction is None):
            raise ValueError(
                "a commitment is of `replicas`, so many, or of `base_fraction`, a share of those that stand in every hour; give one of them"
            )
        return self
