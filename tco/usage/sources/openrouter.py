"""OpenRouter's activity: the export of the dashboard (CSV) and pages of `GET /api/v1/activity`, by day, model and provider.

It does not tell cached tokens. `reasoning_tokens` are taken to be inside `completion_tokens`, as in the usage of its single answers. What was paid is `usage`, and with keys of one's own
`byok_usage_inference` beside it. Days are UTC. Fields: https://openrouter.ai/docs/client-sdks/typescript/models/activityresponse.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import BUCKET_S, Row
from tco.usage.split import visible_tokens

NAME = "openrouter"
TITLE = "OpenRouter activity"
VERIFIED = "SDK documentation; that reasoning is inside the completion is not written there"


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    keys = row.values.keys()
    return {"date", "requests", "usage"} <= keys and bool({"model_permaslug", "modelPermaslug"} & keys)


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one day, model and provider."""
    output = row.optional_count("completion_tokens", "completionTokens")
    reasoning = row.optional_count("reasoning_tokens", "reasoningTokens")
    if output is None:
        raise row.error("`completion_tokens` is missing")
    paid, own_key = row.optional_usd("usage"), row.optional_usd("byok_usage_inference", "byokUsageInference")
    yield UsageRecord(
        start_s=row.time_s("date", assumed=UTC),
        width_s=BUCKET_S["day"],
        model=row.model("model", "model_permaslug", "modelPermaslug", seller="openrouter"),
        requests=row.needed_count("requests"),
        input_uncached_tokens=row.needed_count("prompt_tokens", "promptTokens"),
        output_visible_tokens=visible_tokens(row, output_tokens=output, reasoning_tokens=reasoning or 0),
        output_reasoning_tokens=reasoning,
        billed_usd=None if paid is None else paid + (own_key or 0.0),
    )
