"""The list `genai-prices` (MIT): its published `data.json` in the book's own form. The library itself is not needed.

https://github.com/pydantic/genai-prices, file prices/new_data/v2/data.json. Its rules, which the book keeps: of several dated
prices the last one that has begun holds; a variant (batch, flex ...) replaces only the rates that it names; above a threshold of
input tokens every token of the request pays the higher rate; windows of the day are in UTC, for every day of the week.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import ValidationError

from pricing.price import Tier
from pricing.tokens.records import (
    Card,
    Clause,
    Feed,
    Rates,
    Seller,
    SoldModel,
    Step,
    TurnedAway,
    Window,
    parsed,
    turned_away,
)

NAME = "genai-prices"

MAX_BYTES = 20_000_000
"""Ten times the size of today's file; anything larger is not read."""

_UNITS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
}

_ALSO = ("requests_kcount", "output_reasoning_mtok", "output_citation_mtok")
"""Units that a text request cannot avoid; images, sound, searches and pages are left out."""

_TIERS: dict[tuple[str, str], Tier] = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("service_tier", "fast"): "fast",
    ("speed", "fast"): "fast",
}
"""Variants that the book has as a tier. `service_tier: default` is the standard price; regions and searches are left out."""

_NAME_LENGTH = 300

Prices = dict[str, Any]


def read(data: bytes, seen_on: date, release: str | None = None) -> Feed:
    """The list as a reading of the book.

    Args:
        data: the bytes of `data.json`.
        seen_on: the day on which it was fetched or released.
        release: the version that it belongs to, where it has one.

    Raises:
        ValueError: too large, no JSON, or not a list of sellers; a row that is wrong is turned away alone.

    Example:
        >>> import json
        >>> row = {"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": 1.5, "output_mtok": 6}}
        >>> feed = read(json.dumps([{"id": "s", "name": "S", "models": [row]}]).encode(), date(2026, 11, 23))
        >>> feed.sellers["s"].models["m"].tiers["standard"][0].rates.output
        6.0
    """
    rows = parsed(data, NAME, MAX_BYTES)
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{NAME}: a list of sellers was expected")
    return read_rows(rows, seen_on, release)


def read_rows(rows: list[Any], seen_on: date, release: str | None = None) -> Feed:
    """The parsed list as a reading of the book; see `read`.

    Args:
        rows: the sellers, as in `data.json`.
        seen_on: the day of the reading.
        release: the version that it belongs to.
    """
    sellers: dict[str, Seller] = {}
    rejected: list[TurnedAway] = []
    for row in rows:
        name = str(row.get("id") or "") if isinstance(row, dict) else ""
        if not name or "/" in name:
            rejected.append(TurnedAway(row=str(row)[:80], reason="a seller needs an `id` without a slash"))
            continue
        try:
            seller = _seller(row)
            models, wrong = _models(name, row.get("models") or [], seen_on)
        except _WRONG as error:
            rejected.append(turned_away(name, error))
            continue
        sellers[name] = seller.model_copy(update={"models": models})
        rejected += wrong
    return Feed(name=NAME, release=release, seen_on=seen_on, sellers=sellers, rejected=tuple(rejected))


_WRONG = (ValidationError, ValueError, TypeError, KeyError, AttributeError, IndexError, re.error)
"""What a row that is not of the list's form raises on its way."""


def _seller(row: dict[str, Any]) -> Seller:
    urls = row.get("pricing_urls") or [None]
    return Seller(
        name=row.get("name") or row["id"],
        url=urls[0],
        feed=NAME,
        makes=_clauses(row.get("model_match")),
        fallback=tuple(row.get("fallback_model_providers") or ()),
    )


def _models(seller: str, entries: list[Any], seen_on: date) -> tuple[dict[str, SoldModel], list[TurnedAway]]:
    models: dict[str, SoldModel] = {}
    wrong: list[TurnedAway] = []
    for entry in entries:
        try:
            models[str(entry["id"])] = _model(entry, seen_on)
        except _WRONG as error:
            name = entry.get("id") if isinstance(entry, dict) else entry
            wrong.append(turned_away(f"{seller}/{name}"[:_NAME_LENGTH], error))
    return models, wrong


def _model(entry: dict[str, Any], seen_on: date) -> SoldModel:
    conditional = entry.get("prices") or {}
    dated = conditional if isinstance(conditional, list) else [{"prices": conditional}]
    variants = entry.get("price_variants") or []
    tiers = {"standard": _cards(dated, None, [], seen_on)} | {
        tier: _cards(dated, tier, variants, seen_on) for tier in dict.fromkeys(_TIERS.values())
    }
    match = _clauses(entry.get("match"))
    return SoldModel(
        match=() if match == (f"={entry['id']}",) else match,
        context_tokens=entry.get("context_window"),
        deprecated=bool(entry.get("deprecated")),
        tiers={tier: cards for tier, cards in tiers.items() if any(card.rates for card in cards)},
        sold_by=() if any(card.rates for card in tiers["standard"]) else tuple(sorted(_units(dated))),
    )


def _units(dated: list[Prices]) -> set[str]:
    return {unit for price in dated for unit, value in price["prices"].items() if value is not None}


