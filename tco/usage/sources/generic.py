"""Your own log as CSV or JSON lines: a time, tokens of input and of output, and what else you have.

| column | meaning |
|---|---|
| `timestamp` | when the request came, or the span begins |
| `input_tokens`, `output_tokens` | all of a request, or of all requests of the span |
| `requests` | how many; without it each row is one request |
| `end_time` | where the span ends; else a plain date is a day, and `--bucket` says what any other is |
| `cached_input_tokens` | read from a cache; `--cached` says whether these are among the input |
| `cache_write_tokens` | written to one, likewise |
| `reasoning_tokens` | of the output, among it |
| `failed`, `model`, `tier`, `cost_usd` | if you have them |

Recorded traffic of other tools that has these columns under a name that `probes.workload.tables` knows is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC

from probes.workload.clock import TIME_COLUMNS
from probes.workload.tables import TOKEN_COLUMNS
from tco.usage.record import TIERS, Skipped, Tier, UsageRecord
from tco.usage.row import BUCKET_S, Row
from tco.usage.split import uncached_tokens, visible_tokens

NAME = "generic"
TITLE = "your own log"
VERIFIED = "the columns of this page"

_TIMES = (*TIME_COLUMNS["time"], "TIMESTAMP", "Timestamp", "date", "ts", "start_time_iso", "bucket_start")
_INPUT, _OUTPUT = TOKEN_COLUMNS["input_tokens"], TOKEN_COLUMNS["output_tokens"]
_ENDS = ("end_time", "end_time_iso", "bucket_end")
_REQUESTS = ("requests", "request_count", "num_requests", "n_requests", "calls")
_READ = ("cached_input_tokens", "cache_read_tokens", "cached_tokens", "cache_read_input_tokens")
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")
_REASONING = ("reasoning_tokens", "thinking_tokens")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST_REQUEST = 20_000_000


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    keys = row.values.keys()
    return all(any(name in keys for name in names) for names in (_TIMES, _INPUT, _OUTPUT))


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one row."""
    requests = row.optional_count(*_REQUESTS)
    width_s = 0.0 if requests is None else _width_s(row)
    whole, output = row.needed_count(*_INPUT), row.needed_count(*_OUTPUT)
    if requests is None and whole + output > _LONGEST_REQUEST:
        raise row.error(
            f"one request with {whole + output:,} tokens; where a row counts several, give their number in a column `requests`"
        )
    read, written = row.optional_count(*_READ), row.count(*_WRITTEN)
    reasoning = row.optional_count(*_REASONING)
    yield UsageRecord(
        # A day is the one that is written there, on whatever clock.
        start_s=_day_s(row) if width_s == BUCKET_S["day"] else row.time_s(*_TIMES),
        width_s=width_s,
        model=row.model("model"),
        tier=_tier(row),
        requests=1 if requests is None else requests,
        failed=row.count("failed", "failed_requests"),
        input_uncached_tokens=uncached_tokens(
            row, input_tokens=whole, cached_tokens=(read or 0) + written, contract=None
        ),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_visible_tokens=visible_tokens(row, output_tokens=output, reasoning_tokens=reasoning or 0),
        output_reasoning_tokens=reasoning,
        total_tokens=row.optional_count("total_tokens"),
        billed_usd=row.optional_usd("cost_usd", "cost", "spend", "amount_usd"),
    )


def _width_s(row: Row) -> float:
    if row.get(*_ENDS) is not None:
        return row.time_s(*_ENDS) - row.time_s(*_TIMES)
    if _DATE.fullmatch(row.text(*_TIMES) or ""):
        return BUCKET_S["day"]
    if row.asked.bucket is None:
        raise row.error(
            "a row counts several requests: of which span? Say --bucket minute, hour or day", code="bucket_unclear"
        )
    return BUCKET_S[row.asked.bucket]


def _day_s(row: Row) -> float:
    written = row.text(*_TIMES) or ""
    return row.of({"day": written[:10] if _DATE.match(written) else written}).time_s("day", assumed=UTC)


def _tier(row: Row) -> Tier | None:
    name = (row.text("tier", "service_tier") or "").lower()
    return next((tier for tier in TIERS if tier == name), None)
