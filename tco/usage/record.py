"""The one form that usage of every source is brought to: buckets of tokens that do not overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["standard", "batch", "flex", "priority"]

TIERS: tuple[Tier, ...] = ("standard", "batch", "flex", "priority")

OPENAI_TIERS: dict[str, Tier] = {
    "default": "standard",
    "standard": "standard",
    "flex": "flex",
    "priority": "priority",
    "batch": "batch",
}
"""By OpenAI's names of them, which others speak too."""

MAX_NAME_LENGTH = 200
"""A longer name of a model is refused: no vendor has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """What one request used, or all requests of a span of time. No token is in two buckets.

    Attributes:
        start_s: when the request came, or the span begins, since 1970 in UTC [s].
        width_s: of the span [s]; 0 is a single request.
        model: as the source calls it, with its seller before it where the source tells (`openai/gpt-6.1-sol`); empty: the span had no traffic.
        tier: how it was bought; None: the source does not tell.
        requests: that were answered; None: the source does not count them.
        failed: requests that were not.
        input_uncached_tokens: input that no cache answered and that was written to none [tokens].
        cache_read_tokens: input that the vendor's cache answered [tokens]; None: the source does not tell, and it is among the uncached.
        cache_write_tokens: input that was put into the cache for its shortest lifetime [tokens].
        cache_write_1h_tokens: input that was put into the cache for an hour [tokens].
        output_visible_tokens: output without reasoning, or with it where the source does not tell them apart [tokens].
        output_reasoning_tokens: output that nobody sees [tokens]; None: the source does not tell, and it is among the visible.
        total_tokens: the source's own total, which the buckets must add up to [tokens]; None: it has none.
        billed_usd: what was paid for it [USD]; None: the source does not tell.
        list_usd: what it would have cost at the vendor's list price [USD], likewise.
    """

    start_s: float
    width_s: float = 0.0
    model: str = ""
    tier: Tier | None = None
    requests: int | None = None
    failed: int = 0
    input_uncached_tokens: int = 0
    cache_read_tokens: int | None = None
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_visible_tokens: int = 0
    output_reasoning_tokens: int | None = None
    total_tokens: int | None = None
    billed_usd: float | None = None
    list_usd: float | None = None

    @property
    def input_tokens(self) -> int:
        """All input [tokens]."""
        read = self.cache_read_tokens or 0
        return self.input_uncached_tokens + read + self.cache_write_tokens + self.cache_write_1h_tokens

    @property
    def output_tokens(self) -> int:
        """All output [tokens]."""
        return self.output_visible_tokens + (self.output_reasoning_tokens or 0)

    @property
    def has_traffic(self) -> bool:
        """Whether there are requests or tokens in it; else it says only that a span was quiet, or what was billed."""
        return bool(self.requests or self.failed or self.input_tokens or self.output_tokens)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no traffic of a language model.

    Attributes:
        reason: why, for people: `embeddings`.
    """

    reason: str
