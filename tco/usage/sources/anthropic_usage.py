"""Anthropic's usage report: pages of `GET /v1/organizations/usage_report/messages`, and of its successor under `analytics`, which counts requests too.

`uncached_input_tokens` stand beside `cache_read_input_tokens` and `cache_creation`. Reasoning is inside `output_tokens`. The older report has no number of requests; the newer one keeps the
100 largest groups of a bucket and drops the rest without a remainder. Fields: https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-messages-usage-report, anthropic-sdk-python 2.12.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, Tier, UsageRecord
from tco.usage.row import Row

NAME = "anthropic-usage"
TITLE = "Anthropic usage report"
VERIFIED = "API reference, SDK 2.12.0"

_TIERS: dict[str, Tier] = {"standard": "standard", "batch": "batch", "flex": "flex", "flex_discount": "flex", "priority": "priority", "priority_on_demand": "priority"}  # fmt: skip


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    return any("uncached_input_tokens" in part.values for part in row.subs("results") or [row])


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage in one bucket."""
    start_s = row.time_s("starting_at", assumed=UTC)
    width_s = row.time_s("ending_at", assumed=UTC) - start_s
    parts = row.subs("results") if "results" in row.values else [row]
    if not parts:
        yield UsageRecord(start_s=start_s, width_s=width_s)
    for part in parts:
        refuse_overlaps(part)
        tier = part.text("service_tier")
        yield UsageRecord(
            start_s=start_s,
            width_s=width_s,
            model=part.model("model", seller="anthropic"),
            tier=None if tier is None else _TIERS.get(tier.lower()),
            requests=part.optional_count("requests"),
            input_uncached_tokens=part.needed_count("uncached_input_tokens"),
            cache_read_tokens=part.count("cache_read_input_tokens"),
            cache_write_tokens=part.count("cache_creation.ephemeral_5m_input_tokens"),
            cache_write_1h_tokens=part.count("cache_creation.ephemeral_1h_input_tokens"),
            output_visible_tokens=part.needed_count("output_tokens"),
        )


def refuse_overlaps(part: Row) -> None:
    """Refuses groups in which some of what was used is there twice.

    Raises:
        InputError: grouped so.
    """
    if part.get("rbac_group_id") is not None:
        raise part.error(
            "grouped by `rbac_group_id`, where a user of two groups counts twice; export it without that group",
            code="counted_twice",
        )
