"""The two records of the book: a `Price`, what one thing costs at one seller from one date, and a `Figure`.

A figure is a number that is no price: a PUE, a share, a life. Each says where it was read, when, and how good it is.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Evidence = Literal["measured", "invoice", "contract", "listed", "literature", "expert", "assumption"]
"""Evidence classes, best first (docs/glossary.md)."""

Unit = Literal[
    "mtok_input",
    "mtok_output",
    "mtok_cached_read",
    "mtok_cache_write",
    "mtok_cache_write_1h",
    "gpu_hour",
    "kwh",
    "server",
    "gpu",
    "fte_year",
    "kw_month",
]
"""What one unit of the amount buys. `mtok_cache_write` is the shortest lifetime that the seller has."""

Tier = Literal[
    "on-demand",
    "spot",
    "reserved-1y",
    "reserved-3y",
    "standard",
    "batch",
    "flex",
    "priority",
    "fast",
    "purchase",
]
"""How it is bought: tokens `standard`, `batch`, `flex`, `priority` or `fast`; GPU hours `on-demand`, `spot`, `reserved-*`."""

ProviderClass = Literal["hyperscaler", "neocloud", "marketplace", "managed"]
"""Kind of GPU landlord. Their prices differ by a factor of four, so they are never mixed silently."""

BOOK = "book"
"""The layer of a price that the user did not touch."""


class PriceNotFound(LookupError):  # noqa: N818 - reads as what happened, like FileNotFoundError's message
    """The book has no such price. The message lists near names and says how to supply one."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Price(_Record):
    """One dated, sourced price.

    Attributes:
        item: what is sold: `openai/gpt-5`, `H100-SXM`, `electricity`.
        amount: how many units of `currency` for one `per` [currency/unit].
        low: low end of a range, where the source gives one [currency/unit].
        high: high end of that range [currency/unit].
        currency: ISO 4217 code.
        per: the unit bought.
        provider: who sells it.
        provider_class: kind of GPU landlord, for GPU hours only.
        region: where, or null where the price holds everywhere.
        tier: how it is bought.
        above_input_tokens: a request with more input tokens than this pays this price for all of its tokens; null: any.
        hours_utc: the hours in which the price holds, for example `00:30-16:30`; null: the whole day.
        valid_from: first day the price holds, if known.
        valid_to: last day the price holds, if known.
        as_of: the day on which somebody read the price at its source.
        source: URL or document.
        evidence: how good the number is.
        derived: how the amount was computed where no list shows it; null: it is as listed.
        layer: `book`, or the user's own entry that this price comes from or was changed by.
        note: what a reader must know to use it.
    """

    item: str
    amount: Annotated[float, Field(ge=0)]
    low: Annotated[float, Field(ge=0)] | None = None
    high: Annotated[float, Field(ge=0)] | None = None
    currency: str = "USD"
    per: Unit
    provider: str
    provider_class: ProviderClass | None = None
    region: str | None = None
    tier: Tier
    above_input_tokens: Annotated[int, Field(gt=0)] | None = None
    hours_utc: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    as_of: date
    source: str
    evidence: Evidence = "listed"
    derived: str | None = None
    layer: str = BOOK
    note: str | None = None


class Figure(_Record):
    """A number of the book that is no price: a PUE, a share of a price per year, a life, grams of CO2.

    Attributes:
        name: what it is.
        value: the central value [unit].
        low: low end [unit], or null where only one value is known.
        high: high end [unit], or null likewise.
        unit: in the words of docs/glossary.md, for example `fraction_per_year`, `months`, `g_per_kwh`.
        region: where it holds, or null.
        as_of: the day that the number is of, or on which it was read.
        source: URL or document.
        evidence: how good it is.
        note: what a reader must know to use it.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str
    region: str | None = None
    as_of: date
    source: str
    evidence: Evidence
    note: str | None = None

    @model_validator(mode="after")
    def _range_holds_value(self) -> Figure:
        if (self.low is not None and self.low > self.value) or (self.high is not None and self.high < self.value):
            raise ValueError(f"{self.name}: {self.value:g} is outside its own range {self.low} to {self.high}")
        return self
