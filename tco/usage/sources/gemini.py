"""Answers of Google's Gemini API and of Vertex AI with their `usageMetadata`: request-response logs, exported as JSON lines.

`promptTokenCount` is the whole prompt, cached tokens among it; `thoughtsTokenCount` stands beside `candidatesTokenCount`, and `toolUsePromptTokenCount` beside the prompt.
Vertex logs a share of the requests only (`samplingRate`): a log with less than all of them counts too few, which nothing in it tells.
Fields: https://ai.google.dev/api/generate-content#UsageMetadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Row
from tco.usage.split import uncached_tokens

NAME = "gemini"
TITLE = "Gemini or Vertex AI log"
VERIFIED = "documentation of `usageMetadata`; the names around it in a Vertex log are not"

_PLACES = ("usageMetadata", "usage_metadata")
_AROUND = ("response", "full_response", "fullResponse", "jsonPayload.response")
_TIMES = ("createTime", "create_time", "logging_time", "timestamp", "time", "created_at")


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    return _usage(row) is not None


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one answer."""
    usage = _usage(row)
    if usage is None:
        yield Skipped("answers without `usageMetadata`")
        return
    answer = next((inner for name in _AROUND if (inner := row.sub(name)) is not None), row)
    time = row if row.get(*_TIMES) is not None else answer
    named = answer if answer.get("modelVersion", "model_version", "model") is not None else row
    whole = usage.count("promptTokenCount", "prompt_token_count")
    read = usage.count("cachedContentTokenCount", "cached_content_token_count")
    tools = usage.count("toolUsePromptTokenCount", "tool_use_prompt_token_count")
    yield UsageRecord(
        start_s=time.time_s(*_TIMES, assumed=UTC),
        model=named.model("modelVersion", "model_version", "model", seller="google"),
        requests=1,
        input_uncached_tokens=uncached_tokens(row, input_tokens=whole, cached_tokens=read, contract="inside") + tools,
        cache_read_tokens=read,
        output_visible_tokens=usage.count("candidatesTokenCount", "candidates_token_count"),
        output_reasoning_tokens=usage.count("thoughtsTokenCount", "thoughts_token_count"),
        total_tokens=usage.optional_count("totalTokenCount", "total_token_count"),
    )


def _usage(row: Row) -> Row | None:
    return row.sub(*_PLACES, *(f"{outer}.{place}" for outer in _AROUND for place in _PLACES))
