"""Two public lists of API prices held against each other: where the book's list and a second one differ, and why if known.

The second list's prices of sellers that both have are in `tokens_second.json`. They check the book; no plan reads them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import PriceNotFound
from pricing.tables import Record, did_you_mean
from pricing.tokens.cards import TokensDamaged
from pricing.tokens.history import price_history
from pricing.tokens.names import api_models, api_sellers, exact_names
from pricing.tokens.prices import TokenPrices, token_prices
from pricing.tokens.records import Feed, UsdPerMtok

SECOND = "tokens_second.json"
"""Its path in the book."""

SECOND_SELLERS = (
    "anthropic",
    "cerebras",
    "cohere",
    "databricks",
    "deepseek",
    "fireworks",
    "google",
    "groq",
    "mistral",
    "moonshotai",
    "openai",
    "together",
    "x-ai",
)
"""Sellers that both lists have under the same names of models."""

TOLERANCE = 0.005
"""Half a per cent: what two lists may round differently."""

RateName = Literal["input", "output", "cached_read"]

_FIREWORKS = "accounts/fireworks/models/"
"""How Fireworks' models begin in the second list, now and then."""

_OTHER_UNITS = ("image", "audio", "tts", "realtime", "live", "transcribe", "voxtral")
"""Words in the name of a model that is also billed by image or sound; lists differ in which of its rates they call output."""


class Alternative(Record):
    """Another price of the same model that a list may show in place of the one that holds.

    Attributes:
        why: in which case.
        input: fresh input [USD/Mtok].
        output: output [USD/Mtok].
        cached_read: cached input, or null [USD/Mtok].
    """

    why: str
    input: UsdPerMtok
    output: UsdPerMtok
    cached_read: UsdPerMtok | None = None


class ListedRates(Record):
    """The standard price of one model in one list.

    Attributes:
        input: fresh input [USD/Mtok].
        output: output [USD/Mtok].
        cached_read: cached input, or null [USD/Mtok].
        name: what the list calls the model, where that is not the book's name.
        source: where the list was read, or where it says that it read the price; null where it does not say.
        as_of: the day of the newest reading that shows the price.
        withdrawn: the list has the model as withdrawn.
        alternatives: prices that explain a difference.
    """

    input: UsdPerMtok
    output: UsdPerMtok
    cached_read: UsdPerMtok | None = None
    name: str | None = None
    source: str | None = None
    as_of: date
    withdrawn: bool = False
    alternatives: tuple[Alternative, ...] = ()


class Difference(Record):
    """One rate of one model that two lists have differently.

    Attributes:
        model: `seller/model`.
        rate: which.
        first_usd_per_mtok: in the first list [USD/Mtok].
        second_usd_per_mtok: in the second [USD/Mtok].
        ratio: second / first; null where the first is zero.
        first_as_of: the day of the newest reading of the first that shows it.
        second_as_of: likewise of the second.
        second_source: where the second says that it read it.
        reason: the likely reason, where it is known.
    """

    model: str
    rate: RateName
    first_usd_per_mtok: float
    second_usd_per_mtok: float
    ratio: Annotated[float, Field(ge=0)] | None
    first_as_of: date
    second_as_of: date
    second_source: str | None = None
    reason: str | None = None


def crosscheck(first: Mapping[str, ListedRates], second: Mapping[str, ListedRates]) -> list[Difference]:
    """Where two lists differ, over the models that both have and the rates that both give.

    Args:
        first: the book's list, by `seller/model`.
        second: the other one.

    Returns:
        By model. Rates within `TOLERANCE` of each other are equal.
    """
    return [
        difference
        for model in sorted(first.keys() & second.keys())
        for difference in _differences(model, first[model], second[model])
    ]


def book_rates(models: Iterable[str], on: date, book: Book | None = None) -> dict[str, ListedRates]:
    """The book's standard prices on a day, with the prices that a list that is late or early would show.

    Args:
        models: each `seller/model`; one that the book does not sell by token is left out.
        on: the day.
        book: the book to read; null: the shipped one.
    """
    rates: dict[str, ListedRates] = {}
    for model in models:
        try:
            prices = token_prices(model, on, book)
        except PriceNotFound:
            continue
        rates[model] = ListedRates(
            input=prices.input.amount,
            output=prices.output.amount,
            cached_read=prices.cached_read.amount if prices.cached_read else None,
            source=prices.input.source,
            as_of=prices.as_of,
            withdrawn=prices.deprecated,
            alternatives=tuple(_alternatives(prices, on, book)),
        )
    return rates


