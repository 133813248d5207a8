"""The `Price` record: what one thing costs, at one seller, from one date, with the place where it says so."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Evidence = Literal["measured", "invoice", "contract", "listed", "literature", "expert", "assumption"]
"""Evidence classes, best first (docs/glossary.md)."""

Unit = Literal[
    "mtok_input",
    "mtok_output",
    "mtok_cached_read",
    "mtok_cache_write",
    "gpu_hour",
    "kwh",
    "server",
    "gpu",
    "fte_year",
    "kw_month",
]
"""What one unit of the amount buys."""

Tier = Literal["on-demand", "spot", "reserved-1y", "reserved-3y", "standard", "batch", "purchase"]
"""How it is bought: token prices are `standard` or `batch`; GPU hours `on-demand`, `spot`, `reserved-*`."""

ProviderClass = Literal["hyperscaler", "neocloud", "marketplace", "managed"]
"""Kind of GPU landlord. Their prices differ by a factor of four, so they are never mixed silently."""


class PriceNotFound(LookupError):  # noqa: N818 - reads as what happened, like FileNotFoundError's message
    """The book has no such price. The message lists near names and says how to supply one."""


class Price(BaseModel):
    """One dated, sourced price.

    Attributes:
        item: what is sold: `openai/gpt-5`, `H100-SXM`, `electricity`.
        amount: how many units of `currency` for one `per` [currency/unit].
        currency: ISO 4217 code.
        per: the unit bought.
        provider: who sells it.
        provider_class: kind of GPU landlord, for GPU hours only.
        region: where, or null where the price holds everywhere.
        tier: how it is bought.
        valid_from: first day the price holds, if known.
        valid_to: last day the price holds, if known.
        as_of: the day on which somebody read the price at its source.
        source: URL or document.
        evidence: how good the number is.
        note: what a reader must know to use it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    item: str
    amount: Annotated[float, Field(ge=0)]
    currency: str = "USD"
    per: Unit
    provider: str
    provider_class: ProviderClass | None = None
    region: str | None = None
    tier: Tier
    valid_from: date | None = None
    valid_to: date | None = None
    as_of: date
    source: str
    evidence: Evidence = "listed"
    note: str | None = None
