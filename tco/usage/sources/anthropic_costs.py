"""Anthropic's cost report: pages of `GET /v1/organizations/cost_report`, and of its successor under `analytics`, which has the list price too. Give them beside a usage report.

`amount` is in cents, as a decimal text; `list_amount` is what it would have cost without what was negotiated.
Fields: https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report, anthropic-sdk-python 2.12.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Row
from tco.usage.sources.anthropic_usage import refuse_overlaps

NAME = "anthropic-costs"
TITLE = "Anthropic cost report"
VERIFIED = "API reference, SDK 2.12.0"

_CENTS = 100


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    return any({"amount", "cost_type"} <= part.values.keys() for part in row.subs("results"))


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The costs in one bucket."""
    start_s = row.time_s("starting_at", assumed=UTC)
    width_s = row.time_s("ending_at", assumed=UTC) - start_s
    for part in row.subs("results"):
        refuse_overlaps(part)
        kind = part.text("cost_type") or "tokens"
        if kind != "tokens":
            yield Skipped(f"costs of {kind[:40].replace('_', ' ')}")
            continue
        currency = part.text("currency") or "USD"
        if currency.upper() != "USD":
            raise part.error(f"the costs are in {currency[:10]}; only USD is read", code="currency")
        cents, list_cents = part.optional_usd("amount"), part.optional_usd("list_amount")
        yield UsageRecord(
            start_s=start_s,
            width_s=width_s,
            model=part.model("model", seller="anthropic"),
            billed_usd=None if cents is None else cents / _CENTS,
            list_usd=None if list_cents is None else list_cents / _CENTS,
        )
