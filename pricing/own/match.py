"""Which of the user's entries are meant for a price: patterns, days, and which entry goes first.

Order of precedence: a contract price before a discount; then the entry that names more fields exactly; then one with a
pattern of the item before one without; then the later one in the file.
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import get_args

from pricing.own.rows import GLOB, Discount, OwnPrice
from pricing.price import Price, Tier, Unit
from pricing.tables import name_key

_key = lru_cache(maxsize=16_384)(name_key)

Rank = tuple[int, int, int]
"""Contract before discount, fields named exactly, whether there is a pattern. More is better."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the file, ready to be held against prices.

    Attributes:
        place: where it stands, `discounts[0]`.
        index: its number in the file, prices after discounts.
        row: the entry.
        pattern: of the item, or None where the item is exact or any.
        keys: (field, value) pairs that a price must have, in the form of `name_key`.
        rank: which of two entries goes first.
    """

    place: str
    index: int
    row: Discount | OwnPrice
    pattern: re.Pattern[str] | None
    keys: tuple[tuple[str, str], ...]
    rank: Rank

    def is_valid_on(self, on: date) -> bool:
        """Whether the entry holds on a day."""
        row = self.row
        return (row.valid_from is None or row.valid_from <= on) and (row.valid_to is None or row.valid_to >= on)

    def matches(self, price: Price) -> bool:
        """Whether a price is meant, whatever the day."""
        if isinstance(self.row, OwnPrice) and self.row.above_input_tokens != price.above_input_tokens:
            return False
        if self.pattern is not None and self.pattern.match(_key(price.item)) is None:
            return False
        return all(_key(getattr(price, field) or "") == value for field, value in self.keys)

    @property
    def title(self) -> str:
        """What it says in a few words: `15 % off openai/*`, `openai/gpt-5`."""
        row = self.row
        if isinstance(row, OwnPrice):
            return row.item
        parts = (row.item, row.provider, row.provider_class, row.region, row.tier, row.per)
        return f"{per_cent_off(row.discount_fraction)} {' '.join(part for part in parts if part)}"


def rule(place: str, index: int, row: Discount | OwnPrice) -> Rule:
    """An entry of the file, ready to be held against prices.

    Args:
        place: where it stands, `discounts[0]`.
        index: its number in the file.
        row: the entry.
    """
    globbed = is_pattern(row.item)
    given = {
        "item": None if globbed else row.item,
        "provider": row.provider,
        "provider_class": row.provider_class,
        "region": row.region,
        "tier": row.tier,
        "per": row.per,
        "hours_utc": row.hours_utc if isinstance(row, OwnPrice) else None,
    }
    named = {field: value for field, value in given.items() if value is not None}
    rank = (int(isinstance(row, OwnPrice)), len(named), int(globbed))
    tier = implied_tier(row)
    if tier is not None:
        named["tier"] = tier
    pattern = re.compile(fnmatch.translate(_pattern_key(row.item or ""))) if globbed else None
    return Rule(place, index, row, pattern, tuple((field, _key(value)) for field, value in named.items()), rank)


def is_pattern(item: str | None) -> bool:
    """Whether an item has wildcards."""
    return item is not None and any(sign in item for sign in GLOB)


def implied_tier(row: Discount | OwnPrice) -> Tier | None:
    """How an entry is bought: as it says; a token's contract price is the standard one, a GPU hour's the on-demand one.

    Otherwise one contract price would take the place of the batch and the spot price too.
    """
    if row.tier is not None or isinstance(row, Discount):
        return row.tier
    return "standard" if row.per.startswith("mtok_") else "on-demand" if row.per == "gpu_hour" else None


def per_cent_off(discount_fraction: float) -> str:
    """A discount in words.

    >>> per_cent_off(0.15), per_cent_off(-0.05)
    ('15 % off', '5 % on top of')
    """
    words = "off" if discount_fraction >= 0 else "on top of"
    return f"{abs(discount_fraction) * 100:.10g} % {words}"


class Shelves:
    """The entries in the order of precedence, laid out so that a price meets few of them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Lays the entries out.

        Args:
            rules: all entries of the file.
        """
        self._exact: dict[tuple[Unit, str], list[Rule]] = defaultdict(list)
        self._sold_by: dict[tuple[Unit, str], list[Rule]] = defaultdict(list)
        self._rest: dict[Unit, list[Rule]] = defaultdict(list)
        for entry in rules:
            keys = dict(entry.keys)
            for unit in (entry.row.per,) if entry.row.per is not None else get_args(Unit):
                if "item" in keys:
                    self._exact[unit, keys["item"]].append(entry)
                elif "provider" in keys:
                    self._sold_by[unit, keys["provider"]].append(entry)
                else:
                    self._rest[unit].append(entry)

    def meant_for(self, price: Price) -> Iterator[Rule]:
        """The entries that match a price, whatever the day, in no order."""
        near = (
            self._exact.get((price.per, _key(price.item))),
            self._sold_by.get((price.per, _key(price.provider))),
            self._rest.get(price.per),
        )
        return (entry for shelf in near if shelf for entry in shelf if entry.matches(price))


def precedence(entry: Rule) -> tuple[Rank, int]:
    """What entries are compared by; the greatest wins."""
    return entry.rank, entry.index


def _pattern_key(pattern: str) -> str:
    """A pattern as `name_key` writes names; what is inside brackets stays, for its hyphens are ranges."""
    parts = re.split(r"(\[[^\]]*\])", pattern)
    return "".join(part.casefold() if index % 2 else name_key(part) for index, part in enumerate(parts))
