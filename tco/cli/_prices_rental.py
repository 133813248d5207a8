"""`tco prices list --by`: GPU hours by kind of landlord, landlord or region, with their age and where they were read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from pricing import market_median
from tco.cli._tables import cell, number, print_table

if TYPE_CHECKING:
    from pricing import Price

_HEADINGS = {
    "gpu": "GPU",
    "low_usd_per_hour": "low",
    "median_usd_per_hour": "median",
    "high_usd_per_hour": "high",
    "oldest_as_of": "oldest",
    "newest_as_of": "newest",
}
"""Column headings that are not the JSON key; all prices are USD per GPU-hour, which the title says once."""


class GroupBy(StrEnum):
    """What `tco prices list --by` groups by."""

    CLASS = "class"
    PROVIDER = "provider"
    REGION = "region"


def rental_groups(prices: Iterable[Price], by: GroupBy) -> list[dict[str, Any]]:
    """GPU hours by GPU, tier and group: how many, lowest, median and highest [USD per GPU-hour], age and sources.

    Args:
        prices: any; those of other units are passed over.
        by: the third part of the group; a price without a class or region is in the group `any`.
    """
    members: dict[tuple[str, str, str], list[Price]] = defaultdict(list)
    for price in prices:
        if price.per == "gpu_hour":
            members[price.item, price.tier, _group(price, by)].append(price)
    return [
        {"gpu": gpu, "tier": tier, by.value: group, **_summary(rows)}
        for (gpu, tier, group), rows in sorted(members.items())
    ]


def print_groups(groups: Sequence[dict[str, Any]]) -> None:
    """The groups as a table, and below it the sources that its last column numbers.

    Args:
        groups: from `rental_groups`.
    """
    places = {source: place for place, source in enumerate(_sources(groups), start=1)}
    table = Table(
        *(_HEADINGS.get(key, key) for key in groups[0]), title="GPU rental, USD per GPU-hour", title_justify="left"
    )
    for group in groups:
        cells = {key: number(value) if isinstance(value, float) else str(value) for key, value in group.items()}
        cells["sources"] = " ".join(str(places[source]) for source in group["sources"])
        table.add_row(*(cell(text) for text in cells.values()))
    print_table(table)
    for source, place in places.items():
        typer.echo(f"{place:>3}  {cell(source).plain}")


def _group(price: Price, by: GroupBy) -> str:
    if by is GroupBy.PROVIDER:
        return price.provider
    if by is GroupBy.CLASS:
        return price.provider_class or "any"
    # A service is never mixed with bare machines.
    return f"{price.region or 'any'}{' (managed)' if price.provider_class == 'managed' else ''}"


def _summary(rows: Sequence[Price]) -> dict[str, Any]:
    amounts = [row.amount for row in rows]
    derived = sum(row.derived is not None for row in rows)
    return {
        "count": len(rows),
        "listed": len(rows) - derived,
        "derived": derived,
        "low_usd_per_hour": min(amounts),
        "median_usd_per_hour": market_median(rows),
        "high_usd_per_hour": max(amounts),
        "oldest_as_of": min(row.as_of for row in rows).isoformat(),
        "newest_as_of": max(row.as_of for row in rows).isoformat(),
        "sources": sorted({row.source for row in rows}),
    }


def _sources(groups: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(source for group in groups for source in group["sources"]))
