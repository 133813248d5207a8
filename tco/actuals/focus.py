"""Cost rows of the FinOps Foundation's FOCUS specification as actuals: costs by month and service.

Fields as in FOCUS 1.2 (https://focus.finops.org/focus-specification/v1-2/, read November 2026). Only `ChargeCategory` Usage counts: a purchase of
credits or of a commitment would count the same usage twice. Its amount is `EffectiveCost` where the file has it, which spreads what was paid beforehand over
the usage, and `BilledCost` else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tco.actuals.months import calendar_month
from tco.errors import InputError

_NEEDED = ("ChargePeriodStart", "BilledCost", "ServiceName")
_USAGE = "usage"
_PATH = "x_Path"
"""Column in which a plan's own export says which path a row is of (`tco.report.focus`)."""
_SHOWN = 8


def is_focus(header: Sequence[str]) -> bool:
    """Whether columns are FOCUS's."""
    return set(_NEEDED) <= set(header)


def focus_rows(
    rows: Iterable[Mapping[str, Any]], services: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Costs by month and path, and what was left out, in sentences.

    A month that the rows do not reach the end of is left out: an unfinished month is no level.

    Args:
        rows: as they stand in the file.
        services: path of a service's costs, by `ServiceName`; rows of a plan's own export name theirs, unless one is given here.

    Raises:
        InputError: an amount or a time that cannot be read, a currency other than USD, no service that is mapped.
    """
    costs: dict[tuple[str, str], float] = {}
    other: dict[str, float] = {}
    unmapped: dict[str, float] = {}
    ends: dict[str, datetime] = {}
    for number, row in enumerate(rows, start=2):
        amount, month = _amount(number, row), calendar_month(str(row["ChargePeriodStart"]))
        category = str(row.get("ChargeCategory") or "Usage")
        service = str(row["ServiceName"]).strip()
        path = services.get(service) or _own_path(row)
        if category.lower() != _USAGE:
            other[category] = other.get(category, 0.0) + amount
        elif path is None:
            unmapped[service] = unmapped.get(service, 0.0) + amount
        else:
            costs[month, path] = costs.get((month, path), 0.0) + amount
        _note_end(ends, month, row)
    if not costs:
        there = ", ".join(sorted(unmapped)[:_SHOWN]) or "none"
        raise InputError(
            f'no cost belongs to a path; say which service is which, --map "SERVICE=options.NAME.monthly_usd". Services with usage: {there}'
        )
    unfinished = sorted(
        month for month in {month for month, _ in costs} if month in ends and not _is_over(month, ends[month])
    )
    kept = [
        {"month": month, "path": path, "value": value, "source": "FOCUS"}
        for (month, path), value in costs.items()
        if month not in unfinished
    ]
    return kept, [
        *_left_out(other, unmapped),
        *(f"{month} is not over in the file and is left out" for month in unfinished),
    ]


def _own_path(row: Mapping[str, Any]) -> str | None:
    """The path that a row names itself, as rows of a plan's export do; a cell may have a quote before it."""
    path = str(row.get(_PATH) or "").strip().removeprefix("'")
    return path if path.startswith("options.") else None


def _amount(number: int, row: Mapping[str, Any]) -> float:
    currency = str(row.get("BillingCurrency") or "USD").strip()
    if currency != "USD":
        raise InputError(f"line {number}: the bill is in {currency}; convert it to USD first")
    text = row.get("EffectiveCost") or row["BilledCost"]
    try:
        amount = float(text)
    except (TypeError, ValueError):
        amount = math.nan
    if not math.isfinite(amount):
        raise InputError(f"line {number}: the cost {text!r} is not a number")
    return amount


def _note_end(ends: dict[str, datetime], month: str, row: Mapping[str, Any]) -> None:
    """Until when a month's charges reach; not known where the file has no `ChargePeriodEnd`."""
    text = str(row.get("ChargePeriodEnd") or "").strip()
    if not text:
        return
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"`ChargePeriodEnd` {text!r} is no time; write 2026-12-31T00:00:00Z") from None
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    ends[month] = max(end, ends.get(month, end))


def _is_over(month: str, end: datetime) -> bool:
    """FOCUS's ends are exclusive: December ends at midnight before January."""
    year, number = int(month[:4]), int(month[5:7])
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return end >= following


def _left_out(other: Mapping[str, float], unmapped: Mapping[str, float]) -> Iterable[str]:
    for category, amount in other.items():
        yield f"rows of ChargeCategory {category} are left out ({amount:,.2f} USD); what was paid beforehand would count twice"
    for service, amount in sorted(unmapped.items(), key=lambda pair: -pair[1])[:_SHOWN]:
        yield f"the service {service!r} is mapped to no path and left out ({amount:,.2f} USD)"
