"""OpenAI's usage of completions: pages of `GET /v1/organization/usage/completions`, and the dashboard's CSV, which has the same names.

Fields: https://github.com/openai/openai-python, `types/admin/organization` of 3.54.0; header of a CSV export of October 2025. `input_tokens` holds cached and cache-written tokens,
`input_uncached_tokens` neither. Reasoning is inside `output_tokens` and not told. Buckets are of a minute, an hour or a day, in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import OPENAI_TIERS, Skipped, Tier, UsageRecord
from tco.usage.row import Row
from tco.usage.split import uncached_tokens

NAME = "openai-usage"
TITLE = "OpenAI usage API"
VERIFIED = "SDK types 3.54.0; CSV header of an export of October 2025"

_KIND = "organization.usage.completions.result"


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    rows = row.subs("results") or [row]
    return any({"num_model_requests", "input_tokens", "output_tokens"} <= part.values.keys() for part in rows)


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage in one bucket, or one line of the CSV."""
    start_s = row.time_s("start_time", "start_time_iso", assumed=UTC)
    width_s = row.time_s("end_time", "end_time_iso", assumed=UTC) - start_s
    parts = row.subs("results") if "results" in row.values else [row]
    if not any(part.get("num_model_requests") for part in parts):
        yield UsageRecord(start_s=start_s, width_s=width_s)
    for part in parts:
        if part.get("num_model_requests") is None:
            continue
        kind = part.text("object") or _KIND
        yield _record(part, start_s, width_s) if kind == _KIND else Skipped(kind.split(".")[-2].replace("_", " "))


def _record(row: Row, start_s: float, width_s: float) -> UsageRecord:
    whole, read = row.needed_count("input_tokens"), row.count("input_cached_tokens")
    written, output = row.count("input_cache_write_tokens"), row.needed_count("output_tokens")
    told = row.optional_count("input_uncached_tokens")
    return UsageRecord(
        start_s=start_s,
        width_s=width_s,
        model=row.model("model", seller="openai"),
        tier=_tier(row),
        requests=row.needed_count("num_model_requests"),
        input_uncached_tokens=uncached_tokens(row, input_tokens=whole, cached_tokens=read + written, contract="inside"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_visible_tokens=output,
        total_tokens=None if told is None else told + read + written + output,
    )


def _tier(row: Row) -> Tier | None:
    if row.is_true("batch"):
        return "batch"
    tier = row.text("service_tier")
    if tier is not None:
        return OPENAI_TIERS.get(tier.lower())
    return None if row.is_true("batch") is None else "standard"
