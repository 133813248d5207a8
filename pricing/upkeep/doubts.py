"""What makes a price doubtful: a jump, another unit, a price of nothing, a list with most of its rows away."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from pricing.price import Price, Unit
from pricing.tables import name_key
from pricing.upkeep.changes import Change, Row

MAX_JUMP = 2.0
"""A price that grew or fell by more than this factor between two readings is looked at by a person."""

SLIP_LOW = 1 / 300
SLIP_HIGH = 500.0
"""A price outside these multiples of its unit's median is in another unit: per token, per 1,000 tokens, in cents, per month.
In the shipped book the furthest real prices are at 1/184 and 333 times the median (600 USD/Mtok for o1-pro's output)."""

PEER_SLIP = 300.0
"""Likewise beside the same model at other sellers, whose prices differ by less than that."""

GONE_SHARE = 0.5
"""Where more than this share of a seller's rows is missing from its list, the list is doubted, not the rows."""

_FEW = 3
"""A seller with at most so many rows may drop most of them."""


class Typical(NamedTuple):
    """What a price is measured by: the median of its unit, and the same model's prices at all its sellers."""

    by_unit: dict[Unit, float]
    by_model: dict[tuple[str, Unit], list[float]]


def typical(prices: Iterable[Price]) -> Typical:
    """Medians and peers of positive amounts.

    Args:
        prices: those of a whole book.
    """
    units: dict[Unit, list[float]] = defaultdict(list)
    models: dict[tuple[str, Unit], list[float]] = defaultdict(list)
    for price in prices:
        if price.amount > 0:
            units[price.per].append(price.amount)
            models[_model(price), price.per].append(price.amount)
    return Typical({unit: median(amounts) for unit, amounts in units.items()}, dict(models))


def jumped(old: float, new: float) -> bool:
    """Whether a price grew or fell by more than `MAX_JUMP`; to or from zero is a jump.

    >>> jumped(1.0, 2.0), jumped(1.0, 2.1), jumped(2.1, 1.0), jumped(0.0, 0.0)
    (False, True, True, False)
    """
    low, high = sorted((old, new))
    return high > low * MAX_JUMP


def slipped(price: Price, beside: Typical) -> str | None:
    """Why a price looks as if it were in another unit, or None.

    Args:
        price: to be judged.
        beside: from `typical`.
    """
    unit = beside.by_unit.get(price.per)
    if not price.amount or not unit:
        return None
    if not unit * SLIP_LOW <= price.amount <= unit * SLIP_HIGH:
        return f"{price.amount:g} is {price.amount / unit:.3g} times {unit:g}, the median of all {price.per}: another unit?"
    peers = [amount for amount in beside.by_model.get((_model(price), price.per), []) if amount != price.amount]
    if peers:
        peer = median(peers)
        if not 1 / PEER_SLIP <= price.amount / peer <= PEER_SLIP:
            return f"{price.amount:g} is {price.amount / peer:.3g} times {peer:g}, the same at others: another unit?"
    return None


def doubted(
    by_row: Mapping[str, Sequence[Change]], known: Iterable[Row], turned_away: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The rows of a refresh that a person should look at, each with sentences why.

    Args:
        by_row: what would change.
        known: the rows of the book so far.
        turned_away: rows that the lists had and that were turned away, with the reason.
    """
    rows = list(known)
    beside = typical(row.price for row in rows)
    emptied = _emptied(by_row, rows)
    found = {}
    for row, changed in by_row.items():
        reasons = [reason for change in changed for reason in _of_price(change, beside)]
        if _is_gone(changed):
            reasons += [f"its row was turned away: {turned_away[row]}"] if row in turned_away else []
            reasons += emptied.get(changed[0].price.provider, [])
        if reasons:
            found[row] = tuple(dict.fromkeys(reasons))
    return found


def _of_price(change: Change, beside: Typical) -> Iterator[str]:
    old, new = change.old, change.new
    if new is None:
        return
    name = f"{new.per} {new.tier}"
    if new.amount == 0 and (old is None or old.amount > 0):
        yield f"{name}: it costs nothing" + ("" if old is None else f", and {old.amount:g} before")
    elif old is not None and jumped(old.amount, new.amount):
        times = f"{new.amount / old.amount:.3g} times the old price" if old.amount else "free before"
        yield f"{name}: {old.amount:g} -> {new.amount:g}, {times}"
    slip = slipped(new, beside)
    if slip is not None:
        yield f"{name}: {slip}"


def _is_gone(changed: Sequence[Change]) -> bool:
    return all(change.kind == "gone" for change in changed)


def _emptied(by_row: Mapping[str, Sequence[Change]], known: Iterable[Row]) -> dict[str, list[str]]:
    """Sellers most of whose rows are gone, with the sentence about it."""
    had = Counter(seller for seller, _ in {(_seller(row.price), row.row) for row in known})
    gone = Counter(_seller(changed[0].price) for changed in by_row.values() if _is_gone(changed))
    return {
        seller[0]: [f"{count} of {had[seller]} rows of {seller[0]} are gone from its list: a list cut short?"]
        for seller, count in gone.items()
        if count > _FEW and count > had[seller] * GONE_SHARE
    }


def _seller(price: Price) -> tuple[str, bool]:
    return price.provider, price.per == "gpu_hour"


def _model(price: Price) -> str:
    return name_key(price.item.rpartition("/")[2])
