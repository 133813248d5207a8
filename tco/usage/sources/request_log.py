"""Logs of single requests that keep the `usage` object of the answer: OpenAI's chat and responses APIs, servers that speak like them (vLLM among these), Anthropic's messages.

`prompt_tokens` and `input_tokens` of OpenAI hold the cached tokens (`*_tokens_details.cached_tokens`), and their output holds reasoning. Anthropic's `input_tokens` stand beside
`cache_read_input_tokens` and `cache_creation_input_tokens`. The output file of OpenAI's batch API is one too; its requests are of the tier batch.
Fields: https://platform.openai.com/docs/api-reference, https://platform.claude.com/docs/en/api/messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from tco.usage.record import OPENAI_TIERS, Skipped, Tier, UsageRecord
from tco.usage.row import Cached, Row
from tco.usage.split import uncached_tokens, visible_tokens

NAME = "request-log"
TITLE = "log of requests with their `usage`"
VERIFIED = "API references of OpenAI and Anthropic; the log around `usage` is yours: time under `created`, `created_at`, `timestamp`, `time` or `ts`"

_TIMES = ("created", "created_at", "timestamp", "time", "ts", "@timestamp", "start_time", "startTime")
_HTTP_ERROR = 400


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    usage = _answer(row).sub("usage")
    return usage is not None and bool({"prompt_tokens", "input_tokens"} & usage.values.keys())


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one request."""
    answer = _answer(row)
    usage, batch = answer.sub("usage"), "custom_id" in row.values
    status = row.optional_count("response.status_code", "status_code")
    failed = row.get("error") is not None or answer.get("error") is not None or (status or 0) >= _HTTP_ERROR
    if usage is None and not failed:
        yield Skipped("answers without `usage` (of streams it has to be asked for: stream_options.include_usage)")
        return
    time = answer if answer.get(*_TIMES) is not None else row
    start_s, model = time.time_s(*_TIMES), (answer if answer.get("model") is not None else row).model("model")
    if failed or usage is None:
        yield UsageRecord(start_s=start_s, model=model, requests=0, failed=1)
        return
    yield _record(
        usage, start_s, model, "batch" if batch else OPENAI_TIERS.get((answer.text("service_tier") or "").lower())
    )


def _answer(row: Row) -> Row:
    """The object that holds `usage`: the row itself, or the answer in it."""
    for name in ("response.body", "response", "body"):
        inner = row.sub(name)
        if inner is not None and ("usage" in inner.values or "error" in inner.values):
            return inner
    return row


def _record(usage: Row, start_s: float, model: str, tier: Tier | None) -> UsageRecord:
    anthropic = bool({"cache_read_input_tokens", "cache_creation_input_tokens"} & usage.values.keys())
    whole, output = (
        usage.needed_count("prompt_tokens", "input_tokens"),
        usage.count("completion_tokens", "output_tokens"),
    )
    read = usage.optional_count(
        "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens", "cache_read_input_tokens"
    )
    an_hour = usage.count("cache_creation.ephemeral_1h_input_tokens")
    written = (
        usage.count(
            "cache_creation_input_tokens",
            "prompt_tokens_details.cache_write_tokens",
            "input_tokens_details.cache_write_tokens",
        )
        - an_hour
    )
    if written < 0:
        raise usage.error("the tokens cached for an hour are more than all that were cached", code="cached_above_input")
    reasoning = usage.optional_count(
        "completion_tokens_details.reasoning_tokens",
        "output_tokens_details.reasoning_tokens",
        "output_tokens_details.thinking_tokens",
    )
    contract: Cached = "beside" if anthropic else "inside"
    cached = (read or 0) + written + an_hour
    return UsageRecord(
        start_s=start_s,
        model=model,
        tier=tier,
        requests=1,
        input_uncached_tokens=uncached_tokens(usage, input_tokens=whole, cached_tokens=cached, contract=contract),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=an_hour,
        output_visible_tokens=visible_tokens(usage, output_tokens=output, reasoning_tokens=reasoning or 0),
        output_reasoning_tokens=reasoning,
        total_tokens=usage.optional_count("total_tokens"),
        billed_usd=usage.optional_usd("cost"),
    )