def second_rates(provider: str | None = None, book: Book | None = None) -> dict[str, ListedRates]:
    """The second list's standard prices, by `seller/model`, of models that the book lists under the same name.

    Args:
        provider: one seller; null: all that both lists have.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: the second list does not have that seller.
        TokensDamaged: its file is not readable.
    """
    book = book or shipped_book()
    if provider is not None and provider not in SECOND_SELLERS:
        raise PriceNotFound(
            f"the second list is not read for {provider!r}.{did_you_mean(provider, SECOND_SELLERS)} "
            f"It is for: {', '.join(SECOND_SELLERS)}."
        )
    rows, sellers = _second(book), SECOND_SELLERS if provider is None else (provider,)
    return {model: rows[model] for seller in sellers for model in api_models(seller, book) if model in rows}


def second_file(feed: Feed, book: Book) -> bytes:
    """`tokens_second.json` from a reading of the second list: the models that the book lists too, under the book's names.

    Args:
        feed: the reading.
        book: the book that it is to check.
    """
    lines = []
    both = [seller for seller in SECOND_SELLERS if seller in feed.sellers and seller in api_sellers(book)]
    for name in (name for seller in both for name in api_models(seller, book)):
        seller, _, model = name.partition("/")
        theirs = {known.removeprefix(_FIREWORKS): sold for known, sold in feed.sellers[seller].models.items()}
        # `-latest` is another model every few months, so it is no name of this one.
        names = [known for known in exact_names(name, book) if known == model or not known.endswith("latest")]
        known = next((known for known in names if known in theirs), None)
        rates = None if known is None else theirs[known].tiers["standard"][-1].rates
        if known is None or rates is None:
            continue
        row: dict[str, Any] = rates.model_dump(include=set(get_args(RateName)), exclude_none=True)
        row |= {"name": known} if known != model else {}
        row |= {"source": theirs[known].url} if theirs[known].url else {}
        row |= {"withdrawn": True} if theirs[known].deprecated else {}
        lines.append(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}")
    head = json.dumps({"schema": 1, "feed": feed.name, "release": feed.release, "as_of": feed.seen_on.isoformat()})
    return (head[:-1] + ', "models": {\n' + ",\n".join(lines) + "\n}}\n").encode()


@once_per_book
def _second(book: Book) -> dict[str, ListedRates]:
    try:
        raw = json.loads(book.text(SECOND))
        rows = {model: {**row, "as_of": raw["as_of"]} for model, row in raw["models"].items()}
        return TypeAdapter(dict[str, ListedRates]).validate_python(rows)
    except (ValueError, ValidationError, TypeError, KeyError, AttributeError) as error:
        raise TokensDamaged(f"{SECOND} is damaged: {str(error).splitlines()[0]}. Choose another snapshot.") from None


def _alternatives(prices: TokenPrices, on: date, book: Book | None) -> Iterator[Alternative]:
    """The prices of other hours, of the past and of the days to come."""
    other: dict[str, dict[str, float]] = {}
    for row in prices.further:
        if row.tier == "standard" and row.above_input_tokens is None and row.hours_utc:
            other.setdefault(row.hours_utc, {})[row.per.removeprefix("mtok_")] = row.amount
    for hours, rates in other.items():
        yield Alternative(
            why=f"the second list shows the price of other hours ({hours} UTC in the book)",
            input=rates["input"],
            output=rates["output"],
            cached_read=rates.get("cached_read"),
        )
    for entry in price_history(prices.model, book):
        start, end = entry.input.valid_from, entry.input.valid_to
        if end is not None and end < on:
            until = end + timedelta(days=1)
            yield _alternative(entry, f"the second list still shows the price of before {until}")
        elif start is not None and start > on:
            yield _alternative(entry, f"the second list already shows the price of {start} on")


def _alternative(entry: TokenPrices, why: str) -> Alternative:
    cached = entry.cached_read.amount if entry.cached_read else None
    return Alternative(why=why, input=entry.input.amount, output=entry.output.amount, cached_read=cached)


def _differences(model: str, first: ListedRates, second: ListedRates) -> Iterator[Difference]:
    pairs: list[tuple[RateName, float | None, float | None]] = [
        ("input", first.input, second.input),
        ("output", first.output, second.output),
        ("cached_read", first.cached_read, second.cached_read),
    ]
    for rate, one, two in pairs:
        if one is None or two is None or math.isclose(one, two, rel_tol=TOLERANCE):
            continue
        yield Difference(
            model=model,
            rate=rate,
            first_usd_per_mtok=one,
            second_usd_per_mtok=two,
            ratio=two / one if one else None,
            first_as_of=first.as_of,
            second_as_of=second.as_of,
            second_source=second.source,
            reason=_reason(model, first, second),
        )


def _reason(model: str, first: ListedRates, second: ListedRates) -> str | None:
    for known in first.alternatives:
        if math.isclose(known.input, second.input, rel_tol=TOLERANCE) and math.isclose(
            known.output, second.output, rel_tol=TOLERANCE
        ):
            return known.why
    if second.withdrawn or first.withdrawn:
        return "withdrawn: one of the lists does not keep the price up"
    if any(word in model for word in _OTHER_UNITS):
        return "also billed by image or sound: the lists take different rates as the text rate"
    return None
