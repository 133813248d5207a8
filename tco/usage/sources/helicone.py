"""Helicone's export of requests, as its own export tool writes it (CSV or JSON lines). Bodies are dropped while they are parsed.

It does not tell cached tokens or reasoning: what the vendor's cache answered is among the input.
Fields: https://github.com/Helicone/helicone, examples/export/typescript.
"""

from __future__ import annotations

from collections.abc import Iterator

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Row

NAME = "helicone"
TITLE = "Helicone requests"
VERIFIED = "header in the source of the export tool"

_TIMES = ("request_created_at", "response_created_at")
_HTTP_OK, _HTTP_ERROR = 200, 400


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    return {"request_created_at", "prompt_tokens", "completion_tokens"} <= row.values.keys()


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one request."""
    start_s, model = row.time_s(*_TIMES), row.model("model", "request_model")
    status = row.get("response_status", "status")
    code = int(status) if str(status).lstrip("-").isdigit() else _HTTP_OK
    if code < 0 or code >= _HTTP_ERROR:
        yield UsageRecord(start_s=start_s, model=model, requests=0, failed=1)
        return
    if row.get("prompt_tokens") is None:
        yield Skipped("requests without counts of tokens")
        return
    yield UsageRecord(
        start_s=start_s,
        model=model,
        requests=1,
        input_uncached_tokens=row.needed_count("prompt_tokens"),
        output_visible_tokens=row.count("completion_tokens"),
        total_tokens=row.optional_count("total_tokens"),
        billed_usd=row.optional_usd("cost", "provider_total_cost"),
    )
