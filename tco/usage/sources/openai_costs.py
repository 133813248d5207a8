"""OpenAI's costs: pages of `GET /v1/organization/costs`, and the dashboard's CSV. They have no tokens and no requests: give them beside a usage file.

Fields: https://github.com/openai/openai-python, `types/admin/organization` of 3.54.0; header of a CSV export of October 2025. The model is what stands before the comma of
`line_item` (`gpt-6-astra, input_tokens`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Row

NAME = "openai-costs"
TITLE = "OpenAI costs API"
VERIFIED = "SDK types 3.54.0; CSV header of an export of October 2025"


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    if {"amount_value", "amount_currency"} <= row.values.keys():
        return True
    return any("line_item" in part.values and "amount" in part.values for part in row.subs("results"))


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The costs in one bucket, or one line of the CSV."""
    start_s = row.time_s("start_time", "start_time_iso", assumed=UTC)
    width_s = row.time_s("end_time", "end_time_iso", assumed=UTC) - start_s
    for part in row.subs("results") if "results" in row.values else [row]:
        amount = part.optional_usd("amount.value", "amount_value")
        if amount is None:
            continue
        currency = part.text("amount.currency", "amount_currency") or "usd"
        if currency.lower() != "usd":
            raise part.error(f"the costs are in {currency[:10]}; only USD is read", code="currency")
        item = part.text("line_item") or "unknown"
        yield UsageRecord(
            start_s=start_s,
            width_s=width_s,
            model=part.of({"model": item.partition(",")[0]}).model("model", seller="openai"),
            billed_usd=amount,
        )
