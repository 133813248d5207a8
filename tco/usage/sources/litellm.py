"""LiteLLM's table `LiteLLM_SpendLogs`, one row a request, as CSV or JSON lines. docs/usage.md has the SQL that exports it without prompts.

`prompt_tokens` hold the cached tokens, of Anthropic's models too: the proxy adds them. Cache counts are in `metadata`, or in columns of the same name where the export took them out.
Times are UTC. Fields: schema.prisma of litellm-proxy-extras 0.4.110.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Row
from tco.usage.split import uncached_tokens, visible_tokens

NAME = "litellm"
TITLE = "LiteLLM spend logs"
VERIFIED = "database schema of litellm-proxy-extras 0.4.110"

_OTHER = ("mcp", "embedding", "image", "speech", "transcription", "moderation", "rerank", "ocr", "search")


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    keys = row.values.keys()
    return {"startTime", "prompt_tokens", "completion_tokens"} <= keys and bool(
        {"spend", "call_type", "model_group"} & keys
    )


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one request."""
    kind = (row.text("call_type") or "").lower()
    other = next((name for name in _OTHER if name in kind), None)
    if other is not None:
        yield Skipped(f"requests of the kind {other}")
        return
    if row.is_true("cache_hit"):
        yield Skipped("requests that LiteLLM's own cache answered")
        return
    start_s = row.time_s("startTime", assumed=UTC)
    model = row.model("model", seller=row.text("custom_llm_provider"))
    if (row.text("status") or "").lower() == "failure":
        yield UsageRecord(start_s=start_s, model=model, requests=0, failed=1)
        return
    yield _record(row, start_s, model)


def _record(row: Row, start_s: float, model: str) -> UsageRecord:
    inner = row.sub("metadata") or row.of({})
    read = row.optional_count("cache_read_input_tokens")
    if read is None:
        read = inner.optional_count(
            "additional_usage_values.cache_read_input_tokens", "usage_object.prompt_tokens_details.cached_tokens"
        )
    written = row.optional_count("cache_creation_input_tokens")
    if written is None:
        written = inner.count(
            "additional_usage_values.cache_creation_input_tokens", "usage_object.cache_creation_input_tokens"
        )
    reasoning = row.optional_count("reasoning_tokens")
    if reasoning is None:
        reasoning = inner.optional_count("usage_object.completion_tokens_details.reasoning_tokens")
    whole, output = row.needed_count("prompt_tokens"), row.needed_count("completion_tokens")
    return UsageRecord(
        start_s=start_s,
        model=model,
        requests=1,
        input_uncached_tokens=uncached_tokens(
            row, input_tokens=whole, cached_tokens=(read or 0) + written, contract="inside"
        ),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_visible_tokens=visible_tokens(row, output_tokens=output, reasoning_tokens=reasoning or 0),
        output_reasoning_tokens=reasoning,
        total_tokens=row.optional_count("total_tokens"),
        billed_usd=row.optional_usd("spend"),
    )
