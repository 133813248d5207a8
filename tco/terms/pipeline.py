"""Further models that are called for each request: guardrails before and after, judges, embeddings."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tco.quantity import Fraction, NonNegative, Quantity
from tco.terms.record import Record


class ModelCall(Record):
    """One further model: how often it is called for a request, and what a call costs.

    `calls_per_request` calls go with each request that it is asked about, which is `sampled_fraction` of all. A call costs `call_usd`, or its tokens at prices per
    million; those of a `model` of the price book are looked up.
    """

    calls_per_request: NonNegative = Quantity(value=1.0)
    sampled_fraction: Fraction = Quantity(value=1.0)
    call_usd: NonNegative | None = None
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    input_tokens: NonNegative | None = None
    output_tokens: NonNegative | None = None
    input_usd_per_mtok: NonNegative | None = None
    output_usd_per_mtok: NonNegative | None = None

    @model_validator(mode="after")
    def _is_priced_one_way(self) -> Self:
        tokens = self.input_tokens is not None and self.output_tokens is not None
        prices = self.input_usd_per_mtok is not None and self.output_usd_per_mtok is not None
        by_token = tokens and (prices or self.model is not None)
        if (self.call_usd is not None) == by_token:
            raise ValueError(
                "a further model is priced one way: give `call_usd`, or `input_tokens` and `output_tokens` with a `model` of the price book or with "
                "`input_usd_per_mtok` and `output_usd_per_mtok`"
            )
        return self