def _cards(dated: list[Prices], tier: str | None, variants: list[Prices], seen_on: date) -> tuple[Card, ...]:
    """The cards of one tier: one for each day on which the standard price or a variant of that tier begins."""
    mine = [row for row in variants if tier is not None and tier in {_TIERS.get(pair) for pair in row["when"].items()}]
    mine = [row for row in mine if len(row["when"]) == 1]
    if tier is not None and not mine:
        return ()
    starts = sorted({start for row in [*dated, *mine] if (start := _start(row)) is not None})
    cards = []
    for at, start in enumerate([date.min, *starts]):
        ends = starts[at] if at < len(starts) else date.max
        # Windows of the day come without a date: they belong to the price that holds today, not to past or announced ones.
        windows = _windows(dated) if tier is None and start <= seen_on < ends else []
        standard = _standard(dated, start)
        rates, steps = (
            _resolved(standard | _overrides(mine, start)) if not mine or _overrides(mine, start) else (None, ())
        )
        cards.append(
            Card(
                valid_from=None if start == date.min else start,
                rates=rates,
                steps=steps if rates else (),
                windows=tuple(windows),
                also={unit: float(standard[unit]) for unit in _ALSO if isinstance(standard.get(unit), int | float)},
                seen_from=seen_on,
                seen_to=seen_on,
            )
        )
    while cards and cards[0].rates is None:
        cards.pop(0)
    return tuple(cards)


def _start(row: Prices) -> date | None:
    start = (row.get("constraint") or {}).get("start_date")
    return None if start is None else date.fromisoformat(start)


def _has_hours(row: Prices) -> bool:
    return "start_time" in (row.get("constraint") or {})


def _standard(dated: list[Prices], on: date) -> Prices:
    """The last price that has begun; the first of the list where none has."""
    begun = [row for row in dated if not _has_hours(row) and (_start(row) or date.min) <= on]
    return {unit: value for unit, value in (begun or dated[:1])[-1]["prices"].items() if value is not None}


def _overrides(variants: list[Prices], on: date) -> Prices:
    """What the variants that have begun replace; of two that name a unit the first one counts."""
    replaced: Prices = {}
    for row in variants:
        if (_start(row) or date.min) <= on:
            replaced = {unit: value for unit, value in row["prices"].items() if value is not None} | replaced
    return replaced if replaced.keys() & _UNITS.keys() else {}


def _windows(dated: list[Prices]) -> list[Window]:
    windows = []
    for row in dated:
        rates, _ = _resolved({unit: value for unit, value in row["prices"].items() if value is not None})
        if _has_hours(row) and rates is not None:
            hours = row["constraint"]
            windows.append(Window(utc=f"{_clock(hours['start_time'])}-{_clock(hours['end_time'])}", rates=rates))
    return windows


def _clock(time: str) -> str:
    if not time.endswith(("Z", "+00:00")) and len(time) > len("00:00:00"):
        raise ValueError(f"hours in another zone than UTC: {time}")
    return time[: len("00:00")]


def _resolved(prices: Prices) -> tuple[Rates | None, tuple[Step, ...]]:
    """The rates below the first threshold, and all rates above each; None where input or output has no price."""
    if "input_mtok" not in prices or "output_mtok" not in prices:
        return None, ()
    known = {unit: prices[key] for key, unit in _UNITS.items() if key in prices}
    thresholds = sorted(
        {tier["start"] for value in known.values() if isinstance(value, dict) for tier in value["tiers"]}
    )
    base = Rates.model_validate({unit: _rate(value, -1) for unit, value in known.items()}, strict=True)
    steps = (
        Step(above=start, rates=Rates.model_validate({unit: _rate(value, start) for unit, value in known.items()}))
        for start in thresholds
    )
    return base, tuple(steps)


def _rate(value: Any, threshold: int) -> Any:
    """A unit's rate in a request just above a threshold."""
    if not isinstance(value, dict):
        return value
    passed = [tier for tier in value["tiers"] if tier["start"] <= threshold]
    return max(passed, key=lambda tier: int(tier["start"]))["price"] if passed else value["base"]


_MARKS = {"equals": "=", "starts_with": "^", "ends_with": "$", "contains": "*", "regex": "/"}


def _clauses(match: Any) -> tuple[Clause, ...]:
    """The feed's rule for names, as alternatives.

    Raises:
        ValueError: a kind of rule that the book does not know.
    """
    if not match:
        return ()
    (kind, value), *_ = match.items()
    if kind == "or":
        return tuple(dict.fromkeys(clause for part in value for clause in _clauses(part)))
    if kind == "and":
        choices: list[tuple[str, ...]] = [()]
        for part in value:
            choices = [(*chosen, *_flat(clause)) for chosen in choices for clause in _clauses(part)]
        return tuple(choices)
    if kind not in _MARKS:
        raise ValueError(f"names are matched by {kind!r}, which is not known")
    if kind == "regex" and (len(value) > _NAME_LENGTH or re.compile(value) is None):
        raise ValueError("a regular expression of that length is not taken")
    return (_MARKS[kind] + value,)


def _flat(clause: Clause) -> tuple[str, ...]:
    return clause if isinstance(clause, tuple) else (clause,)
