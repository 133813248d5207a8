"""Cost rows of the FinOps Foundation's FOCUS specification, 1.2: tokens where a row's unit is one, and what was paid. There is no number of requests in it.

Only `ChargeCategory` Usage counts: credits that were bought would count twice. What a row's tokens are is read from its meter (`SkuMeter`, `SkuPriceDetails`, `ChargeDescription`, `SkuId`); a row that
says neither input nor output is refused. Fields: https://focus.finops.org/focus-specification/v1-2/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Row

NAME = "focus"
TITLE = "FOCUS cost rows"
VERIFIED = "specification 1.2; how a vendor words its meters is not in it"

_METER = ("SkuMeter", "ChargeDescription", "SkuPriceDetails", "SkuId", "x_Meter")
_SHOWN = 60
_PER_UNIT = {"": 1, "1k": 1_000, "1000": 1_000, "1m": 1_000_000, "1000000": 1_000_000, "k": 1_000, "m": 1_000_000, "million": 1_000_000, "thousand": 1_000}  # fmt: skip
_UNIT = re.compile(r"([0-9]*[km]?|million|thousand)\s*[-_ ]?\s*(tok|token|tokens)", re.IGNORECASE)


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    return {"ChargePeriodStart", "BilledCost", "ServiceName"} <= row.values.keys()


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The tokens and the costs of one row."""
    category = row.text("ChargeCategory") or "Usage"
    if category.lower() != "usage":
        yield Skipped(f"rows of ChargeCategory {category[:40]}")
        return
    currency = row.text("BillingCurrency") or "USD"
    if currency.upper() != "USD":
        raise row.error(f"the bill is in {currency[:10]}; convert it to USD first", code="currency")
    start_s = row.time_s("ChargePeriodStart", assumed=UTC)
    end = row.get("ChargePeriodEnd")
    width_s = 0.0 if end is None else row.time_s("ChargePeriodEnd", assumed=UTC) - start_s
    tokens = _tokens(row)
    paid = row.optional_usd("EffectiveCost", "BilledCost")
    model = row.model("x_Model", "ResourceName", "SkuId", "ServiceName")
    buckets = {} if tokens is None else _bucket(row, tokens)
    yield UsageRecord(
        start_s=start_s,
        width_s=width_s,
        model=model,
        input_uncached_tokens=buckets.get("input", 0),
        cache_read_tokens=buckets.get("read", 0),
        cache_write_tokens=buckets.get("write", 0),
        output_visible_tokens=buckets.get("output", 0),
        billed_usd=paid,
    )


def _tokens(row: Row) -> int | None:
    """How many tokens a row is of; None where its unit is no token."""
    unit = row.text("ConsumedUnit", "PricingUnit") or ""
    found = _UNIT.fullmatch(unit.strip())
    if found is None and unit.strip().lower() in ("mtok", "mtokens"):
        scale = 1_000_000
    elif found is None:
        return None
    else:
        scale = _PER_UNIT.get(found[1].lower(), 0)
    quantity = row.optional_usd("ConsumedQuantity", "PricingQuantity")
    if not scale or quantity is None or quantity < 0:
        raise row.error(f"{str(quantity)[:_SHOWN]} of the unit {unit[:_SHOWN]!r} are no number of tokens")
    return round(quantity * scale)


def _bucket(row: Row, tokens: int) -> dict[str, int]:
    meter = " ".join(row.text(name) or "" for name in _METER).lower()
    if "cache" in meter or "cached" in meter:
        return {"write" if "write" in meter or "creat" in meter else "read": tokens}
    is_input, is_output = "input" in meter or "prompt" in meter, "output" in meter or "completion" in meter
    if is_input == is_output:
        raise row.error(
            f"the meter {meter.strip()[:_SHOWN]!r} does not say whether its tokens are input or output",
            code="direction_unclear",
        )
    return {"input" if is_input else "output": tokens}
