"""`tokens.json`, the book's own copy of API prices: reading it, writing it, and taking newer readings of public lists into it.

One model a line, so that two states of the file can be compared. `merge` keeps the history: a price that a newer reading shows
differently is closed on the day of that reading, and a model that is listed no more stays with the day since when.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from pydantic import ValidationError

from pricing.price import PriceNotFound
from pricing.tables import Record
from pricing.tokens.records import Feed, Seller, SoldModel
from pricing.tokens.timeline import merge_cards

TOKENS = "tokens.json"
"""Its path in the book."""

SCHEMA = 1
"""Version of the file; a newer one is refused."""

FEEDS = ("genai-prices", "litellm")
"""The feeds, best first: a seller that a better one has is not taken from another."""


class Reading(Record):
    """The newest reading of one feed that is in the file."""

    release: str | None = None
    seen_on: date


class TokensDamaged(PriceNotFound):
    """`tokens.json` is not what it should be. It is never used, not even in part."""


def decode(data: bytes | str, name: str = TOKENS) -> dict[str, Any]:
    """The file as plain data; models are turned into records one by one, when they are asked for.

    Args:
        data: its bytes.
        name: what to call it in an error.

    Raises:
        TokensDamaged: no JSON, not of this form, or of a newer schema.
    """
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise TokensDamaged(f"{name} is damaged: {error}. {_REMEDY}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("sellers"), dict) or not isinstance(raw.get("feeds"), dict):
        raise TokensDamaged(f"{name} is damaged: it has no `feeds` and `sellers`. {_REMEDY}")
    if raw.get("schema") != SCHEMA:
        raise TokensDamaged(f"{name} has schema {raw.get('schema')!r}, this version reads {SCHEMA}. {_REMEDY}")
    for seller, entry in raw["sellers"].items():
        models = entry.get("models", {}) if isinstance(entry, dict) else None
        if not isinstance(models, dict) or not all(isinstance(model, dict) for model in models.values()):
            raise TokensDamaged(f"{name} is damaged at {seller}: it has no models. {_REMEDY}")
        if entry.get("feed") not in raw["feeds"]:
            raise TokensDamaged(f"{name} is damaged at {seller}: no such feed, {entry.get('feed')!r}. {_REMEDY}")
    return raw


def readings_of(raw: dict[str, Any], name: str = TOKENS) -> dict[str, Reading]:
    """The newest reading of each feed.

    Args:
        raw: from `decode`.
        name: what to call the file in an error.

    Raises:
        TokensDamaged: one of them is not a reading's record.
    """
    try:
        return {feed: Reading.model_validate(reading) for feed, reading in raw["feeds"].items()}
    except ValidationError as error:
        raise _damaged(name, "feeds", error) from None


_REMEDY = "Choose another snapshot (`tco prices snapshots`), or `shipped` for the prices that came with the package."


def seller_of(raw: object, seller: str, name: str = TOKENS) -> Seller:
    """One seller's record, its models left out.

    Args:
        raw: the entry under `sellers`.
        seller: its identifier.
        name: what to call the file in an error.

    Raises:
        TokensDamaged: it is not a seller's record.
    """
    fields = {key: value for key, value in raw.items() if key != "models"} if isinstance(raw, dict) else raw
    try:
        return Seller.model_validate(fields)
    except ValidationError as error:
        raise _damaged(name, seller, error) from None


def model_of(raw: object, model: str, name: str = TOKENS) -> SoldModel:
    """One model's record.

    Args:
        raw: the entry under a seller's `models`.
        model: `seller/model`.
        name: what to call the file in an error.

    Raises:
        TokensDamaged: it is not a model's record.
    """
    try:
        return SoldModel.model_validate(raw)
    except ValidationError as error:
        raise _damaged(name, model, error) from None


def _whole(name: str, raw: dict[str, Any]) -> Seller:
    models = {model: model_of(sold, f"{name}/{model}") for model, sold in raw.get("models", {}).items()}
    return seller_of(raw, name).model_copy(update={"models": models})


def _damaged(name: str, what: str, error: ValidationError) -> TokensDamaged:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return TokensDamaged(f"{name} is damaged at {what} {place}: {first['msg']}. {_REMEDY}")


def merge(old: bytes | None, *feeds: Feed) -> bytes:
    """The file after newer readings.

    Args:
        old: the file so far; None: there is none.
        feeds: readings, oldest first.

    Returns:
        The new `tokens.json`. The same readings make the same bytes, and merging one a second time changes nothing.

    Raises:
        TokensDamaged: the old file is not readable.
        ValueError: a reading is older than the file, or of an unknown feed.
    """
    raw = decode(old) if old is not None else {"feeds": {}, "sellers": {}}
    readings, sellers = readings_of(raw), {name: _whole(name, seller) for name, seller in raw["sellers"].items()}
    for feed in feeds:
        known = readings.get(feed.name)
        if feed.name not in FEEDS:
            raise ValueError(f"unknown feed {feed.name!r}; the book knows {', '.join(FEEDS)}")
        if known is not None and feed.seen_on < known.seen_on:
            raise ValueError(f"{feed.name}: a reading of {feed.seen_on} is older than the book's, of {known.seen_on}")
        sellers = _with_feed(sellers, feed)
        readings[feed.name] = Reading(release=feed.release, seen_on=feed.seen_on)
    return _encode(readings, sellers)


def _with_feed(sellers: dict[str, Seller], feed: Feed) -> dict[str, Seller]:
    mine = {name: seller for name, seller in feed.sellers.items() if _owns(feed, sellers.get(name))}
    merged = dict(sellers)
    for name, new in mine.items():
        known = sellers.get(name)
        merged[name] = new.model_copy(update={"models": _with_models(known.models if known else {}, new.models, feed)})
    for name, seller in sellers.items():
        if seller.feed == feed.name and name not in mine:
            merged[name] = seller.model_copy(update={"models": _with_models(seller.models, {}, feed)})
    return dict(sorted(merged.items()))


def _owns(feed: Feed, known: Seller | None) -> bool:
    return known is None or FEEDS.index(feed.name) <= FEEDS.index(known.feed)


def _with_models(old: dict[str, SoldModel], new: dict[str, SoldModel], feed: Feed) -> dict[str, SoldModel]:
    # The feed's order first: names are tried on its models in that order.
    merged = {name: _with_model(old.get(name), model, feed.seen_on) for name, model in new.items()}
    gone = {name: model for name, model in old.items() if name not in new}
    return merged | {
        name: model if model.gone else model.model_copy(update={"gone": feed.seen_on}) for name, model in gone.items()
    }


def _with_model(old: SoldModel | None, new: SoldModel, seen_on: date) -> SoldModel:
    if old is None:
        return new
    tiers = {
        tier: merge_cards(old.tiers.get(tier, ()), new.tiers.get(tier, ()), seen_on)
        for tier in dict.fromkeys([*new.tiers, *old.tiers])
    }
    return new.model_copy(update={"tiers": tiers})


def _encode(readings: dict[str, Reading], sellers: dict[str, Seller]) -> bytes:
    """The file's text: one model a line, fields at their defaults left out."""
    feeds = {name: _plain(reading) for name, reading in readings.items()}
    lines = [f'{{"schema":{SCHEMA},"feeds":{_json(feeds)},"sellers":{{']
    for at, (name, seller) in enumerate(sellers.items()):
        head = _json(_plain(seller.model_copy(update={"models": {}})))[:-1]
        models = ",\n".join(f"{_json(model)}:{_json(_plain(sold))}" for model, sold in seller.models.items())
        lines.append(f'{"," if at else ""}{_json(name)}:{head},"models":{{\n{models}}}}}')
    return ("\n".join(lines) + "\n}}\n").encode()


def _plain(record: Record) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude_defaults=True)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
