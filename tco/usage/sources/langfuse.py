"""Langfuse's observations: the blob export (CSV, JSON, JSON lines) and pages of its API. Ask for the field groups core, basic, time, model, usage and metrics: no prompts.

`usage_details` are buckets that do not overlap, by Langfuse's contract, but usage that came in under other names is kept as it came. Its own `total` tells: where input and output alone make
it, the cached tokens are among the input. Only generations count; a span above them repeats their usage. Times are UTC.
Fields: https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage, https://langfuse.com/docs/observability/features/token-and-cost-tracking.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Cached, Row
from tco.usage.split import uncached_tokens, visible_tokens

NAME = "langfuse"
TITLE = "Langfuse observations"
VERIFIED = "documentation of the export and of the API"


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    keys = row.values.keys()
    return bool({"usage_details", "usageDetails"} & keys) and bool({"start_time", "startTime"} & keys)


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one observation."""
    kind = (row.text("type") or "GENERATION").upper()
    if kind != "GENERATION":
        yield Skipped(f"observations of the type {kind[:40]}")
        return
    start_s = row.time_s("start_time", "startTime", assumed=UTC)
    model = row.model("provided_model_name", "providedModelName", "model")
    usage = row.sub("usage_details", "usageDetails")
    if usage is None or not usage.values:
        failed = (row.text("level") or "").upper() == "ERROR"
        yield (
            UsageRecord(start_s=start_s, model=model, requests=0, failed=1)
            if failed
            else Skipped("generations without usage")
        )
        return
    yield _record(row, usage, start_s, model)


def _record(row: Row, usage: Row, start_s: float, model: str) -> UsageRecord:
    read = written = plain = reasoning = visible = 0
    told = False
    for name in usage.values:
        count, key = usage.count(name), name.lower()
        if "input" in key or "prompt" in key:
            if "creation" in key or "write" in key:
                written += count
            elif "cache" in key:
                read += count
            else:
                plain += count
        elif "output" in key or "completion" in key:
            told = told or "reasoning" in key
            reasoning, visible = (reasoning + count, visible) if "reasoning" in key else (reasoning, visible + count)
    total = usage.optional_count("total")
    inside = total is not None and bool(read + written + reasoning) and total == plain + visible
    contract: Cached = "inside" if inside else "beside"
    is_proven = inside or total == plain + visible + read + written + reasoning
    if inside:
        visible = visible_tokens(row, output_tokens=visible, reasoning_tokens=reasoning)
    return UsageRecord(
        start_s=start_s,
        model=model,
        requests=1,
        input_uncached_tokens=uncached_tokens(
            row, input_tokens=plain, cached_tokens=read + written, contract=contract, is_proven=is_proven
        ),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_visible_tokens=visible,
        output_reasoning_tokens=reasoning if told else None,
        total_tokens=total,
        billed_usd=_cost(row),
    )


def _cost(row: Row) -> float | None:
    cost = row.optional_usd("total_cost", "totalCost")
    if cost is not None:
        return cost
    details = row.sub("cost_details", "costDetails")
    return None if details is None else details.optional_usd("total")
