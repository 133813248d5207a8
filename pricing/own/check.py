"""What a person should know of a prices file before trusting it: entries that match nothing, ties, days, old rates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import get_args

from pricing.own.exchange import USD, rate_on
from pricing.own.match import Rule, is_pattern
from pricing.own.overrides import Overrides
from pricing.own.rows import OwnPrice
from pricing.price import Price, Unit
from pricing.tables import did_you_mean, name_key

RATE_IS_OLD_AFTER_DAYS = 90
"""A quarter of a year, after which a rate should be looked up again: a convention of ours."""

_LOOKED_UP_AS_LISTED = (*(unit for unit in get_args(Unit) if unit.startswith("mtok_")), "kwh")
"""Units of which the book's price is the one that is asked for, so that one beside it may never be used."""


def override_warnings(overrides: Overrides, prices: Iterable[Price], on: date) -> list[str]:
    """What is odd about a prices file, one sentence each: see the functions below.

    Args:
        overrides: the file.
        prices: the book's prices on that day without the user's own, API tokens of all sellers that the file names included;
            an entry is held against these only.
        on: the day.
    """
    universe = list(prices)
    return [
        *not_in_force(overrides, on),
        *unmatched(overrides, universe, on),
        *ties(overrides, universe, on),
        *odd_rates(overrides, on),
    ]


def unmatched(overrides: Overrides, prices: Iterable[Price], on: date) -> list[str]:
    """Entries in force that change no price, apart from contract prices for something new.

    A contract price that matches nothing adds a price. That is what it is for where the book knows the item and not the
    seller; where the book does not know the item either, or sells that token or electricity otherwise, it may be a slip.

    Args:
        overrides: the file.
        prices: the book's prices, see `warnings`.
        on: the day.
    """
    universe = list(prices)
    used = {entry.place for price in universe for entry in overrides.meant_for(price)}
    idle = [entry for entry in overrides.rules if entry.place not in used and entry.is_valid_on(on)]
    return [sentence for entry in idle if (sentence := _idle(overrides, entry, universe, on))]


def ties(overrides: Overrides, prices: Iterable[Price], on: date) -> list[str]:
    """Pairs of entries that are equally specific for some price, so that only the later one in the file is used.

    Args:
        overrides: the file.
        prices: the book's prices, see `warnings`.
        on: the day.
    """
    found: dict[tuple[Rule, Rule], list[Price]] = {}
    for price in prices:
        meant = [entry for entry in overrides.meant_for(price) if entry.is_valid_on(on)]
        for loser in meant[1:]:
            if loser.rank == meant[0].rank:
                found.setdefault((meant[0], loser), []).append(price)
    return [
        f"{overrides.layer(loser)} and {winner.place} ({winner.title}) are equally specific for {len(tied)} prices, such as "
        f"{tied[0].item} {tied[0].per} at {tied[0].provider}: the later one, {winner.place}, is used; keep one, or say more "
        "in the one that is meant"
        for (winner, loser), tied in found.items()
    ]


def not_in_force(overrides: Overrides, on: date) -> list[str]:
    """Entries that do not hold on the day.

    Args:
        overrides: the file.
        on: the day.
    """
    out = [entry for entry in overrides.rules if not entry.is_valid_on(on)]
    return [f"{overrides.layer(entry)} is not used on {on}: {_days(entry, on)}" for entry in out]


def odd_rates(overrides: Overrides, on: date) -> list[str]:
    """Exchange rates in use that are later than the day, or older than `RATE_IS_OLD_AFTER_DAYS`.

    Args:
        overrides: the file.
        on: the day.
    """
    sentences = []
    for currency in dict.fromkeys(price.currency for price in overrides.content.prices if price.currency != USD):
        rate = rate_on(overrides.content.fx, currency, on)
        if rate.as_of > on:
            sentences.append(
                f"{overrides.name}: the oldest rate of {currency} is of {rate.as_of}, later than {on}; used"
            )
        elif rate.as_of < on - timedelta(days=RATE_IS_OLD_AFTER_DAYS):
            days = (on - rate.as_of).days
            sentences.append(f"{overrides.name}: the rate of {currency} is of {rate.as_of}, {days} days before {on}")
    return sentences


def _idle(overrides: Overrides, entry: Rule, universe: list[Price], on: date) -> str | None:
    row = entry.row
    items = sorted({price.item for price in universe})
    if isinstance(row, OwnPrice) and not is_pattern(row.item):
        of_item = [price for price in universe if name_key(price.item) == name_key(row.item) and price.per == row.per]
        own = [gpu.gpu for gpu in overrides.content.gpus]
        known = {name_key(name) for name in [*items, *own]}
        if name_key(row.item) not in known:
            return (
                f"{overrides.layer(entry)}: the book has no {row.item!r}, so this is a new price, for who asks for that name."
                f"{did_you_mean(row.item, items)}"
            )
        if row.per not in _LOOKED_UP_AS_LISTED or (row.per == "kwh" and not of_item):
            return None
        of_item = of_item or [price for price in universe if name_key(price.item) == name_key(row.item)]
        there = sorted({" ".join(part for part in (p.per, p.provider, p.region, p.tier) if part) for p in of_item})
        return f"{overrides.layer(entry)} takes the place of no price of the book; there is: {_some(there)}."
    near = "" if row.item is None or is_pattern(row.item) else did_you_mean(row.item, items)
    if row.provider is not None:
        near += _near_providers(row.provider, universe)
    return f"{overrides.layer(entry)} matches no price of the book on {on}.{near}"


def _near_providers(provider: str, universe: list[Price]) -> str:
    names = sorted({price.provider for price in universe})
    return "" if name_key(provider) in {name_key(name) for name in names} else did_you_mean(provider, names)


def _some(names: list[str], count: int = 6) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def _days(entry: Rule, on: date) -> str:
    row = entry.row
    if row.valid_from is not None and on < row.valid_from:
        return f"it begins on {row.valid_from}"
    return f"it ended on {row.valid_to}"
