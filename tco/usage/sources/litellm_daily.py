"""LiteLLM's tables by day (`LiteLLM_DailyUserSpend` and its siblings): no prompts, no single requests, the safest to ask for.

`prompt_tokens` hold the cached tokens, as in the spend logs. The table by tag counts a request once for each of its tags and is refused.
Fields: schema.prisma of litellm-proxy-extras 0.4.110.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import BUCKET_S, Row
from tco.usage.split import uncached_tokens

NAME = "litellm-daily"
TITLE = "LiteLLM daily spend"
VERIFIED = "database schema of litellm-proxy-extras 0.4.110"


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    return {"date", "api_requests", "prompt_tokens", "completion_tokens"} <= row.values.keys()


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one day, model and key."""
    if "tag" in row.values:
        raise row.error(
            "the table by tag counts a request once for each tag; export LiteLLM_DailyUserSpend", code="counted_twice"
        )
    if "embedding" in (row.text("endpoint") or ""):
        yield Skipped("embeddings")
        return
    read, written = row.count("cache_read_input_tokens"), row.count("cache_creation_input_tokens")
    failed = row.count("failed_requests")
    answered = row.optional_count("successful_requests")
    yield UsageRecord(
        start_s=row.time_s("date", assumed=UTC),
        width_s=BUCKET_S["day"],
        model=row.model("model", "model_group", seller=row.text("custom_llm_provider")),
        requests=max(0, row.needed_count("api_requests") - failed) if answered is None else answered,
        failed=failed,
        input_uncached_tokens=uncached_tokens(
            row, input_tokens=row.needed_count("prompt_tokens"), cached_tokens=read + written, contract="inside"
        ),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_visible_tokens=row.needed_count("completion_tokens"),
        billed_usd=row.optional_usd("spend"),
    )
